//! A check counts only if it can fail: every faulty server is caught by its own rule, every rule with behaviour has a defect, and the
//! right server raises no alarm.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::Sekisho;

#[test]
fn every_defect_is_caught_by_its_own_rule() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["selftest", "--quick", "--format", "json", "--seed", "1"]);
    let matrix: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["verdict"], "conforms");
    assert_eq!(matrix["clean"]["false_alarms"], Value::Array(Vec::new()));

    let defects = matrix["defects"].as_array().unwrap();
    assert_eq!(defects.len(), sekisho_defects::defects().len());
    for defect in defects {
        assert_eq!(defect["caught"], true, "{defect:#}");
        assert!(!defect["caught_by"].as_array().unwrap().is_empty());
    }
    let broken: BTreeSet<&str> = defects.iter().map(|defect| defect["rule"].as_str().unwrap()).collect();
    for rule in (1..=16).map(|number| format!("FAQ-{number:02}")) {
        assert!(broken.contains(rule.as_str()), "no defect breaks {rule}");
    }
}

#[test]
fn a_defect_that_does_not_exist_is_refused() {
    let sekisho = Sekisho::new();
    sekisho.run(&["selftest", "--only", "faq03-no-such-defect"]).ends_with(2).says("did you mean");
}
