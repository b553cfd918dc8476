//! How a skip is asked for, kept, told and ended.

use crate::bases::PAGES;
use crate::odd::{AsksSkip, Flaws, Odd, SkipCookie, Status};
use crate::row::{Row, run, try_rows};

pub fn asked_with_password() -> Row {
    Row::of(
        "the box on the sign-in page, beside one about the session",
        Odd { asks_skip: AsksSkip::WithPassword, stay_box: Some(true), ..Odd::PLAIN },
        PAGES,
        r##"
        [steps.submit-password]
        form = "form#login"
        fill = { id = "{id}", password = "{password}" }
        tick_skip = "trust"
        untick = ["stay"]
        [steps.submit-code]
        form = "form#code"
        fill = { code = "{code}" }
        "##,
    )
}

pub fn asked_after_every_code() -> Row {
    Row {
        open: &[("faq06-the-confirmation-shows-cautions", "the page has no cautions, and the profile names none")],
        ..Row::of(
            "a question after every code",
            Odd { asks_skip: AsksSkip::AfterEveryCode, ..Odd::PLAIN },
            PAGES,
            r##"
            [screens]
            skip-confirmation = { selector = "form#trust" }
            [[steps.submit-code]]
            form = "form#code"
            fill = { code = "{code}" }
            [[steps.submit-code]]
            form = "form#trust"
            press = { name = "trust", value = "no" }
            only = "without-skip"
            if_page = { selector = "form#trust" }
            [steps.confirm-skip]
            form = "form#trust"
            press = { name = "trust", value = "yes" }
            [steps.cancel-skip]
            form = "form#trust"
            press = { name = "trust", value = "no" }
            "##,
        )
    }
}

#[test]
fn the_skip_is_asked_for_on_a_page_of_its_own_by_the_value_of_a_button() {
    try_rows(vec![asked_after_every_code()]);
}

/// Here the question is over once somebody signs in anew; nothing says that it should not be.
#[test]
fn a_question_that_was_left_is_not_taken_for_a_forged_answer() {
    let checks = ["base-session-cancelling-a-skip-needs-the-token", "base-session-confirming-a-skip-needs-the-token"];
    let verdicts = run(&asked_after_every_code(), Flaws::NONE, &checks).verdicts();
    for check in checks {
        assert_eq!(verdicts[check].0, "pass", "{check}: {}", verdicts[check].1);
    }
}

#[test]
fn boxes_that_come_ticked_and_boxes_about_the_session_are_not_taken_for_the_skip() {
    let ticked = Row::of("the box comes ticked", Odd { asks_skip: AsksSkip::WithCodeTicked, ..Odd::PLAIN }, PAGES, "");
    let decoy =
        Row::of("a box about the session on the sign-in page", Odd { stay_box: Some(false), ..Odd::PLAIN }, PAGES, "");
    let ticked_decoy = Row::of(
        "a box about the session that comes ticked, and is left so",
        Odd { stay_box: Some(true), ..Odd::PLAIN },
        PAGES,
        r##"
        [skip]
        session_cookie = "sid|stay"
        "##,
    );
    let unticked_decoy = Row::of(
        "a box about the session that comes ticked, and is unticked",
        Odd { stay_box: Some(true), ..Odd::PLAIN },
        PAGES,
        r##"
        [steps.submit-password]
        form = "form#login"
        fill = { id = "{id}", password = "{password}" }
        untick = ["stay"]
        "##,
    );
    try_rows(vec![ticked, decoy, ticked_decoy, unticked_decoy, asked_with_password()]);
}

#[test]
fn the_cookie_may_have_any_name_and_be_replaced() {
    let new_name = Row::of(
        "a cookie under a new name each time",
        Odd { cookie: SkipCookie::NewName, ..Odd::PLAIN },
        PAGES,
        r##"
        [skip]
        cookie = "device_[0-9a-f]{8}"
        "##,
    );
    let one_for_all = Row {
        open: &[("faq15-each-account-has-a-cookie-of-its-own", "FAQ-15 wants a cookie for each account")],
        ..Row::of(
            "one cookie for all accounts",
            Odd { cookie: SkipCookie::OneForAll, ..Odd::PLAIN },
            PAGES,
            r##"
            [skip]
            cookie = "trusted"
            "##,
        )
    };
    let renewed = Row {
        open: &[
            (
                "faq15-each-account-has-a-cookie-of-its-own",
                "the second account's cookie takes the place of the first's",
            ),
            ("faq16-both-skips-live-in-one-browser", "the second account's cookie takes the place of the first's"),
        ],
        ..Row::of(
            "a cookie that is replaced at each use",
            Odd { cookie: SkipCookie::Renewed, ..Odd::PLAIN },
            PAGES,
            one_for_all.profile,
        )
    };
    try_rows(vec![new_name, one_for_all, renewed]);
}

#[test]
fn the_status_is_told_by_an_element_or_not_at_all() {
    let element = Row::of(
        "the status is told by an element that is there",
        Odd { status: Status::Element, ..Odd::PLAIN },
        PAGES,
        r##"
        [skip.status]
        some_if = { selector = "img.shield" }
        none_if = { no_selector = "img.shield" }
        "##,
    );
    try_rows(vec![element, ended_by_another_password()]);
}

/// No page tells whether there is a skip, and nothing but another password ends them.
pub fn ended_by_another_password() -> Row {
    Row {
        without: &["skip.status", "steps.open-skip-settings"],
        open: &[("faq13-", "no page says whether there is a skip")],
        ..Row::of(
            "no page says it, and only another password ends skips",
            Odd { status: Status::Nowhere, ends_by_password: true, ..Odd::PLAIN },
            PAGES,
            r##"
            [screens]
            resume-confirmation = { selector = "form#change-password", after = ["resume", "open-resume", "complete-resume"] }
            password-change = { selector = "form#change-password", after = ["open-password-change", "submit-password-change"] }
            [steps]
            resume = { get = "/password" }
            open-resume = { get = "/password" }
            complete-resume = { form = "form#change-password", fill = { present = "{password}", new = "{new_password}" } }
            "##,
        )
    }
}
