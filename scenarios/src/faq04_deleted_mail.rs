//! FAQ-04: the mail was deleted before the code was entered; one starts over.

use std::sync::Arc;

use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::{ask_for_code, back_to_code_entry, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq04-deleted-mail": "Somebody deletes the mail unread, closes the screen and starts over", Each,
        ["faq04-starting-over-mails-a-code-that-works", "faq04-an-abandoned-attempt-opens-nothing"], deleted_mail;
    "faq04-abandoning": "Somebody starts over again and again", Each, ["faq04-abandoning-locks-nobody-out"], abandoning;
];

/// How often somebody starts over where the target declares no limit of mails, or a larger one.
const ABANDONED: u32 = 25;

async fn deleted_mail(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    // The mail comes, and is never read for its code.
    ask_for_code(&mut a, &account).await?;

    let check = "faq04-an-abandoned-attempt-opens-nothing";
    let seen = a.submit_code("", SkipBox::Unticked).await?;
    stage.refuses(check, "without a code the abandoned attempt signs nobody in", &mut a, &seen).await?;
    let shut = [(Step::OpenSkipConfirmation, Screen::SkipConfirmation), (Step::OpenSkipSettings, Screen::SkipSettings)];
    let known = |step: &Step| stage.has_step(*step);
    let shut: Vec<_> = shut.into_iter().filter(|(step, _)| known(step)).collect();
    for &(step, screen) in &shut {
        let seen = a.open(step).await?;
        stage.judge(check, "the abandoned attempt opens no other page", seen.describe(), !seen.is(screen))?;
    }

    // The screen is closed; the abandoned attempt's cookies stay in the browser.
    a.will_ask_for_skip(true);
    let started = a.start(&account).await?;
    let works = "faq04-starting-over-mails-a-code-that-works";
    stage.asks(works, "starting over asks for a code", &started.seen)?;
    stage.is_shut(check, "starting over does not sign in by itself", &mut a).await?;
    back_to_code_entry(&mut a).await?;
    let fresh = a.mailed_code(&account, &started).await?;
    let seen = a.submit_code(&fresh.code, SkipBox::Ticked).await?;
    stage.accepts(works, "the new code works", &seen)?;
    stage.settle(works);
    for (step, screen) in shut {
        let seen = a.open(step).await?;
        stage.control("with the code the same page should open", &seen, seen.is(screen))?;
    }
    Ok(())
}

async fn abandoning(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq04-abandoning-locks-nobody-out";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let declared = stage.numbers().mail_limit.map_or(ABANDONED, |limit| limit.count.saturating_sub(1));
    let times = declared.min(ABANDONED);
    let control = a.start(&account).await?;
    want(Step::SubmitPassword, Screen::CodeEntry, &control.seen)?;
    for _ in 1..times {
        let started = a.start(&account).await?;
        let expected = format!("each of {times} abandoned sign-ins asks for a code");
        stage.judge(check, &expected, started.seen.describe(), started.seen.asks_for_code())?;
        a.mailed_code(&account, &started).await?;
    }
    let started = a.start(&account).await?;
    let expected = format!("after {times} abandoned sign-ins a code is asked for");
    stage.judge(check, &expected, started.seen.describe(), started.seen.asks_for_code())?;
    let mailed = a.mailed_code(&account, &started).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.accepts(check, &format!("after {times} abandoned sign-ins the new code works"), &seen)
}
