//! Where a run takes place: the target, our sink, and the world with both in it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::RngExt;
use sekisho_reports::record::TargetInfo;
use sekisho_server::core::GO_LIVE;
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_server::{Certificate, ControlConfig, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::account::{AccountPool, Accounts, MadeAccounts, Need};
use sekisho_simulator::browser::{HeldBack, Network, NetworkConfig};
use sekisho_simulator::clock::{Beginning, TimeProof, Timeline, clock_of_accounts, one_clock};
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::mailbox::{Mailbox, Mailpit};
use sekisho_simulator::office::{HttpOffice, Office};
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::target::{
    AccountSource, Control, GlobalClockSettings, Loading, MailArrival, OfficeDriver, Target,
};
use sekisho_simulator::world::{MailRefusal, World};
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

/// Says how many accounts a run on a target needs at least.
pub(crate) type NeedsOf<'a> = dyn Fn(&Target, &Network) -> Result<Vec<Need>, CliError> + Send + Sync + 'a;

/// What a run asks of the accounts of a profile's target.
pub(crate) struct Demand<'a> {
    /// How many of those that exist are left out at the beginning.
    pub(crate) account_offset: u32,
    /// How many are needed at least.
    pub(crate) needs: &'a NeedsOf<'a>,
}

/// A place that is ready: whatever was started for it stops with it.
pub(crate) struct Venue {
    pub(crate) world: Arc<World>,
    sink: Option<Sink>,
    server: Option<RunningServer>,
    profile: Option<String>,
    defect: Option<String>,
    /// How many of the profile's accounts the command line left out.
    account_offset: u32,
}

impl Venue {
    /// The target of a profile, or the embedded reference server where there is none.
    pub(crate) async fn of(
        profile: Option<&Path>,
        demand: Demand<'_>,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        match profile {
            Some(path) => Venue::foreign(path, demand, seed, cancel).await,
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
            tls: house.tls.then_some(Certificate::SelfMade),
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
        let roads = roads(&target, own_roots)?;
        let world = world(target, roads, Post::of(&sink), seed, cancel)?;
        Ok(Venue { world, sink: Some(sink), server: Some(server), profile: None, defect: None, account_offset: 0 })
    }

    async fn foreign(path: &Path, demand: Demand<'_>, seed: u64, cancel: CancellationToken) -> Result<Venue, CliError> {
        let loading = Loading { account_offset: demand.account_offset, ..Loading::default() };
        let target = Target::load(path, &loading)?;
        let roads = roads(&target, Vec::new())?;
        // Before anything is sent: a run that ends half way for want of accounts has used them up for nothing.
        target.has_accounts_for(&(demand.needs)(&target, &roads.browsers)?)?;
        let venue = Venue::at(target, path, roads, true, seed, cancel).await?;
        Ok(Venue { account_offset: demand.account_offset, ..venue })
    }

    /// A target whose profile was read already, in the state it is in: a look at it does not reset it.
    pub(crate) async fn of_target(
        target: Target,
        path: &Path,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        let roads = roads(&target, Vec::new())?;
        Venue::at(target, path, roads, false, seed, cancel).await
    }

    async fn at(
        target: Target,
        path: &Path,
        roads: Roads,
        resets: bool,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        let (sink, post) = match &target.mail_arrival {
            MailArrival::Sink { listen, tls } => {
                let config = SinkConfig { listen: *listen, tls: tls.clone(), seed, ..SinkConfig::default() };
                let sink = Sink::start(config).await?;
                let post = Post::of(&sink);
                (Some(sink), post)
            }
            MailArrival::Mailpit(settings) => {
                let network = NetworkConfig { extra_roots_pem: roots(&target)?, ..NetworkConfig::default() };
                let mailbox = Arc::new(Mailpit::new(settings.clone(), network)?);
                (None, Post { mailbox, refusal: None })
            }
        };
        if let Some(reset) = target.reset.as_ref().filter(|_| resets) {
            // Before the clock is looked at: a reset may put it back.
            reset.run(&roads.means).await.map_err(CliError::Reset)?;
        }
        let world = world(target, roads, post, seed, cancel)?;
        let profile = Some(path.display().to_string());
        Ok(Venue { world, sink, server: None, profile, defect: None, account_offset: 0 })
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
            next_account_offset: self.next_account_offset(),
            defect: self.defect.clone(),
        }
    }

    /// The offset with which another run takes accounts that this one did not; none where they are made.
    fn next_account_offset(&self) -> Option<u32> {
        let spent = u32::try_from(self.world.accounts.spent()).ok().filter(|spent| *spent > 0)?;
        Some(self.account_offset.saturating_add(spent))
    }

    /// What a reader of the figures must know about the place.
    pub(crate) fn notes(&self) -> Vec<String> {
        let own = match self.server {
            Some(_) => vec![
                "Server, sink and users shared one process and its processors.".to_owned(),
                "The reference server hashed passwords at the cheapest cost of argon2, for load; `sekisho serve` uses the full cost.".to_owned(),
            ],
            None => Vec::new(),
        };
        let used = self.next_account_offset().map(|offset| {
            format!(
                "This run used accounts of the profile, some of which have another password or a skip now. The next run on the same system takes \
                 fresh ones with `--account-offset {offset}`."
            )
        });
        [own, held_back(self.world.network.held_back()), used.into_iter().collect()].concat()
    }

    /// Ends what was started.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        if let Some(sink) = self.sink {
            sink.shutdown().await;
        }
    }
}

