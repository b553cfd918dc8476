//! How a fuzzer's bytes become a request, and what an answer must be like. Pure.

/// What a target makes of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A form at one of the site's places.
    Forms,
    /// The `Cookie` header.
    Cookies,
    /// A content type and a body: JSON, multipart, or whatever it says.
    Bodies,
    /// All that is said on a connection.
    Http,
}

/// Who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Somebody with the sign-in page before them.
    Visitor,
    /// Somebody signed in.
    SignedIn,
    /// Somebody who is asked for a code.
    Asked,
    /// The main account of an employer, signed in.
    Employer,
}

/// What a sender's browser holds.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The value of its `Cookie` header.
    pub cookies: String,
    /// The token of the form on its page.
    pub csrf: String,
}

/// What the browser of each [`Sender`] holds.
pub type Holders = [Held; 4];

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
/// Stands in inputs for the cookies and for the token of the sender's browser, which no fuzzer can guess.
const COOKIES: &[u8] = b"{cookies}";
const CSRF: &[u8] = b"{csrf}";

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Forms, Self::Cookies, Self::Bodies, Self::Http];

    /// The name of its target, and of the folder of its seeds.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Cookies => "cookies",
            Self::Bodies => "bodies",
            Self::Http => "http",
        }
    }

    /// What is said on a connection, and whose browser says it.
    ///
    /// The first two bytes choose the place and the sender, and for [`Shape::Cookies`] the method too; [`Shape::Http`] has
    /// its bytes said as they stand, by who is signed in.
    pub fn request(self, data: &[u8], holders: &Holders) -> (Sender, Vec<u8>) {
        let (chosen, rest) = match (self, data) {
            (Self::Http, _) => ([0, 1], data),
            (_, [path, who, rest @ ..]) => ([*path, *who], rest),
            (_, rest) => ([0, 0], rest),
        };
        let path = PATHS[usize::from(chosen[0]) % PATHS.len()];
        let sender = [Sender::Visitor, Sender::SignedIn, Sender::Asked, Sender::Employer][usize::from(chosen[1]) % 4];
        let held = &holders[sender as usize];
        let rest = filled(&filled(rest, CSRF, held.csrf.as_bytes()), COOKIES, held.cookies.as_bytes());
        let bytes = match self {
            Self::Forms => form(path, rest, held),
            Self::Cookies => cookies(path, chosen[1] / 4, &rest, held),
            Self::Bodies => body(path, &rest, held),
            Self::Http => rest,
        };
        (sender, bytes)
    }
}

/// A form without a token gets the right one, so that it comes past that gate.
fn form(path: &str, mut form: Vec<u8>, held: &Held) -> Vec<u8> {
    if !form.windows(5).any(|part| part == b"csrf=") {
        form.extend(format!("&csrf={}", held.csrf).into_bytes());
    }
    request("POST", path, held.cookies.as_bytes(), FORM.as_bytes(), &form)
}

/// One bit chooses the method, another whether the cookies stand alone or behind those that are held.
fn cookies(path: &str, how: u8, cookies: &[u8], held: &Held) -> Vec<u8> {
    let cookies = match how & 2 {
        0 => cookies.to_vec(),
        _ => [held.cookies.as_bytes(), b"; ", cookies].concat(),
    };
    let method = if how & 1 == 0 { "GET" } else { "POST" };
    request(method, path, &cookies, FORM.as_bytes(), format!("csrf={}", held.csrf).as_bytes())
}

/// The first line is the content type.
fn body(path: &str, text: &[u8], held: &Held) -> Vec<u8> {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    request("POST", path, held.cookies.as_bytes(), &text[..end], text.get(end + 1..).unwrap_or_default())
}

fn request(method: &str, path: &str, cookies: &[u8], kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n");
    [head.as_bytes(), b"Cookie: ", cookies, b"\r\nContent-Type: ", kind, b"\r\n\r\n", body].concat()
}

fn filled(text: &[u8], mark: &[u8], value: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(mark.len()).position(|part| part == mark) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(value);
        rest = &rest[at + mark.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// The statuses of all answers on a connection.
///
/// # Errors
/// What is wrong with them: the server never fails, says when to come again if it is busy, and sends whole answers only.
pub fn judge(answers: &[u8]) -> Result<Vec<u16>, String> {
    let mut statuses = Vec::new();
    let mut rest = answers;
    while !rest.is_empty() {
        let shown = || String::from_utf8_lossy(&rest[..rest.len().min(500)]).into_owned();
        let end =
            rest.windows(4).position(|part| part == b"\r\n\r\n").ok_or_else(|| format!("no head: {}", shown()))?;
        let (head, body) = (String::from_utf8_lossy(&rest[..end]).to_lowercase(), &rest[end + 4..]);
        let status = head.strip_prefix("http/1.").and_then(|line| line.get(2..5)?.parse::<u16>().ok());
        let status = status.ok_or_else(|| format!("no status line: {}", shown()))?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if status >= 500 && !(status == 503 && field("retry-after").is_some()) {
            return Err(format!("it failed: {}", shown()));
        }
        statuses.push(status);
        let length = field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        rest = match body.get(length..) {
            Some(next) if next.is_empty() || next.starts_with(b"HTTP/1.") => next,
            // The answer to HEAD says how long another would be.
            _ if body.is_empty() || body.starts_with(b"HTTP/1.") => body,
            _ => return Err(format!("neither whole nor over: {}", shown())),
        };
    }
    Ok(statuses)
}
