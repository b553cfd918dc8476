//! The jar itself: RFC 6265bis section 5.7 (what is kept) and 5.8.3 (what is sent). Not here: parsing of lines.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use url::{Host, Url};

use super::super::site;
use super::cookie::{Cookie, SameSite, default_path, domain_matches, path_matches};
use super::{MAX_COOKIES, MAX_COOKIES_PER_DOMAIN, set_cookie};

/// How long a cookie without `SameSite` still goes with unsafe cross-site navigations (RFC 6265bis section 5.6.7.2).
const LAX_ALLOWING_UNSAFE: Duration = Duration::from_secs(120);

/// How a request stands to the site it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteContext {
    /// Begun by the user or by a page of the same site.
    SameSite,
    /// A navigation of the whole window, begun by a page of another site.
    CrossSiteNavigation {
        /// Whether the method is `GET` or `HEAD`.
        safe: bool,
    },
    /// Anything else begun by another site, e.g. by a script.
    CrossSiteSubresource,
}

/// What became of a cookie that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    Added,
    /// It took the place of an earlier one.
    Replaced,
    /// Its expiry lies in the past, so it and any earlier one are gone.
    Deleted,
}

/// Why a cookie was ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Name and value are both empty.
    #[error("name and value are empty")]
    Empty,
    /// Name and value together are longer than 4,096 bytes.
    #[error("name and value are longer than 4096 bytes")]
    TooLong,
    /// The line holds a control character.
    #[error("the line holds a control character")]
    ControlCharacter,
    /// The address has no host.
    #[error("the address has no host")]
    NoHost,
    /// The `Domain` is not a name, or not the host's own or a parent of it.
    #[error("`Domain` does not cover the host")]
    ForeignDomain,
    /// The `Domain` is a public suffix.
    #[error("`Domain` is a public suffix")]
    PublicSuffix,
    /// `Secure` over plain http.
    #[error("`Secure` over an insecure connection")]
    SecureOverPlain,
    /// It would hide a `Secure` cookie from over plain http.
    #[error("a `Secure` cookie of this name may not be overlaid over an insecure connection")]
    OverlaysSecure,
    /// The request was cross-site, and `SameSite` is not `None`.
    #[error("`SameSite` forbids it in a cross-site request")]
    CrossSite,
    /// `SameSite=None` without `Secure`.
    #[error("`SameSite=None` without `Secure`")]
    SameSiteNoneInsecure,
    /// The name begins with `__Secure-` or `__Host-`, but the attributes do not fit.
    #[error("the attributes do not fit the prefix of its name")]
    Prefix,
}

