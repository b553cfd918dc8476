//! What the core of the reference server costs per step of a sign-in: everything but passwords, mail, HTTP and locks.
//!
//! The load runs rest on the server never being the bottleneck; these are the steps that take an account's lock.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sekisho_server::Conforming;
use sekisho_server::core::{
    AccountState, Address, BrowserTag, Claims, Code, CompleteResume, ConfirmSkip, Cookie, Effect, Event, GO_LIVE,
    Identity, Outcome, Portal, SignIn, SignInAnswer, Slot, SubmitCode, Token, Visitor, apply,
};

/// How many live skips an account has: one browser, a family's, and the many of FAQ-07 under load.
const SKIPS: [usize; 3] = [1, 8, 1_000];

/// An account and one browser that comes to it.
#[derive(Clone)]
struct Login {
    state: AccountState,
    address: Address,
    visitor: Visitor,
}

impl Login {
    /// An account with so many live skips; the browser holds the newest.
    fn new(skips: usize) -> Self {
        let address = Address::parse("hanako@example.test").unwrap();
        let identity = Identity { slot: Slot(7), portal: Portal::Seeker, name: "佐藤 花子".to_owned(), main: None };
        let visitor = Visitor {
            browser: BrowserTag::of("browser"),
            session: None,
            attempt: None,
            cookies: Vec::new(),
            claims: Claims::default(),
        };
        let mut login = Self { state: AccountState::new(identity, address.clone(), Arc::from("")), address, visitor };
        for _ in 0..skips {
            login.visitor.cookies.clear();
            login.start();
            login.submit(true);
            login.confirm();
            // The next skip is set as from a browser of its own, and the mails of one hour stay within their limit.
            login.state.code_mails = Default::default();
        }
        login
    }

    /// Draws from the system's generator, as the server does.
    fn happen<E: Event>(state: &mut AccountState, event: E) -> Outcome<E::Answer> {
        apply(state, event, GO_LIVE + Duration::from_secs(1), &mut UnwrapErr(SysRng), &Conforming)
    }

    fn sign_in(&mut self) -> SignInAnswer {
        let event = SignIn {
            visitor: &self.visitor,
            address: &self.address,
            password_is_right: true,
            checked: &self.state.password_hash.clone(),
            signed_in_as: None,
            go_live: GO_LIVE,
            mail_has_room: true,
        };
        Self::happen(&mut self.state, event).answer.unwrap()
    }

    /// ID and password, towards a code.
    fn start(&mut self) {
        match self.sign_in() {
            SignInAnswer::CodeMailed(attempt) => self.visitor.attempt = Some(attempt),
            SignInAnswer::SignedIn(_) => panic!("no code was asked"),
        }
    }

    fn code(&self) -> Code {
        self.state.attempts.back().unwrap().code
    }

    fn submit(&mut self, ticked: bool) {
        let code = self.code();
        let event = SubmitCode { visitor: &self.visitor, typed: code.as_str(), ticked };
        let session: Token = Self::happen(&mut self.state, event).answer.unwrap().session;
        self.visitor.session = Some(session);
    }

    fn confirm(&mut self) {
        let event = ConfirmSkip { visitor: &self.visitor, accepted: true };
        let outcome = Self::happen(&mut self.state, event);
        outcome.answer.unwrap();
        let kept: Option<Cookie> = outcome.effects.into_iter().find_map(|effect| match effect {
            Effect::KeepSkip(cookie) => Some(cookie),
            _ => None,
        });
        self.visitor.cookies = vec![kept.unwrap()];
    }

    fn skipped(&mut self) {
        assert!(matches!(self.sign_in(), SignInAnswer::SignedIn(_)), "the browser holds a skip");
    }

    fn resume(&mut self) {
        let event = CompleteResume { visitor: &self.visitor, additional: &[] };
        assert!(Self::happen(&mut self.state, event).answer.unwrap().is_empty());
    }

    /// Without its skip cookie the browser is asked for a code.
    fn without_cookie(mut self) -> Self {
        self.visitor.cookies.clear();
        self
    }
}

/// Measures one step from the same state each time; the state's clone and drop are not counted.
fn step(criterion: &mut Criterion, name: &str, prepare: impl Fn(usize) -> Login, act: impl Fn(&mut Login)) {
    let mut group = criterion.benchmark_group(name);
    for skips in SKIPS {
        let before = prepare(skips);
        group.bench_function(BenchmarkId::new("skips", skips), |bencher| {
            bencher.iter_batched_ref(|| before.clone(), |login| act(black_box(login)), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn transitions(criterion: &mut Criterion) {
    step(criterion, "sign_in_right_password", |skips| Login::new(skips).without_cookie(), Login::start);
    let awaiting_code = |skips| {
        let mut login = Login::new(skips).without_cookie();
        login.start();
        login
    };
    step(criterion, "right_code", awaiting_code, |login| login.submit(true));
    let awaiting_decision = |skips| {
        let mut login = awaiting_code(skips);
        login.submit(true);
        login
    };
    step(criterion, "confirm_skip", awaiting_decision, Login::confirm);
    step(criterion, "skipped_sign_in", Login::new, Login::skipped);
    step(criterion, "resume", Login::new, Login::resume);
}

criterion_group!(benches, transitions);
criterion_main!(benches);
