//! Each defect differs from the right behaviour, and in no more than it has to.
#![allow(clippy::unwrap_used)]

mod probe;

use std::collections::BTreeSet;

use probe::{Answers, probe};
use sekisho_defects::{Defect, defects};
use sekisho_server::Conforming;

/// Where a defect answers otherwise than the right decisions.
fn differences(defect: &Defect, right: &Answers) -> BTreeSet<&'static str> {
    let wrong = probe(&*defect.decisions());
    assert!(wrong.keys().eq(right.keys()), "{}: the same is asked of both", defect.id);
    right.iter().filter(|(method, answers)| wrong[*method] != **answers).map(|(method, _)| *method).collect()
}

#[test]
fn the_right_decisions_answer_the_same_every_time() {
    let answers = probe(&Conforming);
    assert_eq!(answers, probe(&Conforming));
    assert!(answers.values().all(|answers| !answers.is_empty()), "everything was asked");
    assert!(answers.len() >= 40, "only {} methods were asked", answers.len());
}

#[test]
fn each_defect_changes_one_decision() {
    let right = probe(&Conforming);
    for defect in defects() {
        let mut changed = differences(defect, &right);
        assert!(!changed.is_empty(), "{} differs nowhere", defect.id);
        // Whether a skip lets in follows from its time and from revocation, so it changes with them.
        if changed.contains("skip_is_in_time") || changed.contains("skip_survives") {
            changed.remove("skip_lets_in");
        }
        assert_eq!(changed.len(), 1, "{} changes {changed:?}", defect.id);
    }
}

#[test]
fn decisions_of_one_defect_remember_nothing_of_each_other() {
    for defect in defects() {
        assert_eq!(probe(&*defect.decisions()), probe(&*defect.decisions()), "{}", defect.id);
    }
}
