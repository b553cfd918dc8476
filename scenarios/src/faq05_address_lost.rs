//! FAQ-05: the address is lost. Nobody can change it before signing in, and without the mail there is no other way in.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Form, Page, Press, Request};
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{SkipBox, Trouble, Visitor};
use url::Url;

use crate::moves::{ask_for_code, sign_in, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq05-no-change": "Somebody who is not signed in forges a change of the address on every page there is", Each,
        ["faq05-no-address-change-before-signing-in"], no_change;
    "faq05-dead-address": "The mail is refused for good", Each, ["faq05-refused-mail-opens-no-other-way-in"], dead_address;
];

/// The most addresses of the target that are tried with a forged form.
const PAGES_TRIED: usize = 40;

/// Field names under which forms of this kind take an address.
const ADDRESS_FIELDS: [&str; 7] =
    ["address", "new_address", "new-address", "email", "mail", "mail_address", "mailAddress"];

async fn no_change(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq05-no-address-change-before-signing-in";
    let (person, account) = stage.person().await?;
    let mut honest = person.browser("honest", &account);
    sign_in(&mut honest, &account).await?;
    let pages = addresses_behind_the_sign_in(&mut honest).await?;
    if pages.is_empty() {
        return Err(Trouble::Means("no address behind the sign-in was found to try".to_owned()));
    }

    let thief = format!("thief.{}", account.key.address);
    let mut outside = person.browser("signed out", &account);
    outside.open_sign_in().await?;
    forge(&mut outside, &pages, &thief).await?;
    let mut halfway = person.browser("half signed in", &account);
    let (started, _) = ask_for_code(&mut halfway, &account).await?;
    forge(&mut halfway, &pages, &thief).await?;

    let mut fresh = person.browser("afterwards", &account);
    let next = fresh.begin(&account).await?;
    // The honest browser has shown that this address signs in: if it no longer does, somebody changed it.
    stage.judge(check, "the registered address still signs in", next.seen.describe(), next.seen.asks_for_code())?;
    let mailed = fresh.mailed_code(&account, &next).await?;
    fresh.quiet().await;
    let stolen = fresh.world().mailbox.all_for(&thief, started.mark).await?;
    let observed = format!(
        "{} pages tried twice with forged forms; {} mail(s) to the forged address, the next code to {}",
        pages.len(),
        stolen.len(),
        mailed.mail.recipients.join(", "),
    );
    stage.judge(check, "the code still goes to the registered address only", observed, stolen.is_empty())?;
    let seen = fresh.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.control("the registered address should still sign in", &seen, seen.is_signed_in())
}

/// Every address of the target that the pages of somebody signed in lead to, by link or form.
async fn addresses_behind_the_sign_in(visitor: &mut Visitor) -> Result<Vec<Url>, Trouble> {
    let mut found = BTreeSet::new();
    for step in [Step::OpenMyPage, Step::OpenSettings, Step::OpenSkipSettings, Step::OpenResume] {
        if !visitor.world().target.knows(step) {
            continue;
        }
        let seen = visitor.look_at(step).await?;
        found.insert(seen.answer.url.clone());
        let page = Page::of(&seen.answer);
        found.extend(page.links().iter().map(|link| link.url.clone()));
        found.extend(page.forms().iter().filter_map(|form| form.press(Press::Enter).ok()).map(|request| request.url));
    }
    let base = visitor.world().target.base.origin();
    Ok(found.into_iter().filter(|url| url.origin() == base).take(PAGES_TRIED).collect())
}

/// Opens every page and posts to it a form that would change the address, with every hidden field that this browser was ever shown: its
/// own tokens, so that nothing but the missing sign-in stands in the way.
async fn forge(visitor: &mut Visitor, pages: &[Url], thief: &str) -> Result<(), Trouble> {
    let mut fields: Vec<_> = ADDRESS_FIELDS.iter().map(|field| ((*field).to_owned(), thief.to_owned())).collect();
    for page in pages {
        visitor.send(Step::OpenSettings, Request::get(page.clone())).await?;
        if let Some(open) = visitor.browser().current() {
            for (name, value) in Page::of(open).forms().iter().flat_map(Form::hidden_fields) {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value));
            }
        }
        visitor.send(Step::OpenSettings, Request::post(page.clone(), fields.clone()).from_page(page.clone())).await?;
    }
    Ok(())
}

async fn dead_address(stage: Arc<Stage>) -> Result<(), Trouble> {
    let Some(refusal) = &stage.world.refusal else {
        return Err(Trouble::Means("mail can only be refused where it arrives in our own sink".to_owned()));
    };
    let (person, account) = stage.person().await?;
    let mut before = person.browser("before", &account);
    sign_in(&mut before, &account).await?;

    refusal.refuse(&account.key.address);
    let mut a = person.browser("A", &account);
    let started = a.begin(&account).await?;
    if !refusal.refused(&account.key.address, stage.numbers().mail_patience.0).await {
        return Err(Trouble::ControlArm(
            "the target never tried to deliver the mail that was to be refused".to_owned(),
        ));
    }
    a.quiet().await;
    let seen = a.look_at(Step::OpenCodeEntry).await?;
    let check = "faq05-refused-mail-opens-no-other-way-in";
    stage.judge(check, "no server error", seen.describe(), seen.answer.status < 500)?;
    let clear = matches!(
        seen.screen,
        Some(Screen::CodeEntry | Screen::MailFailed | Screen::AttemptOver | Screen::SignIn | Screen::Limited)
    );
    stage.judge(check, "a clear screen that opens nothing", seen.describe(), clear)?;
    no_way_in(&stage, &mut a, &account).await?;
    let mails = a.world().mailbox.all_for(&account.key.address, started.mark).await?;
    if !mails.is_empty() {
        return Err(Trouble::ControlArm("the mail should have been refused, but it arrived".to_owned()));
    }
    Ok(())
}

async fn no_way_in(stage: &Stage, a: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    let check = "faq05-refused-mail-opens-no-other-way-in";
    stage.is_shut(check, "My Page stays shut", a).await?;
    let seen = a.look_at(Step::OpenCodeEntry).await?;
    stage.judge(check, "the code entry screen does not give way", seen.describe(), !seen.is_signed_in())?;
    if seen.asks_for_code() {
        for code in ["", "000000"].map(str::to_owned).into_iter().chain([wrong_code("999999")]) {
            let seen = a.submit_code(&code, SkipBox::Unticked).await?;
            stage.refuses(check, "a guessed or empty code opens nothing", a, &seen).await?;
            let again = a.look_at(Step::OpenCodeEntry).await?;
            if !again.asks_for_code() {
                break;
            }
        }
    }
    let seen = a.open_sign_in().await?;
    want(Step::OpenSignIn, Screen::SignIn, &seen)?;
    let seen = a.submit_password(&account.key.address, &account.password).await?;
    stage.judge(check, "trying again does not sign in either", seen.describe(), !seen.is_signed_in())
}
