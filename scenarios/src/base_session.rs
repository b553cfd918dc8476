//! BASE-SESSION: the session, its id, its end, and changes that need the browser's own token.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Cookie;
use sekisho_simulator::target::{Screen, Step, Taken, Vars};
use sekisho_simulator::{Person, Seen, SkipBox, Trouble, Visitor};

use crate::forgery::forged;
use crate::moves::{ask_for_code, press_resume, resume_all, sign_in, sign_in_and_skip, skip_is_set, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-session-fixation": "Somebody plants a session id before the sign-in", Each, ["base-session-id-is-new-at-sign-in"], fixation;
    "base-session-sign-out": "Somebody signs out and brings the session back", Each, ["base-session-ends-on-the-server"], sign_out;
    "base-session-token": "Another site sends a form in somebody's browser", Each, ["base-session-changes-need-the-token"], token;
    "base-session-cache": "Somebody looks whether screens are stored", Each,
        ["base-session-screens-are-not-cached", "base-session-settings-are-not-cached"], cache;
];

/// What keeps a browser signed in.
struct Session {
    cookies: Vec<Cookie>,
    /// What its scripts hold and send (`skip.session_values`).
    values: Taken,
}

impl Session {
    fn of(visitor: &mut Visitor) -> Result<Session, Trouble> {
        let (now, world) = (visitor.now(), visitor.world().clone());
        let cookies = visitor.browser().jar().cookies(now);
        let cookies: Vec<_> =
            cookies.filter(|cookie| world.target.is_session_cookie(&cookie.name())).cloned().collect();
        let mut values = visitor.taken().clone();
        values.retain(|name, _| world.target.session_values().contains(name));
        if cookies.is_empty() && values.is_empty() {
            let what = "somebody is signed in, but no cookie of the browser matches `skip.session_cookie`, and nothing was taken that `skip.session_values` names";
            return Err(Trouble::ControlArm(what.to_owned()));
        }
        Ok(Session { cookies, values })
    }

    fn put_into(self, visitor: &mut Visitor) {
        visitor.learn_from(&self.values);
        for cookie in self.cookies {
            visitor.plant(cookie);
        }
    }
}

async fn fixation(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    let planted = Session::of(&mut a)?.cookies;
    if planted.is_empty() {
        let reason = "what keeps somebody signed in is no cookie but a value that scripts hold, which nobody can plant in a browser";
        return Err(Trouble::NotOffered(reason.to_owned()));
    }
    a.sign_out().await?;
    let mut victim = person.browser("victim", &account);
    for cookie in &planted {
        victim.plant(cookie.clone());
    }
    sign_in(&mut victim, &account).await?;
    let renewed = Session::of(&mut victim)?.cookies;
    let kept = renewed.iter().filter(|cookie| planted.iter().any(|old| old.value() == cookie.value())).count();
    let observed = format!("{kept} of {} session cookies still have the planted id", renewed.len());
    stage.judge(
        "base-session-id-is-new-at-sign-in",
        "the id after the sign-in is not the planted one",
        observed,
        kept == 0,
    )
}

async fn sign_out(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    let page = a.open(Step::OpenMyPage).await?;
    stage.control("before signing out My Page should be open", &page, page.is(Screen::MyPage))?;
    let session = Session::of(&mut a)?;
    a.sign_out().await?;
    session.put_into(&mut a);
    let check = "base-session-ends-on-the-server";
    stage.is_shut(check, "with what kept the browser signed in brought back My Page stays shut", &mut a).await
}

/// Each change is looked at by itself: that one cannot be forged at all says nothing of the other.
async fn token(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let resume = resume_needs_the_token(&stage, &person, &account).await;
    if !stage.world.target.confirms_addresses() || matches!(resume, Err(Trouble::Interrupted)) {
        return resume;
    }
    both(resume, address_needs_the_token(&stage, &person, &account).await)
}

/// What came of two changes: one that nobody can forge is left to the other.
fn both(one: Result<(), Trouble>, other: Result<(), Trouble>) -> Result<(), Trouble> {
    match (one, other) {
        (Err(Trouble::NotOffered(_)), other) => other,
        (one, Err(Trouble::NotOffered(_))) => one,
        (one, other) => one.and(other),
    }
}

