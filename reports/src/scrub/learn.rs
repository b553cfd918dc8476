//! Finding secrets in exchanges by the place where they stand.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Scrubber;
use super::decode::unescape_html;
use crate::exchange::Exchange;

/// Elements that may carry an anti-forgery token.
static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?is)<(?:input|meta)\b[^>]*>").expect("a fixed expression compiles"));
/// Their attributes, quoted in any of the ways HTML knows.
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?is)\b(name|value|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))"#)
        .expect("a fixed expression compiles")
});

impl Scrubber {
    /// Learns what stands in the place of a secret in an exchange: values of cookies, credentials, passwords and
    /// anti-forgery tokens in forms, addresses, JSON and hidden fields.
    pub fn learn_from(&mut self, exchange: &Exchange) {
        let request = &exchange.request;
        self.learn_url(&request.url);
        if let Some((_, query)) = request.url.split_once('?') {
            self.learn_form(query.split('#').next().unwrap_or_default().as_bytes());
        }
        self.learn_message(&request.headers, &request.body);
        if let Some(answer) = &exchange.answer {
            self.learn_message(&answer.headers, &answer.body);
        }
    }

    fn learn_message(&mut self, headers: &[(String, String)], body: &[u8]) {
        for (name, value) in headers {
            self.learn_header(name, value);
        }
        let content_type = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value);
        if content_type.starts_with("application/x-www-form-urlencoded") {
            self.learn_form(body);
        } else if content_type.contains("json") {
            if let Ok(value) = serde_json::from_slice(body) {
                self.learn_json(&value);
            }
        } else if content_type.starts_with("text/html") {
            self.learn_html(&String::from_utf8_lossy(body));
        }
    }

    fn learn_form(&mut self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            self.learn_field(&name, &value);
        }
    }

    /// serde_json bounds the depth of what it reads, and so the recursion.
    fn learn_json(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) => self.learn_field(name, text),
                        other => self.learn_json(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_json(item)),
            _ => {}
        }
    }

    fn learn_html(&mut self, html: &str) {
        for element in ELEMENT.find_iter(html) {
            let (mut name, mut value) = (String::new(), String::new());
            for attribute in ATTRIBUTE.captures_iter(element.as_str()) {
                let text = (2..=4).find_map(|group| attribute.get(group)).map_or("", |text| text.as_str());
                let place = if attribute[1].eq_ignore_ascii_case("name") { &mut name } else { &mut value };
                *place = unescape_html(text);
            }
            self.learn_field(&name, &value);
        }
    }

    fn learn_field(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if holds(&["csrf", "xsrf", "forgery", "authenticity", "token", "nonce"]) {
            self.learn_found("csrf", value);
        } else if holds(&["passw", "passwd", "pwd"]) {
            self.learn_found("password", value);
        }
    }
}
