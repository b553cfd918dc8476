//! Header fields that hold secrets by their nature, whether or not anybody named them.

use std::borrow::Cow;

use super::{SHORTEST_FOUND, Scrubber};

impl Scrubber {
    /// Replaces every secret in the value of a header field: the values of cookies and credentials always, known secrets
    /// everywhere. `name` is in lower case.
    pub fn header<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        match name {
            "cookie" => {
                let pairs = cookie_pairs(value).map(|(name, value)| self.cookie_pair(name, value));
                Cow::Owned(pairs.collect::<Vec<_>>().join("; "))
            }
            "set-cookie" => {
                let (pair, attributes) = value.find(';').map_or((value, ""), |at| value.split_at(at));
                let pairs = cookie_pairs(pair).map(|(name, value)| self.cookie_pair(name, value));
                Cow::Owned(pairs.collect::<String>() + &self.text(attributes))
            }
            "authorization" | "proxy-authorization" => {
                let (scheme, credentials) = credentials(value);
                Cow::Owned(format!("{scheme}{}", self.in_place(credentials)))
            }
            _ => self.text(value),
        }
    }

    /// Replaces the secrets in an address, user and password before the host among them.
    pub fn url<'a>(&self, url: &'a str) -> Cow<'a, str> {
        match user_info(url) {
            Some(at) => {
                let rest = format!("{}{}{}", &url[..at.start], self.in_place(&url[at.clone()]), &url[at.end..]);
                Cow::Owned(self.text(&rest).into_owned())
            }
            None => self.text(url),
        }
    }

    fn cookie_pair(&self, name: &str, value: &str) -> String {
        let name = self.text(name);
        match unquoted(value) {
            _ if value.is_empty() && name.is_empty() => String::new(),
            value => format!("{name}={}", self.in_place(value)),
        }
    }

    pub(super) fn learn_header(&mut self, name: &str, value: &str) {
        match name {
            "cookie" => cookie_pairs(value).for_each(|(name, value)| self.learn_cookie(name, value)),
            "set-cookie" => {
                let pair = value.split(';').next().unwrap_or_default();
                cookie_pairs(pair).for_each(|(name, value)| self.learn_cookie(name, value));
            }
            "authorization" | "proxy-authorization" => self.learn_found("authorization", credentials(value).1),
            _ => {}
        }
    }

    pub(super) fn learn_url(&mut self, url: &str) {
        if let Some(at) = user_info(url) {
            self.learn_found("credentials", &url[at]);
        }
    }

    fn learn_cookie(&mut self, name: &str, value: &str) {
        let name = name.trim_start_matches("__Host-").trim_start_matches("__Secure-").to_ascii_lowercase();
        let kind = if name.is_empty() { "cookie".to_owned() } else { format!("cookie-{name}") };
        self.learn_found(&kind, unquoted(value));
    }

    /// Learns what stands in the place of a secret. Short values are replaced only there.
    pub(super) fn learn_found(&mut self, kind: &str, value: &str) {
        if value.len() >= SHORTEST_FOUND {
            self.learn(kind, value);
        } else {
            self.insert(kind, value, None);
        }
    }
}

/// Names and values of a `Cookie` field; one without `=` is a value without a name (RFC 6265bis, section 5.6).
pub(crate) fn cookie_pairs(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = value.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').map_or(("", pair), |(name, value)| (name.trim(), value.trim())))
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The scheme with its blank, and the rest. A value without a scheme is all credentials.
fn credentials(value: &str) -> (&str, &str) {
    value.find(' ').map_or(("", value), |blank| value.split_at(blank + 1))
}

/// Where user and password stand in an absolute address.
fn user_info(url: &str) -> Option<std::ops::Range<usize>> {
    let start = url.find("://")? + 3;
    let authority = &url[start..][..url[start..].find(['/', '?', '#']).unwrap_or(url.len() - start)];
    authority.rfind('@').map(|at| start..start + at)
}
