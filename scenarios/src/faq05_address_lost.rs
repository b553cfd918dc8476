//! FAQ-05: the address is lost. Nobody can change it before signing in, and without the mail there is no other way in.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho_rules::Portal;
use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Form, Page, Press, Request};
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Person, Seen, SkipBox, Trouble, Visitor};
use url::Url;

use crate::address::{Checks, decides, needs_code_mails, put_back};
use crate::moves::{ask_for_code, must_know, sign_in, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::span::was_before;
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq05-no-change": "Somebody who is not signed in forges a change of the address on every page there is", Each,
        ["faq05-no-address-change-before-signing-in"], no_change;
    "faq05-dead-address": "The mail is refused for good", Each, ["faq05-refused-mail-opens-no-other-way-in"], dead_address;
    "faq05-office": "Somebody who lost the address has the office change it, which takes days", Each,
        ["faq05-after-the-office-the-new-address-signs-in", "faq05-after-the-office-the-old-address-gets-no-code",
         "faq05-while-the-office-works-the-old-address-decides"], office;
];

/// The most addresses of the target that are tried with a forged form.
const PAGES_TRIED: usize = 40;

/// Field names under which forms of this kind take an address, tried beside those that the profile names.
const ADDRESS_FIELDS: [&str; 7] =
    ["address", "new_address", "new-address", "email", "mail", "mail_address", "mailAddress"];

async fn no_change(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq05-no-address-change-before-signing-in";
    let (person, account) = stage.person().await?;
    let mut honest = person.browser("honest", &account);
    sign_in(&mut honest, &account).await?;
    let pages = addresses_behind_the_sign_in(&mut honest, stage.portal).await?;
    if pages.is_empty() {
        return Err(Trouble::Means("no address behind the sign-in was found to try".to_owned()));
    }

    let thief = format!("thief.{}", account.key.address);
    let since = person.mark().await?;
    let mut outside = person.browser("signed out", &account);
    outside.open_sign_in().await?;
    Forger::new(&thief).forge(&mut outside, &pages).await?;
    let mut gone = person.browser("signed out again", &account);
    sign_in(&mut gone, &account).await?;
    let mut kept = Forger::new(&thief);
    kept.collect(&mut gone, &pages).await?;
    gone.sign_out().await?;
    kept.forge(&mut gone, &pages).await?;
    let mut halfway = person.browser("half signed in", &account);
    ask_for_code(&mut halfway, &account).await?;
    Forger::new(&thief).forge(&mut halfway, &pages).await?;

    let mut fresh = person.browser("afterwards", &account);
    let next = fresh.begin(&account).await?;
    // The honest browser has shown that this address signs in: if it no longer does, somebody changed it.
    stage.judge(check, "the registered address still signs in", next.seen.describe(), next.seen.asks_for_code())?;
    let mailed = fresh.first_code_at(&[&account.key.address, &thief], &next).await?;
    fresh.quiet().await;
    let stolen = fresh.world().mailbox.all_for(&thief, since).await?;
    let observed = format!(
        "{} pages tried three times with forged forms; {} mail(s) to the forged address, the next code to {}",
        pages.len(),
        stolen.len(),
        mailed.mail.recipients.join(", "),
    );
    stage.judge(check, "the forged address gets no mail, the registered one the code", observed, stolen.is_empty())?;
    let seen = fresh.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.control("the registered address should still sign in", &seen, seen.is_signed_in())?;
    control_of_the_forgery(&stage, &person, &account, &mut honest).await
}

/// The same forged form, sent by the browser that is signed in, must ask for the change: else its refusal elsewhere means nothing.
async fn control_of_the_forgery(
    stage: &Stage,
    person: &Person,
    account: &Account,
    honest: &mut Visitor,
) -> Result<(), Trouble> {
    if !stage.has_step(Step::SubmitAddress) {
        let reason =
            "the profile has no step `submit-address`, so nothing shows that a forged form could change the address";
        return Err(Trouble::Means(reason.to_owned()));
    }
    // A change that must be confirmed is not in force without it.
    if stage.world.target.recognises(Screen::AddressConfirmation) {
        must_know(honest, Step::ConfirmAddress)?;
    }
    let own = stage.world.fresh_address();
    let since = person.mark().await?;
    if honest.has_page_of(Step::SubmitAddress, Step::OpenAddressChange) {
        honest.look_at(Step::OpenAddressChange).await?;
    }
    let form = honest.prepare(Step::SubmitAddress, Vars::default(), SkipBox::Unticked)?;
    Forger::new(&own).forge(honest, &[form.url]).await?;
    if stage.world.target.confirms_addresses() {
        honest.confirmation_number(&own, since).await?;
        return Ok(());
    }
    let changed = account.at(&own);
    let mut afterwards = person.browser("changed", &changed);
    let next = afterwards.start(&changed).await?;
    let asks = next.seen.asks_for_code();
    let told = stage.control("the forged form should change the address once signed in", &next.seen, asks);
    put_back(stage, person, &changed, account, told).await
}

