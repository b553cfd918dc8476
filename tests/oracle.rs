//! The server's core against the oracle: random stories, in process, judged after every step.
//!
//! The oracle states the rules a second time and shares no code with the server, so what both get wrong must be wrong in two
//! ways at once. That the comparison can fail is shown with every defect there is.
#![allow(clippy::unwrap_used)]

#[path = "oracle/login.rs"]
mod login;

use std::fmt;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sekisho_defects::{Defect, defect, defects};
use sekisho_scenarios::explore::{ACCOUNTS, BROWSERS, Tale, Vocabulary};
use sekisho_scenarios::oracle::{Action, Contradiction, Policy, Story, World};
use sekisho_server::{Conforming, Decisions};

use login::Login;

/// How many stories a defect has to hide through; the seed is fixed.
const STORIES_PER_DEFECT: usize = 2_000;

/// Any story of all the steps there are.
fn tale() -> impl Strategy<Value = Tale> {
    sekisho_scenarios::explore::tale(&Vocabulary::everything(&Policy::reference()))
}

/// A story up to the step that contradicts the rules.
struct Contradicted {
    steps: Vec<Action>,
    contradiction: Contradiction,
}

impl fmt::Display for Contradicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}{}", Story(&self.steps), self.contradiction)
    }
}

/// Plays a story to its end, or to the first contradiction.
fn play(tale: &Tale, decisions: Arc<dyn Decisions>) -> Result<(), Box<Contradicted>> {
    play_by(Policy::reference(), tale, decisions)
}

fn play_by(policy: Policy, tale: &Tale, decisions: Arc<dyn Decisions>) -> Result<(), Box<Contradicted>> {
    let mut login = Login::new(decisions, tale.portal.name().parse().unwrap(), ACCOUNTS, BROWSERS, tale.begins_ms);
    let mut world = World::new(policy, ACCOUNTS, BROWSERS, tale.begins_ms);
    for (index, action) in tale.steps.iter().enumerate() {
        let seen = login.act(action);
        if let Err(contradiction) = world.judge(action, &seen) {
            let steps = tale.steps.iter().take(index + 1).copied().collect();
            return Err(Box::new(Contradicted { steps, contradiction }));
        }
    }
    Ok(())
}

/// The story without every step that the same contradiction does not need.
fn shortest(tale: &Tale, found: Box<Contradicted>, decisions: impl Fn() -> Arc<dyn Decisions>) -> Box<Contradicted> {
    let mut best = found;
    let mut index = best.steps.len();
    while index > 0 {
        index -= 1;
        let mut shorter = Tale { steps: best.steps.clone(), ..*tale };
        shorter.steps.remove(index);
        if let Err(again) = play(&shorter, decisions())
            && again.contradiction.rule == best.contradiction.rule
        {
            index = index.min(again.steps.len());
            best = again;
        }
    }
    best
}

fn rule_of(clause: &str) -> Option<&'static str> {
    sekisho_rules::clauses().find(|(_, known)| known.id == clause).map(|(rule, _)| rule.id)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_story_goes_as_the_rules_say(tale in tale()) {
        let conforming = || -> Arc<dyn Decisions> { Arc::new(Conforming) };
        if let Err(found) = play(&tale, conforming()) {
            let found = shortest(&tale, found, conforming);
            return Err(TestCaseError::fail(found.to_string()));
        }
    }

    /// A target that declares nothing is held to the source alone: what the reference server does is right there too.
    #[test]
    fn no_story_is_wrong_where_nothing_is_declared(tale in tale()) {
        if let Err(found) = play_by(Policy::undeclared(), &tale, Arc::new(Conforming)) {
            return Err(TestCaseError::fail(found.to_string()));
        }
    }
}

/// The shortest story in which a defect contradicts such a clause, if one is found.
fn found_out(defect: &Defect, is_meant: impl Fn(&str) -> bool) -> Option<Box<Contradicted>> {
    let mut runner = TestRunner::deterministic();
    (0..STORIES_PER_DEFECT).find_map(|_| {
        let tale = tale().new_tree(&mut runner).unwrap().current();
        let found = play(&tale, defect.decisions()).err()?;
        is_meant(found.contradiction.rule).then(|| shortest(&tale, found, || defect.decisions()))
    })
}

/// Defects that show here, where browsers keep the cookies of what has ended, and not over the wire, where they drop them.
const SHOWN_BY_KEPT_COOKIES: [&str; 4] = [
    "base-code-is-consumed-too-late",
    "base-code-use-is-seen-by-every-second-node",
    "base-code-works-twice",
    "base-session-outlives-the-sign-out",
];

fn can_show(defect: &Defect) -> bool {
    defect.out_of_reach().is_none() || SHOWN_BY_KEPT_COOKIES.contains(&defect.id)
}

#[test]
fn every_defect_of_the_core_contradicts_its_rule() {
    let mut hidden = Vec::new();
    let mut looked = 0;
    for defect in defects().iter().filter(|defect| can_show(defect)) {
        match found_out(defect, |clause| rule_of(clause) == Some(defect.shows_as())) {
            Some(found) => println!("{}{found}\n", defect.id),
            None => hidden.push(defect.id),
        }
        looked += 1;
    }
    assert_eq!(hidden, Vec::<&str>::new(), "no story contradicts the rule of these");
    assert!(looked > 60, "only {looked} defects were looked at");
}

#[test]
fn a_contradiction_names_the_clause_and_tells_the_story() {
    for (id, clause, story) in [
        ("faq03-code-lives-one-second-too-long", "FAQ-03b", "Wait 30 min"),
        ("faq06-tick-sets-a-skip-before-it-is-confirmed", "FAQ-06c", "tick the skip box"),
        ("faq08-each-use-gives-another-90-days", "FAQ-08d", "press [OK]"),
        ("faq12-acting-browser-keeps-its-skip", "FAQ-12b", "[完了]"),
    ] {
        let defect = defect(id).unwrap();
        let found = found_out(defect, |meant| meant == clause).unwrap();
        let told = found.to_string();
        assert!(told.contains(&format!("\n{clause}: ")), "{told}");
        assert!(told.contains(story) && found.steps.len() <= 8, "{told}");
    }
}

#[test]
fn defects_out_of_reach_are() {
    for defect in defects().iter().filter(|defect| !can_show(defect)) {
        let mut runner = TestRunner::deterministic();
        for _ in 0..50 {
            let tale = tale().new_tree(&mut runner).unwrap().current();
            if let Err(found) = play(&tale, defect.decisions()) {
                panic!("{} can be seen:{found}", defect.id);
            }
        }
    }
}
