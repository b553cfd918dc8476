//! BASE-SESSION: every form that changes something counts only with the browser's own token. One story a form: what was sent without
//! the token has changed nothing, and the same form with it does.

use std::sync::Arc;

use sekisho_simulator::account::{Account, AccountKey};
use sekisho_simulator::target::{AccountSource, Screen, Step, Vars};
use sekisho_simulator::{Person, SkipBox, Trouble};

use crate::forgery::forged;
use crate::moves::{ask_for_code, sign_in, sign_in_and_skip, sign_in_ticked, skip_is_set, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-session-sign-in-form": "Another site signs somebody's browser in", Each, ["base-session-signing-in-needs-the-token"], sign_in_form;
    "base-session-code-form": "Another site sends a code in somebody's browser", Each, ["base-session-the-code-needs-the-token"], code_form;
    "base-session-skip-forms": "Another site answers the skip confirmation in somebody's browser", Each,
        ["base-session-confirming-a-skip-needs-the-token", "base-session-cancelling-a-skip-needs-the-token"], skip_forms;
    "base-session-sign-out-form": "Another site signs somebody's browser out", Each, ["base-session-signing-out-needs-the-token"], sign_out_form;
    "base-session-password-form": "Another site changes the password in somebody's browser", Each,
        ["base-session-a-new-password-needs-the-token"], password_form;
    "base-session-account-form": "Another site registers an additional account in somebody's browser", Employer,
        ["base-session-an-additional-account-needs-the-token"], account_form;
];

async fn sign_in_form(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-session-signing-in-needs-the-token";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    a.open_sign_in().await?;
    let vars = account.vars();
    let honest = a.lead_up_to(Step::SubmitPassword, vars, SkipBox::Unticked).await?;
    for (how, request) in forged(&mut a, &honest)? {
        let seen = a.send(Step::SubmitPassword, request).await?;
        let holds = !seen.asks_for_code() && !seen.is_signed_in() && seen.answer.status < 500;
        stage.judge(check, "the sign-in does not go on", format!("{how}: {}", seen.describe()), holds)?;
    }
    let seen = a.send(Step::SubmitPassword, honest).await?;
    stage.control("the same form with its token should lead to the code", &seen, seen.asks_for_code())
}

async fn code_form(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-session-the-code-needs-the-token";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let honest = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    for (how, request) in forged(&mut a, &honest)? {
        let seen = a.send(Step::SubmitCode, request).await?;
        let holds = !seen.is_signed_in() && seen.answer.status < 500;
        stage.judge(check, "the code signs nobody in", format!("{how}: {}", seen.describe()), holds)?;
        stage.is_shut(check, "the code signs nobody in", &mut a).await?;
    }
    let seen = a.send(Step::SubmitCode, honest).await?;
    stage.control("the same form with its token should sign in", &seen, seen.is_signed_in())
}

async fn skip_forms(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (confirming, cancelling) =
        ("base-session-confirming-a-skip-needs-the-token", "base-session-cancelling-a-skip-needs-the-token");
    let (person, account) = stage.person().await?;
    let mut honest = person.browser("honest", &account);
    sign_in_and_skip(&mut honest, &account).await?;
    skip_is_set(&stage, &mut honest, &account).await?;
    let mut a = person.browser("A", &account);
    sign_in_ticked(&mut a, &account).await?;
    let ok = a.prepare(Step::ConfirmSkip, Vars::default(), SkipBox::Unticked)?;
    for (_, request) in forged(&mut a, &ok)? {
        a.send(Step::ConfirmSkip, request).await?;
    }
    let next = a.start(&account).await?;
    stage.asks(confirming, "after a forged [OK] the next sign-in asks", &next.seen)?;

    // Whether a page that was left still sets the skip is a policy: this browser has not left it.
    let mut c = person.browser("C", &account);
    sign_in_ticked(&mut c, &account).await?;
    let ok = c.prepare(Step::ConfirmSkip, Vars::default(), SkipBox::Unticked)?;
    let cancel = c.prepare(Step::CancelSkip, Vars::default(), SkipBox::Unticked)?;
    for (_, request) in forged(&mut c, &cancel)? {
        c.send(Step::CancelSkip, request).await?;
    }
    c.send(Step::ConfirmSkip, ok).await?;
    let next = c.start(&account).await?;
    // [OK] with its token is the control arm of the first check, and what a forged cancel would have taken away is the second.
    stage.skips(cancelling, "after a forged cancel [OK] still sets the skip", &next.seen)?;

    let mut b = person.browser("B", &account);
    sign_in_ticked(&mut b, &account).await?;
    let ok = b.prepare(Step::ConfirmSkip, Vars::default(), SkipBox::Unticked)?;
    b.cancel_skip().await?;
    b.send(Step::ConfirmSkip, ok).await?;
    let next = b.start(&account).await?;
    stage.control("after a cancel with its token [OK] should set no skip", &next.seen, next.seen.asks_for_code())
}