/// Every address of the target that the pages of somebody signed in lead to, by link or form; those round the change of the address
/// first, before a form that signs out or ends an attempt is tried.
async fn addresses_behind_the_sign_in(visitor: &mut Visitor, portal: Portal) -> Result<Vec<Url>, Trouble> {
    let mut found = Vec::new();
    let pages = [
        Step::OpenAddressChange,
        Step::OpenMyPage,
        Step::OpenSettings,
        Step::OpenSkipSettings,
        Step::OpenResume,
        Step::OpenAdditionalAccounts,
        Step::OpenPasswordChange,
    ];
    for step in pages {
        if !visitor.knows(step) {
            continue;
        }
        found.extend(ways_on(&visitor.look_at(step).await?));
    }
    let target = &visitor.world().target;
    let mut seen = BTreeSet::new();
    found.retain(|url| target.owns(portal, url) && seen.insert(url.clone()));
    found.truncate(PAGES_TRIED);
    Ok(found)
}

/// A page's own address, and those that it leads to by link or form.
fn ways_on(seen: &Seen) -> Vec<Url> {
    let page = Page::of(&seen.answer);
    let links = page.links().into_iter().map(|link| link.url);
    let forms = page.forms().iter().filter_map(|form| form.press(Press::Enter).ok()).map(|request| request.url);
    std::iter::once(seen.answer.url.clone()).chain(links).chain(forms).collect()
}

/// Forges forms that would register an address: with the fields of the profile's own form, others that such forms have, and every
/// hidden field that the browser was ever shown: its own tokens, so that nothing but the missing sign-in stands in the way.
struct Forger<'a> {
    address: &'a str,
    hidden: Vec<(String, String)>,
}

impl<'a> Forger<'a> {
    fn new(address: &'a str) -> Forger<'a> {
        Forger { address, hidden: Vec::new() }
    }

    /// Looks at every page, for its hidden fields. Where it is shut, those of the page that was open before are taken.
    async fn collect(&mut self, visitor: &mut Visitor, pages: &[Url]) -> Result<(), Trouble> {
        for page in pages {
            self.look(visitor, page).await?;
        }
        Ok(())
    }

    /// Looks at every page and posts the forged form to it.
    async fn forge(&mut self, visitor: &mut Visitor, pages: &[Url]) -> Result<(), Trouble> {
        for page in pages {
            // It is sent from the page that is open: one of an interface is none, and other origins may be refused.
            if let Some(request) = self.of_its_own(visitor, page) {
                visitor.send(Step::OpenSettings, request).await?;
                continue;
            }
            self.look(visitor, page).await?;
            let mut fields = self.hidden.clone();
            let own = visitor.world().target.fields(visitor.portal(), Step::SubmitAddress, &self.vars());
            let known: Vec<_> =
                ADDRESS_FIELDS.iter().map(|field| ((*field).to_owned(), self.address.to_owned())).collect();
            for (name, value) in own.into_iter().chain(known) {
                if !fields.iter().any(|(field, _)| *field == name) {
                    fields.push((name, value));
                }
            }
            let post = Request::post(page.clone(), fields).from_page(page.clone());
            // What a refusal leads to may end an attempt, and the next page would be tried with nothing.
            visitor.send(Step::OpenSettings, Request { follows_redirects: false, ..post }).await?;
        }
        Ok(())
    }

    /// The profile's own request for another address, sent to this page, where it needs no form to be filled in: with the tokens of
    /// this browser.
    fn of_its_own(&self, visitor: &mut Visitor, page: &Url) -> Option<Request> {
        let target = &visitor.world().target;
        if !visitor.knows(Step::SubmitAddress) || target.needs_page(visitor.portal(), Step::SubmitAddress) {
            return None;
        }
        let request = visitor.prepare(Step::SubmitAddress, self.vars(), SkipBox::Unticked).ok()?;
        Some(Request { url: page.clone(), follows_redirects: false, ..request })
    }

    fn vars(&self) -> Vars<'a> {
        Vars { new_address: self.address, ..Vars::default() }
    }

