//! What a client may take: bytes, time, connections. Everything that waits for the network is bounded here, by name.

use std::time::Duration;

/// The limits of a listener. The defaults suit a public login; tests shorten them.
///
/// Times are checked by a sweep, so that no connection needs a timer of its own: what is overdue ends within a quarter
/// of the shortest of them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many connections are open at a time. At the limit the longest idle ones make room for new ones.
    pub connections: usize,
    /// How long a TLS handshake may take, beginning with the first byte.
    pub handshake_time: Duration,
    /// How long a request's head may take from its first byte on (HTTP/1).
    pub head_time: Duration,
    /// How large a request's head may be, in bytes. It leaves room for the skip cookies of several hundred accounts.
    pub head_bytes: usize,
    /// How many header lines (HTTP/1) or header names (HTTP/2, where browsers send each cookie as a line of its own) a
    /// request may have.
    pub headers: usize,
    /// How large a form may be, in bytes.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a client may take to receive an answer once the server would have to wait for it.
    pub answer_time: Duration,
    /// How long a connection may lie idle between requests, and before the first one.
    pub idle_time: Duration,
    /// How old a connection may become; it is then closed after the request it is at.
    pub connection_time: Duration,
    /// How long the last requests of a connection may take once it is to be closed.
    pub last_request_time: Duration,
    /// How long the rest of a refused request is read and thrown away, so that the refusal reaches a client that is
    /// still sending.
    pub linger_time: Duration,
    /// How much of it is thrown away, in bytes.
    pub linger_bytes: usize,
    /// How many requests an HTTP/2 connection may have open at a time (RFC 9113, 6.5.2 advises at least 100).
    pub h2_streams: u32,
    /// How many streams may have been reset by the client before their request was looked at; more is a flood (rapid
    /// reset), and the connection is closed.
    pub h2_pending_resets: usize,
    /// How many streams the server resets for a client's errors before it closes the connection.
    pub h2_error_resets: usize,
    /// How much of a request's body an HTTP/2 client may send unasked, in bytes.
    pub h2_stream_window: u32,
    /// How much of all bodies of a connection an HTTP/2 client may send unasked, in bytes.
    pub h2_connection_window: u32,
    /// How much of an answer is kept ready for a slow HTTP/2 client, in bytes per stream.
    pub h2_send_buffer_bytes: usize,
    /// How often an HTTP/2 client is asked whether it is still there.
    pub h2_ping_interval: Duration,
    /// How long it may take to say so.
    pub h2_ping_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            handshake_time: Duration::from_secs(10),
            head_time: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            headers: 100,
            body_bytes: 16 * 1024,
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(20),
            idle_time: Duration::from_secs(30),
            connection_time: Duration::from_secs(60 * 60),
            last_request_time: Duration::from_secs(5),
            linger_time: Duration::from_secs(2),
            linger_bytes: 1024 * 1024,
            h2_streams: 100,
            h2_pending_resets: 20,
            h2_error_resets: 100,
            h2_stream_window: 32 * 1024,
            h2_connection_window: 128 * 1024,
            h2_send_buffer_bytes: 16 * 1024,
            h2_ping_interval: Duration::from_secs(20),
            h2_ping_time: Duration::from_secs(10),
        }
    }
}

/// The sweep is at least this far from the next, however short a limit is.
const MIN_SWEEP: Duration = Duration::from_millis(5);

impl Limits {
    /// How often connections are looked at for one that is overdue.
    pub(super) fn sweep_interval(&self) -> Duration {
        let shortest = self.head_time.min(self.answer_time).min(self.idle_time).min(self.connection_time);
        (shortest / 4).max(MIN_SWEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_follows_the_shortest_limit() {
        assert_eq!(Limits::default().sweep_interval(), Duration::from_millis(2500));
        let short = Limits { idle_time: Duration::from_millis(200), ..Limits::default() };
        assert_eq!(short.sweep_interval(), Duration::from_millis(50));
        let none = Limits { head_time: Duration::ZERO, ..Limits::default() };
        assert_eq!(none.sweep_interval(), MIN_SWEEP);
    }

    /// A form that fits the limit must fit the window too, or every form would wait for a window update.
    #[test]
    fn a_form_fits_the_window_of_its_stream() {
        let limits = Limits::default();
        assert!(limits.body_bytes <= limits.h2_stream_window as usize);
        assert!(limits.h2_stream_window <= limits.h2_connection_window);
    }
}
