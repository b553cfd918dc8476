//! Evidence as an HTTP archive (HAR 1.2), which browsers' developer tools open. Every secret is replaced before it gets
//! here into a field. Mails are not part of the format; they stand beside it as `.eml`.

mod format;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use format::{Cache, Content, Cookie, Creator, Entry, Har, Log, Pair, PostData, Request, Response, Timings};

use crate::ReportError;
use crate::exchange::{Exchange, Received, Sent};
use crate::record::timestamp;
use crate::scrub::{Scrubber, cookie_pairs};

/// The exchanges as an archive, in their order. `scrubber` should have learned from them: see [`Scrubber::learn_from`].
///
/// # Errors
/// Where the archive cannot be written as JSON.
pub fn render(title: &str, exchanges: &[Exchange], scrubber: &Scrubber) -> Result<String, ReportError> {
    let log = Log {
        version: "1.2",
        creator: Creator { name: "sekisho", version: env!("CARGO_PKG_VERSION") },
        entries: exchanges.iter().map(|exchange| entry(exchange, scrubber)).collect(),
        comment: title.to_owned(),
    };
    let text = serde_json::to_string_pretty(&Har { log });
    text.map_err(|source| ReportError::Render { what: "evidence/*.har", source: source.into() })
}

fn entry(exchange: &Exchange, scrubber: &Scrubber) -> Entry {
    let time_ms = exchange.duration_us as f64 / 1_000.0;
    Entry {
        started_date_time: timestamp(exchange.started_at),
        time: time_ms,
        request: request(&exchange.request, scrubber),
        response: exchange.answer.as_ref().map_or_else(no_response, |answer| response(answer, scrubber)),
        cache: Cache {},
        timings: Timings { send: 0.0, wait: time_ms, receive: 0.0 },
        person: scrubber.text(&exchange.person).into_owned(),
        browser: exchange.browser.clone(),
        step: exchange.step.clone(),
        error: exchange.error.as_ref().map(|error| scrubber.text(error).into_owned()),
    }
}

fn request(sent: &Sent, scrubber: &Scrubber) -> Request {
    let url = scrubber.url(&sent.url).into_owned();
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    Request {
        method: sent.method.clone(),
        http_version: "HTTP/1.1",
        cookies: sent_cookies(&sent.headers, scrubber),
        headers: headers(&sent.headers, scrubber),
        query_string: form(query.as_bytes()),
        post_data: (!sent.body.is_empty()).then(|| post_data(sent, scrubber)),
        headers_size: -1,
        body_size: sent.body.len(),
        url,
    }
}

fn post_data(sent: &Sent, scrubber: &Scrubber) -> PostData {
    let mime_type = field(&sent.headers, "content-type").to_owned();
    let body = scrubber.bytes(&sent.body);
    let is_form = mime_type.starts_with("application/x-www-form-urlencoded");
    let (text, encoding) = text_of(&body);
    PostData { params: if is_form { form(&body) } else { Vec::new() }, mime_type, text, encoding }
}

fn response(received: &Received, scrubber: &Scrubber) -> Response {
    Response {
        status: received.status,
        status_text: "",
        http_version: "HTTP/1.1",
        cookies: received_cookies(&received.headers, scrubber),
        headers: headers(&received.headers, scrubber),
        content: content(received, scrubber),
        redirect_url: scrubber.url(field(&received.headers, "location")).into_owned(),
        headers_size: -1,
        body_size: -1,
    }
}

/// What the format shows where no answer came: as browsers do, status 0.
fn no_response() -> Response {
    let content = Content { size: 0, mime_type: String::new(), text: None, encoding: None, comment: None };
    Response {
        status: 0,
        status_text: "",
        http_version: "",
        cookies: Vec::new(),
        headers: Vec::new(),
        content,
        redirect_url: String::new(),
        headers_size: -1,
        body_size: -1,
    }
}

fn content(received: &Received, scrubber: &Scrubber) -> Content {
    let mime_type = field(&received.headers, "content-type").to_owned();
    let coding = field(&received.headers, "content-encoding");
    let size = received.body.len();
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        let comment = Some("left out: it is compressed, so secrets in it cannot be replaced");
        return Content { size, mime_type, text: None, encoding: None, comment };
    }
    let (text, encoding) = text_of(&scrubber.bytes(&received.body));
    Content { size, mime_type, text: Some(text), encoding, comment: None }
}

/// A body as text, or as base64 where it is none in UTF-8.
fn text_of(body: &[u8]) -> (String, Option<&'static str>) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (STANDARD.encode(body), Some("base64")),
    }
}

fn field<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn headers(headers: &[(String, String)], scrubber: &Scrubber) -> Vec<Pair> {
    let pair = |(name, value): &(String, String)| Pair {
        name: name.clone(),
        value: scrubber.header(name, value).into_owned(),
    };
    headers.iter().map(pair).collect()
}

