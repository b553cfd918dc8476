//! What becomes of a code that is too late or too soon.

use crate::bases::PAGES;
use crate::odd::{LateCode, Odd};
use crate::row::{Row, try_rows};

#[test]
fn a_late_code_is_answered_by_a_redirect_without_a_word() {
    try_rows(vec![Row::of(
        "a late code leads to the sign-in page",
        Odd { late_code: LateCode::SignInPage, ..Odd::PLAIN },
        PAGES,
        "",
    )]);
}

#[test]
fn cool_downs_are_waited_out() {
    try_rows(vec![Row::of(
        "no mail for a minute after a mail, no code for a second after a wrong one",
        Odd { cools_down: true, ..Odd::PLAIN },
        PAGES,
        r##"
        [numbers]
        mail_cooldown = "60s"
        code_cooldown = { first = "1s" }
        "##,
    )]);
}
