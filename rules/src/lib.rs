//! The published rules of the login, as data: rules, clauses, checks, durations and the labels of screens.
//!
//! Everything here is a statement of what the notice and the sixteen FAQ answers say, in our own words, with the letters
//! under which the rest of the project cites them (`FAQ-12h`). No behaviour lives here, and nothing here knows a server, a
//! target or a report. The server and the profile state durations and labels for themselves; a test holds both
//! against [`numbers`] and [`labels`], so that a slip in one place cannot hide in both.

mod baseline;
mod faq_accounts;
mod faq_sign_in;
mod faq_skip;
pub mod labels;
mod notice;
pub mod numbers;
mod rule;

pub use rule::{Clause, Evidence, Level, Portal, Rule};

/// All rules in the order of the source: the notice, the FAQ, then the baseline.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [notice::RULES, faq_sign_in::RULES, faq_skip::RULES, faq_accounts::RULES, baseline::RULES].into_iter().flatten()
}

/// The rule with this id, e.g. `FAQ-12`, in any case of letters.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// All clauses, each with its rule.
pub fn clauses() -> impl Iterator<Item = (&'static Rule, &'static Clause)> {
    rules().flat_map(|rule| rule.clauses.iter().map(move |clause| (rule, clause)))
}

/// The rule and clause that the check with this id decides.
pub fn check(id: &str) -> Option<(&'static Rule, &'static Clause)> {
    clauses().find(|(_, clause)| clause.checks().contains(&id))
}

/// The ids of all checks, in the order of the clauses.
pub fn check_ids() -> impl Iterator<Item = &'static str> {
    clauses().flat_map(|(_, clause)| clause.checks().iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_twenty_rules_of_the_source_are_there() {
        let source: Vec<_> = rules().filter(|rule| !rule.id.starts_with("BASE-")).map(|rule| rule.id).collect();
        let notice = (1..=4).map(|n| format!("NOTICE-{n}"));
        let faq = (1..=16).map(|n| format!("FAQ-{n:02}"));
        assert_eq!(source, notice.chain(faq).collect::<Vec<_>>());
    }

    #[test]
    fn ids_are_unique_and_name_their_rule() {
        let mut seen = BTreeSet::new();
        for (rule, clause) in clauses() {
            assert!(clause.id.starts_with(rule.id), "{} is not of {}", clause.id, rule.id);
            assert!(seen.insert(clause.id), "{} stands twice", clause.id);
            let prefix = rule.check_prefix();
            for check in clause.checks() {
                assert!(check.starts_with(&prefix), "{check} does not begin with {prefix}");
                assert!(check.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{check}");
                assert!(seen.insert(check), "{check} stands twice");
            }
        }
    }

    #[test]
    fn every_clause_has_a_check_or_says_why_not() {
        let mut looked = 0;
        for (_, clause) in clauses() {
            match clause.evidence {
                Evidence::Checks(checks) => assert!(!checks.is_empty(), "{}", clause.id),
                Evidence::Unobservable(reason) => assert!(!reason.is_empty(), "{}", clause.id),
            }
            looked += 1;
        }
        assert!(looked >= 80, "only {looked} clauses");
    }

    #[test]
    fn letters_run_without_a_gap() {
        for rule in rules().filter(|rule| rule.id.starts_with("FAQ-")) {
            let letters: String = rule.clauses.iter().map(|clause| &clause.id[rule.id.len()..]).collect();
            assert!("abcdefghijklmnop".starts_with(&letters), "{}: {letters}", rule.id);
        }
    }

    #[test]
    fn a_check_is_found_with_its_rule_and_clause() {
        let (rule, clause) = check("faq03-code-is-refused-after-30-minutes").expect("the check is listed");
        assert_eq!((rule.id, clause.id), ("FAQ-03", "FAQ-03b"));
    }
}
