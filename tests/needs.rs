//! The table of checks that rest on a step says what really happens: each step is taken out of the reference profile, and the suite told.
#![allow(clippy::unwrap_used)]

#[path = "doubt/broken.rs"]
#[allow(dead_code, reason = "only the house is needed here")]
mod broken;
mod support;

use std::collections::BTreeSet;

use sekisho_reports::record::{CheckRow, CheckVerdict};
use sekisho_rules::Level;
use sekisho_scenarios::check::{self, Keep};
use sekisho_scenarios::{Selection, checks_that_need};
use sekisho_simulator::target::Step;

use broken::{Broken, House};

const JOBS: usize = 16;

/// Without these next to nothing can be judged, which needs no table.
const ALWAYS_NEEDED: [Step; 4] = [Step::OpenSignIn, Step::SubmitPassword, Step::SubmitCode, Step::OpenMyPage];

/// A step, and what means nothing without it.
fn gone(step: Step) -> Vec<Step> {
    match step {
        Step::OpenAddressChange => vec![step, Step::SubmitAddress, Step::ConfirmAddress],
        Step::SubmitAddress => vec![step, Step::ConfirmAddress],
        other => vec![other],
    }
}

/// The profile without them.
fn without(profile: &str, step: Step) -> String {
    let mut table: toml::Table = toml::from_str(profile).unwrap();
    for step in gone(step) {
        assert!(table["steps"].as_table_mut().unwrap().remove(step.name()).is_some(), "{step}");
        if step == Step::ConfirmAddress {
            table["mail"].as_table_mut().unwrap().remove("confirmation");
        }
    }
    toml::to_string(&table).unwrap()
}

/// Every row of a run; `name` tells the people of one run from those of another.
async fn rows(house: &House, name: &'static str, profile: &dyn Fn(&str) -> String) -> Vec<CheckRow> {
    let world = house.world_of(&Broken { name, ..Broken::nothing() }, profile);
    let selection = Selection::new(&[], &[Level::Must, Level::Derived, Level::Baseline]).unwrap();
    let told = check::run(&world, &selection, JOBS, Keep::Unexplained, |_| ()).await;
    told.into_iter().flat_map(|told| told.rows).collect()
}

fn passed(rows: &[CheckRow]) -> BTreeSet<String> {
    rows.iter().filter(|row| row.verdict == CheckVerdict::Pass).map(|row| row.id.clone()).collect()
}

/// What is lost for want of a step is skipped and says which, or not applicable: it is no doubt, and no failure.
fn unexplained(rows: &[CheckRow], lost: &[&str], step: Step) -> Vec<String> {
    let says_so = |row: &CheckRow| match row.verdict {
        CheckVerdict::Skipped => gone(step).iter().any(|step| row.reason.contains(&format!("`{step}`"))),
        CheckVerdict::NotApplicable | CheckVerdict::Pass => true,
        _ => false,
    };
    let of_lost = rows.iter().filter(|row| lost.contains(&row.id.as_str()) && !says_so(row));
    of_lost.map(|row| format!("without {step}: {} is {}: {}", row.id, row.verdict, row.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_a_missing_step_is_what_happens() {
    let house = House::open().await;
    let all = passed(&rows(&house, "nothing", &str::to_owned).await);
    assert!(all.len() > 100, "only {} checks pass", all.len());
    let mut right = String::new();
    let (mut wrong, mut doubts) = (Vec::new(), Vec::new());
    for step in Step::ALL.iter().filter(|step| !ALWAYS_NEEDED.contains(step)) {
        let rows = rows(&house, step.name(), &|profile| without(profile, *step)).await;
        let left = passed(&rows);
        let lost: Vec<&str> = all.iter().filter(|id| !left.contains(*id)).map(String::as_str).collect();
        doubts.extend(unexplained(&rows, &lost, *step));
        let list: String = lost.iter().map(|id| format!("            \"{id}\",\n")).collect();
        right.push_str(&format!("    (\n        Step::{step:?},\n        &[\n{list}        ],\n    ),\n"));
        let said: BTreeSet<&str> = checks_that_need(*step).iter().copied().collect();
        if said != lost.iter().copied().collect() {
            wrong.push(*step);
        }
    }
    house.close().await;
    assert!(doubts.is_empty(), "{}", doubts.join("\n"));
    assert!(wrong.is_empty(), "the table is wrong for {wrong:?}; what happens:\n{right}");
}
