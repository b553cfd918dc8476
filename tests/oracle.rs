//! The server's core against the oracle: random stories, in process, judged after every step.
//!
//! The oracle states the rules a second time and shares no code with the server, so what both get wrong must be wrong in two
//! ways at once. That the comparison can fail is shown with every defect there is.
#![allow(clippy::unwrap_used)]

#[path = "oracle/login.rs"]
mod login;
#[path = "oracle/stories.rs"]
mod stories;

use std::fmt;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sekisho_defects::{Defect, defect, defects};
use sekisho_scenarios::oracle::{Action, Contradiction, Policy, Story, World};
use sekisho_server::{Conforming, Decisions};

use login::Login;
use stories::{ACCOUNTS, BROWSERS, Tale, tale};

/// How many stories a defect has to hide through; the seed is fixed.
const STORIES_PER_DEFECT: usize = 3_000;

/// Defects that these stories cannot show: of pages, headers, cookies' attributes, the text of mails and the quality of ids,
/// which the core does not make; of forms and of what is no code at all, of claims in a request, of limits that no story here reaches,
/// and of a password that is changed, which none does; of mails that are refused, IDs that nobody has and days that the office takes, which no
/// story here has; and of a 64th browser.
const OUT_OF_SIGHT: [&str; 71] = [
    "base-account-another-password-ends-the-skips",
    "base-account-answer-is-longer-for-a-known-id",
    "base-account-mail-links-to-the-claimed-host",
    "base-account-mail-links-to-the-forwarded-host",
    "base-account-new-address-adds-a-recipient",
    "base-account-sign-in-id-adds-a-recipient",
    "base-account-unknown-id-is-answered-sooner",
    "base-account-unknown-id-is-told",
    "base-code-another-browser-gives-fresh-guesses",
    "base-code-blank-code-is-taken",
    "base-code-bytes-that-are-no-text-are-a-server-error",
    "base-code-forwarded-for-gives-fresh-guesses",
    "base-code-full-width-digits-are-a-server-error",
    "base-code-is-counted-up",
    "base-code-is-cut-at-a-null-byte",
    "base-code-is-cut-at-six-digits",
    "base-code-is-twenty-bits-modulo-a-million",
    "base-code-mails-are-not-limited",
    "base-code-never-begins-with-zero",
    "base-code-quote-ends-the-comparison",
    "base-code-repeated-code-is-a-server-error",
    "base-code-starting-over-gives-fresh-guesses",
    "base-cookie-bears-no-host-prefix",
    "base-cookie-goes-along-from-other-sites",
    "base-cookie-goes-over-plain-http",
    "base-cookie-goes-to-a-whole-domain",
    "base-cookie-has-no-path",
    "base-cookie-of-the-session-is-open-to-scripts",
    "base-cookie-of-the-skip-is-kept-for-a-year",
    "base-load-page-of-whoever-looked-before",
    "base-session-account-is-added-without-the-token",
    "base-session-address-changes-without-the-token",
    "base-session-changes-without-the-token",
    "base-session-code-counts-without-the-token",
    "base-session-id-is-kept-at-sign-in",
    "base-session-password-changes-without-the-token",
    "base-session-password-form-opens-half-signed-in",
    "base-session-screens-may-be-stored",
    "base-session-settings-may-be-stored",
    "base-session-signs-in-without-the-token",
    "base-session-signs-out-without-the-token",
    "base-session-skip-is-cancelled-without-the-token",
    "base-session-skip-is-confirmed-without-the-token",
    "faq01-code-stands-in-a-cookie",
    "faq01-code-stands-in-a-header",
    "faq01-code-stands-on-the-page",
    "faq01-mail-has-two-numbers",
    "faq01-subject-is-question-marks",
    "faq01-text-is-mangled",
    "faq01-unknown-id-is-mailed",
    "faq02-desktops-are-refused",
    "faq02-smartphones-are-refused",
    "faq02-tablets-are-refused",
    "faq04-empty-code-is-taken",
    "faq05-office-change-comes-a-second-early",
    "faq05-office-change-comes-with-the-identity-check",
    "faq05-refused-mail-is-a-server-error",
    "faq05-refused-mail-lets-in",
    "faq06-cautions-are-missing",
    "faq07-64th-browser-evicts-the-first",
    "faq09-my-page-holds-the-expiry-in-an-attribute",
    "faq09-skip-settings-show-the-remaining-days",
    "faq11-cookie-holds-a-hash-of-the-address",
    "faq11-cookie-holds-the-address-in-base64",
    "faq11-cookie-holds-the-name-in-hex",
    "faq11-ids-are-counted-up",
    "faq11-ids-have-32-bits",
    "faq12-skips-are-offered-one-by-one",
    "faq13-status-shows-a-count",
    "faq14-missing-cookies-are-a-server-error",
    "faq14-missing-cookies-are-not-named",
];

/// Defects that show as a contradiction of a neighbouring rule, since both forbid what is seen.
const BLAMED_OTHERWISE: [(&str, &str); 8] = [
    ("base-account-another-address-ends-the-skips", "FAQ-08"),
    ("notice2-one-portal-never-asks", "NOTICE-1"),
    ("notice3-mail-is-addressed-to-somebody-else", "FAQ-01"),
    ("faq01-every-attempt-gets-the-same-code", "BASE-CODE"),
    ("faq04-skip-settings-open-to-an-abandoned-attempt", "FAQ-01"),
    ("faq04-starting-over-needs-no-code", "NOTICE-1"),
    ("faq11-all-browsers-share-one-id", "FAQ-12"),
    ("faq15-accounts-share-one-cookie", "FAQ-16"),
];

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
    let mut login = Login::new(decisions, tale.portal, ACCOUNTS, BROWSERS, tale.begins_ms);
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

#[test]
fn every_defect_of_the_core_contradicts_its_rule() {
    let mut hidden = Vec::new();
    let mut looked = 0;
    for defect in defects().iter().filter(|defect| !OUT_OF_SIGHT.contains(&defect.id)) {
        let blamed = BLAMED_OTHERWISE.iter().find(|(id, _)| *id == defect.id);
        let rule = blamed.map_or(defect.rule, |(_, rule)| *rule);
        match found_out(defect, |clause| rule_of(clause) == Some(rule)) {
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
fn the_lists_of_exceptions_name_defects_and_those_out_of_sight_are() {
    for id in OUT_OF_SIGHT.iter().chain(BLAMED_OTHERWISE.iter().map(|(id, _)| id)) {
        assert!(defect(id).is_some(), "{id} is no defect");
    }
    for id in OUT_OF_SIGHT {
        let mut runner = TestRunner::deterministic();
        for _ in 0..50 {
            let tale = tale().new_tree(&mut runner).unwrap().current();
            if let Err(found) = play(&tale, defect(id).unwrap().decisions()) {
                panic!("{id} can be seen:{found}");
            }
        }
    }
}
