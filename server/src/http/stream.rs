//! A connection's bytes, watched: who sends them slowly, who does not take them, and a close that lets the last answer
//! arrive.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::pulse::Pulse;

/// How much is thrown away at a time. In bytes.
const LINGER_READ_BYTES: usize = 4096;

/// A stream that tells its connection's pulse what happens.
pub(super) struct Watched<S> {
    inner: S,
    pulse: Arc<Pulse>,
    is_at_end: bool,
    lingering: Option<Lingering>,
}

/// The last bytes of a connection that is closed while its client may still be sending.
struct Lingering {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S, pulse: Arc<Pulse>) -> Self {
        Self { inner, pulse, is_at_end: false, lingering: None }
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Throws away what still comes. A socket that is closed with unread bytes in it tells its client so by a reset,
    /// and the reset may overtake the answer.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_at_end || !self.pulse.is_cut_off() {
            return Poll::Ready(());
        }
        let limits = &self.pulse.limits;
        let lingering = self.lingering.get_or_insert_with(|| Lingering {
            until: Box::pin(tokio::time::sleep(limits.linger_time)),
            bytes_left: limits.linger_bytes,
        });
        while lingering.until.as_mut().poll(context).is_pending() && lingering.bytes_left > 0 {
            let mut space = [0; LINGER_READ_BYTES];
            let mut buffer = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    lingering.bytes_left = lingering.bytes_left.saturating_sub(buffer.filled().len());
                }
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            this.pulse.read();
        } else {
            this.is_at_end = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(context, bytes);
        if written.is_pending() {
            this.pulse.write_waits();
        }
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(context, parts);
        if written.is_pending() {
            this.pulse.write_waits();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// HTTP flushes when it has handed over everything it has: only then is the client seen to have taken it.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(context);
        match flushed {
            Poll::Pending => this.pulse.write_waits(),
            Poll::Ready(_) => this.pulse.write_done(),
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.inner).poll_shutdown(context))?;
        }
        this.poll_linger(context).map(Ok)
    }
}
