//! BASE-SESSION: between password and code nothing behind the sign-in opens or changes.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::mailbox::Mark;
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Seen, SkipBox, Trouble, Visitor};

use crate::forgery::{hidden_fields, with_own_tokens};
use crate::moves::{ask_for_code, confirms_skips, sign_in_and_skip, sign_in_ticked, skip_is_set, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-session-half-signed-in": "Somebody who knows the password only tries every page and every form there is", Each,
        ["base-session-half-signed-in-opens-nothing"], half_signed_in;
];

const CHECK: &str = "base-session-half-signed-in-opens-nothing";

/// Every page behind the sign-in, the screen it is, and the form on it that changes something.
const BEHIND: [(Step, Screen, Option<Step>); 7] = [
    (Step::OpenMyPage, Screen::MyPage, Some(Step::SignOut)),
    (Step::OpenSettings, Screen::Settings, None),
    (Step::OpenSkipSettings, Screen::SkipSettings, Some(Step::Resume)),
    (Step::OpenResume, Screen::ResumeConfirmation, Some(Step::CompleteResume)),
    (Step::OpenAddressChange, Screen::AddressChange, Some(Step::SubmitAddress)),
    (Step::OpenAdditionalAccounts, Screen::AdditionalAccounts, Some(Step::SubmitAdditionalAccount)),
    (Step::OpenPasswordChange, Screen::PasswordChange, Some(Step::SubmitPasswordChange)),
];

/// What only those see who are signed in.
const INSIDE: [Screen; 10] = [
    Screen::MyPage,
    Screen::Settings,
    Screen::SkipSettings,
    Screen::SkipConfirmation,
    Screen::ResumeConfirmation,
    Screen::AddressChange,
    Screen::AddressConfirmation,
    Screen::AdditionalAccounts,
    Screen::PasswordChange,
    Screen::PasswordChanged,
];

async fn half_signed_in(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut honest = person.browser("signed in", &account);
    let confirms = confirms_skips(&honest);
    match confirms {
        true => sign_in_ticked(&mut honest, &account).await.map(drop)?,
        false => sign_in_and_skip(&mut honest, &account).await?,
    }
    let thief = stage.world.fresh_address();
    let password = stage.world.population.draw().password;
    let vars = Vars {
        password: &account.password,
        new_password: &password,
        new_address: &thief,
        name: &account.name,
        ..Vars::default()
    };
    let (mut forms, mut pages) = (Vec::new(), Vec::new());
    if confirms {
        forms.push((Step::ConfirmSkip, honest.prepare(Step::ConfirmSkip, vars, SkipBox::Unticked)?));
        want(Step::ConfirmSkip, Screen::MyPage, &honest.confirm_skip().await?)?;
    }
    skip_is_set(&stage, &mut honest, &account).await?;
    for (page, screen, form) in BEHIND {
        let form = form.filter(|form| stage.has_step(*form));
        if stage.has_step(page) {
            // What does not open to somebody who is signed in proves nothing when it is shut to others.
            if !honest.look_at(page).await?.is(screen) {
                continue;
            }
            pages.push(page);
        }
        if let Some(form) = form.filter(|form| stage.has_step(page) || !honest.has_page_of(*form, page)) {
            forms.push((form, honest.prepare(form, vars, SkipBox::Unticked)?));
        }
    }
    if pages.is_empty() {
        return Err(Trouble::Means("no page behind the sign-in was found to try".to_owned()));
    }
    pages.push(Step::OpenSkipConfirmation);

    let since = person.mark().await?;
    let mut halfway = person.browser("half signed in", &account);
    ask_for_code(&mut halfway, &account).await?;
    let own = hidden_fields(&mut halfway);
    for page in pages.into_iter().filter(|page| stage.has_step(*page)) {
        let seen = halfway.look_at(page).await?;
        judge(&stage, &format!("`{page}`"), &seen)?;
    }
    for (form, request) in forms {
        let request = match stage.world.target.needs_page(stage.portal, form) {
            true => with_own_tokens(request, &own),
            false => halfway.prepare(form, vars, SkipBox::Unticked)?,
        };
        let seen = halfway.send(form, request).await?;
        judge(&stage, &format!("the form of `{form}`"), &seen)?;
    }
    let next = honest.start(&account).await?;
    stage.skips(CHECK, "afterwards skip and password are what they were", &next.seen)?;
    nothing_was_mailed(&stage, &mut person.browser("control", &account), &account, &thief, since).await
}

fn judge(stage: &Stage, what: &str, seen: &Seen) -> Result<(), Trouble> {
    let is_inside = seen.screen.is_some_and(|screen| INSIDE.contains(&screen));
    let holds = !is_inside && seen.answer.status < 500;
    stage.judge(
        CHECK,
        "the page stays shut and the form changes nothing",
        format!("{what}: {}", seen.describe()),
        holds,
    )
}

/// The forged change of the address mailed nothing: a later sign-in is the control mail.
async fn nothing_was_mailed(
    stage: &Stage,
    control: &mut Visitor,
    account: &Account,
    thief: &str,
    since: Mark,
) -> Result<(), Trouble> {
    ask_for_code(control, account).await?;
    let quiet = control.quiet().await;
    let mails = control.world().mailbox.all_for(thief, since).await?.len();
    let observed =
        format!("{mails} mail(s) to the forged address until {} ms after the control mail", quiet.as_millis());
    stage.judge(CHECK, "nothing is mailed to the address of the forged form", observed, mails == 0)
}
