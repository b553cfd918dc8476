//! The browsers' common settings, compiled, and whom a load run may touch.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::super::profile::{Limits, Profile, Spanned};
use super::super::template::{Nothing, Place};
use super::{Compiler, ProfileError};
use crate::browser::{ClientSettings, Loadable, Pace, Proxy, UserAgent, basic};

/// Header fields that cannot be given, and why or what to do instead. Those of a connection are hop-by-hop (RFC 9110 section 7.6.1).
const REFUSED: [(&[&str], &str); 6] = [
    (&["host", "content-length", "content-type"], "it follows from each request"),
    (&["cookie"], "the browsers keep cookies themselves"),
    (&["accept-encoding"], "compressed answers are not read"),
    (&["user-agent", "accept-language"], "use `client.user_agents` or `client.accept_language`"),
    (&["proxy-authorization"], "put name and password into `client.proxy`"),
    (
        &[
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ],
        "it belongs to a connection, not to a request",
    ),
];

impl Compiler<'_> {
    pub(super) fn client(&self, profile: &Profile, base: &Url) -> Result<ClientSettings, ProfileError> {
        let client = &profile.client;
        let mut origins = vec![base.origin()];
        for text in &client.origins {
            let url = self.origin("client.origins", text)?;
            if url.path() != "/" || url.query().is_some() {
                let message = "an origin ends with its host or port; leave out what follows";
                return Err(self.source.senseless(text.span(), "client.origins", message));
            }
            origins.push(url.origin());
        }
        let headers = client.headers.iter();
        let mut headers: Vec<_> =
            headers.map(|(name, value)| self.header("client.headers", name, value)).collect::<Result<_, _>>()?;
        if let Some(value) = self.basic(profile)? {
            headers.push((AUTHORIZATION, value));
        }
        let agents = &client.user_agents;
        let kinds = [
            (UserAgent::DESKTOP, "desktop", &agents.desktop),
            (UserAgent::SMARTPHONE, "phone", &agents.phone),
            (UserAgent::TABLET, "tablet", &agents.tablet),
        ];
        let mut user_agents = Vec::new();
        for (kind, key, text) in kinds {
            if let Some(text) = text {
                user_agents.push((kind.name, self.header_value(&format!("client.user_agents.{key}"), text)?));
            }
        }
        let language = client.accept_language.as_ref();
        Ok(ClientSettings {
            origins,
            headers,
            user_agents,
            accept_language: language.map(|text| self.header_value("client.accept_language", text)).transpose()?,
            proxy: client.proxy.as_ref().map(|text| self.proxy(text)).transpose()?,
        })
    }

    /// What the host itself asks for, as HTTP Basic has it (RFC 7617).
    fn basic(&self, profile: &Profile) -> Result<Option<HeaderValue>, ProfileError> {
        let client = &profile.client;
        let (user, password) = match (&client.username, &client.password) {
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => (user, password),
            (Some(given), None) | (None, Some(given)) => {
                let message = "`username` and `password` belong together";
                return Err(self.source.senseless(given.span(), "client.username", message));
            }
        };
        if client.headers.keys().any(|name| name.eq_ignore_ascii_case(AUTHORIZATION.as_str())) {
            let message = "`client.headers` has an `Authorization` already: give one of the two";
            return Err(self.source.senseless(user.span(), "client.username", message));
        }
        let key = "client.password";
        self.comes_from_elsewhere(key, password, &self.template(key, password, Place::Plain)?)?;
        let (name, secret) =
            (self.plain("client.username", user, str::to_owned)?, self.plain(key, password, str::to_owned)?);
        let value = basic(name.as_bytes(), secret.as_bytes()).ok_or_else(|| {
            self.source.senseless(user.span(), "client.username", "a user's name must not hold a colon")
        })?;
        Ok(Some(value))
    }

    /// Everything that must stay out of reports: what `[secrets]` names, and a password in the form in which it is sent.
    pub(super) fn secrets(&self, profile: &Profile) -> Result<Vec<String>, ProfileError> {
        let mut all: Vec<String> = self.names.secrets.values().map(|secret| secret.0.clone()).collect();
        let sent = self.basic(profile)?;
        let sent = sent.as_ref().and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Basic "));
        all.extend(sent.map(str::to_owned));
        Ok(all)
    }

    /// A header field that goes with requests of every kind.
    pub(super) fn header(
        &self,
        table: &str,
        name: &str,
        value: &Spanned<String>,
    ) -> Result<(HeaderName, HeaderValue), ProfileError> {
        let key = format!("{table}.{name}");
        let (parsed, _) = self.header_field(&key, name, value, Place::Plain)?;
        if let Some((_, remedy)) = REFUSED.iter().find(|(names, _)| names.contains(&parsed.as_str())) {
            let message = format!("the header field `{name}` cannot be given: {remedy}");
            return Err(self.source.senseless(value.span(), &key, message));
        }
        Ok((parsed, self.header_value(&key, value)?))
    }

    /// A value that no log shows: it may hold a secret.
    fn header_value(&self, key: &str, text: &Spanned<String>) -> Result<HeaderValue, ProfileError> {
        let filled = self.plain(key, text, str::to_owned)?;
        let visible = filled.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let value = HeaderValue::try_from(filled).ok().filter(|_| visible);
        let mut value = value.ok_or_else(|| {
            let message =
                "the value of a header field is made of visible ASCII and spaces; check what the secrets in it hold";
            self.source.senseless(text.span(), key, message)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// A text in which only values and secrets are put in.
    pub(super) fn plain(
        &self,
        key: &str,
        text: &Spanned<String>,
        escape: impl Fn(&str) -> String,
    ) -> Result<String, ProfileError> {
        let template = self.template(key, text, Place::Plain)?;
        template.fill(&Nothing, escape).map_err(|error| self.source.senseless(text.span(), key, error.to_string()))
    }

    fn proxy(&self, text: &Spanned<String>) -> Result<Proxy, ProfileError> {
        let key = "client.proxy";
        // A password may hold what would end it in an address.
        let filled = self.plain(key, text, |secret| {
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string()
        })?;
        let senseless = |message: String| self.source.senseless(text.span(), key, message);
        let url = Url::parse(&filled).map_err(|error| senseless(format!("it is no address: {error}")))?;
        if url.password().is_some() {
            self.comes_from_elsewhere(key, text, &self.template(key, text, Place::Plain)?)?;
        }
        Proxy::at(&url).map_err(senseless)
    }

    pub(super) fn pace(limits: &Limits) -> Pace {
        Pace { in_flight: limits.in_flight, per_second: limits.per_second }
    }

    /// The hosts whose owner agreed to a load.
    pub(super) fn loadable(&self, profile: &Profile, base: &Url) -> Result<Loadable, ProfileError> {
        let authorized = profile.authorized_by.as_ref().is_some_and(|who| !who.trim().is_empty());
        let mut hosts: Vec<String> = base.host_str().map(str::to_owned).into_iter().collect();
        for text in &profile.also_authorized {
            let senseless = |message: String| self.source.senseless(text.span(), "also_authorized", message);
            if !authorized {
                return Err(senseless("`authorized_by` must say who allowed it".to_owned()));
            }
            let host = Host::parse(text.as_ref()).map_err(|_| {
                senseless(format!("`{}` is no host; write it without scheme, port and path", text.as_ref()))
            })?;
            hosts.push(host.to_string());
        }
        Ok(Loadable(if authorized { hosts } else { Vec::new() }))
    }
}
