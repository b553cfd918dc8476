//! The SMTP sink: takes every mail, puts it into the mailbox, and does so as badly as its faults say.
//!
//! One handler (`handler`: policy, faults, store) stands behind two front ends. [`Engine::Async`] drives the protocol
//! core of `mailin` from tokio and is the one to use. [`Engine::Threaded`] is `mailin-embedded` as it stands; it is
//! simpler, and each front end checks the other. What the threaded one can't do:
//!
//! - it serves as many connections as its pool has threads; further clients wait for their greeting;
//! - it answers 500 to the null sender `MAIL FROM:<>`, to parameters such as `SIZE=`, to quoted local parts with a space
//!   and to trailing space, and offers neither PIPELINING nor SIZE nor SMTPUTF8;
//! - it bounds neither the length of a command nor the number of commands, its time-out is five minutes, and of
//!   [`SinkLimits`] only `message_bytes`, `line_bytes` and `recipients` hold;
//! - a line ends with a bare LF, too; mail with one is refused with 421, lest it smuggle a second mail;
//! - it counts a connection at its first HELO;
//! - it can't be stopped: after a shutdown it answers 421, and keeps its port until the process ends.
//!
//! Only the asynchronous one offers TLS ([`SinkTls`]); neither offers AUTH. Nothing here parses mail: that is for whoever reads it (`mailbox::Letter`).

use std::{
    io,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{net::TcpSocket, runtime::Handle, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::mailbox::{Arrivals, ArrivalsCounts, ArrivalsLimits, Mailbox};

mod command;
mod delivery;
mod faults;
mod handler;
pub mod http;
mod line;
mod listener;
mod session;
mod threaded;
mod tls;

use delivery::Delivery;
pub use faults::{Delay, Fault, Faults, MAX_DELAY};
pub use sekisho_certificate::{Certificate, ShownCertificate};
use tls::Tls;
pub use tls::{SinkTls, SinkTlsError};

/// The name by which the sink greets its clients.
const NAME: &str = "sekisho.localhost";

/// Connections that may wait to be accepted; a launch brings them all at once.
const BACKLOG: u32 = 4096;

/// How a sink is set up. The default listens on a free port of the loopback interface.
#[derive(Clone, Debug)]
pub struct SinkConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The front end.
    pub engine: Engine,
    /// Whether TLS is spoken.
    pub tls: SinkTls,
    /// What a client may ask for.
    pub limits: SinkLimits,
    /// How much mail is held.
    pub mailbox: ArrivalsLimits,
    /// What the faults draw from.
    pub seed: u64,
}

impl Default for SinkConfig {
    fn default() -> Self {
        SinkConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            engine: Engine::Async,
            tls: SinkTls::None,
            limits: SinkLimits::default(),
            mailbox: ArrivalsLimits::default(),
            seed: 0,
        }
    }
}

/// The front end of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The protocol core under tokio: any number of connections.
    Async,
    /// `mailin-embedded`: a thread per connection.
    Threaded {
        /// The threads, that is, the connections served at once (about 17 kB each).
        pool: NonZeroU32,
    },
}

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkLimits {
    /// The bytes of a mail; beyond it 552.
    pub message_bytes: usize,
    /// The bytes of a line without its CRLF; beyond it 500.
    pub line_bytes: usize,
    /// The recipients of a mail; beyond it 452.
    pub recipients: usize,
    /// The commands from one mail to the next; beyond it 421.
    pub commands: u32,
    /// The faulty commands from one mail to the next; beyond it 421.
    pub errors: u32,
    /// The connections at once; further ones get 421.
    pub connections: u64,
    /// The time for a whole line to come; after it 421.
    pub idle: Duration,
    /// The time of a connection; after it 421.
    pub session: Duration,
}

impl Default for SinkLimits {
    /// Generous for every real mail: 10 MiB; lines of 64 KiB (RFC 5321 §4.5.3.1.6 asks for 1,000 bytes); 100 recipients
    /// (its §4.5.3.1.8); 5 minutes without a line (its §4.5.3.2.7); an hour in all; 10,000 connections.
    fn default() -> Self {
        SinkLimits {
            message_bytes: 10 * 1024 * 1024,
            line_bytes: 64 * 1024,
            recipients: 100,
            commands: 1000,
            errors: 20,
            connections: 10_000,
            idle: Duration::from_secs(5 * 60),
            session: Duration::from_secs(60 * 60),
        }
    }
}

