//! The metrics of a listener's connections.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::metrics::registered;

/// What is counted of a listener's connections. Clones count together.
#[derive(Clone)]
pub(crate) struct ConnectionMeters {
    /// Connections that are open.
    pub(crate) open: IntGauge,
    /// Connections that may be open.
    pub(crate) limit: IntGauge,
    /// Connections that were closed because their client was too slow, or idle for too long.
    pub(crate) overdue: IntCounter,
    /// Connections that were closed to make room for others.
    pub(crate) made_room: IntCounter,
    /// Connections whose TLS handshake failed.
    pub(crate) handshakes_failed: IntCounter,
}

impl ConnectionMeters {
    /// Meters that are shown among others.
    pub(super) fn shown_in(registry: &Registry) -> Self {
        let closed = registered(
            registry,
            IntCounterVec::new(
                Opts::new(
                    "sekisho_connections_closed_total",
                    "Connections of the portals that the server closed, by reason.",
                ),
                &["reason"],
            ),
        );
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help));
        Self {
            open: gauge("sekisho_open_connections", "Connections of the portals that are open."),
            limit: gauge("sekisho_open_connections_limit", "Connections of the portals that may be open."),
            overdue: closed.with_label_values(&["overdue"]),
            made_room: closed.with_label_values(&["made_room"]),
            handshakes_failed: registered(
                registry,
                IntCounter::new("sekisho_tls_handshakes_failed_total", "Connections whose TLS handshake failed."),
            ),
        }
    }

    /// Meters that nobody is shown: those of a listener for operators.
    pub(crate) fn hidden() -> Self {
        Self::shown_in(&Registry::new())
    }
}
