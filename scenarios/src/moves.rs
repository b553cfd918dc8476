//! Moves that many stories share: whole sign-ins, put together from the steps. Each only prepares the ground; where it leads
//! astray the story ends without a judgement.

use std::time::Duration;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Answer, Body, Cookie, Form, Page, Request};
use sekisho_simulator::target::{DriverError, Screen, Step, Vars};
use sekisho_simulator::{Mailed, Person, Seen, SkipBox, Started, Trouble, Visitor};

use crate::stage::Stage;

/// Ends the story unless this is what was seen.
pub(crate) fn want(step: Step, screen: Screen, seen: &Seen) -> Result<(), Trouble> {
    if seen.is(screen) {
        return Ok(());
    }
    Err(Trouble::Astray { step, wanted: screen.to_string(), seen: seen.describe() })
}

/// Starts a sign-in that must ask for a code, and waits for it. The story will not ask for the skip with it.
pub(crate) async fn ask_for_code(visitor: &mut Visitor, account: &Account) -> Result<(Started, Mailed), Trouble> {
    visitor.will_ask_for_skip(false);
    started_by_code(visitor, account).await
}

/// The same where the story will ask for the skip with the code.
pub(crate) async fn ask_for_code_to_skip(
    visitor: &mut Visitor,
    account: &Account,
) -> Result<(Started, Mailed), Trouble> {
    visitor.will_ask_for_skip(true);
    started_by_code(visitor, account).await
}

async fn started_by_code(visitor: &mut Visitor, account: &Account) -> Result<(Started, Mailed), Trouble> {
    let started = visitor.start(account).await?;
    want(Step::SubmitPassword, Screen::CodeEntry, &started.seen)?;
    let mailed = visitor.mailed_code(account, &started).await?;
    Ok((started, mailed))
}

/// How often a code is asked for again that is to be another one, and how long it is waited in between: longer than the half minute for
/// which codes that are made from the time stay the same (RFC 6238).
const ASKED_AGAIN: usize = 3;
const ANOTHER_CODE_AFTER: Duration = Duration::from_secs(60);

/// Asks for a code until it is not this one. A target may mail the same code to each attempt for a while; any other does so by chance.
pub(crate) async fn ask_for_another_code(
    person: &Person,
    visitor: &mut Visitor,
    account: &Account,
    than: &str,
) -> Result<(Started, Mailed), Trouble> {
    for _ in 0..ASKED_AGAIN {
        let asked = ask_for_code(visitor, account).await?;
        if asked.1.code != than {
            return Ok(asked);
        }
        person.wait(ANOTHER_CODE_AFTER).await?;
    }
    Err(Trouble::ControlArm(format!(
        "{ASKED_AGAIN} more attempts should have mailed another code, but mailed the same"
    )))
}

/// Signs in by code, the box left unticked, as far as My Page.
pub(crate) async fn sign_in(visitor: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    let (_, mailed) = ask_for_code(visitor, account).await?;
    let seen = visitor.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)
}

/// Signs in by code with the box ticked, as far as the confirmation.
pub(crate) async fn sign_in_ticked(visitor: &mut Visitor, account: &Account) -> Result<Seen, Trouble> {
    must_know(visitor, Step::ConfirmSkip)?;
    let (_, mailed) = ask_for_code_to_skip(visitor, account).await?;
    let seen = visitor.submit_code(&mailed.code, SkipBox::Ticked).await?;
    want(Step::SubmitCode, Screen::SkipConfirmation, &seen)?;
    Ok(seen)
}

/// Signs in by code, asks for the skip and confirms it where the target wants that, as far as My Page.
pub(crate) async fn sign_in_and_skip(visitor: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    let (_, mailed) = ask_for_code_to_skip(visitor, account).await?;
    set_skip(visitor, &mailed.code, || ()).await
}

/// A control arm: the skip that was set skips, and more than once. Where skips are ignored, or spent by a use, it is that which is told,
/// and nothing that rests on them.
pub(crate) async fn skip_is_set(stage: &Stage, visitor: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    for _ in 0..2 {
        let next = visitor.start(account).await?;
        stage.control("the skip that was set should skip", &next.seen, next.seen.is(Screen::MyPage))?;
    }
    Ok(())
}

