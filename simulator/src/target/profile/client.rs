//! What the browsers have in common beside their kind, and the way they take to the target.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;

/// What the simulated browsers send and which way their requests take. Nothing of it concerns the control listener, hooks or a
/// Mailpit: those are asked directly and by other means.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// Header fields that go with every request to the target's own origins, e.g. `{ X-Staging-Key = "{secret:staging}" }`; a redirect
    /// elsewhere does not take them along. None by default. `Host`, `Cookie`, `Content-Length`, those of a connection and those that
    /// have a key of their own here cannot be given.
    pub headers: BTreeMap<String, Spanned<String>>,
    /// The name that the host itself asks for (HTTP Basic, as a staging system often does), sent with every request to the target's own
    /// origins; with `password`. None by default.
    pub username: Option<Spanned<String>>,
    /// The password that goes with it, e.g. `{secret:staging}`.
    pub password: Option<Spanned<String>>,
    /// Origins that are the target's own beside that of `base`, e.g. `https://login.example.jp`. None by default.
    pub origins: Vec<Spanned<String>>,
    /// The proxy through which every request of a browser goes, e.g. `http://user:{secret:proxy}@proxy.example:3128`; none by default,
    /// whatever the environment says. It is spoken to in plain HTTP; https targets are reached by a tunnel through it.
    pub proxy: Option<Spanned<String>>,
    /// `User-Agent` in place of what each kind of browser says of itself.
    pub user_agents: UserAgents,
    /// `Accept-Language` of every request; `ja,en-US;q=0.9,en;q=0.8` by default.
    pub accept_language: Option<Spanned<String>>,
}

/// `User-Agent` by kind of browser. A kind that is given sends no client hints (`Sec-CH-UA…`), which would contradict it; one that is
/// not given presents itself as a current Chrome, or as Safari on an iPad.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserAgents {
    /// Of the desktop browser, which most stories use.
    pub desktop: Option<Spanned<String>>,
    /// Of the smartphone.
    pub phone: Option<Spanned<String>>,
    /// Of the tablet.
    pub tablet: Option<Spanned<String>>,
}
