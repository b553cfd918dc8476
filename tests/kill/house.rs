//! The server under test as a process of its own, and the world as people see it while that process lives.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::account::Accounts;
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::clock::Clock;
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::Sink;
use sekisho_simulator::target::{Control, Loading, Target};
use sekisho_simulator::world::World;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support;

pub const TOKEN: &str = "kill-test";

/// How long a server may take to open its store and listen. A debug build on a busy machine is slow.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Where a server runs.
#[derive(Clone, Debug)]
pub struct Place {
    pub site: Url,
    pub control: Url,
}

/// A server process on the store of its folder.
pub struct House {
    child: Child,
    /// Where it listens; none as long as it has not said so.
    pub place: Option<Place>,
}

impl House {
    /// Starts the process and does not wait for it.
    pub fn spawn(folder: &Path, smtp: &str) -> House {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log(folder)).unwrap();
        let store = format!("sqlite:{}", folder.join("store.db").display());
        let child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--control",
                "127.0.0.1:0",
                "--accounts",
                "0",
                "--cheap-passwords",
            ])
            .args(["--smtp", smtp, "--store", &store])
            .env("SEKISHO_CONTROL_TOKEN", TOKEN)
            .env("RUST_LOG", "warn")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        House { child, place: None }
    }

    /// Starts the process and waits till it listens.
    pub async fn open(folder: &Path, smtp: &str) -> House {
        let mut house = House::spawn(folder, smtp);
        let mut lines = BufReader::new(house.child.stdout.take().unwrap()).lines();
        let (mut site, mut control) = (None, None);
        let listening = async {
            while site.is_none() || control.is_none() {
                let Some(line) = lines.next_line().await.unwrap() else { return false };
                let address = |start: &str| line.strip_prefix(start).map(|rest| rest.parse::<Url>().unwrap());
                site = site.take().or_else(|| address("portals on "));
                control = control.take().or_else(|| address("control on "));
            }
            true
        };
        let listens = tokio::time::timeout(START_PATIENCE, listening).await.unwrap_or(false);
        assert!(listens, "the server did not start: {}", std::fs::read_to_string(log(folder)).unwrap_or_default());
        // What it says later goes nowhere, but its pipe must not close or fill.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        house.place = site.zip(control).map(|(site, control)| Place { site, control });
        house
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// The world around a server that runs; the sink and its mail are older than the server.
pub fn world(place: &Place, sink: &Sink, seed: u64, run: &str) -> Arc<World> {
    let control = Control { url: place.control.clone(), token: TOKEN.to_owned() };
    let loading = Loading { base: Some(place.site.clone()), control: Some(control.clone()), ..Loading::default() };
    let profile = support::replace(
        include_str!("../../profiles/reference.toml"),
        "mail_patience = \"10s\"",
        "mail_patience = \"5s\"",
    );
    let network = Arc::new(Network::new(NetworkConfig::default()).unwrap());
    let client = Arc::new(ControlClient::new(control, &network));
    Arc::new(World {
        target: Target::parse("profiles/reference.toml", &profile, &loading).unwrap(),
        network,
        mailbox: sink.mailbox(),
        timeline: None,
        clock: client.clone() as Arc<dyn Clock>,
        accounts: client as Arc<dyn Accounts>,
        office: None,
        population: Population::new(seed, run),
        time_proof: Default::default(),
        refusal: None,
        cancel: CancellationToken::new(),
    })
}
