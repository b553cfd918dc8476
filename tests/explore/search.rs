//! Stories find defects of many kinds by themselves. How many of all in their reach: `sekisho selftest --explore`, in CI.

use sekisho_defects::{Defect, defect};
use sekisho_scenarios::explore::{MAX_STEPS, Options, SeekOutcome, seek};

use crate::venue::Venue;

/// How many stories a defect has to hide through.
const STORIES: usize = 2_000;

fn rule_of(clause: &str) -> Option<&'static str> {
    sekisho_rules::clauses().find(|(_, known)| known.id == clause).map(|(rule, _)| rule.id)
}

async fn search(defect: &Defect, cases: usize) -> SeekOutcome {
    let venue = Venue::open(defect.decisions()).await;
    let options = Options { seed: 1, cases, max_steps: MAX_STEPS, jobs: 32 };
    let is_meant = |clause: &str| rule_of(clause) == Some(defect.shows_as());
    let outcome = seek(&venue.world, options, &is_meant).await.unwrap();
    venue.close().await;
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn defects_of_many_kinds_are_found_and_the_search_stops_there() {
    for id in [
        "faq01-code-is-mailed-twice",
        "faq03-code-lives-one-second-too-long",
        "faq06-tick-sets-a-skip-before-it-is-confirmed",
        "faq12-resume-opens-half-signed-in",
        "faq16-resume-of-the-main-account-reaches-the-additional",
    ] {
        let defect = defect(id).unwrap();
        let outcome = search(defect, STORIES).await;
        let found = outcome.found.unwrap_or_else(|| panic!("{id} stays hidden"));
        assert_eq!(rule_of(found.contradiction.rule), Some(defect.rule), "{id}");
        assert!(outcome.stories_run < STORIES && outcome.steps >= found.tale.steps.len(), "{id}");
    }
}