/// A browser's cookies. Expired ones are never sent or listed, and are dropped when the next cookie is stored.
///
/// Kept in the order of the `Cookie` header (longer paths first, then older ones), so that a lookup is one pass without sorting.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one `Set-Cookie` value that `url` answered with at `now`, or says why a browser ignores it.
    pub fn store(&mut self, line: &[u8], url: &Url, context: SiteContext, now: SystemTime) -> Result<Stored, Ignored> {
        let cookie = self.judge(line, url, context, now)?;
        self.cookies.retain(|kept| !kept.is_expired(now));
        if cookie.is_expired(now) {
            self.cookies.retain(|kept| !kept.is_same_entry(&cookie));
            return Ok(Stored::Deleted);
        }
        Ok(if self.put(cookie) { Stored::Replaced } else { Stored::Added })
    }

    /// The value of the `Cookie` header for a request to `url`, and notes that its cookies were used; `None` where there is none to send.
    pub fn header(&mut self, url: &Url, context: SiteContext, now: SystemTime) -> Option<HeaderValue> {
        let host = url.host_str()?;
        let host_is_name = matches!(url.host(), Some(Host::Domain(_)));
        let secure = site::is_trustworthy(url);
        let mut line = Vec::new();
        for cookie in &mut self.cookies {
            let reaches_host = if cookie.host_only {
                *host == *cookie.domain
            } else {
                domain_matches(host, host_is_name, &cookie.domain)
            };
            if reaches_host
                && path_matches(url.path(), &cookie.path)
                && (secure || !cookie.secure)
                && !cookie.is_expired(now)
                && may_go(cookie, context, now)
            {
                cookie.accessed = now;
                if !line.is_empty() {
                    line.extend_from_slice(b"; ");
                }
                if !cookie.name.is_empty() {
                    line.extend_from_slice(&cookie.name);
                    line.push(b'=');
                }
                line.extend_from_slice(&cookie.value);
            }
        }
        if line.is_empty() { None } else { HeaderValue::from_maybe_shared(bytes::Bytes::from(line)).ok() }
    }

    /// All cookies that are alive at `now`, longer paths first, then older ones first.
    pub fn cookies(&self, now: SystemTime) -> impl Iterator<Item = &Cookie> {
        self.cookies.iter().filter(move |cookie| !cookie.is_expired(now))
    }

    /// The first living cookie of that name in the order of [`Jar::cookies`].
    pub fn get(&self, name: &str, now: SystemTime) -> Option<&Cookie> {
        self.cookies(now).find(|cookie| *cookie.name == *name.as_bytes())
    }

    /// Puts a cookie in as it is, e.g. one exported from another browser, in place of the same entry.
    pub fn insert(&mut self, cookie: Cookie) {
        self.put(cookie);
    }

    /// Takes all cookies of that name out and returns them.
    pub fn remove(&mut self, name: &str) -> Vec<Cookie> {
        self.cookies.extract_if(.., |cookie| *cookie.name == *name.as_bytes()).collect()
    }

    /// Deletes every cookie.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Deletes the session cookies, as closing the browser does.
    pub fn clear_session(&mut self) {
        self.cookies.retain(|cookie| !cookie.is_session());
    }

    /// Section 5.7, steps 1 to 23: whether the line is accepted, and as what.
    fn judge(&self, line: &[u8], url: &Url, context: SiteContext, now: SystemTime) -> Result<Cookie, Ignored> {
        let parsed = set_cookie::parse(line, now)?;
        let host = url.host_str().ok_or(Ignored::NoHost)?;
        let (domain, host_only) = domain_of(parsed.domain, url, host)?;
        let secure_connection = site::is_trustworthy(url);
        if parsed.secure && !secure_connection {
            return Err(Ignored::SecureOverPlain);
        }
        let given_path = parsed.path.map(String::from_utf8_lossy);
        let path = given_path.as_deref().unwrap_or_else(|| default_path(url.path()));
        let cookie = Cookie {
            name: parsed.name.into(),
            value: parsed.value.into(),
            domain: domain.into(),
            path: path.into(),
            created: now,
            accessed: now,
            expires: parsed.expires,
            host_only,
            secure: parsed.secure,
            http_only: parsed.http_only,
            same_site: parsed.same_site,
        };
        if !cookie.secure && !secure_connection && self.cookies.iter().any(|kept| overlays(&cookie, kept)) {
            return Err(Ignored::OverlaysSecure);
        }
        if context == SiteContext::CrossSiteSubresource && cookie.same_site != SameSite::None {
            return Err(Ignored::CrossSite);
        }
        if cookie.same_site == SameSite::None && !cookie.secure {
            return Err(Ignored::SameSiteNoneInsecure);
        }
        if !prefix_is_honest(&cookie, parsed.path.is_some()) {
            return Err(Ignored::Prefix);
        }
        Ok(cookie)
    }

    /// Inserts at its place in the order, or over the same entry, whose creation time it takes. Says whether there was one.
    fn put(&mut self, mut cookie: Cookie) -> bool {
        if let Some(kept) = self.cookies.iter_mut().find(|kept| kept.is_same_entry(&cookie)) {
            cookie.created = kept.created;
            *kept = cookie;
            return true;
        }
        let place = self.cookies.partition_point(|kept| {
            kept.path.len() > cookie.path.len()
                || kept.path.len() == cookie.path.len() && kept.created <= cookie.created
        });
        let crowded = (self.cookies.len() >= MAX_COOKIES_PER_DOMAIN).then(|| cookie.domain.clone());
        self.cookies.insert(place, cookie);
        if let Some(domain) = crowded {
            self.evict(&domain);
        }
        false
    }

    /// Section 5.7, last part, after one cookie came to `domain`: of a domain with too many, insecure ones go first, then any;
    /// then any of all. Least recently used first.
    fn evict(&mut self, domain: &str) {
        let of_domain = |cookie: &Cookie| *cookie.domain == *domain;
        let victim = if self.cookies.iter().filter(|cookie| of_domain(cookie)).count() > MAX_COOKIES_PER_DOMAIN {
            let insecure = self.least_used(|cookie| of_domain(cookie) && !cookie.secure);
            insecure.or_else(|| self.least_used(of_domain))
        } else if self.cookies.len() > MAX_COOKIES {
            self.least_used(|_| true)
        } else {
            None
        };
        if let Some(victim) = victim {
            self.cookies.remove(victim);
        }
    }

    fn least_used(&self, among: impl Fn(&Cookie) -> bool) -> Option<usize> {
        let candidates = self.cookies.iter().enumerate().filter(|(_, cookie)| among(cookie));
        candidates.min_by_key(|(_, cookie)| cookie.accessed).map(|(place, _)| place)
    }
}

