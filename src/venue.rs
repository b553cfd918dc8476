//! Where a run takes place: the target, our sink, and the world with both in it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::RngExt;
use sekisho_reports::record::TargetInfo;
use sekisho_server::core::GO_LIVE;
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_server::{ControlConfig, PasswordCost, RunningServer, Server, ServerConfig, TlsConfig};
use sekisho_simulator::account::{Accounts, NumberedAccounts};
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::clock::{Clock, GlobalClock, Immovable, Shared, Time, Timeline};
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::office::Office;
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::target::{
    AccountSource, ClockDriver, Control, GlobalClockSettings, Loading, OfficeDriver, Target,
};
use sekisho_simulator::world::{MailRefusal, World, present};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::error::CliError;

/// The profile of the embedded reference server: the very file a user would give.
pub(crate) const REFERENCE_PROFILE: &str = include_str!("../profiles/reference.toml");

/// How long before go-live the embedded server's time begins where it has one clock for all: before every story of NOTICE-1.
const BEFORE_GO_LIVE: Duration = Duration::from_secs(2 * 3600);

/// How long after go-live stories begin that do not say when, on a clock that is still before it: after every story of NOTICE-1.
const AFTER_GO_LIVE: Duration = Duration::from_secs(24 * 3600);

/// Whose clock the embedded server moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Clocks {
    /// Each account has its own.
    #[default]
    PerAccount,
    /// As if there were one for all. It begins before go-live.
    Global,
    /// The same, and it runs.
    GlobalRunning,
}

impl Clocks {
    fn global(self) -> Option<GlobalClockSettings> {
        let start = jiff::Timestamp::from_millisecond(GO_LIVE.millis()).unwrap_or_default() - BEFORE_GO_LIVE;
        match self {
            Clocks::PerAccount => None,
            Clocks::Global => Some(GlobalClockSettings { starts_at: Some(start), frozen: true }),
            Clocks::GlobalRunning => Some(GlobalClockSettings { starts_at: Some(start), frozen: false }),
        }
    }
}

/// How the embedded place is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Whose clock is moved.
    pub(crate) clocks: Clocks,
    /// Draws the people.
    pub(crate) seed: u64,
    /// How long a mail is waited for, where not as long as the profile says.
    pub(crate) mail_patience: Option<Duration>,
    /// What the server is like.
    pub(crate) house: House,
}

impl Setting {
    /// As the profile says.
    pub(crate) fn of(seed: u64) -> Setting {
        Setting { clocks: Clocks::default(), seed, mail_patience: None, house: House::default() }
    }
}

/// What the embedded server is like where a check needs it otherwise than usual.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct House {
    /// It speaks TLS, with a certificate made for this start.
    pub(crate) tls: bool,
    /// It hashes passwords at the full cost, as in earnest: what that takes is what a check looks at.
    pub(crate) full_passwords: bool,
}

/// A place that is ready: whatever was started for it stops with it.
pub(crate) struct Venue {
    pub(crate) world: Arc<World>,
    sink: Sink,
    server: Option<RunningServer>,
    profile: Option<String>,
    defect: Option<String>,
}

impl Venue {
    /// The target of a profile, or the embedded reference server where there is none.
    pub(crate) async fn of(profile: Option<&Path>, seed: u64, cancel: CancellationToken) -> Result<Venue, CliError> {
        match profile {
            Some(path) => Venue::foreign(path, seed, cancel).await,
            None => Venue::embedded(Arc::new(Conforming), Setting::of(seed), cancel).await,
        }
    }

    /// The reference server with these decisions, and the sink, both on free ports.
    pub(crate) async fn embedded(
        decisions: Arc<dyn Decisions>,
        setting: Setting,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        let Setting { clocks, seed, mail_patience, house } = setting;
        let sink = Sink::start(SinkConfig { seed, ..SinkConfig::default() }).await?;
        let token = format!("{:032x}", rand::rng().random::<u128>());
        let config = ServerConfig {
            control: Some(ControlConfig { listen: ([127, 0, 0, 1], 0).into(), token: token.clone() }),
            smtp: Some(sink.address().to_string()),
            password_cost: if house.full_passwords { PasswordCost::Full } else { PasswordCost::Cheap },
            tls: house.tls.then_some(TlsConfig::SelfMade),
            // NOTICE-1: the embedded server's time starts after go-live, also on a machine whose clock is behind.
            starts_after: Some(GO_LIVE),
            ..ServerConfig::default()
        };
        let server = Server::start(config, decisions).await?;
        let control_address =
            server.control_address().ok_or_else(|| CliError::Internal("no control listener".to_owned()))?;
        let loading = Loading {
            base: Some(address(if house.tls { "https" } else { "http" }, server.address())?),
            control: Some(Control { url: address("http", control_address)?, token }),
            global_clock: clocks.global(),
            ..Loading::default()
        };
        let mut target = Target::parse("profiles/reference.toml", REFERENCE_PROFILE, &loading)?;
        if let Some(patience) = mail_patience {
            target.numbers.mail_patience.0 = patience;
        }
        let own_roots = server.certificate().map(|shown| shown.pem.clone().into_bytes()).unwrap_or_default();
        let world = world(target, own_roots, &sink, seed, cancel)?;
        Ok(Venue { world, sink, server: Some(server), profile: None, defect: None })
    }

