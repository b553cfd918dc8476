//! Starting and stopping the server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sekisho_certificate::{Certificate, CertificateError, ShownCertificate};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::control::Control;
use crate::core::{Address, GO_LIVE, MAX_OFFICE_BUSINESS_DAYS, Moment, OFFICE_BUSINESS_DAYS, Portal};
use crate::decisions::Decisions;
use crate::desk::{Desk, system};
use crate::http::{Edge, Limits, Registry, Scheme, Site, Tls, bind, serve};
use crate::mail::{Delivery, MAIL_QUEUE, MailCharset, NoDelivery, Outbox, SmtpDelivery};
use crate::passwords::{PasswordCost, PasswordError, Passwords};
use crate::store::{
    AccountClock, InsertError, Ledger, NewAccount, RealTime, SqliteLedger, Store, StoreConfig, StoreDown, StoreError,
};
use crate::watch::{ConnectionMeters, MeteredDelivery, Metrics};

/// How long open requests and mails under way are waited for at the end.
const LAST_PATIENCE: Duration = Duration::from_secs(6);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The control listener; off by default.
    pub control: Option<ControlConfig>,
    /// The mail host as `HOST:PORT`. Without one no code can be delivered, and its screen says so.
    pub smtp: Option<String>,
    /// How many accounts each portal has from the start: `user00001@example.test` with the password `password-00001`,
    /// and so on.
    pub seeded_accounts: usize,
    /// What a password check costs.
    pub password_cost: PasswordCost,
    /// From when on a code is asked (NOTICE-1).
    pub go_live: Moment,
    /// Whether browsers reach the server over TLS; cookies are then `Secure` and bear the `__Host-` prefix, and browsers
    /// are told to come back over TLS only. It follows from `tls`; without that it says that a proxy in front speaks TLS.
    pub https: bool,
    /// Speaks TLS itself, with HTTP/2 and HTTP/1.1 inside; without it plain HTTP/1.1.
    pub tls: Option<Certificate>,
    /// What clients may take.
    pub limits: Limits,
    /// How many mails wait at most.
    pub mail_queue: usize,
    /// The character set the mails are written in.
    pub mail_charset: MailCharset,
    /// Where accounts are kept.
    pub store: StoreConfig,
    /// How many business days the office needs from the identity check on (FAQ-05 c); with none it is done at once.
    pub office_business_days: u16,
    /// Where the machine's clock is behind this instant, the server's time starts there.
    pub starts_after: Option<Moment>,
}

/// How the control listener is started.
#[derive(Clone, Debug)]
pub struct ControlConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The bearer token of those who may use it.
    pub token: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            control: None,
            smtp: None,
            seeded_accounts: 0,
            password_cost: PasswordCost::Full,
            go_live: GO_LIVE,
            https: false,
            tls: None,
            limits: Limits::default(),
            mail_queue: MAIL_QUEUE,
            mail_charset: MailCharset::default(),
            store: StoreConfig::Memory,
            office_business_days: OFFICE_BUSINESS_DAYS,
            starts_after: None,
        }
    }
}