async fn resume_needs_the_token(stage: &Stage, person: &Person, account: &Account) -> Result<(), Trouble> {
    let check = "base-session-changes-need-the-token";
    let mut a = person.browser("A", account);
    sign_in_and_skip(&mut a, account).await?;
    skip_is_set(stage, &mut a, account).await?;
    let mut b = person.browser("B", account);
    sign_in(&mut b, account).await?;
    press_resume(&mut b).await?;
    // Where the resume is another password, the story keeps it: what the form leads to does not always tell whether it was taken.
    let new_password = stage.world.population.draw().password;
    let vars = Vars { new_password: &new_password, ..Vars::default() };
    let honest = b.prepare(Step::CompleteResume, vars, SkipBox::Unticked)?;
    let is_password = stage.world.target.takes_new_password(stage.portal, Step::CompleteResume);
    for (how, request) in forged(&mut b, &honest)? {
        b.send(Step::CompleteResume, request).await?;
        let seen = a.start(account).await?.seen;
        let changed = seen.asks_for_code() || (is_password && seen.is(Screen::SignIn));
        let expected = format!("a form {how} changes nothing");
        stage.opposites(check, &expected, &seen, Screen::MyPage, seen.is(Screen::MyPage), changed)?;
    }
    // What another site has sent may have ended the session all the same.
    let mut c = person.browser("C", account);
    sign_in(&mut c, account).await?;
    resume_all(&mut c).await?;
    let next = a.start(account).await?;
    stage.control("the same form with its token should end the skip", &next.seen, next.seen.asks_for_code())
}

/// The same for another address, in a browser that is signed in: without the token no number is mailed there. The control mail is that
/// of the same form with its token, sent last.
async fn address_needs_the_token(stage: &Stage, person: &Person, account: &Account) -> Result<(), Trouble> {
    let check = "base-session-changes-need-the-token";
    let world = stage.world.clone();
    let mut b = person.browser("D", account);
    sign_in(&mut b, account).await?;
    let (theirs, own) = (world.fresh_address(), world.fresh_address());
    let since = world.mailbox.mark().await?;
    b.open_form(Step::SubmitAddress, Step::OpenAddressChange, Screen::AddressChange).await?;
    let honest = b.prepare(Step::SubmitAddress, new_address_vars(&theirs), SkipBox::Unticked)?;
    let with_token = b.prepare(Step::SubmitAddress, new_address_vars(&own), SkipBox::Unticked)?;
    let Some((_, without_token)) = forged(&mut b, &honest)?.into_iter().next() else { return Ok(()) };
    b.send(Step::SubmitAddress, without_token).await?;
    b.send(Step::SubmitAddress, with_token).await?;
    b.confirmation_number(&own, since).await?;
    b.quiet().await;
    let mails = world.mailbox.all_for(&theirs, since).await?.len();
    let observed =
        format!("{mails} mail(s) to the address of the form without the token, one to that of the form with it");
    stage.judge(check, "a form without the token asks for no other address", observed, mails == 0)
}

fn new_address_vars(new_address: &str) -> Vars<'_> {
    Vars { new_address, ..Vars::default() }
}

/// The pages of the settings, and their screens.
const SETTINGS: [(Step, Screen); 6] = [
    (Step::OpenSettings, Screen::Settings),
    (Step::OpenSkipSettings, Screen::SkipSettings),
    (Step::OpenResume, Screen::ResumeConfirmation),
    (Step::OpenAddressChange, Screen::AddressChange),
    (Step::OpenAdditionalAccounts, Screen::AdditionalAccounts),
    (Step::OpenPasswordChange, Screen::PasswordChange),
];

async fn cache(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (started, mailed) = ask_for_code(&mut a, &account).await?;
    let my_page = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &my_page)?;
    let screens =
        [&started.seen, &my_page].map(|seen| is_not_stored(&stage, "base-session-screens-are-not-cached", seen));
    let mut looked = 0;
    let mut settings = Vec::new();
    for (step, screen) in SETTINGS {
        if !stage.has_step(step) {
            continue;
        }
        let seen = a.look_at(step).await?;
        if seen.is(screen) {
            looked += 1;
            settings.push(is_not_stored(&stage, "base-session-settings-are-not-cached", &seen));
        }
    }
    // Each page was looked at by itself: what one says does not bear on another.
    stage.settle("base-session-screens-are-not-cached");
    if looked == 0 {
        return Err(Trouble::Means("no page of the settings was found to look at".to_owned()));
    }
    stage.settle("base-session-settings-are-not-cached");
    screens.into_iter().chain(settings).collect()
}

fn is_not_stored(stage: &Stage, check: &'static str, seen: &Seen) -> Result<(), Trouble> {
    let directive = seen.answer.header("cache-control").unwrap_or_default().into_owned();
    let observed = format!("{}: Cache-Control `{directive}`", seen.describe());
    // It takes no value (RFC 9111): not every browser knows `no-store=True` for what is meant.
    let is_stated = directive.split(',').any(|part| part.trim().eq_ignore_ascii_case("no-store"));
    stage.judge(check, "Cache-Control: no-store", observed, is_stated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_nobody_can_forge_hides_no_other() {
        let not_offered = || Err(Trouble::NotOffered(String::new()));
        let broken = || Err(Trouble::Means(String::new()));
        assert!(both(not_offered(), Ok(())).is_ok() && both(Ok(()), not_offered()).is_ok());
        assert!(matches!(both(not_offered(), not_offered()), Err(Trouble::NotOffered(_))));
        for (one, other) in
            [(not_offered(), broken()), (broken(), not_offered()), (broken(), Ok(())), (Ok(()), broken())]
        {
            assert!(matches!(both(one, other), Err(Trouble::Means(_))));
        }
    }
}
