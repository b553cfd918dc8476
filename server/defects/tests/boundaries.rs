//! The defects that are off by one second show with a probe one second from the boundary, and not further away.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod probe;

use std::sync::Arc;

use probe::{account, attempt, before, noon, skip};
use sekisho_defects::defect;
use sekisho_server::Decisions;
use sekisho_server::core::{CODE_VALID, GO_LIVE, Moment, Portal, SKIP_VALID};
use sekisho_server::decisions::SignInContext;

fn decisions(id: &str) -> Arc<dyn Decisions> {
    defect(id).unwrap().decisions()
}

fn seconds_from(boundary: Moment, offset_s: i64) -> Moment {
    Moment::from_millis(boundary.millis() + 1000 * offset_s)
}

/// Asks two seconds and one second before a boundary, at it, and one and two seconds after it.
fn round(boundary: Moment, ask: impl Fn(Moment) -> bool) -> [bool; 5] {
    [-2, -1, 0, 1, 2].map(|offset_s| ask(seconds_from(boundary, offset_s)))
}

#[test]
fn codes_of_the_wrong_age_by_a_second() {
    let round = |id: &str| {
        let decisions = decisions(id);
        round(noon() + CODE_VALID, |now| decisions.code_is_in_time(noon(), now))
    };
    assert_eq!(round("faq03-code-dies-a-second-too-soon"), [true, false, false, false, false]);
    assert_eq!(round("faq03-code-lives-one-second-too-long"), [true, true, true, true, false]);
}

#[test]
fn skips_of_the_wrong_age_by_a_second() {
    let skip = skip("pc", noon(), 0);
    let round = |id: &str| {
        let decisions = decisions(id);
        round(noon() + SKIP_VALID, |now| decisions.skip_is_in_time(&skip, now))
    };
    assert_eq!(round("faq08-skip-dies-a-second-too-soon"), [true, false, false, false, false]);
    assert_eq!(round("faq08-skip-lives-one-second-too-long"), [true, true, true, true, false]);
}

#[test]
fn go_live_off_by_a_second() {
    let account = account(1, Portal::Seeker);
    let round = |id: &str| {
        let decisions = decisions(id);
        let context = |now| SignInContext { account: &account, now, go_live: GO_LIVE, signed_in_as: None };
        round(GO_LIVE, |now| decisions.code_is_asked(&context(now)))
    };
    assert_eq!(round("notice1-go-live-comes-a-second-early"), [false, true, true, true, true]);
    assert_eq!(round("notice1-go-live-comes-a-second-late"), [false, false, false, true, true]);
}

#[test]
fn the_64th_browser_is_the_one_too_many() {
    let decisions = decisions("faq07-64th-browser-evicts-the-first");
    assert!(decisions.skip_is_kept_beside(62), "63 browsers hold a skip");
    assert!(!decisions.skip_is_kept_beside(63), "64 do not");
}

#[test]
fn a_revived_code_was_refused_first() {
    let decisions = decisions("faq03-expired-code-is-revived-by-a-second-try");
    let too_late = noon() + CODE_VALID + probe::SECOND;
    let is_accepted = |last_seen| decisions.code_is_in_time(decisions.validity_starts(noon(), last_seen), too_late);
    assert!(!is_accepted(noon()) && is_accepted(too_late));
}

#[test]
fn a_new_skip_brings_back_what_was_revoked_and_nothing_comes_back_without_it() {
    let decisions = decisions("faq12-new-skip-brings-the-old-ones-back");
    let mut account = account(1, Portal::Seeker);
    let old = skip("lost", before(noon(), probe::DAY), 0);
    account.generation = 1;
    account.skips.push(old.clone());
    assert!(!decisions.skip_survives_revocation(&old, &account));
    account.skips.push(skip("fresh", noon(), 1));
    assert!(decisions.skip_survives_revocation(&old, &account));
}

#[test]
fn only_a_code_that_had_run_out_works_in_the_next_attempt() {
    let decisions = decisions("faq03-expired-code-works-in-the-next-attempt");
    let mut account = account(1, Portal::Seeker);
    let next = attempt(2, noon(), false);
    for (age, taken) in [(CODE_VALID, false), (CODE_VALID + probe::SECOND, true)] {
        account.attempts = [attempt(1, before(noon(), age), false), next.clone()].into();
        assert_eq!(decisions.code_is_right("000001", &next, &account), taken, "{age:?}");
        assert!(decisions.code_is_right("000002", &next, &account));
    }
}