/// A control arm: a browser that holds no cookie is asked for a code, so that it is by a cookie that another one is not.
pub(crate) async fn asks_without_cookies(stage: &Stage, person: &Person, account: &Account) -> Result<(), Trouble> {
    let next = person.browser("without cookies", account).start(account).await?;
    stage.control("a browser without cookies should be asked for a code", &next.seen, next.seen.asks_for_code())
}

/// Sends the code, asks for the skip and confirms it where the target wants that. `begins` is called just before the request that sets
/// it.
pub(crate) async fn set_skip<T>(visitor: &mut Visitor, code: &str, begins: impl FnOnce() -> T) -> Result<T, Trouble> {
    if !confirms_skips(visitor) {
        let begun = begins();
        let seen = visitor.submit_code(code, SkipBox::Ticked).await?;
        confirmation_is_known(visitor, &seen)?;
        want(Step::SubmitCode, Screen::MyPage, &seen)?;
        return Ok(begun);
    }
    want(Step::SubmitCode, Screen::SkipConfirmation, &visitor.submit_code(code, SkipBox::Ticked).await?)?;
    let begun = begins();
    want(Step::ConfirmSkip, Screen::MyPage, &visitor.confirm_skip().await?)?;
    Ok(begun)
}

/// Whether a skip must be confirmed on a screen of its own; else the code with the box ticked sets it.
pub(crate) fn confirms_skips(visitor: &Visitor) -> bool {
    visitor.knows(Step::ConfirmSkip)
}

/// Ends the story where the target asks whether to set the skip, and the profile does not say how that is answered.
pub(crate) fn confirmation_is_known(visitor: &Visitor, seen: &Seen) -> Result<(), Trouble> {
    if seen.is(Screen::SkipConfirmation) { must_know(visitor, Step::ConfirmSkip) } else { Ok(()) }
}

/// Ends the story where the profile lacks a step that it will need.
pub(crate) fn must_know(visitor: &Visitor, step: Step) -> Result<(), Trouble> {
    if visitor.knows(step) { Ok(()) } else { Err(DriverError::StepMissing(step).into()) }
}

/// Where a right code leads with the box ticked.
pub(crate) fn after_ticked_code(visitor: &Visitor) -> Screen {
    if confirms_skips(visitor) { Screen::SkipConfirmation } else { Screen::MyPage }
}

/// Comes back to the code entry screen: opens it again, or finds it still open where the target has no address for it.
pub(crate) async fn back_to_code_entry(visitor: &mut Visitor) -> Result<(), Trouble> {
    if visitor.shows(Screen::CodeEntry) && !visitor.knows(Step::OpenCodeEntry) {
        return Ok(());
    }
    want(Step::OpenCodeEntry, Screen::CodeEntry, &visitor.open_code_entry().await?)
}

/// The request that sends a code, put together anew on the code entry screen where that is open or has an address: a form may be good
/// for one submission only. Else the one that there is.
pub(crate) async fn code_afresh(visitor: &mut Visitor, code: &str, ready: Request) -> Result<Request, Trouble> {
    if !visitor.shows(Screen::CodeEntry) && visitor.knows(Step::OpenCodeEntry) {
        visitor.look_at(Step::OpenCodeEntry).await?;
    }
    if !visitor.shows(Screen::CodeEntry) {
        return Ok(ready);
    }
    let vars = Vars { code, ..Vars::default() };
    Ok(visitor.prepare(Step::SubmitCode, vars, SkipBox::Unticked).unwrap_or(ready))
}

/// A control arm: what was taken for the code signs in, so that it was the code, and its mail the code mail.
pub(crate) async fn code_signs_in(stage: &Stage, visitor: &mut Visitor, code: &str) -> Result<(), Trouble> {
    let seen = visitor.submit_code(code, SkipBox::Unticked).await?;
    stage.control("what the mail gave as the code should sign in", &seen, seen.is_signed_in())
}

/// The cookies that hold the skip of a browser where one was set; a control arm that there are some.
pub(crate) fn skip_cookies_of(visitor: &Visitor) -> Result<Vec<Cookie>, Trouble> {
    let cookies = visitor.skip_cookies();
    if cookies.is_empty() {
        let what = "a skip was set, but no cookie of the browser matches `skip.cookie`";
        return Err(Trouble::ControlArm(what.to_owned()));
    }
    Ok(cookies)
}

