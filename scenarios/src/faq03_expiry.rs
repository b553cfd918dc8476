//! FAQ-03: a code is good for 30 minutes from its issue, and then it is over for good.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Person, SkipBox, Trouble, Visitor};

use crate::moves::{ask_for_another_code, ask_for_code, back_to_code_entry, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::span::Span;
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq03-expiry": "Somebody comes back with the code too late, tries in vain, and starts over", Each,
        ["faq03-code-is-accepted-just-inside-30-minutes", "faq03-code-is-refused-after-30-minutes",
         "faq03-nothing-on-the-screen-revives-an-expired-code", "faq03-starting-over-mails-a-code-that-works",
         "faq03-the-expired-code-stays-refused-in-a-new-attempt"], expiry;
    "faq03-reload": "Somebody reloads the code entry screen while the time runs out", Each,
        ["faq03-reloading-does-not-extend-the-30-minutes"], reload;
    "faq03-wrong-codes": "Somebody mistypes the code while the time runs out", Each,
        ["faq03-wrong-codes-do-not-extend-the-30-minutes"], wrong_codes;
];

async fn expiry(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;

    // FAQ-03a, and the control arm of all that follows.
    let mut punctual = person.browser("punctual", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, mailed) = ask_for_code(&mut punctual, &account).await?;
    validity.until_just_inside().await?;
    let seen = punctual.submit_code(&mailed.code, SkipBox::Unticked).await?;
    validity.was_inside()?;
    let inside = "faq03-code-is-accepted-just-inside-30-minutes";
    stage.accepts(inside, "the code is accepted just inside its validity", &seen)?;

    let mut a = person.browser("A", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, expired) = ask_for_code(&mut a, &account).await?;
    let validity = validity.begun();
    let again = a.prepare(Step::SubmitCode, Vars { code: &expired.code, ..Vars::default() }, SkipBox::Unticked)?;
    // Where the cookies of the attempt lapse in the browser it is still the target that must end the code.
    a.keep_cookies();
    validity.until_just_outside().await?;
    let seen = a.submit_code(&expired.code, SkipBox::Unticked).await?;
    let check = "faq03-code-is-refused-after-30-minutes";
    stage.refuses(check, "the code is refused just outside its validity", &mut a, &seen).await?;
    // Each shows that the other means something: codes can be accepted, and time passes.
    stage.settle(inside);
    stage.settle(check);
    stage.world.time_proof.give();

    let check = "faq03-nothing-on-the-screen-revives-an-expired-code";
    let seen = a.send(Step::SubmitCode, again).await?;
    stage.refuses(check, "sending the same form once more is refused", &mut a, &seen).await?;
    if !stage.has_step(Step::OpenCodeEntry) {
        stage.settle(check);
        return start_over(&stage, &person, &mut a, &account, &expired.code).await;
    }
    let seen = a.open_code_entry().await?;
    stage.judge(check, "reloading the screen does not sign in", seen.describe(), !seen.is_signed_in())?;
    if seen.asks_for_code() {
        let seen = a.submit_code(&expired.code, SkipBox::Unticked).await?;
        stage.refuses(check, "the code is refused after a reload too", &mut a, &seen).await?;
    }
    stage.settle(check);

    start_over(&stage, &person, &mut a, &account, &expired.code).await
}

/// FAQ-03d and FAQ-03e, after a code has expired in this browser.
async fn start_over(
    stage: &Stage,
    person: &Person,
    a: &mut Visitor,
    account: &Account,
    expired: &str,
) -> Result<(), Trouble> {
    let started = a.start(account).await?;
    let check = "faq03-starting-over-mails-a-code-that-works";
    stage.asks(check, "starting over asks for a new code", &started.seen)?;
    let mut fresh = a.mailed_code(account, &started).await?;
    if fresh.code == expired {
        // One time in a million both are equal: once more.
        (_, fresh) = ask_for_code(a, account).await?;
    }
    let seen = a.submit_code(expired, SkipBox::Unticked).await?;
    let refused = "faq03-the-expired-code-stays-refused-in-a-new-attempt";
    stage.refuses(refused, "the expired code is refused in the new attempt", a, &seen).await?;
    back_to_code_entry(a).await?;
    let mut seen = a.submit_code(&fresh.code, SkipBox::Unticked).await?;
    if !seen.is_signed_in() {
        // Looking whether My Page is shut may have begun another sign-in, as with an identity provider: once more without that look.
        let (_, fresh) = ask_for_another_code(person, a, account, expired).await?;
        a.submit_code(expired, SkipBox::Unticked).await?;
        back_to_code_entry(a).await?;
        seen = a.submit_code(&fresh.code, SkipBox::Unticked).await?;
    }
    stage.accepts(check, "the new code works", &seen)
}

async fn reload(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq03-reloading-does-not-extend-the-30-minutes";
    let (person, account) = stage.person().await?;
    accepted_inside(&stage, &person, &account, async |a, _| {
        let seen = a.open_code_entry().await?;
        want(Step::OpenCodeEntry, Screen::CodeEntry, &seen)
    })
    .await?;

    let mut a = person.browser("A", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let validity = validity.begun();
    validity.until_just_inside().await?;
    let seen = a.open_code_entry().await?;
    validity.was_inside()?;
    want(Step::OpenCodeEntry, Screen::CodeEntry, &seen)?;
    a.keep_cookies();
    validity.until_just_outside().await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage
        .refuses(
            check,
            "the code is refused after its validity, though the screen was reloaded within it",
            &mut a,
            &seen,
        )
        .await
}

async fn wrong_codes(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq03-wrong-codes-do-not-extend-the-30-minutes";
    let (person, account) = stage.person().await?;
    accepted_inside(&stage, &person, &account, async |a, code| {
        let seen = a.submit_code(&wrong_code(code), SkipBox::Unticked).await?;
        want(Step::SubmitCode, Screen::CodeEntry, &seen)
    })
    .await?;

    let mut a = person.browser("A", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let validity = validity.begun();
    validity.until_just_inside().await?;
    let seen = a.submit_code(&wrong_code(&mailed.code), SkipBox::Unticked).await?;
    validity.was_inside()?;
    want(Step::SubmitCode, Screen::CodeEntry, &seen)?;
    a.keep_cookies();
    validity.until_just_outside().await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage
        .refuses(check, "the code is refused after its validity, though a wrong one was tried within it", &mut a, &seen)
        .await
}

/// The control arm: the same detour leaves the code good until just inside its validity.
async fn accepted_inside(
    stage: &Stage,
    person: &Person,
    account: &Account,
    detour: impl AsyncFn(&mut Visitor, &str) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut control = person.browser("control", account);
    let validity = Span::of_code(stage, person);
    let (_, mailed) = ask_for_code(&mut control, account).await?;
    person.wait(stage.numbers().code_validity.0 / 2).await?;
    detour(&mut control, &mailed.code).await?;
    validity.until_just_inside().await?;
    let seen = control.submit_code(&mailed.code, SkipBox::Unticked).await?;
    validity.was_inside()?;
    stage.control(
        "just inside its validity the code should be accepted after the same detour",
        &seen,
        seen.is_signed_in(),
    )
}
