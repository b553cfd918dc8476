//! A check counts only if it can fail: every faulty server is caught by its own rule, every check catches one, and the right server
//! raises no alarm. What comes of it is kept in `docs/kill-matrix.md` and `.json`.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use support::Sekisho;

/// With the checks of its own rule only, to be quick; `cargo xtask kill-matrix --check` tries all and holds it against the docs.
#[test]
fn every_defect_is_caught_by_its_own_rule_and_every_check_catches_one() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["selftest", "--quick", "--seed", "1", "--format", "json"]);
    let matrix: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["verdict"], "conforms");
    assert_eq!(matrix["clean"]["false_alarms"], Value::Array(Vec::new()));
    every_defect_is_caught(&matrix);
    every_check_that_judges_catches_one(&matrix);
}

/// The matrix in the docs is of all defects and checks that there are.
#[test]
fn the_kill_matrix_in_the_docs_is_whole() {
    let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kill-matrix.json")).unwrap();
    let matrix: Value = serde_json::from_str(&kept).unwrap();
    every_defect_is_caught(&matrix);
    every_check_that_judges_catches_one(&matrix);
    let ids: Vec<&str> = matrix["defects"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, sekisho_defects::defects().iter().map(|defect| defect.id).collect::<Vec<_>>());
    let checks: BTreeSet<&str> =
        matrix["checks"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(checks, sekisho_rules::check_ids().collect());
    let (in_reach, found) = (&matrix["explored"]["in_reach"], &matrix["explored"]["found"]);
    assert!(found.as_u64().unwrap() * 100 >= in_reach.as_u64().unwrap() * 90, "{found} of {in_reach}");
}

fn every_defect_is_caught(matrix: &Value) {
    let defects = matrix["defects"].as_array().unwrap();
    assert_eq!(defects.len(), sekisho_defects::defects().len());
    for defect in defects {
        assert_eq!(defect["caught"], true, "{defect:#}");
        assert!(!defect["caught_by"].as_array().unwrap().is_empty());
    }
    let broken: BTreeSet<&str> = defects.iter().map(|defect| defect["clause"].as_str().unwrap()).collect();
    for (_, clause) in sekisho_rules::clauses().filter(|(_, clause)| !clause.checks().is_empty()) {
        let reported = ["FAQ-11d", "BASE-CODE-20", "BASE-CODE-21"].contains(&clause.id);
        assert_ne!(broken.contains(clause.id), reported, "{}", clause.id);
    }
}

fn every_check_that_judges_catches_one(matrix: &Value) {
    let checks = matrix["checks"].as_array().unwrap();
    assert!(checks.len() > 120, "only {} checks", checks.len());
    for check in checks.iter().filter(|check| check["judged"] == true) {
        assert!(check["kills"].as_u64().unwrap() > 0, "{check}");
    }
}

/// Some seeds, to be quick; `cargo xtask kill-matrix --check` tries fifty.
#[test]
fn the_right_server_raises_no_alarm_over_many_seeds() {
    let sekisho = Sekisho::new();
    let one = sekisho_defects::defects()[0].id;
    let only = ["selftest", "--quick", "--only", one, "--seed", "1000", "--clean-seeds", "8", "--format", "json"];
    let matrix: Value = serde_json::from_str(&sekisho.run(&only).ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["seeds"].as_array().unwrap().len(), 8);
    assert_eq!(matrix["clean"]["false_alarms"], Value::Array(Vec::new()));
}

/// A selftest that would let everything through proves nothing.
#[test]
fn a_selftest_that_catches_nothing_fails() {
    let sekisho = Sekisho::new();
    // Without the checks of its own rule at hand the defect is not caught.
    let blind = ["selftest", "--only", "faq03-code-lives-one-second-too-long", "--checks", "faq-01", "--seed", "1"];
    sekisho.run(&blind).ends_with(10).says("NOT CAUGHT");
}

#[test]
fn a_defect_that_does_not_exist_is_refused() {
    let sekisho = Sekisho::new();
    sekisho.run(&["selftest", "--only", "faq03-no-such-defect"]).ends_with(2).says("did you mean");
}
