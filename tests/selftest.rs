//! A check counts only if it can fail: every faulty server is caught by its own rule, every check catches one, and the right server
//! raises no alarm. What comes of it is kept in `docs/kill-matrix.md` and `.json`.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use support::Sekisho;

/// The page in the docs is the snapshot: what the selftest finds now must be what stands there.
#[test]
fn the_kill_matrix_is_the_one_in_the_docs() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["selftest", "--explore", "--seed", "1", "--format", "json", "--save", "."]);
    let matrix: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["verdict"], "conforms");
    assert_eq!(matrix["clean"]["false_alarms"], Value::Array(Vec::new()));
    every_defect_is_caught(&matrix);
    every_check_that_judges_catches_one(&matrix);
    for name in ["kill-matrix.json", "kill-matrix.md"] {
        let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap();
        let found = std::fs::read_to_string(sekisho.dir.path().join(name)).unwrap();
        let differing = kept.lines().zip(found.lines()).find(|(kept, found)| kept != found);
        assert!(kept == found, "docs/{name} is not up to date: {differing:?}\n\nhint: cargo xtask kill-matrix");
    }
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
        let reported = clause.id == "FAQ-11d";
        assert_ne!(broken.contains(clause.id), reported, "{}", clause.id);
    }
}

fn every_check_that_judges_catches_one(matrix: &Value) {
    let checks = matrix["checks"].as_array().unwrap();
    assert!(checks.len() > 90, "only {} checks", checks.len());
    for check in checks.iter().filter(|check| check["judged"] == true) {
        assert!(check["kills"].as_u64().unwrap() > 0, "{check}");
    }
}

#[test]
fn the_right_server_raises_no_alarm_over_fifty_seeds() {
    let sekisho = Sekisho::new();
    let one = sekisho_defects::defects()[0].id;
    let only = ["selftest", "--quick", "--only", one, "--seed", "1000", "--clean-seeds", "50", "--format", "json"];
    let matrix: Value = serde_json::from_str(&sekisho.run(&only).ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["seeds"].as_array().unwrap().len(), 50);
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