/// Why a server was not started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Somebody else listens there.
    #[error("`{address}` is in use\n\nhint: choose another port, or port 0 for a free one")]
    AddressInUse {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// It cannot listen there for another reason.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] CertificateError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store on disk cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store on disk failed at the first write.
    #[error(transparent)]
    StoreDown(#[from] StoreDown),
    /// The accounts from the start could not be made; our bug.
    #[error("the first accounts could not be made: {0}")]
    Seed(#[from] InsertError),
}

/// Starts servers.
pub struct Server;

/// A server that runs. Dropping it stops it without waiting.
pub struct RunningServer {
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    certificate: Option<ShownCertificate>,
    desk: Arc<Desk>,
    edge: Edge<Site>,
    tasks: TaskTracker,
    stop: DropGuard,
}

impl Server {
    /// Starts a server that delivers its mail by SMTP.
    ///
    /// # Errors
    /// It cannot listen where it should, or passwords cannot be hashed.
    pub async fn start(config: ServerConfig, decisions: Arc<dyn Decisions>) -> Result<RunningServer, ServerError> {
        let delivery: Arc<dyn Delivery> = match &config.smtp {
            Some(host) => Arc::new(SmtpDelivery::new(host.clone())),
            None => Arc::new(NoDelivery),
        };
        Self::start_with(config, decisions, delivery).await
    }

    /// Starts a server that delivers its mail in a way of the caller's; `smtp` does not count then.
    ///
    /// # Errors
    /// It cannot listen where it should, or passwords cannot be hashed.
    pub async fn start_with(
        config: ServerConfig,
        decisions: Arc<dyn Decisions>,
        delivery: Arc<dyn Delivery>,
    ) -> Result<RunningServer, ServerError> {
        let store = match &config.store {
            StoreConfig::Memory => Store::default(),
            StoreConfig::Sqlite(path) => {
                let path = path.clone();
                apart(move || Store::open(Box::new(SqliteLedger::open(&path, &mut system())?))).await?
            }
        };
        Self::start_on(store, config, decisions, delivery).await
    }

    /// Starts a server over a ledger of the caller's; `store` does not count then.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub async fn start_over(
        ledger: Box<dyn Ledger>,
        config: ServerConfig,
        decisions: Arc<dyn Decisions>,
        delivery: Arc<dyn Delivery>,
    ) -> Result<RunningServer, ServerError> {
        let store = apart(move || Store::open(ledger)).await?;
        Self::start_on(store, config, decisions, delivery).await
    }

    async fn start_on(
        store: Store,
        config: ServerConfig,
        decisions: Arc<dyn Decisions>,
        delivery: Arc<dyn Delivery>,
    ) -> Result<RunningServer, ServerError> {
        let tls = config.tls.as_ref().map(|tls| Tls::prepare(tls, config.listen.ip())).transpose()?;
        let scheme = match &tls {
            Some(tls) if tls.shown.is_self_made => Scheme::SelfMadeHttps,
            None if !config.https => Scheme::Http,
            _ => Scheme::Https,
        };
        let (listener, address) = listen(config.listen)?;
        let control = match &config.control {
            Some(control) => Some((listen(control.listen)?, control.token.clone())),
            None => None,
        };
        let metrics = Arc::new(Metrics::default());
        let committing = metrics.clone();
        store.watch_commits(Box::new(move |commit| committing.committed(commit.events, commit.took)));
        let desk = Arc::new(Desk {
            store: Arc::new(store),
            decisions,
            passwords: Passwords::new(config.password_cost)?,
            outbox: Outbox::new(Arc::new(MeteredDelivery::new(delivery, metrics.clone())), config.mail_queue),
            mail_charset: config.mail_charset,
            metrics,
            real_time: RealTime::start(config.starts_after),
            go_live: config.go_live,
            office_business_days: config.office_business_days.min(MAX_OFFICE_BUSINESS_DAYS),
        });
        seed(&desk, config.seeded_accounts).await?;
        match desk.give_up_lost_mail() {
            0 => {}
            codes => tracing::warn!(codes, "codes were on their way when the server ended; their users are told"),
        }

        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let edge = Edge {
            answer: Arc::new(Site::new(desk.clone(), scheme)),
            registry: Registry::new(config.limits.clone(), desk.metrics.connections.clone()),
            tls: tls.as_ref().map(|tls| tls.acceptor.clone()),
            stop: stop.clone(),
        };
        tasks.spawn(serve(listener, edge.clone(), tasks.clone()));
        let control_address = control.as_ref().map(|((_, address), _)| *address);
        if let Some(((listener, _), token)) = control {
            let answer = Arc::new(Control::new(desk.clone(), &token));
            let registry = Registry::new(config.limits, ConnectionMeters::hidden());
            tasks.spawn(serve(listener, Edge { answer, registry, tls: None, stop: stop.clone() }, tasks.clone()));
        }
        tracing::info!(%address, ?control_address, "the server listens");
        let certificate = tls.map(|tls| tls.shown);
        Ok(RunningServer { address, control_address, certificate, desk, edge, tasks, stop: stop.drop_guard() })
    }
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its control listener listens, if it has one.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// The certificate it shows, if it speaks TLS.
    pub fn certificate(&self) -> Option<&ShownCertificate> {
        self.certificate.as_ref()
    }

    /// How many connections its portals have open.
    pub fn connections(&self) -> usize {
        self.edge.registry.open()
    }

    /// How many requests it could not answer because its own code failed.
    pub fn panics(&self) -> u64 {
        self.edge.registry.panics()
    }

    /// Serves HTTP/1.1 on a stream of the caller's as if it had come in at the portals: for fuzzing and for tests that
    /// need no socket. It ends with the stream; limits of time are not watched over here.
    pub async fn serve_stream(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        self.edge.serve_apart(stream).await;
    }

    /// Its accounts.
    pub fn store(&self) -> &Store {
        &self.desk.store
    }

    /// Stops it: takes no more connections, lets open requests and mails under way come to an end for a few seconds.
    pub async fn shutdown(self) {
        self.stop.disarm().cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "connections were left at the end");
        }
        self.desk.outbox.close(LAST_PATIENCE).await;
        let desk = self.desk;
        apart(move || desk.store.close()).await;
    }
}

/// Does on a thread of its own what would block.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let bound = bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map(|(address, listener)| (listener, address)).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServerError::AddressInUse { address },
        _ => ServerError::Listen { address, source },
    })
}

/// Makes the accounts a server has from the start, alike at every portal. Those that the store has kept stay as they are.
async fn seed(desk: &Arc<Desk>, count: usize) -> Result<(), ServerError> {
    let address =
        |number: usize| Address::parse(&format!("user{number:05}@example.test")).expect("the address is well formed");
    let is_missing = |portal: Portal, number: usize| desk.store.find(portal, &address(number)).is_none();
    let numbers: Vec<usize> =
        (1..=count).filter(|number| Portal::ALL.iter().any(|portal| is_missing(*portal, *number))).collect();
    let passwords: Vec<String> = numbers.iter().map(|number| format!("password-{number:05}")).collect();
    let hashing = desk.clone();
    let hashes = apart(move || hashing.passwords.hash_all(&passwords)).await?;
    let new = |portal: Portal, number: usize, hash: &Arc<str>| {
        let address = address(number);
        NewAccount {
            portal,
            address,
            name: format!("利用者 {number:05}"),
            password_hash: hash.clone(),
            main: None,
            clock: AccountClock::REAL,
        }
    };
    let of_portal = |portal: Portal| {
        let missing = numbers.iter().zip(&hashes).filter(move |(number, _)| is_missing(portal, **number));
        missing.map(move |(number, hash)| new(portal, *number, hash)).collect::<Vec<_>>()
    };
    let accounts = Portal::ALL.into_iter().flat_map(of_portal).collect();
    desk.store.insert(accounts, desk.real_time.now(), &mut system(), &*desk.decisions)?;
    desk.store.everything().wait().await?;
    Ok(())
}
