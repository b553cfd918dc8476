//! What holds for every story: random steps of several browsers, each judged by a model that knows only the rules.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::testing::{Bench, Sent};
use super::*;

const BROWSERS: [&str; 3] = ["pc", "phone", "tablet"];

#[derive(Clone, Debug)]
enum Story {
    Pass(Duration),
    SignIn(usize),
    WrongPassword(usize),
    Code { browser: usize, by: usize, ticked: bool, right: bool },
    Confirm { browser: usize, accepted: bool },
    Resume(usize),
    OpenResume(usize),
    SignOut(usize),
    ClearCookies(usize),
    Look(usize),
}

fn story() -> impl Strategy<Value = Vec<Story>> {
    let browser = || 0..BROWSERS.len();
    let minutes = prop_oneof![0u64..40, Just(30), Just(60 * 24 * 45), Just(60 * 24 * 90)];
    let step = prop_oneof![
        2 => (minutes, -1i64..=1).prop_map(|(minutes, ms)| Story::Pass(Duration::from_millis(
            (minutes * 60_000).saturating_add_signed(ms)
        ))),
        5 => browser().prop_map(Story::SignIn),
        1 => browser().prop_map(Story::WrongPassword),
        5 => (browser(), browser(), any::<bool>(), prop::bool::weighted(0.8))
            .prop_map(|(browser, by, ticked, right)| Story::Code { browser, by, ticked, right }),
        3 => (browser(), prop::bool::weighted(0.8))
            .prop_map(|(browser, accepted)| Story::Confirm { browser, accepted }),
        1 => browser().prop_map(Story::Resume),
        1 => browser().prop_map(Story::OpenResume),
        1 => browser().prop_map(Story::SignOut),
        1 => browser().prop_map(Story::ClearCookies),
        1 => browser().prop_map(Story::Look),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the rules say must be so; it shares no code with the core.
#[derive(Default)]
struct Model {
    /// The newest attempt: its browser, when it was issued, wrong codes, whether it is over.
    newest: Option<(usize, Moment, u32, bool)>,
    signed_in: HashMap<usize, Moment>,
    offered: HashMap<usize, Moment>,
    /// Live skips by the browser that holds the cookie.
    held: HashMap<usize, Moment>,
    /// Skips that count for the status, in whatever browser.
    set: Vec<Moment>,
}

impl Model {
    fn is_skipped(&self, browser: usize, now: Moment) -> bool {
        self.held.get(&browser).is_some_and(|at| now.millis() - at.millis() <= 90 * 86_400_000)
    }

    fn is_signed_in(&self, browser: usize, now: Moment) -> bool {
        self.signed_in.get(&browser).is_some_and(|at| now.millis() - at.millis() <= 12 * 3_600_000)
    }

    fn is_open(&self, browser: usize, now: Moment) -> bool {
        self.newest.is_some_and(|(owner, issued, wrong, over)| {
            owner == browser && !over && wrong < 5 && now.millis() - issued.millis() <= 30 * 60_000
        })
    }
}

struct Stage {
    bench: Bench,
    model: Model,
    sent: HashMap<usize, Sent>,
}

impl Stage {
    fn play(&mut self, step: &Story) -> Result<(), TestCaseError> {
        let now = self.bench.now;
        match *step {
            Story::Pass(span) => self.bench.pass(span),
            Story::SignIn(browser) => self.sign_in(browser, now)?,
            Story::WrongPassword(browser) => {
                prop_assert!(self.bench.sign_in_wrongly(BROWSERS[browser]).is_err());
            }
            Story::Code { browser, by, ticked, right } => self.give_code(browser, by, ticked, right, now)?,
            Story::Confirm { browser, accepted } => self.confirm(browser, accepted, now)?,
            Story::Resume(browser) => {
                let done = self.bench.complete_resume(BROWSERS[browser]).is_ok();
                prop_assert_eq!(done, self.model.is_signed_in(browser, now));
                if done {
                    self.model.held.clear();
                    self.model.set.clear();
                }
            }
            Story::OpenResume(browser) => {
                let opens = self.bench.page(BROWSERS[browser], Page::Resume).is_ok();
                prop_assert_eq!(opens, self.model.is_signed_in(browser, now));
            }
            Story::SignOut(browser) => {
                let visitor = self.bench.visitor(BROWSERS[browser]);
                self.bench.happen(SignOut { visitor: &visitor });
                self.model.signed_in.remove(&browser);
            }
            Story::ClearCookies(browser) => {
                self.bench.forget(BROWSERS[browser]);
                self.sent.remove(&browser);
                self.model.held.remove(&browser);
                self.model.signed_in.remove(&browser);
            }
            Story::Look(browser) => self.look(browser, now)?,
        }
        Ok(())
    }

    fn sign_in(&mut self, browser: usize, now: Moment) -> Result<(), TestCaseError> {
        let mails = self.bench.mails();
        match self.bench.sign_in(BROWSERS[browser]) {
            Ok(SignInAnswer::SignedIn(_)) => {
                prop_assert!(self.model.is_skipped(browser, now), "no code without a live skip");
                prop_assert_eq!(self.bench.mails(), mails);
                self.model.signed_in.insert(browser, now);
                self.model.offered.remove(&browser);
            }
            Ok(SignInAnswer::CodeMailed(attempt)) => {
                prop_assert!(!self.model.is_skipped(browser, now), "a live skip asks no code");
                prop_assert_eq!(self.bench.mails(), mails + 1);
                self.model.newest = Some((browser, now, 0, false));
                let code = self.bench.state.attempts.back().unwrap().code;
                self.sent.insert(browser, Sent { attempt, code });
            }
            Err(refusal) => prop_assert_eq!(refusal, SignInRefusal::TooManyWrongCodes),
        }
        Ok(())
    }

    fn give_code(
        &mut self,
        browser: usize,
        by: usize,
        ticked: bool,
        right: bool,
        now: Moment,
    ) -> Result<(), TestCaseError> {
        let Some(Sent { attempt, code }) = self.sent.get(&browser) else { return Ok(()) };
        let attempt = attempt.clone();
        let code = if right { *code } else { self.bench.other_than(code) };
        let may =
            browser == by && right && self.model.is_open(browser, now) && self.bench.state.wrong_codes.count(now) < 50;
        let counts = browser == by && !right && self.model.is_open(browser, now);
        let answer = self.bench.submit(BROWSERS[by], &attempt, &code, ticked);
        prop_assert_eq!(answer.is_ok(), may, "{:?}", answer);
        if let Some((_, _, wrong, over)) = &mut self.model.newest {
            *wrong += u32::from(counts);
            *over |= may;
        }
        if may {
            self.model.signed_in.insert(browser, now);
            self.model.offered.remove(&browser);
            if ticked {
                self.model.offered.insert(browser, now);
            }
        }
        Ok(())
    }

    fn confirm(&mut self, browser: usize, accepted: bool, now: Moment) -> Result<(), TestCaseError> {
        let offered = self.model.offered.get(&browser).is_some_and(|at| now.millis() - at.millis() <= 30 * 60_000);
        let may = offered && self.model.is_signed_in(browser, now);
        prop_assert_eq!(self.bench.confirm(BROWSERS[browser], accepted).is_ok(), may);
        if may {
            self.model.offered.remove(&browser);
            if accepted {
                if let Some(old) = self.model.held.insert(browser, now) {
                    self.model.set.retain(|at| *at != old);
                }
                self.model.set.push(now);
            }
        }
        Ok(())
    }

    fn look(&mut self, browser: usize, now: Moment) -> Result<(), TestCaseError> {
        let view = self.bench.page(BROWSERS[browser], Page::SkipSettings);
        prop_assert_eq!(view.is_ok(), self.model.is_signed_in(browser, now));
        if let Ok(view) = view {
            let any = self.model.set.iter().any(|at| now.millis() - at.millis() <= 90 * 86_400_000);
            prop_assert_eq!(view.skip_status.as_deref(), Some(if any { "あり" } else { "なし" }));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn every_story_goes_as_the_rules_say(steps in story()) {
        let mut stage = Stage { bench: Bench::new(), model: Model::default(), sent: HashMap::new() };
        for step in &steps {
            stage.play(step)?;
        }
        prop_assert!(stage.bench.open_tokens() <= MAX_SESSIONS + KEPT_ATTEMPTS);
    }

    #[test]
    fn a_code_is_in_time_exactly_for_thirty_minutes(issued in 0i64..4_000_000_000_000, age in 0i64..7_200_000) {
        let mut bench = Bench::new();
        bench.now = GO_LIVE + Duration::from_millis(issued.unsigned_abs());
        let Sent { attempt, code } = bench.start("pc");
        bench.pass(Duration::from_millis(age.unsigned_abs()));
        prop_assert_eq!(bench.submit("pc", &attempt, &code, false).is_ok(), age <= 1_800_000);
    }

    #[test]
    fn a_revoked_skip_never_lets_in(spans in prop::collection::vec(0u64..200, 1..8)) {
        let mut bench = Bench::new();
        bench.set_skip("lost phone");
        bench.sign_in_by_code("pc", false);
        bench.complete_resume("pc").unwrap();
        for days in spans {
            prop_assert!(!bench.is_skipped("lost phone"));
            bench.forget("pc");
            bench.set_skip("pc");
            bench.pass(Duration::from_secs(days * 86_400));
        }
    }
}
