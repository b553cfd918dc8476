//! Logins of JSON alone.

use crate::bases::{JSON, NO_CODE_PAGE, PAGES};
use crate::odd::{Codes, Flaws, Mails, Odd, Outsiders, Shape};
use crate::row::{Row, run, try_rows};
use crate::support::files_in;

pub const OWN: Odd = Odd { shape: Shape::Json, ..Odd::PLAIN };

#[test]
fn json_is_sent_in_the_types_that_are_wanted() {
    let text = Row::of("a code that is a text, a skip that is a truth value", OWN, JSON, "").with_open(NO_CODE_PAGE);
    let number = Row::of(
        "a code that is a number",
        Odd { codes: Codes::Number, ..OWN },
        JSON,
        r##"
        [steps.submit-code]
        method = "POST"
        path = "/api/code"
        json = { code = { "$number" = "{code}" }, trust = "{skip}" }
        "##,
    )
    .with_open(NO_CODE_PAGE);
    try_rows(vec![text, number]);
}

/// A script needs no page to make a request up from.
#[test]
fn a_password_is_changed_by_a_call_and_no_page_is_opened_for_it() {
    try_rows(vec![
        Row::of(
            "a call that changes the password",
            OWN,
            JSON,
            r##"
        [screens]
        password-changed = { json = { at = "/changed", is = true } }
        [steps.submit-password-change]
        method = "PUT"
        path = "/api/password"
        json = { present = "{password}", new = "{new_password}" }
        "##,
        )
        .with_open(NO_CODE_PAGE),
    ]);
}

#[test]
fn a_body_of_null_says_that_nobody_is_signed_in() {
    try_rows(vec![
        Row::of(
            "null in place of 401",
            Odd { outsiders: Outsiders::Null, ..OWN },
            JSON,
            r##"
        [screens]
        sign-in = [
          { json = { at = "/ready", is = true } },
          { json = { at = "/error", is = "credentials" } },
          { status = 200, json = { at = "", kind = "null" } },
          { after = "sign-out", status = 204 },
        ]
        "##,
        )
        .with_open(NO_CODE_PAGE),
    ]);
}

#[test]
fn the_mail_is_asked_for_by_a_call_of_its_own() {
    try_rows(vec![
        Row::of(
            "a call for the mail",
            Odd { mails: Mails::AfterScript, ..OWN },
            JSON,
            r##"
        [screens]
        code-entry = [{ json = { at = "/mailed", is = true } }, { json = { at = "/error", is = "code" } }]
        [[steps.submit-password]]
        method = "POST"
        path = "/api/session"
        json = { id = "{id}", password = "{password}" }
        [[steps.submit-password]]
        method = "POST"
        path = "/api/mail"
        if_page = { json = { at = "/next", is = "code" } }
        "##,
        )
        .with_open(NO_CODE_PAGE),
    ]);
}

pub const BEARER: Row = Row::of(
    "a bearer token",
    Odd { bearer: true, ..OWN },
    JSON,
    r##"
    [skip]
    session_values = ["access"]
    [not_applicable]
    faq-14 = "nobody needs a cookie to sign in by code"
    [values]
    bearer = "Bearer {access?}"
    [steps.submit-password]
    method = "POST"
    path = "/api/session"
    json = { id = "{id}", password = "{password}" }
    take = { access = { json = "/access" } }
    [steps.submit-code]
    method = "POST"
    path = "/api/code"
    headers = { Authorization = "{bearer}" }
    json = { code = "{code}", trust = "{skip}" }
    [steps]
    open-my-page = { get = "/api/me", as = "script", headers = { Authorization = "{bearer}" } }
    open-skip-settings = { get = "/api/skip", as = "script", headers = { Authorization = "{bearer}" } }
    open-resume = { get = "/api/skip", as = "script", headers = { Authorization = "{bearer}" } }
    resume = { get = "/api/skip", as = "script", headers = { Authorization = "{bearer}" } }
    complete-resume = { method = "DELETE", path = "/api/skip", headers = { Authorization = "{bearer}" } }
    sign-out = { method = "DELETE", path = "/api/session", headers = { Authorization = "{bearer}" } }
    "##,
)
.with_open(NO_CODE_PAGE);

#[test]
fn a_token_in_a_header_takes_the_place_of_the_session_cookie() {
    try_rows(vec![BEARER]);
}

/// A token is shut out like a cookie, once its owner signed out; planting one in somebody's browser is nothing anybody can do.
#[test]
fn a_token_ends_with_its_session() {
    let checks = ["base-session-ends-on-the-server", "base-session-id-is-new-at-sign-in"];
    for (flaws, wanted) in [(Flaws::NONE, "pass"), (Flaws { ends_no_session: true, ..Flaws::NONE }, "fail")] {
        let verdicts = run(&BEARER, flaws, &checks).verdicts();
        assert_eq!(verdicts[checks[0]].0, wanted, "{verdicts:?}");
        assert_eq!(verdicts[checks[1]].0, "not-applicable", "{verdicts:?}");
    }
}

