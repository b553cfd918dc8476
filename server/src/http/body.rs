//! Bodies: those of requests, whose slowness is noted, and those of answers over HTTP/2, which may be taken slowly.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::pulse::{Pulse, Underway};

/// The body of a request.
pub(crate) struct Body {
    incoming: Incoming,
    pulse: Arc<Pulse>,
}

impl Body {
    pub(super) fn new(incoming: Incoming, pulse: Arc<Pulse>) -> Self {
        Self { incoming, pulse }
    }

    /// How large a form may be here. In bytes.
    pub(super) fn form_limit(&self) -> usize {
        self.pulse.limits.body_bytes
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.incoming).poll_frame(context);
        match frame {
            Poll::Pending => this.pulse.body_waits(),
            Poll::Ready(_) => this.pulse.body_done(true),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.pulse.body_done(self.incoming.is_end_stream());
    }
}

/// Reads a body within its limits of size and time. One that says beforehand that it is too large is not read at all.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    if body.size_hint().lower() > limit as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let time = body.pulse.limits.body_time;
    match tokio::time::timeout(time, Limited::new(body, limit).collect()).await {
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// The body of an answer over HTTP/2: dropped when the client has taken it or given it up.
pub(super) struct Answered {
    body: Full<Bytes>,
    _underway: Underway,
}

impl Answered {
    pub(super) fn new(body: Full<Bytes>, underway: Underway) -> Self {
        Self { body, _underway: underway }
    }
}

impl hyper::body::Body for Answered {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