/// Where mail arrives, and who can refuse it there.
struct Post {
    mailbox: Arc<dyn Mailbox>,
    refusal: Option<Arc<dyn MailRefusal>>,
}

impl Post {
    fn of(sink: &Sink) -> Post {
        Post { mailbox: sink.mailbox(), refusal: Some(sink.faults()) }
    }
}

/// The authorities that a profile trusts beside the public ones.
fn roots(target: &Target) -> Result<Vec<u8>, CliError> {
    let Some(file) = &target.ca_file else { return Ok(Vec::new()) };
    std::fs::read(file)
        .map_err(|error| CliError::Usage(format!("cannot read the certificates in `{}`: {error}", file.display())))
}

/// Says that the harness, not the target, was what limited the figures.
fn held_back(waits: HeldBack) -> Vec<String> {
    let limits = [("limits.per_second", waits.per_second), ("limits.in_flight", waits.in_flight)];
    let waited = limits.into_iter().filter(|(_, waits)| waits.requests > 0);
    waited
        .map(|(limit, waits)| {
            format!(
                "Held back by `{limit}` of the profile: {} requests waited {:.1} s together, {:.1} s at the most, before they were sent. \
                 That is not counted as the target's time, but what it could do beyond this limit was not asked.",
                waits.requests,
                waits.total.as_secs_f64(),
                waits.longest.as_secs_f64()
            )
        })
        .collect()
}

/// The ways to a target.
struct Roads {
    /// That of the browsers, with all that the profile says of clients.
    browsers: Arc<Network>,
    /// That of what moves clocks and makes accounts: it gets no header of the browsers', takes no proxy and waits for nobody.
    means: Arc<Network>,
}

/// The ways to a target; `roots_pem` are certificates to trust where its profile names none.
fn roads(target: &Target, roots_pem: Vec<u8>) -> Result<Roads, CliError> {
    let extra_roots_pem = if target.ca_file.is_some() { roots(target)? } else { roots_pem };
    let directly = NetworkConfig {
        extra_roots_pem,
        connect_timeout: target.limits.connect_patience.0,
        exchange_timeout: target.limits.answer_patience.0,
        ..NetworkConfig::default()
    };
    let means = Arc::new(Network::new(directly.clone())?);
    let browsers = Arc::new(Network::new(NetworkConfig {
        client: target.client.clone(),
        pace: target.pace,
        loadable: target.loadable.clone(),
        ..directly
    })?);
    Ok(Roads { browsers, means })
}

/// The world with a target in it.
fn world(
    target: Target,
    roads: Roads,
    post: Post,
    seed: u64,
    cancel: CancellationToken,
) -> Result<Arc<World>, CliError> {
    let Roads { browsers: network, means } = roads;
    let control = target.control.as_ref().map(|control| Arc::new(ControlClient::new(control.clone(), &means)));
    let clock = clock_of_accounts(&target, &means, control.as_ref());
    let beginning = one_clock(&target, &means, control.as_ref())?;
    let timeline = beginning.map(|beginning| timeline(beginning, target.numbers.go_live.0.into()));
    let accounts = accounts(&target, control.as_ref())?;
    let time_proof = TimeProof::of(&target.clock);
    let office = match target.office {
        OfficeDriver::Control => control.clone().map(|control| control as Arc<dyn Office>),
        OfficeDriver::Http => {
            let office = |requests| Arc::new(HttpOffice::new(requests, means.clone())) as Arc<dyn Office>;
            target.office_requests.clone().map(office)
        }
        OfficeDriver::None => None,
    };
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Arc::new(World {
        target,
        network,
        mailbox: post.mailbox,
        clock,
        timeline,
        accounts,
        office,
        population: Population::new(seed, format!("{:x}", since_epoch.as_millis())),
        time_proof,
        refusal: post.refusal,
        cancel,
    }))
}

fn accounts(target: &Target, control: Option<&Arc<ControlClient>>) -> Result<Arc<dyn Accounts>, CliError> {
    if let (AccountSource::Control, Some(control)) = (target.accounts, control) {
        return Ok(control.clone());
    }
    let made = MadeAccounts::of(target).map(|made| Arc::new(made) as Arc<dyn Accounts>);
    let exist = || AccountPool::of(target).map(|pool| Arc::new(pool) as Arc<dyn Accounts>);
    made.or_else(exist).ok_or_else(|| CliError::Internal("the profile has no accounts".to_owned()))
}

/// The target's one clock. Where it begins before go-live, NOTICE-1 is judged first and everything else after it.
fn timeline(beginning: Beginning, go_live: SystemTime) -> Timeline {
    let Beginning { clock, start, pace } = beginning;
    let shown = start.now();
    let regular_from = if shown < go_live { go_live + AFTER_GO_LIVE } else { shown };
    Timeline::at_pace(pace, clock, start, regular_from)
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