#[test]
fn many_hands_have_the_token_of_one() {
    let check = "base-code-is-good-for-one-use-in-parallel";
    let (verdict, reason) = run(&BEARER, Flaws::NONE, &[check]).verdicts().remove(check).unwrap();
    assert_eq!(verdict, "pass", "{reason}");
}

#[test]
fn such_a_token_reaches_no_report() {
    let run = run(&BEARER, Flaws { ignores_skips: true, ..Flaws::NONE }, &["faq06-confirmed-skip-skips"]);
    let evidence = run.sekisho.report().join("evidence");
    let files = files_in(&evidence);
    let text: String = files.iter().map(|name| std::fs::read_to_string(evidence.join(name)).unwrap()).collect();
    assert!(text.contains("Bearer "), "no evidence was kept: {files:?}");
    let sessions = run.houses[0].sessions();
    assert!(!sessions.is_empty());
    let told: Vec<_> = sessions.iter().filter(|session| text.contains(session.as_str())).collect();
    assert!(told.is_empty(), "{told:?} of {} tokens", sessions.len());
}

/// The pages behind the sign-in are those of the portal, wherever it is.
#[test]
fn a_forged_change_of_the_address_is_tried_where_the_portal_is() {
    let check = "faq05-no-address-change-before-signing-in";
    let row = Row {
        second: Some(Odd::PLAIN),
        without: &["not_applicable.faq-05a"],
        ..Row::of(
            "two portals, each at an address of its own",
            Odd::PLAIN,
            PAGES,
            r##"
            portals = ["seeker", "employer"]
            [screens]
            address-change = { selector = "form#change-address" }
            [steps]
            open-address-change = { get = "/address" }
            submit-address = { form = "form#change-address", fill = { mail = "{new_address}" } }
            [in_portal.employer]
            base = "http://ADDRESS2"
            "##,
        )
    };
    let verdicts = run(&row, Flaws::NONE, &[check]).verdicts();
    assert_eq!(verdicts[check].0, "pass", "{}", verdicts[check].1);
}

#[test]
fn portals_may_be_logins_of_different_kinds_at_different_addresses() {
    try_rows(vec![Row {
        second: Some(OWN),
        open: NO_CODE_PAGE,
        without: &["steps.open-code-entry", "steps.open-password-change", "steps.submit-password-change"],
        ..Row::of(
            "pages in one portal, an interface in the other",
            Odd::PLAIN,
            PAGES,
            r##"
            portals = ["seeker", "employer"]
            [skip.status]
            some_if = [{ selector = "#status", text = "あり" }, { json = { at = "/browsers/trusted", is = true } }]
            none_if = [{ selector = "#status", text = "なし" }, { json = { at = "/browsers/trusted", is = false } }]
            [in_portal.seeker.steps]
            open-code-entry = { get = "/code" }
            open-password-change = { get = "/password" }
            submit-password-change = { form = "form#change-password", fill = { present = "{password}", new = "{new_password}" } }
            [in_portal.employer]
            base = "http://ADDRESS2"
            [in_portal.employer.screens]
            sign-in = [
              { json = { at = "/ready", is = true } },
              { status = 401 },
              { after = "sign-out", status = 204 },
            ]
            code-entry = [{ json = { at = "/next", is = "code" } }, { json = { at = "/error", is = "code" } }]
            attempt-over = [{ json = { at = "/error", is = "late" } }, { json = { at = "/error", is = "over" } }]
            my-page = [{ json = { at = "/next", is = "home" } }, { json = { at = "/name", kind = "string" } }]
            skip-settings = { after = "open-skip-settings", json = { at = "/browsers", kind = "object" } }
            resume-confirmation = { after = ["resume", "open-resume"], json = { at = "/browsers", kind = "object" } }
            settings = { after = "complete-resume", status = 204 }
            cookies-off = { json = { at = "/error", is = "cookies" } }
            [in_portal.employer.steps]
            open-sign-in = { get = "/api/session", as = "script" }
            submit-password = { method = "POST", path = "/api/session", json = { id = "{id}", password = "{password}" } }
            submit-code = { method = "POST", path = "/api/code", json = { code = "{code}", trust = "{skip}" } }
            open-my-page = { get = "/api/me", as = "script" }
            open-skip-settings = { get = "/api/skip", as = "script" }
            open-resume = { get = "/api/skip", as = "script" }
            resume = { get = "/api/skip", as = "script" }
            complete-resume = { method = "DELETE", path = "/api/skip" }
            sign-out = { method = "DELETE", path = "/api/session" }
            "##,
        )
    }]);
}
