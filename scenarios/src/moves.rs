//! Moves that many stories share: whole sign-ins, put together from the steps. Each only prepares the ground; where it leads
//! astray the story ends without a judgement.

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Answer, Body, Form, Page, Request};
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Mailed, Seen, SkipBox, Started, Trouble, Visitor};

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