/// The cookies that hold the skip of a browser, with the control arm that they do: with them and no others it skips.
pub(crate) async fn proven_skip_cookies(
    stage: &Stage,
    visitor: &mut Visitor,
    account: &Account,
) -> Result<Vec<Cookie>, Trouble> {
    let cookies = skip_cookies_of(visitor)?;
    visitor.browser().clear_cookies();
    for cookie in cookies {
        visitor.plant(cookie);
    }
    let next = visitor.start(account).await?;
    stage.control(
        "with the cookies of `skip.cookie` alone it should skip",
        &next.seen,
        next.seen.is(Screen::MyPage),
    )?;
    Ok(visitor.skip_cookies())
}

/// Shows that the target's time passes with ours: an attempt whose code has to run out. It must be the account's last attempt till then,
/// for a later one may end it too.
pub(crate) struct Hourglass {
    visitor: Visitor,
    code: String,
}

impl Hourglass {
    /// Starts the attempt, in a browser of its own.
    pub(crate) async fn turn(person: &Person, account: &Account) -> Result<Hourglass, Trouble> {
        let mut visitor = person.browser("hourglass", account);
        let (_, mailed) = ask_for_code(&mut visitor, account).await?;
        visitor.keep_cookies();
        Ok(Hourglass { visitor, code: mailed.code })
    }

    /// A control arm, after more time than a code is good for: the code is refused. Whether the target's time stands or its codes never
    /// end (FAQ-03) cannot be told here: something else in the run has to show it.
    pub(crate) async fn has_run_out(mut self, stage: &Stage) -> Result<(), Trouble> {
        let seen = self.visitor.submit_code(&self.code, SkipBox::Unticked).await?;
        if seen.refuses_code() && !seen.is(Screen::Limited) {
            stage.world.time_proof.give();
        } else {
            stage.needs_time_to_pass();
        }
        Ok(())
    }
}

/// Ends the skip of every browser with both buttons, from a browser that is signed in.
pub(crate) async fn resume_all(visitor: &mut Visitor) -> Result<(), Trouble> {
    press_resume(visitor).await?;
    let seen = visitor.complete_resume().await?;
    if seen.is(Screen::ResumeConfirmation) {
        return want(Step::CompleteResume, Screen::SkipSettings, &seen);
    }
    Ok(())
}

/// The first button of the resume, on the skip settings screen where the target has one. The second must be known too: the first alone
/// proves nothing.
pub(crate) async fn press_resume(visitor: &mut Visitor) -> Result<(), Trouble> {
    must_know(visitor, Step::CompleteResume)?;
    if visitor.knows(Step::OpenSkipSettings) {
        want(Step::OpenSkipSettings, Screen::SkipSettings, &visitor.open(Step::OpenSkipSettings).await?)?;
    }
    open_resume_form(visitor).await.map(drop)
}

/// The first button of the resume, on the page that is open.
pub(crate) async fn open_resume_form(visitor: &mut Visitor) -> Result<Seen, Trouble> {
    let seen = match visitor.resume().await {
        // Its form stands on the page that nobody has opened.
        Err(Trouble::Driver(DriverError::Form { .. })) if !visitor.knows(Step::OpenSkipSettings) => {
            return Err(DriverError::StepMissing(Step::OpenSkipSettings).into());
        }
        seen => seen?,
    };
    want(Step::Resume, Screen::ResumeConfirmation, &seen)?;
    Ok(seen)
}

/// The same form with every hidden field that a page has too, under the same name, taken from there: a form as a browser that has this
/// page open can forge it.
pub(crate) fn with_tokens_of(page: &Answer, request: &Request) -> Request {
    let mut own = request.clone();
    let hidden: Vec<(String, String)> = Page::of(page).forms().iter().flat_map(Form::hidden_fields).collect();
    if let Body::Form(fields) = &mut own.body {
        for (name, value) in fields.iter_mut() {
            if let Some((_, here)) = hidden.iter().find(|(hidden, _)| hidden == name) {
                value.clone_from(here);
            }
        }
    }
    own
}

/// A code that is not this one, of the same length.
pub(crate) fn wrong_code(right: &str) -> String {
    right
        .chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => char::from_digit((digit + 1) % 10, 10).unwrap_or('0'),
            // What only parts a code in groups stays.
            None if !c.is_alphabetic() => c,
            None if c == 'A' => 'B',
            None => 'A',
        })
        .collect()
}
