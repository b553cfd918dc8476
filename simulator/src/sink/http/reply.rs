//! Requests' parameters, and answers with the headers that each of them bears.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

/// Nothing but our own style sheet and forms: whatever a mail brings along stays text.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What the bytes of a mail are shown under: not even as a document of ours.
const RAW_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What is asked for behind the `?`.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn read(query: Option<&str>) -> Parameters {
        Parameters(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Reply {
    pub(super) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        Reply { status, content_type, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn html(status: StatusCode, page: String) -> Reply {
        Reply::new(status, "text/html; charset=utf-8", page)
    }

    pub(super) fn json(value: &impl Serialize) -> Reply {
        match serde_json::to_vec(value) {
            Ok(body) => Reply::new(StatusCode::OK, "application/json", body),
            Err(error) => Reply::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// An error of the API.
    pub(super) fn error(status: StatusCode, text: &str) -> Reply {
        let body = serde_json::json!({ "Error": text }).to_string();
        Reply::new(status, "application/json", body)
    }

    /// What the API says where nothing is to be said.
    pub(super) fn ok() -> Reply {
        Reply::new(StatusCode::OK, "text/plain; charset=utf-8", "ok")
    }

    /// Bytes that a browser keeps as a file and never shows.
    pub(super) fn download(body: impl Into<Bytes>, name: &str) -> Reply {
        Reply::new(StatusCode::OK, "application/octet-stream", body)
            .with(header::CONTENT_SECURITY_POLICY, RAW_POLICY.to_owned())
            .with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
    }

    /// A mail as it was sent, to be read as text. It is ASCII, or in some character set that only its reader knows.
    pub(super) fn source(body: Bytes) -> Reply {
        Reply::new(StatusCode::OK, "text/plain; charset=utf-8", body)
            .with(header::CONTENT_SECURITY_POLICY, RAW_POLICY.to_owned())
    }

    pub(super) fn see_other(path: &str) -> Reply {
        Reply::new(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "").with(header::LOCATION, path.to_owned())
    }

    pub(super) fn with(mut self, name: HeaderName, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    pub(super) fn finish(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.content_type),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
