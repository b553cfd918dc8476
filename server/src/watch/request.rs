//! One request from its head to its answer: an id, a span, a line in the log, a count.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response};
use rand::RngExt;
use tracing::Span;

use super::metrics::{Metrics, RouteMeter};

/// The header line that carries a request's id, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over; a UUID has 36 characters.
const MAX_ID_BYTES: usize = 64;
/// Bytes of randomness in an id of our own; they make 16 characters.
const OWN_ID_BYTES: usize = 12;

/// A request that is being answered.
pub(crate) struct Watched<'a> {
    id: HeaderValue,
    began: Instant,
    span: Span,
    meter: &'a RouteMeter,
    method: &'static str,
}

impl<'a> Watched<'a> {
    /// Begins to watch a request to one of our places. The path itself is not logged: whoever sends it writes it.
    pub(crate) fn begin(headers: &HeaderMap, method: &Method, meter: &'a RouteMeter, portal: &'static str) -> Self {
        let id = headers.get(REQUEST_ID).filter(|value| is_well_formed(value.as_bytes())).cloned().unwrap_or_else(own);
        let method = known(method);
        // At the level of errors, so that whatever is logged on the way bears the id.
        let span = tracing::error_span!(
            "request",
            id = id.to_str().unwrap_or_default(),
            method,
            route = meter.route.as_str(),
            portal
        );
        Self { id, began: Instant::now(), span, meter, method }
    }

    /// The span that everything done for the request belongs to.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Counts and logs the answer, and writes the id on it.
    pub(crate) fn end<B>(self, mut response: Response<B>, metrics: &Metrics) -> Response<B> {
        let took = self.began.elapsed();
        let status = response.status();
        metrics.answered(self.meter, self.method, status, took);
        let _in_span = self.span.enter();
        let (status, duration_us) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        match status {
            500.. => tracing::warn!(status, duration_us, "answered"),
            _ if self.meter.is_asset => tracing::debug!(status, duration_us, "answered"),
            _ => tracing::info!(status, duration_us, "answered"),
        }
        response.headers_mut().insert(REQUEST_ID, self.id);
        response
    }
}

/// The methods we take by their names; any other is a stranger's word.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Whether an id may stand in our log and answers: short, and of characters that mean nothing anywhere.
fn is_well_formed(id: &[u8]) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn own() -> HeaderValue {
    let id = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; OWN_ID_BYTES]>());
    HeaderValue::from_maybe_shared(Bytes::from(id)).expect("base64 is fit for a header")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_strangers_id_is_taken_over_only_if_it_is_short_and_harmless() {
        for good in ["a", "2f1c.d_e-9", "6f9619ff-8b86-d011-b42d-00c04fc964ff", &"x".repeat(64)] {
            assert!(is_well_formed(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a\tb", "id=1", "<b>", "a\"", "é", "a/b", "a;b", &"x".repeat(65)] {
            assert!(!is_well_formed(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn our_own_ids_are_well_formed_and_distinct() {
        let ids: HashSet<HeaderValue> = (0..1000).map(|_| own()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 16 && is_well_formed(id.as_bytes())));
    }
}
