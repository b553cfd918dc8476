//! Sending a form: HTML standard, form submission. Not here: what the form holds.

use std::borrow::Cow;

use encoding_rs::UTF_8;
use http::{HeaderValue, Method};
use url::Url;

use super::super::request::{Body, Initiator, Kind, Request};
use super::form::{Button, Enctype, Form, FormError};

/// What separates the parts of a multipart body. It must not occur in them; [`boundary`] sees to that.
const BOUNDARY_STEM: &str = "----WebKitFormBoundary";

impl Form {
    pub(super) fn submit(&self, button: Option<&Button>) -> Result<Request, FormError> {
        let mut url = self.target(button)?;
        let method = button.and_then(|button| button.method.clone()).unwrap_or_else(|| self.method.clone());
        let mut fields: Vec<(String, String)> =
            self.fields().into_iter().map(|(name, value)| (crlf(name), crlf(value))).collect();
        fields.extend(button.into_iter().flat_map(button_fields));
        let body = if method == Method::GET {
            url.set_query(Some(&self.url_encoded(&fields)));
            Body::None
        } else {
            let enctype = button.and_then(|button| button.enctype).unwrap_or(self.enctype);
            self.body(fields, enctype)
        };
        let initiator = Initiator::Page(self.page.clone());
        let (headers, kind) = (Vec::new(), Kind::Navigation);
        Ok(Request { method, url, body, headers, initiator, kind, follows_redirects: true })
    }

    /// Where it is sent, with the button's own address before the form's.
    pub(super) fn target(&self, button: Option<&Button>) -> Result<Url, FormError> {
        let action = button.and_then(|button| button.action.as_ref()).or(self.own_action.as_ref());
        let Some(action) = action.filter(|action| !action.trim_ascii().is_empty()) else {
            return Ok(self.page.clone());
        };
        let url = self.base.join(action).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.ok_or_else(|| FormError::BadAction { action: action.clone() })
    }

    fn body(&self, fields: Vec<(String, String)>, enctype: Enctype) -> Body {
        match enctype {
            Enctype::UrlEncoded if self.charset == UTF_8 => Body::Form(fields),
            Enctype::UrlEncoded => Body::Raw {
                content_type: HeaderValue::from_static("application/x-www-form-urlencoded"),
                bytes: self.url_encoded(&fields).into(),
            },
            Enctype::Multipart => self.multipart(&fields),
            Enctype::Plain => {
                let lines: String = fields.iter().map(|(name, value)| format!("{name}={value}\r\n")).collect();
                let content_type = HeaderValue::from_static("text/plain");
                Body::Raw { content_type, bytes: self.encode(&lines).into_owned().into() }
            }
        }
    }

    fn url_encoded(&self, fields: &[(String, String)]) -> String {
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|text| self.encode(text);
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        if self.charset != UTF_8 {
            serializer.encoding_override(Some(encode));
        }
        serializer.extend_pairs(fields).finish()
    }

    fn multipart(&self, fields: &[(String, String)]) -> Body {
        let boundary = boundary(fields);
        let mut bytes = Vec::new();
        for (name, value) in fields {
            let name = name.replace("\r\n", "%0D%0A").replace('"', "%22");
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            bytes.extend_from_slice(&self.encode(&head));
            bytes.extend_from_slice(&self.encode(value));
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
        let content_type = content_type.unwrap_or_else(|_| unreachable!("a boundary is letters, digits and hyphens"));
        Body::Raw { content_type, bytes: bytes.into() }
    }

    /// In the form's charset; what it cannot express becomes a numeric character reference, as in browsers.
    fn encode<'a>(&self, text: &'a str) -> Cow<'a, [u8]> {
        self.charset.encode(text).0
    }
}

/// What the pressed button adds.
fn button_fields(button: &Button) -> Vec<(String, String)> {
    if button.image {
        let prefix = if button.name.is_empty() { String::new() } else { format!("{}.", button.name) };
        return vec![(format!("{prefix}x"), "0".into()), (format!("{prefix}y"), "0".into())];
    }
    if button.name.is_empty() { Vec::new() } else { vec![(crlf(&button.name), crlf(&button.value))] }
}

/// With every line break as CR LF (HTML standard, converting to a list of name-value pairs).
fn crlf(text: &str) -> String {
    if !text.contains(['\r', '\n']) {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// The same for the same form, and in none of its values.
fn boundary(fields: &[(String, String)]) -> String {
    let occurs = |boundary: &str| fields.iter().any(|(_, value)| value.contains(boundary));
    let mut number = 0u64;
    loop {
        let boundary = format!("{BOUNDARY_STEM}{number:016}");
        if !occurs(&boundary) {
            return boundary;
        }
        number += 1;
    }
}