    async fn look(&mut self, visitor: &mut Visitor, page: &Url) -> Result<(), Trouble> {
        visitor.send(Step::OpenSettings, Request { follows_redirects: false, ..Request::get(page.clone()) }).await?;
        let Some(open) = visitor.browser().current() else { return Ok(()) };
        for (name, value) in Page::of(open).forms().iter().flat_map(Form::hidden_fields) {
            self.hidden.retain(|(known, _)| *known != name);
            self.hidden.push((name, value));
        }
        Ok(())
    }
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
    // The outcome may be anything, also a page that nobody knows.
    let started = a.begin_altered(&account, |request| request).await?;
    let check = "faq05-refused-mail-opens-no-other-way-in";
    if !refusal.refused(&account.key.address, stage.numbers().mail_patience.0).await {
        return Err(Trouble::ControlArm(
            "the target never tried to deliver the mail that was to be refused".to_owned(),
        ));
    }
    a.quiet().await;
    stage.judge(check, "no server error", started.seen.describe(), started.seen.answer.status < 500)?;
    // A target that delivers apart from the answer can say only later how it went.
    let told_at_once = started.seen.is(Screen::MailFailed);
    let later = if told_at_once { None } else { code_entry_again(&mut a).await? };
    let seen = later.unwrap_or(started.seen);
    stage.judge(check, "no server error", seen.describe(), seen.answer.status < 500)?;
    let clear = matches!(
        seen.screen,
        Some(Screen::CodeEntry | Screen::MailFailed | Screen::AttemptOver | Screen::SignIn | Screen::Limited)
    );
    let another = seen.screen.is_some() && !clear;
    stage.opposites(check, "a clear screen that opens nothing", &seen, Screen::MailFailed, clear, another)?;
    no_way_in(&stage, &mut a, &account).await?;
    let mails = a.world().mailbox.all_for(&account.key.address, started.mark).await?;
    if !mails.is_empty() {
        return Err(Trouble::ControlArm("the mail should have been refused, but it arrived".to_owned()));
    }
    Ok(())
}

/// The code entry screen opened again, where the target has an address for it.
async fn code_entry_again(a: &mut Visitor) -> Result<Option<Seen>, Trouble> {
    match a.knows(Step::OpenCodeEntry) {
        true => Ok(Some(a.look_at(Step::OpenCodeEntry).await?)),
        false => Ok(None),
    }
}

async fn no_way_in(stage: &Stage, a: &mut Visitor, account: &Account) -> Result<(), Trouble> {
    let check = "faq05-refused-mail-opens-no-other-way-in";
    stage.is_shut(check, "My Page stays shut", a).await?;
    if let Some(seen) = code_entry_again(a).await? {
        stage.judge(check, "the code entry screen does not give way", seen.describe(), !seen.is_signed_in())?;
    }
    for code in ["", "000000"].map(str::to_owned).into_iter().chain([wrong_code("999999")]) {
        if !a.shows(Screen::CodeEntry) {
            break;
        }
        let seen = a.submit_code(&code, SkipBox::Unticked).await?;
        stage.refuses(check, "a guessed or empty code opens nothing", a, &seen).await?;
        code_entry_again(a).await?;
    }
    let seen = a.open_sign_in().await?;
    want(Step::OpenSignIn, Screen::SignIn, &seen)?;
    let seen = a.submit_password(account, &account.password).await?;
    stage.judge(check, "trying again does not sign in either", seen.describe(), !seen.is_signed_in())
}

async fn office(stage: Arc<Stage>) -> Result<(), Trouble> {
    needs_code_mails(&stage, 4)?;
    let (person, old) = stage.person().await?;
    let new = old.at(&stage.world.fresh_address());
    let told = tell_office(&stage, &person, &old, &new).await;
    put_back(&stage, &person, &new, &old, told).await
}

async fn tell_office(stage: &Stage, person: &Person, old: &Account, new: &Account) -> Result<(), Trouble> {
    let during = Checks::both("faq05-while-the-office-works-the-old-address-decides");
    let procedure = person.ask_the_office(old, &new.key.address).await?;
    decides(stage, person, during, "after the request", old, new).await?;
    let done_at = person.prove_identity(&procedure).await?;
    let margin = stage.margin(person);
    let left = |now| done_at.duration_since(now).unwrap_or_default();
    // It may take days. Where the clock stands still, the last second of them is looked at.
    if let Some(nearly_all) = left(person.now()).checked_sub(margin) {
        decides(stage, person, during, "once it is known who asks", old, new).await?;
        person.wait(nearly_all).await?;
        decides(stage, person, during, "shortly before it is done", old, new).await?;
        was_before("the end of the office's work", person, done_at)?;
    }
    person.wait(left(person.now()) + margin).await?;
    let new = person.moved(old, &new.key.address);
    let after = Checks {
        signs_in: "faq05-after-the-office-the-new-address-signs-in",
        alone: "faq05-after-the-office-the-old-address-gets-no-code",
    };
    decides(stage, person, after, "after the office was done", &new, old).await
}