async fn sign_out_form(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-session-signing-out-needs-the-token";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    want(Step::OpenMyPage, Screen::MyPage, &a.open(Step::OpenMyPage).await?)?;
    let honest = a.prepare(Step::SignOut, Vars::default(), SkipBox::Unticked)?;
    for (how, request) in forged(&mut a, &honest)? {
        a.send(Step::SignOut, request).await?;
        let page = a.open(Step::OpenMyPage).await?;
        stage.opens(check, &format!("a sign-out {how} leaves My Page open"), Screen::MyPage, &page)?;
    }
    a.send(Step::SignOut, honest).await?;
    let page = a.open(Step::OpenMyPage).await?;
    stage.control("the same form with its token should sign out", &page, !page.is(Screen::MyPage))
}

async fn password_form(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-session-a-new-password-needs-the-token";
    let (person, account) = stage.person().await?;
    let changed = Account { password: stage.world.population.draw().password, ..account.clone() };
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    let honest = a.prepare_password_change(&account, &changed.password).await?;
    for (how, request) in forged(&mut a, &honest)? {
        a.send(Step::SubmitPasswordChange, request).await?;
        let next = person.browser(how, &account).start(&account).await?;
        stage.knows(check, &format!("after a change {how} the old password still signs in"), &next.seen)?;
    }
    // What another site has sent may have ended the session all the same.
    let mut again = person.browser("again", &account);
    sign_in(&mut again, &account).await?;
    again.change_password(&account, &changed.password).await?;
    let next = person.browser("changed", &changed).start(&changed).await?;
    let told = stage.control("the same form with its token should change it", &next.seen, next.seen.asks_for_code());
    restore_password(&stage, &person, &changed, &account).await?;
    told
}

/// Takes a password back at the end of a story where the accounts are the target's own: they are there for the next run too.
pub(crate) async fn restore_password(
    stage: &Stage,
    person: &Person,
    changed: &Account,
    original: &Account,
) -> Result<(), Trouble> {
    if stage.world.target.accounts == AccountSource::Control {
        return Ok(());
    }
    let mut visitor = person.browser("putting back", changed);
    sign_in(&mut visitor, changed).await?;
    let seen = visitor.change_password(changed, &original.password).await?;
    let next = person.browser("put back", original).begin(original).await?;
    let is_back = !next.seen.is(Screen::SignIn);
    stage.control("the old password should be put back", &seen, is_back)
}

async fn account_form(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-session-an-additional-account-needs-the-token";
    if !stage.world.accounts.has_additional() {
        return Err(Trouble::Means("the profile's accounts have no additional accounts".to_owned()));
    }
    let (person, account) = stage.person().await?;
    let another = || {
        let key = AccountKey { address: stage.world.fresh_address(), ..account.key.clone() };
        Account { key, password: stage.world.population.draw().password, ..account.clone() }
    };
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    let (forged_one, honest_one) = (another(), another());
    let would_be_forged = a.prepare_additional_account(&forged_one).await?;
    let honest = a.prepare_additional_account(&honest_one).await?;
    for (how, request) in forged(&mut a, &would_be_forged)? {
        a.send(Step::SubmitAdditionalAccount, request).await?;
        let seen = person.browser(how, &forged_one).begin(&forged_one).await?.seen;
        let holds = !seen.asks_for_code() && !seen.is_signed_in();
        stage.judge(check, "there is no such account", format!("{how}: {}", seen.describe()), holds)?;
    }
    a.send(Step::SubmitAdditionalAccount, honest).await?;
    let seen = person.browser("registered", &honest_one).begin(&honest_one).await?.seen;
    stage.control("the same form with its token should register an account", &seen, seen.asks_for_code())
}
