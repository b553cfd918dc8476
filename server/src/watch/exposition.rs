//! The metrics as Prometheus reads them.

use prometheus::TextEncoder;

use super::metrics::Metrics;
use crate::core::Portal;

/// The content type of the exposition: the text format.
pub(crate) const EXPOSITION_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is not counted as it happens but looked up when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    /// Mails that wait or are under way.
    pub(crate) mail_queue: usize,
    /// How many the queue takes.
    pub(crate) mail_queue_capacity: usize,
    /// Whether the store has failed.
    pub(crate) store_is_down: bool,
    /// What is alive at each portal, in the order of [`Portal::ALL`].
    pub(crate) portals: [Living; 3],
}

/// What is alive at one portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Living {
    pub(crate) accounts: usize,
    pub(crate) sessions: usize,
    pub(crate) skips: usize,
}

impl Metrics {
    /// Everything in Prometheus' text format.
    pub(crate) fn exposition(&self, gauges: &Gauges) -> String {
        let as_gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        self.mail_queue.set(as_gauge(gauges.mail_queue));
        self.mail_queue_capacity.set(as_gauge(gauges.mail_queue_capacity));
        self.store_up.set(i64::from(!gauges.store_is_down));
        for (portal, living) in Portal::ALL.iter().zip(&gauges.portals) {
            self.accounts.with_label_values(&[portal.id()]).set(as_gauge(living.accounts));
            self.sessions.with_label_values(&[portal.id()]).set(as_gauge(living.sessions));
            self.skips.with_label_values(&[portal.id()]).set(as_gauge(living.skips));
        }
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "the metrics could not be written");
        }
        text
    }
}
