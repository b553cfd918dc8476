//! FAQ-06: setting a skip takes the box, a right code and `OK`, and nothing less.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Request;
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Person, SkipBox, Trouble, Visitor};

use crate::absence::only_the_control_mail;
use crate::moves::{
    after_ticked_code, ask_for_code, ask_for_code_to_skip, confirmation_is_known, sign_in, sign_in_and_skip,
    sign_in_ticked, want, with_tokens_of, wrong_code,
};
use crate::scenario::{Scenario, stories};
use crate::span::Span;
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq06-skip": "Somebody sets a skip and comes back", Each, ["faq06-confirmed-skip-skips"], skip;
    "faq06-unticked": "Somebody leaves the box alone and comes back", Each, ["faq06-unticked-sets-no-skip"], unticked;
    "faq06-closing": "Somebody closes the confirmation", Each, ["faq06-closing-the-confirmation-sets-no-skip"], closing;
    "faq06-cancelling": "Somebody cancels the confirmation", Each, ["faq06-cancelling-the-confirmation-sets-no-skip"], cancelling;
    "faq06-wrong-code": "The box is ticked, but the code is wrong", Each, ["faq06-a-wrong-code-sets-no-skip"], wrong;
    "faq06-expired-code": "The box is ticked, but the code is too old", Each, ["faq06-an-expired-code-sets-no-skip"], expired;
    "faq06-password": "A skipped sign-in with a wrong password", Each, ["faq06-a-skipped-sign-in-needs-the-password"], password;
    "faq06-silent": "A skipped sign-in mails nothing", Each, ["faq06-a-skipped-sign-in-mails-nothing"], silent;
    "faq06-cautions": "The confirmation shows cautions", Each, ["faq06-the-confirmation-shows-cautions"], cautions;
    "faq06-forged": "A confirmation is forged", Each, ["faq06-a-forged-confirmation-sets-no-skip"], forged;
];

/// The control arm of every "sets no skip": in another browser of the same person the whole way does set one.
async fn skip_can_be_set(stage: &Stage, person: &Person, account: &Account) -> Result<(), Trouble> {
    let mut control = person.browser("control", account);
    sign_in_and_skip(&mut control, account).await?;
    let next = control.start(account).await?;
    stage.control("a skip set the whole way should skip", &next.seen, next.seen.is(Screen::MyPage))
}

async fn skip(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let check = "faq06-confirmed-skip-skips";
    for _ in 0..2 {
        let next = a.start(&account).await?;
        stage.skips(check, "box, right code and [OK]: the next sign-ins ask no code", &next.seen)?;
    }
    Ok(())
}

async fn unticked(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    let next = a.start(&account).await?;
    stage.asks("faq06-unticked-sets-no-skip", "the box unticked: the next sign-in asks a code", &next.seen)?;
    skip_can_be_set(&stage, &person, &account).await
}

async fn closing(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_ticked(&mut a, &account).await?;
    let next = a.start(&account).await?;
    let check = "faq06-closing-the-confirmation-sets-no-skip";
    stage.asks(check, "the confirmation closed: the next sign-in asks a code", &next.seen)?;
    skip_can_be_set(&stage, &person, &account).await
}

async fn cancelling(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_ticked(&mut a, &account).await?;
    a.cancel_skip().await?;
    let next = a.start(&account).await?;
    let check = "faq06-cancelling-the-confirmation-sets-no-skip";
    stage.asks(check, "the confirmation cancelled: the next sign-in asks a code", &next.seen)?;
    skip_can_be_set(&stage, &person, &account).await
}

async fn wrong(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq06-a-wrong-code-sets-no-skip";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code_to_skip(&mut a, &account).await?;
    let seen = a.submit_code(&wrong_code(&mailed.code), SkipBox::Ticked).await?;
    stage.judge(check, "a wrong code does not lead on", seen.describe(), !seen.is_signed_in())?;
    let next = a.start(&account).await?;
    stage.asks(check, "a wrong code with the box ticked: the next sign-in asks a code", &next.seen)?;
    skip_can_be_set(&stage, &person, &account).await
}

