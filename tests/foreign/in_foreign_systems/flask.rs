//! Flask-Security, through its HTML forms and through its JSON API.

use crate::verdicts::{Case, judge, load};

const FORMS: Case = Case {
    profile: "flask-security-html",
    system: "flask-security",
    explained: "explained-html.toml",
    accounts: 1_450,
};
const JSON: Case = Case { profile: "flask-security-json", explained: "explained-json.toml", ..FORMS };

#[test]
fn flask_security_keeps_and_breaks_the_rules_that_it_is_known_to_by_its_forms() {
    judge(&FORMS);
}

#[test]
fn flask_security_keeps_and_breaks_the_rules_that_it_is_known_to_by_json() {
    judge(&JSON);
}

#[test]
fn flask_security_can_be_put_under_load_by_its_forms() {
    load(&FORMS);
}

#[test]
fn flask_security_can_be_put_under_load_by_json() {
    load(&JSON);
}
