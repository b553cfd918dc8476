//! The server is killed at any moment under load, again and again, and what it had answered still holds.
//!
//! SIGKILL leaves what the kernel has already taken; that a commit also outlives the machine is the affair of the unit tests
//! of the store, which damage its files.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "kill/citizen.rs"]
mod citizen;
#[path = "kill/forgetful.rs"]
mod forgetful;
#[path = "kill/house.rs"]
mod house;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sekisho_rules::Portal;
use sekisho_server::mail::SmtpDelivery;
use sekisho_server::store::{Ledger, SqliteLedger};
use sekisho_server::{Conforming, ControlConfig, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::world::World;

use citizen::{Citizen, PAUSE, Tally};
use forgetful::Forgetful;
use house::{House, Place, TOKEN, world};

/// How often the server is killed under load.
const KILLS: u32 = 50;
/// How many people use it at the same time.
const PEOPLE: usize = 12;
/// How long it is under load before it is killed. In milliseconds.
const LIFE_MS: std::ops::Range<u64> = 10..220;
/// Every so many rounds it is killed once more while it opens its store.
const KILL_AT_START_EVERY: u32 = 4;
/// When that is, counted from the start of the process. In milliseconds.
const START_MS: std::ops::Range<u64> = 0..60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_outlives_every_kill() {
    let seed = std::env::var("SEKISHO_KILL_SEED")
        .ok()
        .map_or_else(|| rand::rng().random::<u32>().into(), |seed| seed.parse::<u64>().unwrap());
    println!("seed {seed}: SEKISHO_KILL_SEED={seed} tells the same people and moments again");
    let begun = Instant::now();
    let mut lots = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(SinkConfig::default()).await.unwrap();
    let smtp = sink.address().to_string();

    let mut house = House::open(folder.path(), &smtp).await;
    let mut around = world(house.place.as_ref().unwrap(), &sink, seed, "kill");
    let mut people = settle(&around, seed).await;
    for round in 0..KILLS {
        let life = Duration::from_millis(lots.random_range(LIFE_MS));
        people = live_till(&around, people, round, async {
            tokio::time::sleep(life).await;
            house.kill().await;
        })
        .await;
        has_taken_all(&sink).await;
        if round % KILL_AT_START_EVERY == 0 {
            let opening = House::spawn(folder.path(), &smtp);
            tokio::time::sleep(Duration::from_millis(lots.random_range(START_MS))).await;
            opening.kill().await;
        }
        house = House::open(folder.path(), &smtp).await;
        around = world(house.place.as_ref().unwrap(), &sink, seed, "kill");
        people = check(&around, people, round).await;
        let broken: Vec<String> = people.iter_mut().flat_map(Citizen::broken).collect();
        assert!(broken.is_empty(), "seed {seed}, kill {round} after {life:?}:\n{}", broken.join("\n"));
        let keys: Vec<_> = people.iter().map(|citizen| citizen.account.key.clone()).collect();
        around.clock.advance(&keys, PAUSE).await.unwrap();
    }
    house.kill().await;
    sink.shutdown().await;
    let tally = sum(&people);
    println!("{KILLS} kills in {:?}: {tally:?}", begun.elapsed());
    assert!(tally.has_looked(), "{tally:?}");
}

/// Waits till the sink has taken what the dead had sent it already: such a mail is not that of a sign-in which begins later.
async fn has_taken_all(sink: &Sink) {
    let ended = async {
        while sink.counts().open_connections > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

/// The test can fail: a store that answers before it has written, and is then cut off, is caught at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_answers_too_early_is_caught() {
    let seed = 7;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let open = || SqliteLedger::open(&path, &mut StdRng::seed_from_u64(seed)).unwrap();
    let sink = Sink::start(SinkConfig::default()).await.unwrap();

    let is_cut_off = Arc::new(AtomicBool::new(false));
    let forgetful = Forgetful { file: open(), is_cut_off: is_cut_off.clone() };
    let (server, place) = serve(Box::new(forgetful), &sink).await;
    let around = world(&place, &sink, seed, "early");
    let people = settle(&around, seed).await;
    let people = live_till(&around, people, 0, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_cut_off.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(700)).await;
    })
    .await;
    server.shutdown().await;
    let tally = sum(&people);
    assert!(tally.codes > 0 && tally.cut_off > 0, "{tally:?}");

    let (server, place) = serve(Box::new(open()), &sink).await;
    let mut people = check(&world(&place, &sink, seed, "early"), people, 0).await;
    let broken: Vec<String> = people.iter_mut().flat_map(Citizen::broken).collect();
    println!("{}", broken.join("\n"));
    assert!(broken.len() >= PEOPLE / 2, "only {} of {PEOPLE} people have noticed anything", broken.len());
    server.shutdown().await;
    sink.shutdown().await;
}

