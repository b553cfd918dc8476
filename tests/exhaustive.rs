//! The server's core over all interleavings of a bounded world: two accounts of one employer, two browsers, the instants that matter.
//!
//! Nothing is drawn here: whatever can happen within the bounds does happen, in every order. What must hold is stated a second
//! time, in `exhaustive/state.rs` and `exhaustive/rule.rs`; that it can fail is shown with defects.
#![allow(clippy::unwrap_used)]

#[path = "exhaustive/rule.rs"]
mod rule;
#[path = "exhaustive/state.rs"]
mod state;
#[path = "exhaustive/step.rs"]
mod step;
#[path = "exhaustive/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use sekisho_defects::defect;
use sekisho_server::core::Attempt;
use sekisho_server::{Conforming, Decisions};
use stateright::{Checker, Expectation, HasDiscoveries, Model, Path, Property};

use state::State;
use step::Step;
use world::{About, World};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// Go-live, and the 30 minutes of a code: just inside, at, and just outside.
const INSTANTS_OF_CODES: [(i64, &str); 5] = [
    (-1, "1 ms before go-live"),
    (0, "go-live"),
    (30 * MINUTE - 1, "1 ms before 30 min after go-live"),
    (30 * MINUTE, "30 min after go-live"),
    (30 * MINUTE + 1, "1 ms after 30 min after go-live"),
];

/// The 90 days of a skip: just inside, at, and just outside.
const INSTANTS_OF_SKIPS: [(i64, &str); 4] = [
    (0, "go-live"),
    (90 * DAY - 1, "1 ms before 90 days after go-live"),
    (90 * DAY, "90 days after go-live"),
    (90 * DAY + 1, "1 ms after 90 days after go-live"),
];

fn world_of_codes(decisions: Arc<dyn Decisions>) -> World {
    World {
        decisions,
        instants: &INSTANTS_OF_CODES,
        about: About::Codes,
        code_mails: 2,
        resumes: 0,
        wrong_codes: 1,
        clearings: 0,
        sights: rule::sights_of_codes,
    }
}

fn world_of_skips(decisions: Arc<dyn Decisions>) -> World {
    World {
        decisions,
        instants: &INSTANTS_OF_SKIPS,
        about: About::Skips,
        code_mails: 2,
        resumes: 1,
        wrong_codes: 0,
        clearings: 1,
        sights: rule::sights_of_skips,
    }
}

/// Walks a world of the right server to its end.
fn walk(name: &str, world: World, at_least: usize) {
    let begun = std::time::Instant::now();
    let checker = world.checker().threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states in {} steps, at most {} steps deep, {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed(),
    );
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        match property.expectation {
            Expectation::Sometimes => {
                let found = found.unwrap_or_else(|| panic!("in {name} it is never so that {}", property.name));
                println!("{}:\n{}", property.name, told(checker.model(), &property, found));
            }
            _ => {
                let found = found.map(|path| told(checker.model(), &property, path));
                assert_eq!(found, None, "{} does not hold in {name}", property.name);
            }
        }
    }
    assert!(checker.is_done());
    assert!(checker.unique_state_count() >= at_least, "only {} states", checker.unique_state_count());
}

/// The story without every step that its end does not need.
fn shortest(world: &World, steps: Vec<Step>, ends_so: impl Fn(&State) -> bool) -> Vec<Step> {
    let mut best = steps;
    for index in (0..best.len()).rev() {
        let mut shorter = best.clone();
        shorter.remove(index);
        if replayed(world, &shorter).is_some_and(|states| states.last().is_some_and(&ends_so)) {
            best = shorter;
        }
    }
    best
}

/// The states that these steps lead through, if they can be taken.
fn replayed(world: &World, steps: &[Step]) -> Option<Vec<State>> {
    let mut states = world.init_states();
    for step in steps {
        let state = states.last()?;
        let mut possible = Vec::new();
        world.actions(state, &mut possible);
        let next = possible.contains(step).then(|| world.next_state(state, *step))??;
        states.push(next);
    }
    Some(states)
}

/// How it comes to a state that a property forbids or looks for, as a story: each step, and what was seen of it.
fn told(world: &World, property: &Property<World>, path: Path<State, Step>) -> String {
    let forbids = property.expectation.discovery_is_failure();
    let steps = shortest(world, path.into_actions(), |state| (property.condition)(world, state) != forbids);
    let states = replayed(world, &steps).unwrap();
    let mut story = String::new();
    for (number, (step, state)) in steps.iter().zip(&states[1..]).enumerate() {
        writeln!(story, "  {}. {step}: {}.", number + 1, state.seen).unwrap();
    }
    story
}