async fn expired(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq06-an-expired-code-sets-no-skip";
    let (person, account) = stage.person().await?;
    // The control arm: just inside its validity the same code does lead to the confirmation.
    let mut punctual = person.browser("punctual", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, mailed) = ask_for_code_to_skip(&mut punctual, &account).await?;
    validity.until_just_inside().await?;
    let seen = punctual.submit_code(&mailed.code, SkipBox::Ticked).await?;
    validity.was_inside()?;
    confirmation_is_known(&punctual, &seen)?;
    stage.control("just inside its validity the code should lead on", &seen, seen.is(after_ticked_code(&punctual)))?;

    let mut a = person.browser("A", &account);
    let validity = Span::of_code(&stage, &person);
    let (_, mailed) = ask_for_code_to_skip(&mut a, &account).await?;
    a.keep_cookies();
    validity.begun().until_just_outside().await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Ticked).await?;
    stage.judge(check, "an expired code does not lead on", seen.describe(), !seen.is_signed_in())?;
    let next = a.start(&account).await?;
    stage.asks(check, "an expired code with the box ticked: the next sign-in asks a code", &next.seen)?;
    skip_can_be_set(&stage, &person, &account).await
}

async fn password(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let next = a.start(&account).await?;
    stage.control("the skip should skip with the right password", &next.seen, next.seen.is(Screen::MyPage))?;
    a.sign_out().await?;
    let page = a.open(Step::OpenMyPage).await?;
    stage.control("signing out should shut My Page", &page, !page.is(Screen::MyPage))?;
    a.open_sign_in().await?;
    let seen = a.submit_password(&account, &format!("{}x", account.password)).await?;
    let check = "faq06-a-skipped-sign-in-needs-the-password";
    stage.judge(check, "a wrong password is refused in spite of the skip", seen.describe(), !seen.is_signed_in())?;
    stage.is_shut(check, "My Page is shut after a wrong password", &mut a).await
}

async fn silent(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let skipped = a.start(&account).await?;
    want(Step::SubmitPassword, Screen::MyPage, &skipped.seen)?;
    let mut b = person.browser("B", &account);
    let control = b.start(&account).await?;
    let mails = only_the_control_mail(&b, &account, &skipped, &control).await?;
    stage.judge("faq06-a-skipped-sign-in-mails-nothing", "a skipped sign-in mails nothing", mails.observed, mails.holds)
}

async fn cautions(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let seen = sign_in_ticked(&mut a, &account).await?;
    let Some(text) = stage.world.target.cautions_on(&seen.answer) else {
        return Err(Trouble::Means("the profile does not say where the cautions stand (`skip.cautions`)".to_owned()));
    };
    let characters = text.chars().filter(|c| !c.is_whitespace()).count();
    let observed = format!("{characters} characters of cautions");
    stage.judge("faq06-the-confirmation-shows-cautions", "cautions stand before [OK]", observed, characters > 0)
}

async fn forged(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq06-a-forged-confirmation-sets-no-skip";
    let (person, account) = stage.person().await?;
    let mut honest = person.browser("honest", &account);
    sign_in_ticked(&mut honest, &account).await?;
    let confirmation = honest.prepare(Step::ConfirmSkip, Vars::default(), SkipBox::Unticked)?;

    let mut signed_out = person.browser("signed out", &account);
    signed_out.open_sign_in().await?;
    forge(&stage, check, &mut signed_out, &account, &confirmation).await?;

    let mut halfway = person.browser("half signed in", &account);
    ask_for_code(&mut halfway, &account).await?;
    forge(&stage, check, &mut halfway, &account, &confirmation).await?;

    let mut never_ticked = person.browser("signed in unticked", &account);
    sign_in(&mut never_ticked, &account).await?;
    forge(&stage, check, &mut never_ticked, &account, &confirmation).await?;
    skip_can_be_set(&stage, &person, &account).await
}

/// Sends the confirmation of another browser from this one, as it was and with this browser's own tokens.
async fn forge(
    stage: &Stage,
    check: &'static str,
    visitor: &mut Visitor,
    account: &Account,
    confirmation: &Request,
) -> Result<(), Trouble> {
    let own = match visitor.browser().current() {
        Some(open) => with_tokens_of(open, confirmation),
        None => confirmation.clone(),
    };
    for request in [confirmation.clone(), own] {
        visitor.send(Step::ConfirmSkip, request).await?;
    }
    let next = visitor.start(account).await?;
    stage.asks(check, "a forged confirmation sets no skip", &next.seen)
}
