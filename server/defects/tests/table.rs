//! The table of the defects fits the table of the rules.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use sekisho_defects::{defect, defects};
use sekisho_rules::{clauses, rule};

/// Clauses with checks for which there can be no defect, and why.
const WITHOUT_DEFECT: [(&str, &str); 3] = [
    ("FAQ-11d", "it is reported, not judged"),
    ("BASE-CODE-20", "it is reported, not judged: FAQ-03 says otherwise"),
    ("BASE-CODE-21", "it is reported, not judged: FAQ-01 says otherwise"),
];

#[test]
fn ids_are_unique_and_bear_their_rule() {
    let mut seen = BTreeSet::new();
    for defect in defects() {
        assert!(seen.insert(defect.id), "{} stands twice", defect.id);
        let prefix = rule(defect.rule).unwrap().check_prefix();
        assert!(defect.id.starts_with(&prefix), "{} does not begin with {prefix}", defect.id);
        assert!(defect.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", defect.id);
    }
}

#[test]
fn each_defect_names_a_clause_of_its_rule_that_a_check_decides() {
    for defect in defects() {
        let rule = rule(defect.rule).unwrap();
        let clause = rule.clauses.iter().find(|clause| clause.id == defect.clause);
        assert!(clause.is_some_and(|clause| !clause.checks().is_empty()), "{}: {}", defect.id, defect.clause);
        assert_eq!(rule.id, defect.rule);
    }
}

#[test]
fn each_clause_with_a_check_has_a_defect() {
    let excused = |id: &str| WITHOUT_DEFECT.iter().any(|(clause, _)| *clause == id);
    for (_, clause) in clauses().filter(|(_, clause)| !clause.checks().is_empty()) {
        let has_defect = defects().iter().any(|defect| defect.clause == clause.id);
        assert_ne!(has_defect, excused(clause.id), "{}", clause.id);
    }
}

#[test]
fn defects_stand_in_the_order_of_the_clauses() {
    let order: Vec<_> = clauses().map(|(_, clause)| clause.id).collect();
    let places = defects().iter().map(|defect| order.iter().position(|clause| *clause == defect.clause));
    assert!(places.is_sorted());
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    for defect in defects() {
        assert!(defect.about.ends_with('.') && !defect.about.contains(". "), "{}: {}", defect.id, defect.about);
    }
}

#[test]
fn a_defect_is_found_by_its_id_and_nothing_else() {
    for known in defects() {
        assert_eq!(defect(known.id).unwrap().id, known.id);
    }
    assert!(defect("faq03").is_none() && defect("").is_none());
}
