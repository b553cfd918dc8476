//! Django with django-two-factor-auth.

use crate::verdicts::{Case, judge, load};

const TWO_FACTOR: Case =
    Case { profile: "django-two-factor", system: "django", explained: "explained.toml", accounts: 600 };

#[test]
fn django_two_factor_keeps_and_breaks_the_rules_that_it_is_known_to() {
    judge(&TWO_FACTOR);
}

#[test]
fn django_two_factor_can_be_put_under_load() {
    load(&TWO_FACTOR);
}
