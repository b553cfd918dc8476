//! Answers and pages: a login in two screens that never mails a code, written in any way that is asked for.

use encoding_rs::Encoding;

use crate::server::Asked;

pub const SIGN_IN: &str = "ログイン | x";
pub const CODE_ENTRY: &str = "ワンタイムパスワード入力画面 | x";

/// An answer with a body and these header lines, each ended by CRLF.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub fn html(body: &str) -> Vec<u8> {
    answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", body.as_bytes())
}

pub fn redirect(location: &str) -> Vec<u8> {
    answer("302 Found", &format!("Location: {location}\r\n"), b"")
}

/// The form that asks for ID and password.
pub const FORM: &str = "<form id=sign-in method=post action=in><input name=address><input name=password type=password>\
                        <button>go</button></form>";

pub fn page(title: &str, body: &str) -> String {
    format!("<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>")
}

/// The screen that is due: the sign-in to whoever comes, the code entry to whoever has sent a password.
pub fn due(asked: &Asked, around: impl Fn(&str) -> String) -> String {
    if asked.method == "POST" { page(CODE_ENTRY, "") } else { page(SIGN_IN, &around(FORM)) }
}

/// A login whose sign-in form stands in the midst of something.
pub fn login(around: impl Fn(&str) -> String) -> impl Fn(&Asked) -> Vec<u8> {
    move |asked| html(&due(asked, &around))
}

/// A login whose answers bear these header lines too.
pub fn login_with(headers: String) -> impl Fn(&Asked) -> Vec<u8> {
    move |asked| {
        answer("200 OK", &format!("Content-Type: text/html\r\n{headers}"), due(asked, str::to_owned).as_bytes())
    }
}

/// A login in another charset, declared by a header, by a `meta`, or not at all.
pub fn login_in(charset: &'static Encoding, header: &'static str, meta: &'static str) -> impl Fn(&Asked) -> Vec<u8> {
    move |asked| {
        let page = due(asked, str::to_owned).replace("<head>", &format!("<head>{meta}"));
        answer("200 OK", header, &charset.encode(&page).0)
    }
}

/// A login in UTF-16 with a byte order mark.
pub fn login_in_utf_16(asked: &Asked) -> Vec<u8> {
    let page = due(asked, str::to_owned);
    let bytes: Vec<u8> = std::iter::once(0xFEFF).chain(page.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    answer("200 OK", "Content-Type: text/html\r\n", &bytes)
}
