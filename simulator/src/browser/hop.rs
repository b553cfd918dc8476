//! One request of a navigation as Chrome would write it, and the next one a redirect leads to. Pure: nothing is sent here.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::Full;
use url::{Position, Url};

use super::agent::UserAgent;
use super::error::NetworkError;
use super::jar::SiteContext;
use super::request::{Initiator, Kind, Request};
use super::settings::ClientSettings;
use super::site::{is_same_origin, is_same_site, is_trustworthy};

/// What a browser of somebody in Japan prefers.
const ACCEPT_LANGUAGE: &str = "ja,en-US;q=0.9,en;q=0.8";

/// A request on its way through redirects.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Bytes,
    content_type: Option<HeaderValue>,
    extra: Vec<(HeaderName, HeaderValue)>,
    initiator: Initiator,
    kind: Kind,
    /// The addresses before `url` on this navigation.
    pub(super) passed: Vec<Url>,
}

impl Hop {
    pub(super) fn first(request: Request) -> Self {
        let Request { method, mut url, body, headers, initiator, kind, follows_redirects: _ } = request;
        let (content_type, body) = body.encode().map_or((None, Bytes::new()), |(kind, bytes)| (Some(kind), bytes));
        // A fragment stays in the browser.
        url.set_fragment(None);
        Self { method, url, body, content_type, extra: headers, initiator, kind, passed: Vec::new() }
    }

    /// How this hop stands to the site it goes to. Earlier hops do not count, as in Chrome.
    pub(super) fn site_context(&self) -> SiteContext {
        match (&self.initiator, self.kind) {
            (Initiator::Page(page), Kind::Navigation) if !is_same_site(page, &self.url) => {
                SiteContext::CrossSiteNavigation { safe: self.method.is_safe() }
            }
            (Initiator::Page(page), Kind::Fetch) if !is_same_site(page, &self.url) => SiteContext::CrossSiteSubresource,
            _ => SiteContext::SameSite,
        }
    }

