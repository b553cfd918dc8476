//! Watching the server: request ids and spans, metrics, health.
//!
//! What is logged and counted lives here and nowhere else decides it. No secret comes here: neither codes, passwords and
//! cookies nor whole addresses are handed over, and what a mail host says is masked before it is logged.

mod connections;
mod delivery;
mod exposition;
mod mask;
mod metrics;
mod request;

pub(crate) use connections::ConnectionMeters;
pub(crate) use delivery::MeteredDelivery;
pub(crate) use exposition::{EXPOSITION_TYPE, Gauges, Living};
pub(crate) use mask::masked;
pub use metrics::Metrics;
pub(crate) use metrics::{CodeForm, MailEnd, RouteMeter, SignInForm};
pub(crate) use request::Watched;
