//! What becomes of a code that is too late or too soon.

use crate::bases::PAGES;
use crate::odd::{Flaws, LateCode, Odd};
use crate::row::{Row, run, try_rows};

#[test]
fn a_late_code_is_answered_by_a_redirect_without_a_word() {
    try_rows(vec![Row::of(
        "a late code leads to the sign-in page",
        Odd { late_code: LateCode::SignInPage, ..Odd::PLAIN },
        PAGES,
        "",
    )]);
}

const LAPSING: Odd = Odd { session_lapses: true, ..Odd::PLAIN };

/// A code is not over because our browser brought nothing to know its attempt by.
#[test]
fn what_a_browser_forgets_is_no_end_of_a_code() {
    try_rows(vec![Row::of("the session's cookie lapses with the code", LAPSING, PAGES, "")]);
}

/// The same where the clock that is moved is not the target's: nothing that needs time is judged either way.
#[test]
fn what_a_browser_forgets_shows_no_time() {
    let row = Row::of(
        "a clock that stands",
        LAPSING,
        PAGES,
        r##"
        [clock]
        request = { url = "/hooks/idle", json = { by_ms = "{by_ms}" } }
        "##,
    );
    for (flaws, what) in [(Flaws::NONE, "right"), (Flaws { codes_never_end: true, ..Flaws::NONE }, "wrong")] {
        let verdicts = run(&row, flaws, &["faq-03", "faq-08"]).verdicts();
        for id in [
            "faq03-code-is-refused-after-30-minutes",
            "faq03-nothing-on-the-screen-revives-an-expired-code",
            "faq03-wrong-codes-do-not-extend-the-30-minutes",
            "faq08-skip-holds-just-inside-90-days",
            "faq08-code-is-asked-after-90-days",
            "faq08-a-kept-cookie-does-not-outlive-90-days",
            "faq08-using-a-skip-does-not-extend-it",
        ] {
            let (verdict, reason) = &verdicts[id];
            assert_eq!(verdict, "inconclusive", "{what}, {id}: {reason}");
        }
    }
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

#[test]
fn a_limit_of_mails_is_kept_by_letting_time_pass() {
    let limited = Row::of(
        "five mails in a quarter of an hour",
        Odd { mails_at_most: Some(5), ..Odd::PLAIN },
        PAGES,
        r##"
        [numbers]
        mail_limit = { count = 5, window = "15m" }
        "##,
    );
    try_rows(vec![limited.with_open(&[(
        "faq12-no-old-cookie-skips-once-resume-was-answered",
        "that many browsers at once are asked for more codes than are mailed",
    )])]);
}

/// A code that has grown old while the window was let pass is good for no judgement.
#[test]
fn a_story_that_needs_more_codes_at_a_time_than_are_mailed_is_skipped() {
    let (needs_two, needs_one) = ("base-code-is-bound-to-its-browser", "faq06-confirmed-skip-skips");
    let row = Row::of(
        "one mail in a quarter of an hour",
        Odd { mails_at_most: Some(1), ..Odd::PLAIN },
        PAGES,
        r##"
        [numbers]
        mail_limit = { count = 1, window = "15m" }
        "##,
    );
    let verdicts = run(&row, Flaws::NONE, &[needs_two, needs_one]).verdicts();
    let (verdict, reason) = &verdicts[needs_two];
    assert!(verdict == "skipped" && reason.contains("`numbers.mail_limit`"), "{verdict}: {reason}");
    let (verdict, reason) = &verdicts[needs_one];
    assert_eq!(verdict, "pass", "{reason}");
}

/// A session that keeps its name when somebody signs in is open by the cookies from before: that is not the code's doing.
#[test]
fn a_session_that_keeps_its_name_is_not_taken_for_a_code_that_was_used_again() {
    let check = "base-code-is-good-for-one-use";
    let row = Row::of("a session that keeps its name", Odd::PLAIN, PAGES, "");
    let verdict = |flaws| run(&row, flaws, &[check]).verdicts().remove(check);
    let (of_the_right, reason) = verdict(Flaws::NONE).unwrap();
    assert_eq!(of_the_right, "pass", "{reason}");
    let (of_the_wrong, reason) = verdict(Flaws { takes_codes_again: true, ..Flaws::NONE }).unwrap();
    assert_ne!(of_the_wrong, "pass", "{reason}");
}
