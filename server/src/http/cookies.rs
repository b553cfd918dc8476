//! Cookies as browsers send them and as they are set.

use http::HeaderMap;
use http::header::COOKIE;

use crate::core::{Claims, Cookie, Portal, Token, TokenHash, Visitor};
use crate::decisions::CookieAttributes;

/// The prefix that ties a cookie to this host over TLS (RFC 6265bis, 4.1.3.2).
const HOST_PREFIX: &str = "__Host-";
/// How many cookies of one request are looked at.
const MAX_COOKIES: usize = 512;
/// A longer value is none of ours. In bytes.
const MAX_VALUE_BYTES: usize = 512;

/// The cookie that tells browsers apart before they sign in.
pub(super) const BROWSER: &str = "browser";

/// The cookies of one request.
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// Reads the cookies; what is not text, over-long or in excess is left out, and of two of one name the first counts.
    /// Where cookies bear the `__Host-` prefix (on https) only names with it count; they are kept without it.
    pub(super) fn read(headers: &HeaderMap, is_prefixed: bool) -> Self {
        let prefix = if is_prefixed { HOST_PREFIX } else { "" };
        let mut cookies: Vec<Cookie> = Vec::new();
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        for (name, value) in lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('=')) {
            let (Some(name), value) = (name.trim().strip_prefix(prefix), value.trim()) else { continue };
            let known = cookies.iter().any(|cookie| cookie.name == name);
            if !known && !value.is_empty() && value.len() <= MAX_VALUE_BYTES && cookies.len() < MAX_COOKIES {
                cookies.push(Cookie { name: name.to_owned(), value: value.to_owned() });
            }
        }
        Self(cookies)
    }

    /// The value of a cookie.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// What the browser shows of itself at a portal.
    pub(super) fn into_visitor(self, portal: Portal, claims: Claims) -> Visitor {
        let token = |name: &str| self.get(name).map(|value| Token::from(value.to_owned()));
        Visitor {
            browser: TokenHash::of(self.get(BROWSER).unwrap_or_default()),
            session: token(&session_name(portal)),
            attempt: token(&attempt_name(portal)),
            cookies: self.0,
            claims,
        }
    }
}

/// What a request claims of itself; what is over-long is left out.
pub(super) fn claims(headers: &HeaderMap) -> Claims {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.filter(|value| value.len() <= MAX_VALUE_BYTES).map(Box::from)
    };
    Claims { host: text("host"), forwarded_host: text("x-forwarded-host"), forwarded_for: text("x-forwarded-for") }
}

/// The session cookie's name; each portal has its own, so that sign-ins at two portals live side by side.
pub(super) fn session_name(portal: Portal) -> String {
    format!("session-{portal}")
}

/// The attempt cookie's name.
pub(super) fn attempt_name(portal: Portal) -> String {
    format!("attempt-{portal}")
}

/// The `Set-Cookie` line that has a browser keep a cookie.
pub(super) fn keep(name: &str, value: &str, attributes: &CookieAttributes) -> String {
    let max_age = attributes.max_age.and_then(|span| cookie::time::Duration::try_from(span).ok());
    line(name, value, attributes, max_age)
}

/// The `Set-Cookie` line that has a browser forget a cookie.
pub(super) fn forget(name: &str, attributes: &CookieAttributes) -> String {
    line(name, "", attributes, Some(cookie::time::Duration::ZERO))
}

fn line(name: &str, value: &str, attributes: &CookieAttributes, max_age: Option<cookie::time::Duration>) -> String {
    let prefix = if attributes.host_prefix { HOST_PREFIX } else { "" };
    let mut cookie = cookie::Cookie::build((format!("{prefix}{name}"), value))
        .path(attributes.path)
        .http_only(attributes.http_only)
        .secure(attributes.secure)
        .same_site(attributes.same_site)
        .build();
    cookie.set_max_age(max_age);
    if let Some(domain) = &attributes.domain {
        cookie.set_domain(domain);
    }
    cookie.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::decisions::{Conforming, CookieKind, Decisions};

    fn read(line: &str, https: bool) -> Jar {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(line).unwrap());
        Jar::read(&headers, https)
    }

    #[test]
    fn the_first_of_two_cookies_of_one_name_counts() {
        let jar = read("a=1; b=2;a=3 ; =; c", false);
        assert_eq!(jar.get("a"), Some("1"));
        assert_eq!(jar.get("b"), Some("2"));
        assert_eq!(jar.get("c"), None);
    }

    #[test]
    fn on_https_a_cookie_without_the_host_prefix_is_nobodys() {
        let jar = read("session-seeker=planted; __Host-session-seeker=own", true);
        assert_eq!(jar.get("session-seeker"), Some("own"));
        assert_eq!(read("session-seeker=planted", true).get("session-seeker"), None);
    }

    #[test]
    fn cookies_are_set_as_the_baseline_asks() {
        let plain = Conforming.cookie_attributes(CookieKind::Session, false);
        assert_eq!(keep("session-seeker", "x", &plain), "session-seeker=x; HttpOnly; SameSite=Lax; Path=/");
        let skip = Conforming.cookie_attributes(CookieKind::Skip, true);
        assert_eq!(
            keep("skip-00", "x.1", &skip),
            "__Host-skip-00=x.1; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=7776000"
        );
        assert!(forget("skip-00", &skip).ends_with("Max-Age=0"));
    }

    proptest! {
        #[test]
        fn any_cookie_header_is_survived_and_bounded(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert(COOKIE, value);
                prop_assert!(Jar::read(&headers, false).0.len() <= MAX_COOKIES);
            }
        }
    }
}
