//! What the reference server adds to HTTP itself: its sign-in page against a bare hyper server that answers the same bytes, and
//! whole sign-ins per second on each store.
//!
//! Both servers run in this process on one runtime, the client beside them on another, and rounds alternate, so that whatever else
//! the machine does meets both alike. The ratio is what counts; the goal is 0.7.
#![allow(clippy::unwrap_used)]

#[path = "http/bare.rs"]
mod bare;
#[path = "http/client.rs"]
mod client;
#[path = "http/sign_in.rs"]
mod sign_in;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sekisho_server::store::StoreConfig;
use sekisho_server::{Conforming, PasswordCost, Server, ServerConfig};
use tokio::runtime::Runtime;

use client::Wire;

/// How many connections ask at a time.
const CONNECTIONS: usize = 32;
/// How many rounds are counted, and how long one takes: many short ones, so that the noise of a shared machine meets both.
const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(250);
/// How much of the bare server's rate the sign-in page must reach.
const GOAL: f64 = 0.7;

fn main() {
    // `cargo test --benches` passes `--test`: then one short round shows that it works.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let (rounds, round) = if is_trial { (1, Duration::from_millis(50)) } else { (ROUNDS, ROUND) };
    let (servers, clients) = (runtime(), runtime());
    page(&servers, &clients, rounds, round);
    let dir = tempfile::tempdir().unwrap();
    let stores = [("memory", StoreConfig::Memory), ("SQLite", StoreConfig::Sqlite(dir.path().join("bench.db")))];
    for (name, store) in stores {
        let mut rates = sign_in::rates(&servers, &clients, store, rounds, round * 2);
        row(&format!("full sign-ins per second, store: {name}"), &mut rates);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// GET of the sign-in page by a browser that has its cookie, over connections that are kept.
fn page(servers: &Runtime, clients: &Runtime, rounds: usize, round: Duration) {
    let config = ServerConfig { password_cost: PasswordCost::Cheap, ..ServerConfig::default() };
    let server = servers.block_on(Server::start(config, Arc::new(Conforming))).unwrap();
    let ours = clients.block_on(Wire::prepare(server.address()));
    let bare = servers.block_on(bare::start(&ours));
    let theirs = clients.block_on(Wire::prepare(bare));
    assert_eq!(ours.answer.len(), theirs.answer.len(), "both answer as many bytes");
    let rate = |address: SocketAddr| clients.block_on(ours.rate(address, CONNECTIONS, round));
    // The first round of each warms it up.
    let (_, _) = (rate(server.address()), rate(bare));
    let (mut own_rates, mut bare_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (own, other) = (rate(server.address()), rate(bare));
        own_rates.push(own);
        bare_rates.push(other);
        ratios.push(own / other);
    }
    println!("{:<58}{:>10}{:>10}{:>10}", "", "min", "median", "max");
    row("sign-in page, reference server, requests per second", &mut own_rates);
    row("the same bytes, bare hyper server", &mut bare_rates);
    row(&format!("ratio (goal: {GOAL})"), &mut ratios);
    servers.block_on(server.shutdown());
}

fn row(what: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let (first, middle, last) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    let digits = if last < 10.0 { 2 } else { 0 };
    println!("{what:<58}{first:>10.digits$}{middle:>10.digits$}{last:>10.digits$}");
}
