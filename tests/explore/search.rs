//! How many of the defects in reach the stories find by themselves.

use sekisho_defects::{Defect, defect, defects};
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
async fn a_search_stops_at_the_first_story_that_is_meant() {
    let defect = defect("faq06-confirmed-skip-does-nothing").unwrap();
    let outcome = search(defect, STORIES).await;
    let found = outcome.found.unwrap();
    assert_eq!(rule_of(found.contradiction.rule), Some("FAQ-06"));
    assert!(outcome.stories_run < STORIES && outcome.steps >= found.tale.steps.len());
}

/// Takes minutes: `cargo test --release --test explore -- --ignored --nocapture`; with `EXPLORE_ONLY=faq12` only these.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn nine_in_ten_defects_in_reach_are_found() {
    let only = std::env::var("EXPLORE_ONLY").unwrap_or_default();
    let tried = defects().iter().filter(|defect| defect.out_of_reach().is_none() && defect.id.contains(&only));
    let in_reach: Vec<&Defect> = tried.collect();
    let mut hidden = Vec::new();
    for defect in &in_reach {
        let SeekOutcome { found, stories_run, steps, doubts } = search(defect, STORIES).await;
        let clause = found.as_ref().map_or("not found", |found| found.contradiction.rule);
        println!("{}: {clause} after {stories_run} stories, {steps} steps, {doubts} in doubt", defect.id);
        if found.is_none() {
            hidden.push(defect.id);
        }
    }
    println!("{} of {} found; hidden: {hidden:?}", in_reach.len() - hidden.len(), in_reach.len());
    assert!(hidden.len() * 10 <= in_reach.len(), "more than one in ten stayed hidden: {hidden:?}");
}