/// A server of this process over a ledger.
async fn serve(ledger: Box<dyn Ledger>, sink: &Sink) -> (RunningServer, Place) {
    let control = ControlConfig { listen: ([127, 0, 0, 1], 0).into(), token: TOKEN.to_owned() };
    let config = ServerConfig { control: Some(control), password_cost: PasswordCost::Cheap, ..ServerConfig::default() };
    let delivery = Arc::new(SmtpDelivery::new(sink.address().to_string()));
    let server = Server::start_over(ledger, config, Arc::new(Conforming), delivery).await.unwrap();
    let url = |address: std::net::SocketAddr| format!("http://{address}/").parse().unwrap();
    let place = Place { site: url(server.address()), control: url(server.control_address().unwrap()) };
    (server, place)
}

impl Tally {
    /// Whether everything that could be lost was there to be lost, and was looked for.
    fn has_looked(&self) -> bool {
        let seen = [
            self.skips,
            self.revocations,
            self.codes,
            self.sign_outs,
            self.cut_off,
            self.used_codes_refused,
            self.skips_held,
            self.revoked_asked,
            self.ended_sessions_shut,
            self.sessions_held,
            self.open_codes_taken,
            self.addresses,
            self.old_addresses_refused,
        ];
        seen.iter().all(|count| *count > 0)
    }
}

/// Gives everybody an account.
async fn settle(world: &Arc<World>, seed: u64) -> Vec<Citizen> {
    let people: Vec<(Portal, bool)> = Portal::ALL.iter().map(|portal| (*portal, false)).cycle().take(PEOPLE).collect();
    let accounts = world.crowd(&people).await.unwrap();
    accounts.into_iter().zip(seed..).map(|(account, seed)| Citizen::new(account, seed)).collect()
}

/// Everybody lives at the same time until the end comes and the server answers nobody any more.
async fn live_till(
    world: &Arc<World>,
    people: Vec<Citizen>,
    round: u32,
    end: impl Future<Output = ()>,
) -> Vec<Citizen> {
    let lives: Vec<_> = people
        .into_iter()
        .map(|mut citizen| {
            let world = world.clone();
            tokio::spawn(async move {
                citizen.live(&world, round).await;
                citizen
            })
        })
        .collect();
    end.await;
    world.cancel.cancel();
    gather(lives).await
}

/// Everybody looks at the same time.
async fn check(world: &Arc<World>, people: Vec<Citizen>, round: u32) -> Vec<Citizen> {
    let checks: Vec<_> = people
        .into_iter()
        .map(|mut citizen| {
            let world = world.clone();
            tokio::spawn(async move {
                citizen.check(&world, round).await;
                citizen
            })
        })
        .collect();
    gather(checks).await
}

async fn gather(tasks: Vec<tokio::task::JoinHandle<Citizen>>) -> Vec<Citizen> {
    let mut people = Vec::with_capacity(tasks.len());
    for task in tasks {
        people.push(task.await.unwrap());
    }
    people
}

fn sum(people: &[Citizen]) -> Tally {
    people.iter().fold(Tally::default(), |sum, citizen| sum.plus(&citizen.tally))
}
