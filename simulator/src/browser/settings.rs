//! What all browsers of a target have in common beside their kind, and how hard they may press it. Data only.

use std::num::NonZeroU32;

use http::{HeaderName, HeaderValue};
use url::{Origin, Url};

use super::agent::UserAgent;
use super::proxy::Proxy;

/// What a profile says of the browsers: `[client]`.
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    /// The target's own origins: nobody else gets `headers`, and nobody else is spared by [`Pace`].
    pub origins: Vec<Origin>,
    /// Header fields sent with every request to those origins. A field that a step gives itself goes before.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// `User-Agent` in place of a kind's own, by the name of the kind. No client hints are sent then: they would contradict it.
    pub user_agents: Vec<(&'static str, HeaderValue)>,
    /// `Accept-Language` in place of the usual one.
    pub accept_language: Option<HeaderValue>,
    /// Through which proxy every request goes.
    pub proxy: Option<Proxy>,
}

impl ClientSettings {
    /// Whether an address is the target's own.
    pub fn owns(&self, url: &Url) -> bool {
        self.origins.contains(&url.origin())
    }

    /// The `User-Agent` that takes the place of a kind's own.
    pub(super) fn user_agent(&self, agent: &UserAgent) -> Option<&HeaderValue> {
        self.user_agents.iter().find(|(name, _)| *name == agent.name).map(|(_, header)| header)
    }
}

/// How hard the target may be pressed: `[limits]`. Without a number there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Requests at once.
    pub in_flight: Option<NonZeroU32>,
    /// Requests in a second, evenly spaced.
    pub per_second: Option<NonZeroU32>,
}

/// Which hosts may be put under load beside this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loadable(pub Vec<String>);

impl Loadable {
    pub(super) fn includes(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}
