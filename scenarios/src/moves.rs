//! Moves that many stories share: whole sign-ins, put together from the steps. Each only prepares the ground; where it leads
//! astray the story ends without a judgement.

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Answer, Body, Cookie, Form, Page, Request};
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Mailed, Person, Seen, SkipBox, Started, Trouble, Visitor};

use crate::stage::Stage;

/// Ends the story unless this is what was seen.
pub(crate) fn want(step: Step, screen: Screen, seen: &Seen) -> Result<(), Trouble> {
    if seen.is(screen) {
        return Ok(());
    }
    Err(Trouble::Astray { step, wanted: screen.to_string(), seen: seen.describe() })
}

/// Starts a sign-in that must ask for a code, and waits for it.
pub(crate) async fn ask_for_code(visitor: &mut Visitor, account: &Account) -> Result<(Started, Mailed), Trouble> {
    let started = visitor.start(account).await?;
    want(Step::SubmitPassword, Screen::CodeEntry, &started.seen)?;
    let mailed = visitor.mailed_code(account, &started).await?;
    Ok((started, mailed))
}

/// Signs in by code, the box left unticked, as far as My Page.
pub(crate) async fn sign_in(visitor: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    let (_, mailed) = ask_for_code(visitor, account).await?;
    let seen = visitor.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)
}

/// Signs in by code with the box ticked, as far as the confirmation.
pub(crate) async fn sign_in_ticked(visitor: &mut Visitor, account: &Account) -> Result<Seen, Trouble> {
    let (_, mailed) = ask_for_code(visitor, account).await?;
    let seen = visitor.submit_code(&mailed.code, SkipBox::Ticked).await?;
    want(Step::SubmitCode, Screen::SkipConfirmation, &seen)?;
    Ok(seen)
}

/// Signs in by code, asks for the skip and confirms it, as far as My Page.
pub(crate) async fn sign_in_and_skip(visitor: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    sign_in_ticked(visitor, account).await?;
    let seen = visitor.confirm_skip().await?;
    want(Step::ConfirmSkip, Screen::MyPage, &seen)
}

/// A control arm: what was taken for the code signs in, so that it was the code, and its mail the code mail.
pub(crate) async fn code_signs_in(stage: &Stage, visitor: &mut Visitor, code: &str) -> Result<(), Trouble> {
    let seen = visitor.submit_code(code, SkipBox::Unticked).await?;
    stage.control("what the mail gave as the code should sign in", &seen, seen.is_signed_in())
}

/// The cookies that hold the skip of a browser, with the control arm that they do: with them and no others it skips.
pub(crate) async fn proven_skip_cookies(
    stage: &Stage,
    visitor: &mut Visitor,
    account: &Account,
) -> Result<Vec<Cookie>, Trouble> {
    let cookies = visitor.skip_cookies();
    if cookies.is_empty() {
        return Err(Trouble::ControlArm(
            "a skip was set, but no cookie of the browser matches `skip.cookie`".to_owned(),
        ));
    }
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
        Ok(Hourglass { visitor, code: mailed.code })
    }

    /// A control arm, after more time than a code is good for: the code is refused.
    pub(crate) async fn has_run_out(mut self, stage: &Stage) -> Result<(), Trouble> {
        let seen = self.visitor.submit_code(&self.code, SkipBox::Unticked).await?;
        stage.control(
            "time should have passed for the target, and a code of then have run out",
            &seen,
            seen.refuses_code(),
        )
    }
}

/// Ends the skip of every browser with both buttons, from a browser that is signed in.
pub(crate) async fn resume_all(visitor: &mut Visitor) -> Result<(), Trouble> {
    let seen = visitor.open(Step::OpenSkipSettings).await?;
    want(Step::OpenSkipSettings, Screen::SkipSettings, &seen)?;
    let seen = visitor.resume().await?;
    want(Step::Resume, Screen::ResumeConfirmation, &seen)?;
    let seen = visitor.complete_resume().await?;
    if seen.is(Screen::ResumeConfirmation) {
        return want(Step::CompleteResume, Screen::SkipSettings, &seen);
    }
    Ok(())
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
            None => {
                if c == 'A' {
                    'B'
                } else {
                    'A'
                }
            }
        })
        .collect()
}
