//! Where a run takes place: the target, our sink, and the world with both in it.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rand::RngExt;
use sekisho_reports::record::TargetInfo;
use sekisho_server::core::GO_LIVE;
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_server::{ControlConfig, PasswordCost, RunningServer, Server, ServerConfig, TlsConfig};
use sekisho_simulator::account::{Accounts, NumberedAccounts};
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::clock::{Clock, Immovable};
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::office::Office;
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::target::{AccountSource, ClockDriver, Control, Loading, OfficeDriver, Target};
use sekisho_simulator::world::{MailRefusal, World};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::error::CliError;

/// The profile of the embedded reference server: the very file a user would give.
pub(crate) const REFERENCE_PROFILE: &str = include_str!("../profiles/reference.toml");

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
}

impl Venue {
    /// The target of a profile, or the embedded reference server where there is none.
    pub(crate) async fn of(profile: Option<&Path>, seed: u64, cancel: CancellationToken) -> Result<Venue, CliError> {
        match profile {
            Some(path) => Venue::foreign(path, seed, cancel).await,
            None => Venue::embedded(Arc::new(Conforming), seed, cancel).await,
        }
    }

    /// The reference server with these decisions, and the sink, both on free ports.
    pub(crate) async fn embedded(
        decisions: Arc<dyn Decisions>,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
        Venue::embedded_in(House::default(), decisions, seed, cancel).await
    }

    /// The same in a house of its own.
    pub(crate) async fn embedded_in(
        house: House,
        decisions: Arc<dyn Decisions>,
        seed: u64,
        cancel: CancellationToken,
    ) -> Result<Venue, CliError> {
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
        };
        let target = Target::parse("profiles/reference.toml", REFERENCE_PROFILE, &loading)?;
        let own_roots = server.certificate().map(|shown| shown.pem.clone().into_bytes()).unwrap_or_default();
        let world = world(target, own_roots, &sink, seed, cancel)?;
        Ok(Venue { world, sink, server: Some(server), profile: None })
    }

    async fn foreign(path: &Path, seed: u64, cancel: CancellationToken) -> Result<Venue, CliError> {
        let target = Target::load(path, &Loading::default())?;
        let sink = Sink::start(SinkConfig { listen: target.mail_listen, seed, ..SinkConfig::default() }).await?;
        let world = world(target, Vec::new(), &sink, seed, cancel)?;
        Ok(Venue { world, sink, server: None, profile: Some(path.display().to_string()) })
    }

    /// What the record says about the target.
    pub(crate) fn target_info(&self) -> TargetInfo {
        TargetInfo {
            name: self.world.target.name.clone(),
            profile_sha256: self.world.target.profile_sha256.clone(),
            // Both clock drivers there are move accounts that the run made for itself, never the target's own clock.
            clock_left_at: None,
            profile: self.profile.clone(),
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
    let network = Arc::new(Network::new(NetworkConfig { extra_roots_pem, ..NetworkConfig::default() })?);
    let control = target.control.as_ref().map(|control| Arc::new(ControlClient::new(control.clone(), &network)));
    let clock: Arc<dyn Clock> = match (target.clock, &control) {
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
        accounts,
        office,
        population: Population::new(seed, format!("{:x}", since_epoch.as_millis())),
        refusal: Some(sink.faults() as Arc<dyn MailRefusal>),
        cancel,
    }))
}

fn address(scheme: &str, socket: std::net::SocketAddr) -> Result<Url, CliError> {
    Url::parse(&format!("{scheme}://{socket}/")).map_err(|error| CliError::Internal(error.to_string()))
}

/// The seed of a run: the one given, or a fresh one.
pub(crate) fn seed_or_fresh(given: Option<u64>) -> u64 {
    // Short enough to be typed again.
    given.unwrap_or_else(|| u64::from(rand::rng().random::<u32>()))
}
