//! Who may send a form: the browser's own page, and no other site (BASE, CSRF).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Makes and checks the tokens of forms. The key lives as long as the server.
pub(super) struct FormTokens {
    key: [u8; 32],
}

impl FormTokens {
    /// Tokens under this key.
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The token of what a browser holds: its session, or before that its own identifier.
    pub(super) fn of(&self, held: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(held.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether this is that token, compared in constant time.
    pub(super) fn matches(&self, token: &str, held: &str) -> bool {
        self.of(held).as_bytes().ct_eq(token.as_bytes()).into()
    }
}

/// Whether the browser says that the request comes from another site: by `Sec-Fetch-Site`, or by an `Origin` that is not
/// the host it speaks to. A browser that says nothing is not accused; the form's token still decides.
///
/// On https a page of the same host over plain HTTP is another site too: whoever can alter that page is not us.
pub(super) fn is_cross_site(headers: &HeaderMap, https: bool) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let fetched_elsewhere = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = text(HOST.as_str()).unwrap_or_default();
    let another_origin = text(ORIGIN.as_str()).is_some_and(|origin| {
        origin
            .split_once("://")
            .is_none_or(|(scheme, authority)| !authority.eq_ignore_ascii_case(host) || https && scheme != "https")
    });
    fetched_elsewhere || another_origin
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_is_good_for_its_holder_under_its_key_only() {
        let tokens = FormTokens::new([1; 32]);
        let token = tokens.of("session:a");
        assert!(tokens.matches(&token, "session:a"));
        assert!(!tokens.matches(&token, "session:b") && !tokens.matches("", "session:a"));
        assert!(!FormTokens::new([2; 32]).matches(&token, "session:a"));
    }

    #[test]
    fn on_https_the_plain_page_of_the_same_host_is_another_site() {
        for (origin, expected) in [("https://localhost:1", false), ("http://localhost:1", true)] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "localhost:1".parse().unwrap());
            headers.insert(ORIGIN, origin.parse().unwrap());
            assert_eq!(is_cross_site(&headers, true), expected, "{origin}");
        }
    }

    #[test]
    fn another_site_is_recognised() {
        let cases: [(&[(&str, &str)], bool); 9] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "http://localhost:1")], false),
            (&[("origin", "http://localhost:2")], true),
            (&[("origin", "null")], true),
            (&[("origin", "http://evil.test"), ("sec-fetch-site", "same-origin")], true),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "localhost:1".parse().unwrap());
            for (name, value) in lines {
                headers.insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
            }
            assert_eq!(is_cross_site(&headers, false), expected, "{lines:?}");
        }
    }
}
