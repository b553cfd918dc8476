//! One stored cookie with its attributes, and the two matching rules. Not here: how it is parsed or chosen.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

/// The `SameSite` attribute as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Absent or not understood.
    Default,
    /// Goes with same-site requests only.
    Strict,
    /// Goes with cross-site top-level navigations of safe methods too.
    Lax,
    /// Goes with every request.
    None,
}

/// A cookie as the jar keeps it. Cloning one out of a jar and inserting it into another is how a stolen or kept cookie is replayed.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    pub(super) name: Box<[u8]>,
    pub(super) value: Box<[u8]>,
    pub(super) domain: Box<str>,
    pub(super) path: Box<str>,
    pub(super) created: SystemTime,
    pub(super) accessed: SystemTime,
    pub(super) expires: Option<SystemTime>,
    pub(super) host_only: bool,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

impl Cookie {
    /// The name; empty for a nameless cookie. Bytes that are not UTF-8 are shown as replacement characters.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The value. Bytes that are not UTF-8 are shown as replacement characters; they are sent back as they came.
    pub fn value(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }

    /// The host the cookie belongs to, or the domain it spans where [`Cookie::host_only`] is false. Lower case, no leading dot.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The path it is limited to.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// When the cookie was first set; kept when it is set again (RFC 6265bis section 5.7).
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// When it ends, after the 400-day cap; `None` for a session cookie.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Whether it ends with the browser session.
    pub fn is_session(&self) -> bool {
        self.expires.is_none()
    }

    /// Whether it goes to exactly its host (no `Domain` was given).
    pub fn host_only(&self) -> bool {
        self.host_only
    }

    /// The `Secure` attribute.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The `HttpOnly` attribute.
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// The `SameSite` attribute.
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// The same cookie with another value, for requests with an altered cookie.
    #[must_use]
    pub fn with_value(mut self, value: impl AsRef<[u8]>) -> Self {
        self.value = value.as_ref().into();
        self
    }

    /// The same cookie with another end (`None`: a session cookie), for a browser that keeps it past its time. The 400-day cap does not apply.
    #[must_use]
    pub fn with_expires(mut self, expires: Option<SystemTime>) -> Self {
        self.expires = expires;
        self
    }

    /// Whether the cookie is over at `now` (RFC 6265bis section 5.7: its expiry date is in the past).
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// Whether both are the same entry of a jar: equal name, domain, host-only flag and path (RFC 6265bis section 5.7).
    pub(super) fn is_same_entry(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }
}

/// Shows everything but the value, which may be a secret.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name())
            .field("value_bytes", &self.value.len())
            .field("domain", &self.domain)
            .field("path", &self.path)
            .field("expires", &self.expires)
            .field("host_only", &self.host_only)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

/// RFC 6265bis section 5.1.3. `host_is_name` is false for an IP address, which matches only itself.
pub(super) fn domain_matches(host: &str, host_is_name: bool, domain: &str) -> bool {
    host == domain
        || host_is_name
            && host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.') && !domain.is_empty())
}

/// RFC 6265bis section 5.1.4.
pub(super) fn path_matches(request_path: &str, cookie_path: &str) -> bool {
    request_path
        .strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that names none: the request's up to its last slash (RFC 6265bis section 5.1.4).
pub(super) fn default_path(request_path: &str) -> &str {
    match request_path.rfind('/') {
        Some(slash) if slash > 0 && request_path.starts_with('/') => &request_path[..slash],
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_match_whole_labels_only() {
        for (host, is_name, domain, matches) in [
            ("example.jp", true, "example.jp", true),
            ("a.example.jp", true, "example.jp", true),
            ("a.b.example.jp", true, "example.jp", true),
            ("badexample.jp", true, "example.jp", false),
            ("example.jp", true, "a.example.jp", false),
            (".example.jp", true, "example.jp", false),
            ("127.0.0.1", false, "127.0.0.1", true),
            ("127.0.0.1", false, "0.0.1", false),
            ("example.jp", true, "", false),
        ] {
            assert_eq!(domain_matches(host, is_name, domain), matches, "{host} against {domain}");
        }
    }

    #[test]
    fn paths_match_whole_segments_only() {
        for (request, cookie, matches) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/a", "/a/", false),
            ("/A", "/a", false),
        ] {
            assert_eq!(path_matches(request, cookie), matches, "{request} against {cookie}");
        }
    }

    #[test]
    fn default_path_is_the_directory_of_the_request() {
        for (request, path) in [("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("x/y", "/")] {
            assert_eq!(default_path(request), path, "{request}");
        }
    }
}