/// How it comes to a state of a faulty server in which a property does not hold.
fn counterexample(world: World, property: &'static str) -> Option<String> {
    let checker = world.checker().finish_when(HasDiscoveries::AnyOf([property].into())).spawn_bfs().join();
    let found = checker.discovery(property)?;
    Some(told(checker.model(), &checker.model().property(property), found))
}

/// No defect of the project's is about what the reference server does where the source is silent.
struct OldAttemptsStayOpen;

impl Decisions for OldAttemptsStayOpen {
    fn attempt_is_superseded(&self, _attempt: &Attempt, _newest: &Attempt) -> bool {
        false
    }
}

#[test]
fn every_state_of_the_world_of_codes_is_as_the_rules_say() {
    walk("the world of codes", world_of_codes(Arc::new(Conforming)), 20_000);
}

#[test]
fn every_state_of_the_world_of_skips_is_as_the_rules_say() {
    walk("the world of skips", world_of_skips(Arc::new(Conforming)), 50_000);
}

#[test]
fn every_property_is_broken_by_a_defect() {
    let codes = [
        ("notice1-go-live-comes-a-second-early", rule::ASKED_TOO_EARLY),
        ("notice1-go-live-comes-a-second-late", rule::NO_WAY_IN),
        ("notice1-go-live-ends-sessions", rule::SHUT),
        ("notice3-mail-is-addressed-to-somebody-else", rule::MAIL),
        ("faq03-code-dies-a-second-too-soon", rule::RIGHT_CODE),
        ("faq03-code-lives-one-second-too-long", rule::EXPIRED),
        ("faq03-expired-code-is-revived-by-a-second-try", rule::EXPIRED),
        ("faq03-expired-code-works-in-the-next-attempt", rule::OTHER_ATTEMPT),
        ("base-code-works-twice", rule::TWICE),
        ("base-code-of-another-account-is-taken", rule::OTHERS_CODE),
    ];
    let skips = [
        ("faq06-skipped-sign-in-is-mailed", rule::SILENCE),
        ("faq06-skip-replaces-the-password", rule::PASSWORD),
        ("faq06-tick-sets-a-skip-before-it-is-confirmed", rule::ONLY_OK),
        ("faq06-any-session-may-confirm", rule::OK_COUNTS),
        ("faq06-confirmed-skip-does-nothing", rule::STATUS),
        ("faq06-skip-is-spent-by-its-first-use", rule::STATUS),
        ("faq08-skip-dies-a-second-too-soon", rule::LIVE_SKIPS),
        ("faq08-skip-lives-one-second-too-long", rule::LAPSED),
        ("faq08-cookie-alone-ends-the-skip", rule::LAPSED),
        ("faq12-lost-browser-keeps-its-skip", rule::REVOKED),
        ("faq12-acting-browser-keeps-its-skip", rule::REVOKED),
        ("faq12-revocation-is-forgotten-after-a-day", rule::REVOKED),
        ("faq12-new-skip-brings-the-old-ones-back", rule::REVOKED),
        ("faq12-resume-takes-effect-a-minute-later", rule::REVOKED),
        ("faq12-only-the-oldest-skip-ends", rule::REVOKED),
        ("faq12-resume-opens-half-signed-in", rule::RESUME_OPENS),
        ("faq13-status-is-of-this-browser-only", rule::STATUS),
        ("faq13-status-stays-some-after-expiry", rule::STATUS),
        ("faq08-each-use-gives-another-90-days", rule::LAPSED),
        ("faq08-one-skip-lets-every-browser-in", rule::NO_WAY_IN),
        ("faq06-cancel-sets-a-skip", rule::ONLY_OK),
        ("faq16-main-skip-skips-the-additional-account", rule::OTHERS_SKIP),
        ("faq16-two-skips-in-one-browser-cancel-each-other", rule::TOGETHER),
        ("faq16-resume-of-the-main-account-reaches-the-additional", rule::RESUME_APART),
    ];
    let mut broken = BTreeSet::from([rule::SUPERSEDED]);
    let found = counterexample(world_of_codes(Arc::new(OldAttemptsStayOpen)), rule::SUPERSEDED);
    assert!(found.is_some());
    for (world, table) in [(world_of_codes as fn(_) -> World, &codes[..]), (world_of_skips, &skips[..])] {
        for (id, property) in table {
            let story = counterexample(world(defect(id).unwrap().decisions()), property);
            let story = story.unwrap_or_else(|| panic!("{id} does not break \"{property}\""));
            println!("{id} breaks \"{property}\":\n{story}");
            broken.insert(property);
        }
    }
    for property in rule::safety() {
        assert!(broken.contains(property.name), "nothing is shown to break \"{}\"", property.name);
    }
}