/// The domain a cookie gets and whether it is host-only (section 5.7, the steps on the domain attribute).
fn domain_of(attribute: &[u8], url: &Url, host: &str) -> Result<(String, bool), Ignored> {
    if attribute.is_empty() {
        return Ok((host.to_owned(), true));
    }
    let domain = std::str::from_utf8(attribute).ok().filter(|text| text.is_ascii());
    let domain = domain.ok_or(Ignored::ForeignDomain)?.to_ascii_lowercase();
    let host_is_name = matches!(url.host(), Some(Host::Domain(_)));
    if host_is_name && site::is_public_suffix(&domain) {
        return if domain == host { Ok((domain, true)) } else { Err(Ignored::PublicSuffix) };
    }
    if domain_matches(host, host_is_name, &domain) { Ok((domain, false)) } else { Err(Ignored::ForeignDomain) }
}

/// Whether `new`, set over plain http, would stand in the way of the secure cookie `kept`.
fn overlays(new: &Cookie, kept: &Cookie) -> bool {
    kept.secure
        && kept.name == new.name
        && (domain_matches(&new.domain, true, &kept.domain) || domain_matches(&kept.domain, true, &new.domain))
        && path_matches(&new.path, &kept.path)
}

/// The promises of `__Secure-` and `__Host-`; a nameless cookie may not look as if it had such a name.
fn prefix_is_honest(cookie: &Cookie, path_given: bool) -> bool {
    let named = if cookie.name.is_empty() { &cookie.value } else { &cookie.name };
    let begins = |prefix: &[u8]| named.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let host = begins(b"__Host-");
    if !host && !begins(b"__Secure-") {
        return true;
    }
    !cookie.name.is_empty() && cookie.secure && (!host || cookie.host_only && path_given && *cookie.path == *"/")
}

/// Whether `SameSite` lets the cookie go with a request (section 5.8.3).
fn may_go(cookie: &Cookie, context: SiteContext, now: SystemTime) -> bool {
    match (context, cookie.same_site) {
        (SiteContext::SameSite, _) | (_, SameSite::None) => true,
        (_, SameSite::Strict) | (SiteContext::CrossSiteSubresource, _) => false,
        (SiteContext::CrossSiteNavigation { safe }, SameSite::Lax) => safe,
        (SiteContext::CrossSiteNavigation { safe }, SameSite::Default) => {
            safe || now.duration_since(cookie.created).is_ok_and(|age| age <= LAX_ALLOWING_UNSAFE)
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
