//! What accounts, sessions and skips cost in memory: the growth of the process while a store of the server takes them.
//!
//! Every account signs in with a code once (an attempt, a session) and sets a skip, by the same events that requests cause, and is
//! found by its ID and its tokens afterwards. The goal is 1,000,000 accounts with a skip each in 1 GiB of resident memory.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sekisho_server::Conforming;
use sekisho_server::core::{
    Address, BrowserTag, Claims, ConfirmSkip, Draw, GO_LIVE, Portal, SignIn, SignInAnswer, SignOut, SubmitCode, Token,
    Visitor,
};
use sekisho_server::store::{AccountClock, NewAccount, Store};

/// How many accounts are measured, and how many in a trial run (`--test`).
const ACCOUNTS: usize = 1_000_000;
const TRIAL_ACCOUNTS: usize = 10_000;
/// How many accounts are made in one batch, as the control listener does.
const BATCH: usize = 10_000;
/// The goal for all of them, with a session and a skip each. In bytes.
const GOAL: usize = 1 << 30;

fn main() {
    let accounts = if std::env::args().any(|argument| argument == "--test") { TRIAL_ACCOUNTS } else { ACCOUNTS };
    let mut draw = StdRng::seed_from_u64(1);
    let store = Store::default();
    let empty = resident();
    for first in (0..accounts).step_by(BATCH) {
        let batch = (first..(first + BATCH).min(accounts)).map(|number| new(number, &mut draw)).collect();
        store.insert(batch, GO_LIVE, &mut draw, &Conforming).unwrap();
    }
    let with_accounts = resident();
    let mut visitors: Vec<Option<Token>> = Vec::with_capacity(accounts);
    for number in 0..accounts {
        visitors.push(Some(sign_in(&store, number, &mut draw)));
    }
    let own = visitors.capacity() * size_of::<Option<Token>>() + accounts * 32;
    let with_sessions = resident() - own;
    for (number, token) in visitors.iter_mut().enumerate() {
        set_skip(&store, number, token.as_ref().unwrap(), &mut draw);
    }
    let with_skips = resident() - own;
    for (number, token) in visitors.iter_mut().enumerate() {
        sign_out(&store, number, token.take().unwrap(), &mut draw);
    }
    println!("{accounts} accounts, in one store of one process");
    let row = |what: &str, bytes: usize| println!("{what:<60}{:>10}", bytes / accounts);
    row("bytes per account", with_accounts - empty);
    row("bytes more once it is signed in by a code (attempt, session)", with_sessions - with_accounts);
    row("bytes more for a skip", with_skips.saturating_sub(with_sessions));
    row("bytes per account that is signed in and has a skip", with_skips - empty);
    println!("{:<60}{:>10.1}", "resident memory of the process (MiB)", with_skips as f64 / f64::from(1 << 20));
    let holds = with_skips <= GOAL;
    println!("goal: at most {} MiB for 1,000,000: {}", GOAL >> 20, if holds { "met" } else { "missed" });
    // Held till here, so that what was measured is what is there.
    assert_eq!(store.all().len(), accounts);
}

fn id(number: usize) -> (Portal, Address) {
    let address = format!("taro.yamada{number:07}@example.test");
    (Portal::ALL[number % 3], Address::parse(&address).unwrap())
}

/// A hash as long as those of real passwords, without the work.
fn new(number: usize, draw: &mut StdRng) -> NewAccount {
    let (portal, address) = id(number);
    let hash = format!(
        "$argon2id$v=19$m=19456,t=2,p=1${}${}{}",
        draw.token().as_str(),
        draw.token().as_str(),
        &draw.token().as_str()[1..]
    );
    NewAccount {
        portal,
        address,
        name: format!("利用者 {number:07}"),
        password_hash: Arc::from(hash),
        main: None,
        clock: AccountClock::REAL,
    }
}

fn visitor(number: usize) -> Visitor {
    let browser = BrowserTag::of(&format!("browser {number}"));
    Visitor { browser, session: None, attempt: None, cookies: Vec::new(), claims: Claims::default() }
}

/// Signs in by a code with the box ticked; returns the session's token.
fn sign_in(store: &Store, number: usize, draw: &mut StdRng) -> Token {
    let (portal, address) = id(number);
    let account = store.find(portal, &address).unwrap();
    let mut visitor = visitor(number);
    let checked = account.look(GO_LIVE, |state, _| state.password_hash.clone());
    let event = SignIn {
        visitor: &visitor,
        address: &address,
        password_is_right: true,
        checked: &checked,
        signed_in_as: None,
        go_live: GO_LIVE,
        mail_has_room: true,
    };
    let SignInAnswer::CodeMailed(attempt) = store.apply(&account, event, GO_LIVE, draw, &Conforming).answer.unwrap()
    else {
        panic!("a code is asked");
    };
    let code = account.look(GO_LIVE, |state, _| state.attempt(&attempt.hash()).unwrap().code);
    visitor.attempt = Some(attempt);
    let event = SubmitCode { visitor: &visitor, typed: code.as_str(), ticked: true };
    store.apply(&account, event, GO_LIVE, draw, &Conforming).answer.unwrap().session
}

/// ［OK］ on the skip confirmation screen.
fn set_skip(store: &Store, number: usize, session: &Token, draw: &mut StdRng) {
    let account = store.with_token(&session.hash()).unwrap();
    let visitor = Visitor { session: Some(session.clone()), ..visitor(number) };
    let event = ConfirmSkip { visitor: &visitor, accepted: true };
    store.apply(&account, event, GO_LIVE, draw, &Conforming).answer.unwrap();
    assert_eq!(account.look(GO_LIVE, |state, _| state.skips.len()), 1);
}

fn sign_out(store: &Store, number: usize, session: Token, draw: &mut StdRng) {
    let account = store.with_token(&session.hash()).unwrap();
    let visitor = Visitor { session: Some(session), ..visitor(number) };
    store.apply(&account, SignOut { visitor: &visitor }, GO_LIVE, draw, &Conforming);
}

/// The resident memory of this process. In bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}
