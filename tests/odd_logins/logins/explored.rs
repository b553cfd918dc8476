//! Stories that nobody wrote, at logins that have not every step of the model.

use super::interfaces::{BEARER, OWN};
use super::skips::{asked_after_every_code, asked_with_password, ended_by_another_password};
use crate::bases::{JSON, PAGES};
use crate::odd::{Flaws, Odd};
use crate::row::{Row, explore};

/// What is wrong, and by which clauses it may show.
const WRONG: [(Flaws, &[&str]); 4] = [
    (
        Flaws { takes_every_code: true, ..Flaws::NONE },
        &["explore-faq-01d", "explore-base-code-3", "explore-base-code-1"],
    ),
    (Flaws { ignores_skips: true, ..Flaws::NONE }, &["explore-faq-06b", "explore-faq-07a", "explore-faq-16b"]),
    (Flaws { always_sets_a_skip: true, ..Flaws::NONE }, &["explore-faq-06a", "explore-faq-08e", "explore-faq-16a"]),
    (Flaws { ends_no_skip: true, ..Flaws::NONE }, &["explore-faq-12a", "explore-faq-12b"]),
];

#[track_caller]
fn holds_and_is_found_out(row: &Row) {
    let (outcome, verdicts) = explore(row, Flaws::NONE);
    assert_eq!(outcome.code, Some(0), "{}: {}\n{}", row.name, outcome.stdout, outcome.stderr);
    for clause in ["explore-faq-06b", "explore-faq-12b", "explore-faq-16a"] {
        assert!(verdicts.contains_key(clause), "{}: no step was judged by {clause}: {verdicts:?}", row.name);
    }
    for (flaws, clauses) in WRONG {
        let (outcome, verdicts) = explore(row, flaws);
        let found = clauses.iter().any(|clause| verdicts.get(*clause).is_some_and(|(verdict, _)| verdict == "fail"));
        assert!(found, "{}: none of {clauses:?} fails where {flaws:?}: {}", row.name, outcome.stdout);
    }
}

#[test]
fn the_right_code_may_set_the_skip_by_itself() {
    holds_and_is_found_out(&Row::of("pages", Odd::PLAIN, PAGES, ""));
}

#[test]
fn an_interface_has_no_page_to_load_again() {
    holds_and_is_found_out(&Row::of("an interface", OWN, JSON, ""));
}

#[test]
fn a_token_takes_the_place_of_the_cookie() {
    holds_and_is_found_out(&BEARER);
}

#[test]
fn the_skip_may_be_asked_for_with_the_password() {
    holds_and_is_found_out(&asked_with_password());
}

#[test]
fn the_skip_may_be_offered_after_every_code() {
    holds_and_is_found_out(&asked_after_every_code());
}

#[test]
fn another_password_may_be_what_ends_the_skips() {
    holds_and_is_found_out(&ended_by_another_password());
}
