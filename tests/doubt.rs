//! Doubt is never a pass: targets that are stuck on one page, and the right server seen through a profile that is wrong in one place.
//! No check may pass there whose pass would rest on what is broken.
#![allow(clippy::unwrap_used)]

#[path = "doubt/broken.rs"]
mod broken;
#[path = "hostile_targets/server.rs"]
#[allow(dead_code, reason = "only sites are needed here")]
mod server;
#[path = "doubt/stuck.rs"]
mod stuck;
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho_reports::record::{CheckRow, CheckVerdict};
use sekisho_rules::Level;
use sekisho_scenarios::Selection;
use sekisho_scenarios::check::{self, Keep};
use sekisho_simulator::world::World;

use broken::{Broken, broken_profiles};

const JOBS: usize = 16;

async fn rows(world: &Arc<World>, levels: &[Level]) -> Vec<CheckRow> {
    let selection = Selection::new(&[], levels).unwrap();
    let told = check::run(world, &selection, JOBS, Keep::Unexplained, |_| ()).await;
    told.into_iter().flat_map(|told| told.rows).collect()
}

fn passed(rows: &[CheckRow]) -> BTreeSet<&str> {
    rows.iter().filter(|row| row.verdict == CheckVerdict::Pass).map(|row| row.id.as_str()).collect()
}

/// A target that shows the same page whatever it is asked, with every form of the profile on it, behind a mailbox in which a code is
/// always found, and a clock, an office and accounts that do whatever they are told: all that could be taken for a success is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_stuck_on_one_page_passes_nothing() {
    let mut found = Vec::new();
    for screen in stuck::SCREENS {
        for mails in [true, false] {
            let rows = rows(&stuck::world(screen, mails), &[Level::Must, Level::Derived]).await;
            assert!(rows.len() > 50, "only {} checks", rows.len());
            found.extend(passed(&rows).into_iter().map(|id| format!("{} (mails: {mails}): {id}", screen.name)));
            let silent = rows.iter().find(|row| row.verdict != CheckVerdict::Fail && row.reason.is_empty());
            assert!(silent.is_none(), "{}: no reason: {silent:?}", screen.name);
        }
    }
    assert!(found.is_empty(), "passed on a stuck target:\n{}", found.join("\n"));
}

/// What still passes is pinned, each list with the reason why it may: a check that joins one has to be looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_wrong_in_one_place_passes_only_what_does_not_rest_on_it() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("doubt/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    let house = broken::House::open().await;
    let all: BTreeSet<String> = passed(&rows(&house.world(&Broken::nothing()), &[Level::Must, Level::Derived]).await)
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert!(all.len() > 50, "the right profile passes {} checks only", all.len());
    for broken in broken_profiles() {
        let rows = rows(&house.world(&broken), &[Level::Must, Level::Derived]).await;
        let passed = passed(&rows);
        let failed: BTreeSet<&str> =
            rows.iter().filter(|row| row.verdict == CheckVerdict::Fail).map(|row| row.id.as_str()).collect();
        let lost: BTreeSet<&str> =
            all.iter().map(String::as_str).filter(|id| !passed.contains(id) && !failed.contains(id)).collect();
        assert!(!lost.is_empty() || !failed.is_empty(), "{} breaks nothing", broken.name);
        let list = |ids: &BTreeSet<&str>| ids.iter().map(|id| format!("  {id}\n")).collect::<String>();
        let text = format!(
            "{}\n{}\n\nstill passes ({}):\n{}\nfails:\n{}",
            broken.what,
            broken.why,
            passed.len(),
            list(&passed),
            list(&failed)
        );
        settings.bind(|| insta::assert_snapshot!(broken.name, text));
    }
    house.close().await;
}