fn form(form: &[u8]) -> Vec<Pair> {
    let pairs = form_urlencoded::parse(form);
    pairs.map(|(name, value)| Pair { name: name.into_owned(), value: value.into_owned() }).collect()
}

fn sent_cookies(headers: &[(String, String)], scrubber: &Scrubber) -> Vec<Cookie> {
    let fields = headers.iter().filter(|(name, _)| name == "cookie");
    let cookies = fields.flat_map(|(name, value)| {
        let scrubbed = scrubber.header(name, value);
        cookie_pairs(&scrubbed).map(|(name, value)| cookie(name, value)).collect::<Vec<_>>()
    });
    cookies.collect()
}

fn cookie(name: &str, value: &str) -> Cookie {
    Cookie { name: name.to_owned(), value: value.to_owned(), ..Cookie::default() }
}

fn received_cookies(headers: &[(String, String)], scrubber: &Scrubber) -> Vec<Cookie> {
    let fields = headers.iter().filter(|(name, _)| name == "set-cookie");
    fields.filter_map(|(name, value)| received_cookie(&scrubber.header(name, value))).collect()
}

fn received_cookie(field: &str) -> Option<Cookie> {
    let mut pairs = cookie_pairs(field);
    let (name, value) = pairs.next()?;
    let mut cookie = Cookie { http_only: Some(false), secure: Some(false), ..cookie(name, value) };
    for (attribute, value) in pairs {
        // An attribute without a value reads as a value without a name.
        let (attribute, value) = if attribute.is_empty() { (value, "") } else { (attribute, value) };
        match attribute.to_ascii_lowercase().as_str() {
            "path" => cookie.path = Some(value.to_owned()),
            "domain" => cookie.domain = Some(value.to_owned()),
            "expires" => {
                let time = jiff::fmt::rfc2822::parse(value);
                cookie.expires = time.ok().map(|time| time.timestamp().to_string());
            }
            "httponly" => cookie.http_only = Some(true),
            "secure" => cookie.secure = Some(true),
            "samesite" => cookie.same_site = Some(value.to_owned()),
            _ => {}
        }
    }
    Some(cookie)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixtures::exchange;

    fn archive(exchanges: &[Exchange]) -> serde_json::Value {
        let mut scrubber = Scrubber::new();
        scrubber.learn("code", "012345");
        exchanges.iter().for_each(|exchange| scrubber.learn_from(exchange));
        serde_json::from_str(&render("faq01-x", exchanges, &scrubber).unwrap()).unwrap()
    }

    #[test]
    fn an_archive_shows_the_exchange_and_no_secret() {
        let mut archive = archive(&[exchange("012345", "0123456789abcdef")]);
        archive["log"]["creator"]["version"] = "x".into();
        insta::assert_json_snapshot!(archive);
    }

    #[test]
    fn entries_keep_their_order_and_a_replayed_session_is_seen_as_such() {
        let one = exchange("012345", "0123456789abcdef");
        let two = exchange("543210", "fedcba9876543210");
        let archive = archive(&[one.clone(), two, one]);
        let session =
            |at: usize| archive["log"]["entries"][at]["request"]["cookies"][0]["value"].as_str().unwrap().to_owned();
        assert_eq!([session(0), session(1), session(2)], ["cookie-session-1", "cookie-session-2", "cookie-session-1"]);
    }

    #[test]
    fn a_missing_answer_says_why() {
        let mut lost = exchange("012345", "0123456789abcdef");
        lost.answer = None;
        lost.error = Some("timed out after 30 s waiting for 012345".into());
        let entry = &archive(&[lost])["log"]["entries"][0];
        assert_eq!(entry["response"]["status"], 0);
        assert_eq!(entry["_error"], "timed out after 30 s waiting for code-1");
    }

    #[test]
    fn bodies_in_another_charset_are_scrubbed_and_kept_and_compressed_ones_left_out() {
        let mut shift_jis = exchange("012345", "0123456789abcdef");
        shift_jis.answer.as_mut().unwrap().body = b"\x83\x8f\x83\x93: 012345".to_vec();
        let content = |archive: serde_json::Value| archive["log"]["entries"][0]["response"]["content"].clone();
        let shown = content(archive(&[shift_jis.clone()]));
        assert_eq!(shown["encoding"], "base64");
        assert_eq!(STANDARD.decode(shown["text"].as_str().unwrap()).unwrap(), b"\x83\x8f\x83\x93: code-1");
        shift_jis.answer.as_mut().unwrap().headers.push(("content-encoding".into(), "gzip".into()));
        assert_eq!(content(archive(&[shift_jis]))["text"], serde_json::Value::Null);
    }

    #[test]
    fn times_add_up_as_the_format_demands() {
        let entry = &archive(&[exchange("012345", "0123456789abcdef")])["log"]["entries"][0];
        let timings = entry["timings"].as_object().unwrap();
        assert_eq!(timings.values().map(|time| time.as_f64().unwrap()).sum::<f64>(), entry["time"].as_f64().unwrap());
    }
}
