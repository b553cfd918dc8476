//! What a person asks a browser for. Not here: what the browser adds to it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

/// One thing to do: open an address, follow a link, send a form, or call an interface as a page's script would.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method of the first hop; redirects may change it.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// What is sent along; for none with a method that has no body.
    pub body: Body,
    /// Header fields that replace those the browser would send, on every hop to the origin of `url`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who begins it.
    pub initiator: Initiator,
    /// Whether the window navigates or a script fetches.
    pub kind: Kind,
    /// Whether redirects are followed. Where they are not, the redirect is the answer, and the page that was open stays open.
    pub follows_redirects: bool,
}

/// Who begins a request: decides `Referer`, `Origin`, `Sec-Fetch-*` and what `SameSite` cookies do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Initiator {
    /// The user, by typing, a bookmark or a link in a mail program.
    User,
    /// A page at this address: the one the link or form stands on. A page of another site makes the request cross-site.
    Page(Url),
    /// Nothing: a forged request as a program would send it, with the browser's cookies but no sign of a page.
    Forged,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The window shows what comes back.
    Navigation,
    /// A script reads what comes back.
    Fetch,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// A form's fields in order, sent URL-encoded in UTF-8.
    Form(Vec<(String, String)>),
    /// A JSON document.
    Json(serde_json::Value),
    /// Anything else, as it is.
    Raw {
        /// Its `Content-Type`.
        content_type: HeaderValue,
        /// The bytes.
        bytes: Bytes,
    },
}

impl Request {
    /// The user opens an address.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: Body::None,
            headers: Vec::new(),
            initiator: Initiator::User,
            kind: Kind::Navigation,
            follows_redirects: true,
        }
    }

    /// Fields are posted without having loaded a form: forged, until [`Request::from_page`] says otherwise.
    pub fn post(url: Url, fields: Vec<(String, String)>) -> Self {
        Self { method: Method::POST, body: Body::Form(fields), initiator: Initiator::Forged, ..Self::get(url) }
    }

    /// A script of a page at the same origin posts JSON.
    pub fn json(url: Url, document: serde_json::Value) -> Self {
        let initiator = Initiator::Page(url.clone());
        Self { method: Method::POST, body: Body::Json(document), initiator, kind: Kind::Fetch, ..Self::get(url) }
    }

    /// The same request begun by a page at that address.
    #[must_use]
    pub fn from_page(mut self, page: Url) -> Self {
        self.initiator = Initiator::Page(page);
        self
    }

    /// The same request with no sign of a page: no `Referer`, `Origin` or `Sec-Fetch-*`.
    #[must_use]
    pub fn forged(mut self) -> Self {
        self.initiator = Initiator::Forged;
        self
    }

    /// The same request with a header field of the caller's, in place of the browser's own if it sends that one.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Body {
    /// Content type and bytes as they go over the wire; `None` where there is no body.
    pub(super) fn encode(self) -> Option<(HeaderValue, Bytes)> {
        match self {
            Self::None => None,
            Self::Form(fields) => {
                let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                Some((HeaderValue::from_static("application/x-www-form-urlencoded"), encoded.into()))
            }
            Self::Json(document) => Some((HeaderValue::from_static("application/json"), document.to_string().into())),
            Self::Raw { content_type, bytes } => Some((content_type, bytes)),
        }
    }
}