/// Why a sink did not start.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Somebody listens there already.
    #[error("the port of `{0}` is in use\n\nhint: take another one, or port 0 for any that is free")]
    PortInUse(SocketAddr),
    /// The address can't be listened on, for another reason.
    #[error("can't listen on `{address}`")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The thread of the threaded front end did not start.
    #[error("can't start the thread of the SMTP sink")]
    Thread(#[source] io::Error),
    /// TLS can't be spoken.
    #[error(transparent)]
    Tls(#[from] SinkTlsError),
}

/// What a sink has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkCounts {
    /// The connections that were served.
    pub connections: u64,
    /// The connections that are open (asynchronous front end only).
    pub open_connections: u64,
    /// The connections that were turned away because there were too many (asynchronous front end only).
    pub turned_away: u64,
    /// The mails answered with 250.
    pub accepted: u64,
    /// The recipients answered with 550 by a fault.
    pub refused: u64,
    /// The recipients answered with 451 by a fault.
    pub put_off: u64,
    /// The mails that went beyond a limit or had a bare LF.
    pub rejected: u64,
    /// The times our own code panicked in answering a client: a bug of ours.
    pub panics: u64,
    /// What went through the mailbox.
    pub mailbox: ArrivalsCounts,
}

/// A running sink. Dropping it stops it at once; [`Sink::shutdown`] lets clients know.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    office: Arc<Office>,
    server: Option<JoinHandle<()>>,
}

impl Sink {
    /// Starts listening. Must be called in a tokio runtime, which the sink then lives in.
    ///
    /// # Errors
    /// Where the address can't be listened on; a port in use has an error of its own.
    pub async fn start(config: SinkConfig) -> Result<Sink, SinkError> {
        if config.tls != SinkTls::None && config.engine != Engine::Async {
            return Err(SinkTlsError::Threaded.into());
        }
        let tls = Tls::prepare(&config.tls, config.listen.ip())?;
        let listener = listen(config.listen).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => SinkError::PortInUse(config.listen),
            _ => SinkError::Listen { address: config.listen, source },
        })?;
        let unusable = |source| SinkError::Listen { address: config.listen, source };
        let address = listener.local_addr().map_err(unusable)?;
        let stop = CancellationToken::new();
        let delivery = Delivery {
            arrivals: Arc::new(Arrivals::new(config.mailbox)),
            faults: Arc::new(Faults::new(config.seed)),
            runtime: Handle::current(),
            stop: stop.clone(),
            delayed_bytes: Arc::default(),
        };
        let office = Arc::new(Office { limits: config.limits, tls, delivery, stop, tally: Tally::default() });
        let server = match config.engine {
            Engine::Async => Some(tokio::spawn(listener::serve(listener, Arc::clone(&office)))),
            Engine::Threaded { pool } => {
                let listener = listener.into_std().map_err(unusable)?;
                listener.set_nonblocking(false).map_err(unusable)?;
                threaded::start(listener, pool, Arc::clone(&office)).map_err(SinkError::Thread)?;
                None
            }
        };
        Ok(Sink { address, office, server })
    }

    /// Where the sink listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate it shows; `None` where it speaks no TLS.
    pub fn certificate(&self) -> Option<&ShownCertificate> {
        self.office.tls.as_ref().map(|tls| &tls.shown)
    }

    /// The mailbox that all mail goes to.
    pub fn mailbox(&self) -> Arc<dyn Mailbox> {
        Arc::clone(&self.office.delivery.arrivals) as Arc<dyn Mailbox>
    }

    /// The faults, to be changed at any time.
    pub fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.office.delivery.faults)
    }

    /// What the sink has done so far.
    pub fn counts(&self) -> SinkCounts {
        let tally = &self.office.tally;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SinkCounts {
            connections: read(&tally.connections),
            open_connections: read(&tally.open_connections),
            turned_away: read(&tally.turned_away),
            accepted: read(&tally.accepted),
            refused: read(&tally.refused),
            put_off: read(&tally.put_off),
            rejected: read(&tally.rejected),
            panics: read(&tally.panics),
            mailbox: self.office.delivery.arrivals.counts(),
        }
    }

    /// Stops: tells clients with 421, gives them a moment to leave, frees the port (not so the threaded front end) and
    /// closes the mailbox. Delayed mail that has not arrived by now is lost; what has arrived stays readable.
    pub async fn shutdown(mut self) {
        self.office.stop.cancel();
        if let Some(server) = self.server.take()
            && let Err(error) = server.await
        {
            tracing::error!("the SMTP sink did not end in order: {error}");
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.office.stop.cancel();
        self.office.delivery.arrivals.close();
    }
}

/// What all connections of a sink share.
#[derive(Debug)]
struct Office {
    limits: SinkLimits,
    tls: Option<Tls>,
    delivery: Delivery,
    stop: CancellationToken,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    connections: AtomicU64,
    open_connections: AtomicU64,
    turned_away: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    put_off: AtomicU64,
    rejected: AtomicU64,
    panics: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn listen(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Inherited by every connection, which the threaded front end gives us no other way to reach: without it, a client
    // that sends its commands at once waits 44 ms per mail (measured).
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