    async fn foreign(path: &Path, seed: u64, cancel: CancellationToken) -> Result<Venue, CliError> {
        Venue::of_target(Target::load(path, &Loading::default())?, path, seed, cancel).await
    }

    /// A target whose profile was read already.
    pub(crate) async fn of_target(
        target: Target,
        path: &Path,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        let sink = Sink::start(SinkConfig { listen: target.mail_listen, seed, ..SinkConfig::default() }).await?;
        let world = world(target, Vec::new(), &sink, seed, cancel)?;
        Ok(Venue { world, sink, server: None, profile: Some(path.display().to_string()), defect: None })
    }

    /// The same place, with the defect that the embedded server was started with on record.
    pub(crate) fn with_defect(self, id: Option<&str>) -> Venue {
        Venue { defect: id.map(str::to_owned), ..self }
    }

    /// What the record says about the target.
    pub(crate) fn target_info(&self) -> TargetInfo {
        TargetInfo {
            name: self.world.target.name.clone(),
            profile_sha256: self.world.target.profile_sha256.clone(),
            // Clocks of accounts are those of accounts that the run made for itself, never the target's own.
            clock_left_at: self.world.timeline.as_ref().map(|timeline| in_words(timeline.time().now())),
            profile: self.profile.clone(),
            defect: self.defect.clone(),
        }
    }

    /// What a reader of the figures must know about the place.
    pub(crate) fn notes(&self) -> Vec<String> {
        match self.server {
            Some(_) => vec![
                "Server, sink and users shared one process and its processors.".to_owned(),
                "The reference server hashed passwords at the cheapest cost of argon2, for load; `sekisho serve` uses the full cost.".to_owned(),
            ],
            None => Vec::new(),
        }
    }

    /// Ends what was started.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        self.sink.shutdown().await;
    }
}

/// The world with a target in it; `roots_pem` are certificates to trust where its profile names none.
fn world(
    target: Target,
    roots_pem: Vec<u8>,
    sink: &Sink,
    seed: u64,
    cancel: CancellationToken,
) -> Result<Arc<World>, CliError> {
    let extra_roots_pem = match &target.ca_file {
        None => roots_pem,
        Some(file) => std::fs::read(file).map_err(|error| {
            CliError::Usage(format!("cannot read the certificates in `{}`: {error}", file.display()))
        })?,
    };
    let network = Arc::new(Network::new(NetworkConfig {
        extra_roots_pem,
        connect_timeout: target.limits.connect_patience.0,
        exchange_timeout: target.limits.answer_patience.0,
        ..NetworkConfig::default()
    })?);
    let control = target.control.as_ref().map(|control| Arc::new(ControlClient::new(control.clone(), &network)));
    let timeline = control
        .clone()
        .zip(target.global_clock)
        .map(|(control, settings)| timeline(control, settings, target.numbers.go_live.0.into()));
    let clock: Arc<dyn Clock> = match (target.clock, &control) {
        (ClockDriver::Control, Some(_)) if timeline.is_some() => Arc::new(Shared),
        (ClockDriver::Control, Some(control)) => control.clone(),
        _ => Arc::new(Immovable),
    };
    let accounts: Arc<dyn Accounts> = match (target.accounts, &control) {
        (AccountSource::Control, Some(control)) => control.clone(),
        _ => Arc::new(
            NumberedAccounts::of(&target)
                .ok_or_else(|| CliError::Internal("the profile has no accounts".to_owned()))?,
        ),
    };
    let office = match target.office {
        OfficeDriver::Control => control.clone().map(|control| control as Arc<dyn Office>),
        OfficeDriver::None => None,
    };
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Arc::new(World {
        target,
        network,
        mailbox: sink.mailbox(),
        clock,
        timeline,
        accounts,
        office,
        population: Population::new(seed, format!("{:x}", since_epoch.as_millis())),
        refusal: Some(sink.faults() as Arc<dyn MailRefusal>),
        cancel,
    }))
}

/// The target's one clock. Where it begins before go-live, NOTICE-1 is judged first and everything else after it.
fn timeline(clock: Arc<dyn GlobalClock>, settings: GlobalClockSettings, go_live: SystemTime) -> Timeline {
    let start = settings.starts_at.map_or_else(present, SystemTime::from);
    let regular_from = if start < go_live { go_live + AFTER_GO_LIVE } else { start };
    Timeline::new(clock, Time::starting_at(start, settings.frozen), regular_from)
}

fn in_words(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at).and_then(|at| at.round(jiff::Unit::Second));
    at.map_or_else(|error| error.to_string(), |at| at.to_string())
}

fn address(scheme: &str, socket: std::net::SocketAddr) -> Result<Url, CliError> {
    Url::parse(&format!("{scheme}://{socket}/")).map_err(|error| CliError::Internal(error.to_string()))
}

/// The seed of a run: the one given, or a fresh one.
pub(crate) fn seed_or_fresh(given: Option<u64>) -> u64 {
    // Short enough to be typed again.
    given.unwrap_or_else(|| u64::from(rand::rng().random::<u32>()))
}