    /// The header fields in Chrome's order.
    pub(super) fn headers(
        &self,
        agent: &UserAgent,
        client: &ClientSettings,
        cookies: Option<HeaderValue>,
    ) -> Result<HeaderMap, NetworkError> {
        let mut fields = HeaderMap::with_capacity(24);
        let authority = &self.url[Position::BeforeHost..Position::AfterPort];
        fields.insert(header::HOST, self.value(authority)?);
        fields.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
        if self.content_type.is_some() || self.method == Method::POST {
            fields.insert(header::CONTENT_LENGTH, self.body.len().into());
        }
        let is_navigation = self.kind == Kind::Navigation;
        if is_navigation && !self.method.is_safe() {
            fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=0"));
        }
        let user_agent = client.user_agent(agent);
        if is_trustworthy(&self.url) && user_agent.is_none() {
            for (name, value) in agent.client_hints {
                fields.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
        }
        if let Some(origin) = self.origin() {
            fields.insert(header::ORIGIN, self.value(&origin)?);
        }
        if let Some(content_type) = &self.content_type {
            fields.insert(header::CONTENT_TYPE, content_type.clone());
        }
        if is_navigation {
            fields.insert(header::UPGRADE_INSECURE_REQUESTS, HeaderValue::from_static("1"));
        }
        fields.insert(header::USER_AGENT, user_agent.cloned().unwrap_or(HeaderValue::from_static(agent.header)));
        let accept = if is_navigation { agent.accept } else { "*/*" };
        fields.insert(header::ACCEPT, HeaderValue::from_static(accept));
        self.add_fetch_metadata(&mut fields);
        if let Some(referer) = self.referer() {
            fields.insert(header::REFERER, self.value(&referer)?);
        }
        fields.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let language = client.accept_language.clone();
        fields.insert(header::ACCEPT_LANGUAGE, language.unwrap_or(HeaderValue::from_static(ACCEPT_LANGUAGE)));
        if let Some(cookies) = cookies {
            fields.insert(header::COOKIE, cookies);
        }
        if client.owns(&self.url) {
            fields.extend(client.headers.iter().cloned());
        }
        if self.passed.first().is_none_or(|first| is_same_origin(first, &self.url)) {
            for (place, (name, value)) in self.extra.iter().enumerate() {
                let given_before = self.extra[..place].iter().any(|(earlier, _)| earlier == name);
                if given_before {
                    fields.append(name, value.clone());
                } else {
                    fields.insert(name, value.clone());
                }
            }
        }
        Ok(fields)
    }

    /// The request for hyper.
    pub(super) fn to_request(&self, headers: HeaderMap) -> Result<http::Request<Full<Bytes>>, NetworkError> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let target = target.parse::<http::Uri>().map_err(|error| self.bad(error.to_string()))?;
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// The hop this answer redirects to; `None` where it is no redirect (Fetch standard, HTTP-redirect fetch).
    pub(super) fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Result<Option<Self>, NetworkError> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
        let location = String::from_utf8_lossy(location.as_bytes());
        let url = self.url.join(&location).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let bad = || NetworkError::BadRedirect { url: self.url.to_string(), location: location.clone().into_owned() };
        let mut url = url.ok_or_else(bad)?;
        url.set_fragment(None);
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => !self.method.is_safe(),
            _ => false,
        };
        let (method, body, content_type) = if becomes_get {
            (Method::GET, Bytes::new(), None)
        } else {
            (self.method.clone(), self.body.clone(), self.content_type.clone())
        };
        let mut passed = self.passed.clone();
        passed.push(self.url.clone());
        let (extra, initiator) = (self.extra.clone(), self.initiator.clone());
        Ok(Some(Self { method, url, body, content_type, extra, initiator, kind: self.kind, passed }))
    }

    /// `Sec-Fetch-*`, which go to trustworthy addresses only (Fetch Metadata section 2).
    fn add_fetch_metadata(&self, fields: &mut HeaderMap) {
        if self.initiator == Initiator::Forged || !is_trustworthy(&self.url) {
            return;
        }
        let (mode, destination) = match self.kind {
            Kind::Navigation => ("navigate", "document"),
            Kind::Fetch => ("cors", "empty"),
        };
        let mut set = |name, value| fields.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        set("sec-fetch-site", self.fetch_site());
        set("sec-fetch-mode", mode);
        if self.kind == Kind::Navigation {
            set("sec-fetch-user", "?1");
        }
        set("sec-fetch-dest", destination);
    }

    /// The farthest that any hop so far was from the page that began it.
    fn fetch_site(&self) -> &'static str {
        let Initiator::Page(page) = &self.initiator else { return "none" };
        let mut hops = self.passed.iter().chain([&self.url]);
        if hops.clone().all(|hop| is_same_origin(page, hop)) {
            "same-origin"
        } else if hops.all(|hop| is_same_site(page, hop)) {
            "same-site"
        } else {
            "cross-site"
        }
    }

    /// `Origin`: with unsafe methods, and with a script's requests to other origins (Fetch standard, append a request `Origin` header).
    fn origin(&self) -> Option<String> {
        let Initiator::Page(page) = &self.initiator else { return None };
        if self.method.is_safe() && (self.kind == Kind::Navigation || is_same_origin(page, &self.url)) {
            return None;
        }
        let downgraded = page.scheme() == "https" && self.url.scheme() == "http";
        let hidden = self.is_tainted(page) || self.kind == Kind::Navigation && downgraded;
        Some(if hidden { "null".into() } else { page.origin().ascii_serialization() })
    }

    /// Whether a redirect left an origin that was not the page's own (Fetch standard, redirect-tainted origin).
    fn is_tainted(&self, page: &Url) -> bool {
        let next = self.passed.iter().skip(1).chain([&self.url]);
        self.passed.iter().zip(next).any(|(from, to)| !is_same_origin(from, to) && !is_same_origin(from, page))
    }

    /// `Referer` by the default policy, strict-origin-when-cross-origin. A page's own `Referrer-Policy` is not looked at.
    fn referer(&self) -> Option<String> {
        let Initiator::Page(page) = &self.initiator else { return None };
        if is_same_origin(page, &self.url) {
            let mut whole = page.clone();
            whole.set_fragment(None);
            // Only an address that cannot have credentials refuses to lose them.
            let _ = whole.set_username("").and_then(|()| whole.set_password(None));
            return Some(whole.into());
        }
        let downgraded = is_trustworthy(page) && !is_trustworthy(&self.url);
        (!downgraded).then(|| format!("{}/", page.origin().ascii_serialization()))
    }

    fn value(&self, text: &str) -> Result<HeaderValue, NetworkError> {
        HeaderValue::from_str(text).map_err(|error| self.bad(error.to_string()))
    }

    fn bad(&self, reason: String) -> NetworkError {
        NetworkError::BadRequest { url: self.url.to_string(), reason }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// The hop that a post from `page` has become after visiting all of `way`.
    fn after(page: &str, way: &[&str]) -> Hop {
        let mut hop = Hop::first(Request::post(url(way[0]), Vec::new()).from_page(url(page)));
        for next in &way[1..] {
            let headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_str(next).unwrap())]);
            hop = hop.redirected(StatusCode::TEMPORARY_REDIRECT, &headers).unwrap().unwrap();
        }
        hop
    }

    #[test]
    fn where_a_request_comes_from_is_told_as_far_as_it_may_be_told() {
        let (a, b, c) = ("https://a.example.jp/x?y#z", "https://b.example.jp/", "https://c.other.jp/");
        let origin = "https://a.example.jp";
        let bare = "https://a.example.jp/";
        for (page, way, referer, sent_origin, site) in [
            (a, &["https://a.example.jp/in"][..], Some("https://a.example.jp/x?y"), origin, Some("same-origin")),
            ("https://me:pw@a.example.jp/", &[a], Some(bare), origin, Some("same-origin")),
            (a, &[b], Some(bare), origin, Some("same-site")),
            (a, &[c], Some(bare), origin, Some("cross-site")),
            (a, &[c, a], Some("https://a.example.jp/x?y"), "null", Some("cross-site")),
            (a, &[a, b], Some(bare), origin, Some("same-site")),
            (a, &[b, c], Some(bare), "null", Some("cross-site")),
            (a, &["http://a.example.jp/"], None, "null", None),
            (
                "http://127.0.0.1/",
                &["http://localhost/"],
                Some("http://127.0.0.1/"),
                "http://127.0.0.1",
                Some("cross-site"),
            ),
        ] {
            let fields = after(page, way).headers(&UserAgent::DESKTOP, &ClientSettings::default(), None).unwrap();
            let found = ["referer", "origin", "sec-fetch-site"]
                .map(|name| fields.get(name).map(|value| value.to_str().unwrap().to_owned()));
            assert_eq!(
                found,
                [referer, Some(sent_origin), site].map(|value| value.map(str::to_owned)),
                "{page} to {way:?}"
            );
        }
    }

    #[test]
    fn another_sites_page_makes_a_navigation_cross_site_until_it_comes_home() {
        let context = |way: &[&str]| after("https://a.jp/", way).site_context();
        assert_eq!(context(&["https://b.jp/"]), SiteContext::CrossSiteNavigation { safe: false });
        assert_eq!(context(&["https://b.jp/", "https://www.a.jp/"]), SiteContext::SameSite);
        let script = Request::json(url("https://b.jp/"), serde_json::Value::Null).from_page(url("https://a.jp/"));
        assert_eq!(Hop::first(script).site_context(), SiteContext::CrossSiteSubresource);
        let forged = Request::post(url("https://b.jp/"), Vec::new());
        assert_eq!(Hop::first(forged).site_context(), SiteContext::SameSite);
    }
}
