//! What a navigation ended with. Not here: what its page says (see [`super::Page`]).

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

use super::jar::{Ignored, Stored};

/// The final answer of a navigation, after all redirects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body after removal of the transfer coding.
    pub body: Bytes,
    /// The address that gave this answer.
    pub url: Url,
    /// The addresses that redirected, in order; empty where the first one answered.
    pub redirects: Vec<Url>,
    /// Every cookie that was offered on the way, in order.
    pub cookies: Vec<OfferedCookie>,
    /// The whole navigation, from its beginning to the last byte: connecting and redirects included. In microseconds.
    pub duration_us: u64,
}

/// A `Set-Cookie` line and what the browser did with it.
#[derive(Debug, Clone)]
pub struct OfferedCookie {
    /// The address that offered it.
    pub url: Url,
    /// The line as it came. It may hold a secret.
    pub line: http::HeaderValue,
    /// What became of it; `None` where the browser refuses cookies.
    pub fate: Option<Result<Stored, Ignored>>,
}

impl Answer {
    /// The first header field of that name; a value that is not UTF-8 is read as Latin-1.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(text_of)
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON, whatever its content type says.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }
}

/// A header's value as text: UTF-8, else Latin-1.
pub(super) fn text_of(value: &http::HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.into(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
    }
}
