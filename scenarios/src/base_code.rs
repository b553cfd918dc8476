//! BASE-CODE: a code withstands misuse.

use std::sync::Arc;

use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{SkipBox, Trouble};

use crate::base_code_cooldown::guess_in_haste;
use crate::base_code_limits::Dodge;
use crate::moves::{ask_for_another_code, ask_for_code, back_to_code_entry, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-single-use": "A code is used twice", Each, ["base-code-is-good-for-one-use"], single_use;
    "base-code-browser": "A code is tried in another browser", Each, ["base-code-is-bound-to-its-browser"], bound_to_browser;
    "base-code-account": "A code is tried on another account", Each, ["base-code-is-bound-to-its-account"], bound_to_account;
    "base-code-wrong-code": "Somebody guesses codes", Each, ["base-code-guesses-are-limited"], guesses;
];

/// So many wrong codes in a row are tried where the profile declares no limit: NIST SP 800-63B-4 section 3.2.2 allows no more.
const MOST_GUESSES: u32 = 100;

async fn single_use(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let again = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    let attempt: Vec<_> = {
        let now = a.now();
        a.browser().jar().cookies(now).cloned().collect()
    };
    let learnt = a.taken().clone();
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)?;
    a.forget_session();
    for cookie in attempt {
        a.plant(cookie);
    }
    a.learn_from(&learnt);
    let signed_in_by_them = a.look_at(Step::OpenMyPage).await?.is_signed_in();
    let seen = a.send(Step::SubmitCode, again).await?;
    let (check, expected) =
        ("base-code-is-good-for-one-use", "a used code is refused, even with the cookies from before");
    if signed_in_by_them {
        // The session kept its name when somebody signed in, so that My Page is open by those cookies: only the answer tells.
        return stage.opposites(check, expected, &seen, Screen::AttemptOver, seen.refuses_code(), false);
    }
    stage.refuses(check, expected, &mut a, &seen).await
}

async fn bound_to_browser(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, of_a) = ask_for_code(&mut a, &account).await?;
    let mut b = person.browser("B", &account);
    let (_, of_b) = ask_for_another_code(&person, &mut b, &account, &of_a.code).await?;
    let seen = b.submit_code(&of_a.code, SkipBox::Unticked).await?;
    let check = "base-code-is-bound-to-its-browser";
    stage.refuses(check, "the code of one browser's attempt is refused in another browser", &mut b, &seen).await?;
    // The other way round too: a newer code may have ended the older one, and so say nothing about whose it is.
    back_to_code_entry(&mut b).await?;
    if a.shows(Screen::CodeEntry) {
        let seen = a.submit_code(&of_b.code, SkipBox::Unticked).await?;
        let expected = "the code of the later attempt is refused in the browser of the earlier one";
        stage.refuses(check, expected, &mut a, &seen).await?;
    }
    let seen = b.submit_code(&of_b.code, SkipBox::Unticked).await?;
    stage.control("the browser's own code should sign in", &seen, seen.is_signed_in())
}

async fn bound_to_account(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (one, ones) = stage.person().await?;
    let (other, others) = stage.person().await?;
    let mut a = one.browser("A", &ones);
    let (_, of_a) = ask_for_code(&mut a, &ones).await?;
    let mut b = other.browser("B", &others);
    let (_, of_b) = ask_for_code(&mut b, &others).await?;
    if of_a.code == of_b.code {
        return Err(Trouble::ControlArm("two accounts drew the same code by chance".to_owned()));
    }
    let seen = b.submit_code(&of_a.code, SkipBox::Unticked).await?;
    let check = "base-code-is-bound-to-its-account";
    stage.refuses(check, "another account's code is refused", &mut b, &seen).await?;
    let seen = a.submit_code(&of_a.code, SkipBox::Unticked).await?;
    stage.control("the account's own code should sign in", &seen, seen.is_signed_in())
}

async fn guesses(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-code-guesses-are-limited";
    let limit = match (stage.numbers().wrong_codes, stage.numbers().code_cooldown) {
        (Some(limit), _) => limit,
        (None, Some(cooldown)) => return guess_in_haste(&stage, check, Dodge::Staying, cooldown).await,
        (None, None) => MOST_GUESSES,
    };
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let right = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    let wrong =
        a.prepare(Step::SubmitCode, Vars { code: &wrong_code(&mailed.code), ..Vars::default() }, SkipBox::Unticked)?;
    for _ in 0..limit {
        let seen = a.send(Step::SubmitCode, wrong.clone()).await?;
        stage.control("a wrong code should be refused", &seen, seen.refuses_code())?;
    }
    let seen = a.send(Step::SubmitCode, right).await?;
    stage.refuses(check, &format!("after {limit} wrong codes the right one is refused too"), &mut a, &seen).await?;
    let (_, fresh) = ask_for_code(&mut a, &account).await?;
    let seen = a.submit_code(&fresh.code, SkipBox::Unticked).await?;
    stage.control("starting over should still sign in", &seen, seen.is_signed_in())
}
