//! How a fuzzer's bytes become a request, and what an answer must be like. Pure; the tests of the server use it, too, to run the seeds.

/// What a browser holds that is signed in.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The value of its `Cookie` header.
    pub cookies: String,
    /// The token of the form on its page.
    pub csrf: String,
}

/// Every path that takes forms, and some that do not.
pub const PATHS: [&str; 20] = [
    "/seeker/sign-in",
    "/seeker/code",
    "/seeker/skip",
    "/seeker/my-page",
    "/seeker/settings",
    "/seeker/settings/skip",
    "/seeker/settings/skip/resume",
    "/seeker/settings/skip/resume/complete",
    "/seeker/settings/address",
    "/seeker/settings/address/confirm",
    "/seeker/settings/password",
    "/seeker/settings/accounts",
    "/seeker/sign-out",
    "/employer/sign-in",
    "/employer/settings/accounts",
    "/provider/code",
    "/",
    "/style.css",
    "/nobody/sign-in",
    "/seeker/%E3%81%82",
];

const FORM: &str = "application/x-www-form-urlencoded";

/// The first byte chooses the path, the second whether the sender is signed in; the rest is the form. A form without a token
/// gets the right one, so that it comes past that gate.
pub fn forms(data: &[u8], held: &Held) -> Vec<u8> {
    let [path, who, form @ ..] = data else { return Vec::new() };
    let mut form = form.to_vec();
    if !form.windows(5).any(|part| part == b"csrf=") {
        form.extend(format!("&csrf={}", held.csrf).into_bytes());
    }
    let cookies = if who % 4 == 0 { "" } else { &held.cookies };
    request("POST", chosen(*path), cookies.as_bytes(), FORM.as_bytes(), &form)
}

/// The first byte chooses the path and the second the method; the rest is the `Cookie` header.
pub fn cookies(data: &[u8], held: &Held) -> Vec<u8> {
    let [path, how, cookies @ ..] = data else { return Vec::new() };
    let cookies = match how & 2 {
        0 => cookies.to_vec(),
        _ => [held.cookies.as_bytes(), b"; ", cookies].concat(),
    };
    let method = if how & 1 == 0 { "GET" } else { "POST" };
    request(method, chosen(*path), &cookies, FORM.as_bytes(), format!("csrf={}", held.csrf).as_bytes())
}

/// The first byte chooses the path; the first line is the content type, the rest the body.
pub fn bodies(data: &[u8], held: &Held) -> Vec<u8> {
    let [path, rest @ ..] = data else { return Vec::new() };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (kind, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    request("POST", chosen(*path), held.cookies.as_bytes(), kind, body)
}

/// The bytes as they stand.
pub fn http(data: &[u8]) -> Vec<u8> {
    data.to_vec()
}

/// What is wrong with an answer, if anything is: the server never fails, and says when to come again if it is busy.
pub fn complaint(answer: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(answer);
    if text.is_empty() {
        return None;
    }
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse::<u16>().ok());
    match status {
        None => Some(format!("no status line: {text}")),
        Some(503) if text.to_lowercase().contains("\r\nretry-after:") => None,
        Some(status) if status >= 500 => Some(format!("it failed: {text}")),
        Some(_) => None,
    }
}

fn chosen(byte: u8) -> &'static str {
    PATHS[usize::from(byte) % PATHS.len()]
}

fn request(method: &str, path: &str, cookies: &[u8], kind: &[u8], body: &[u8]) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    [head.as_bytes(), b"Cookie: ", cookies, b"\r\nContent-Type: ", kind, b"\r\n\r\n", body].concat()
}
