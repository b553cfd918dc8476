//! Bytes into lines. A line ends with CRLF and with nothing else: a bare LF that ended a line would let a sender smuggle
//! a second mail into a first one (RFC 5321 §2.3.8).

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt};

/// What is read at once at most: one or two code mails.
const CHUNK_BYTES: usize = 8 * 1024;

/// A line from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line with its CRLF.
    Whole(Bytes),
    /// A line that went beyond the limit; its bytes are gone.
    TooLong,
}

/// Cuts a stream of bytes into lines. Holds at most a line of the limit and one chunk.
#[derive(Debug)]
pub(super) struct Splitter {
    buffer: BytesMut,
    /// How much of the buffer is known to hold no end of line.
    scanned: usize,
    limit: usize,
    skipping: bool,
}

impl Splitter {
    /// A splitter for lines of at most `limit` bytes before the CRLF.
    pub(super) fn new(limit: usize) -> Self {
        Splitter { buffer: BytesMut::new(), scanned: 0, limit, skipping: false }
    }

    /// The next line, or `None` where more bytes are needed.
    pub(super) fn next_line(&mut self) -> Option<Line> {
        match memmem::find(&self.buffer[self.scanned..], b"\r\n") {
            Some(found) => {
                let length = self.scanned + found;
                self.scanned = 0;
                let line = self.buffer.split_to(length + 2).freeze();
                let too_long = self.skipping || length > self.limit;
                self.skipping = false;
                Some(if too_long { Line::TooLong } else { Line::Whole(line) })
            }
            None => {
                // A CR at the end may be half an end of line.
                self.scanned = self.buffer.len().saturating_sub(1);
                if self.skipping || self.scanned > self.limit {
                    self.skipping = true;
                    self.buffer.advance(self.scanned);
                    self.scanned = 0;
                }
                None
            }
        }
    }

    fn is_full(&self) -> bool {
        self.buffer.len() > self.limit + CHUNK_BYTES
    }
}

/// Lines from a stream.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    stream: R,
    splitter: Splitter,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(stream: R, limit: usize) -> Self {
        LineReader { stream, splitter: Splitter::new(limit) }
    }

    /// A line that has been read already.
    pub(super) fn buffered(&mut self) -> Option<Line> {
        self.splitter.next_line()
    }

    /// The next line; `None` at the end of the stream. What follows the last CRLF is no line. Safe to cancel.
    pub(super) async fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.splitter.next_line() {
                return Ok(Some(line));
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The stream, to write to.
    pub(super) fn stream(&mut self) -> &mut R {
        &mut self.stream
    }

    /// The stream itself. What was read ahead is thrown away.
    pub(super) fn into_stream(self) -> R {
        self.stream
    }

    /// Returns once the client has gone; while it stays and keeps sending, reads only as far ahead as the bounds allow.
    /// Safe to cancel.
    pub(super) async fn gone(&mut self) {
        while !self.splitter.is_full() {
            if !matches!(self.fill().await, Ok(1..)) {
                return;
            }
        }
        std::future::pending().await
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.splitter.buffer.reserve(CHUNK_BYTES);
        self.stream.read_buf(&mut self.splitter.buffer).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 8;

    fn whole(line: &str) -> Line {
        Line::Whole(Bytes::copy_from_slice(line.as_bytes()))
    }

    /// The lines of `bytes` when they come in pieces of these lengths, the rest in one.
    fn lines(bytes: &[u8], pieces: &[usize]) -> Vec<Line> {
        let mut splitter = Splitter::new(LIMIT);
        let mut lines = Vec::new();
        let mut rest = bytes;
        for length in pieces.iter().copied().chain([usize::MAX]) {
            let (piece, later) = rest.split_at(length.min(rest.len()));
            splitter.buffer.extend_from_slice(piece);
            while let Some(line) = splitter.next_line() {
                lines.push(line);
            }
            assert!(splitter.buffer.len() <= LIMIT + 1, "holds no more than a line");
            rest = later;
        }
        lines
    }

    #[test]
    fn only_crlf_ends_a_line() {
        assert_eq!(lines(b"a\nb\rc\r\n\n.\r\n.\r\n", &[]), [whole("a\nb\rc\r\n"), whole("\n.\r\n"), whole(".\r\n")]);
    }

    #[test]
    fn line_of_the_limit_is_whole_and_a_longer_one_is_not() {
        assert_eq!(
            lines(b"12345678\r\n123456789\r\nab\r\n", &[]),
            [whole("12345678\r\n"), Line::TooLong, whole("ab\r\n")]
        );
    }

    proptest! {
        #[test]
        fn pieces_do_not_change_the_lines(
            bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..200),
            pieces in prop::collection::vec(0_usize..20, 0..60),
        ) {
            prop_assert_eq!(lines(&bytes, &pieces), lines(&bytes, &[]));
        }
    }
}
