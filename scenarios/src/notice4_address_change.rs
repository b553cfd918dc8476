//! NOTICE-4: somebody who is signed in changes the address in My Page, before go-live too, and from then on codes go to the new one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sekisho_simulator::account::Account;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{AskedChange, Person, Trouble, Visitor};

use crate::address::{Checks, change_address, decides, needs_code_mails, put_back};
use crate::moves::{sign_in, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::span::Span;
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "notice4-change": "Somebody changes the address in My Page and signs in with the new one", Each,
        ["notice4-the-address-changes-in-my-page", "notice4-codes-go-to-the-new-address-only"], change;
    "notice4-before-go-live": "Somebody changes the address before go-live, and signs in after it", Each,
        ["notice4-the-address-changes-before-go-live-too"], before_go_live;
    "notice4-unconfirmed": "Somebody asks for another address and does not confirm it, or with a wrong number", Each,
        ["notice4-until-it-is-confirmed-the-old-address-stays"], unconfirmed;
];

/// How long before go-live the address is changed: long enough to be before it, short enough for the session to hold.
const HOUR: Duration = Duration::from_secs(3600);

async fn change(stage: Arc<Stage>) -> Result<(), Trouble> {
    needs_code_mails(&stage, 3)?;
    let (person, old) = stage.person().await?;
    let new = old.at(&stage.world.fresh_address());
    let told = tell_change(&stage, &person, &old, &new).await;
    put_back(&stage, &person, &new, &old, told).await
}

async fn tell_change(stage: &Stage, person: &Person, old: &Account, new: &Account) -> Result<(), Trouble> {
    let changes = "notice4-the-address-changes-in-my-page";
    let mut a = person.browser("A", old);
    sign_in(&mut a, old).await?;
    if a.has_page_of(Step::SubmitAddress, Step::OpenAddressChange) {
        let form = a.open(Step::OpenAddressChange).await?;
        stage.opens(changes, "My Page offers another address to somebody signed in", Screen::AddressChange, &form)?;
    }
    change_address(stage, changes, &mut a, &new.key.address).await?;

    let new = person.moved(old, &new.key.address);
    let checks = Checks { signs_in: changes, alone: "notice4-codes-go-to-the-new-address-only" };
    decides(stage, person, checks, "after the change", &new, old).await
}

async fn before_go_live(stage: Arc<Stage>) -> Result<(), Trouble> {
    needs_code_mails(&stage, 2)?;
    let check = "notice4-the-address-changes-before-go-live-too";
    let go_live: SystemTime = stage.numbers().go_live.0.into();
    let (person, old) = stage.person_starting(go_live - HOUR).await?;
    let mut a = person.browser("A", &old);
    let started = a.start(&old).await?;
    want(Step::SubmitPassword, Screen::MyPage, &started.seen)?;
    if a.has_page_of(Step::SubmitAddress, Step::OpenAddressChange) {
        let form = a.open(Step::OpenAddressChange).await?;
        if !form.is(Screen::AddressChange) {
            control_of_the_form(&stage).await?;
        }
        stage.judge(check, "the form opens before go-live", form.describe(), form.is(Screen::AddressChange))?;
    }
    let new_address = stage.world.fresh_address();
    change_address(&stage, check, &mut a, &new_address).await?;

    // Till the change is seen to have happened, the account goes by its old address, its clock too.
    let new = old.at(&new_address);
    let mut b = person.browser("B", &new);
    let next = b.begin(&new).await?;
    stage.opens(check, "before go-live the new address signs in, with no code", Screen::MyPage, &next.seen)?;
    let new = person.moved(&old, &new_address);
    person.wait_until(go_live + stage.probe()).await?;
    decides(&stage, &person, Checks::both(check), "after go-live", &new, &old).await
}

/// Shows that the form opens at all: to somebody else, after go-live.
async fn control_of_the_form(stage: &Stage) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("after go-live", &account);
    sign_in(&mut a, &account).await?;
    let form = a.open(Step::OpenAddressChange).await?;
    stage.control("after go-live the form for another address should open", &form, form.is(Screen::AddressChange))
}

async fn unconfirmed(stage: Arc<Stage>) -> Result<(), Trouble> {
    if !stage.world.target.confirms_addresses() {
        let reason =
            "the target changes an address without mailing a number to it (the profile has no `mail.confirmation`)";
        return Err(Trouble::NotOffered(reason.to_owned()));
    }
    needs_code_mails(&stage, 8)?;
    let (person, old) = stage.person().await?;
    let new = old.at(&stage.world.fresh_address());
    let told = tell_unconfirmed(&stage, &person, &old, &new).await;
    put_back(&stage, &person, &new, &old, told).await
}

async fn tell_unconfirmed(stage: &Stage, person: &Person, old: &Account, new: &Account) -> Result<(), Trouble> {
    let check = "notice4-until-it-is-confirmed-the-old-address-stays";
    let new_address = &new.key.address;
    let mut a = person.browser("A", old);
    sign_in(&mut a, old).await?;
    let asked = a.ask_for_change(new_address).await?;
    if asked.seen.is(Screen::AddressConfirmation) {
        // The number is there to be sent, and is not.
        number_of(&a, &asked, new_address).await?;
    }
    decides(stage, person, Checks::both(check), "before the confirmation", old, new).await?;

    want(Step::SubmitAddress, Screen::AddressConfirmation, &asked.seen)?;
    for guess in [wrong_code(&number_of(&a, &asked, new_address).await?), String::new()] {
        let seen = a.confirm_address(&guess).await?;
        if !seen.is(Screen::AddressConfirmation) {
            break;
        }
    }
    decides(stage, person, Checks::both(check), "after a wrong number", old, new).await?;

    let declared = stage.numbers().confirmation_validity;
    let validity = || declared.map(|length| Span::of_number(stage, person, length.0));
    if let Some(validity) = validity() {
        let late = a.ask_for_change(new_address).await?;
        want(Step::SubmitAddress, Screen::AddressConfirmation, &late.seen)?;
        let number = number_of(&a, &late, new_address).await?;
        a.keep_cookies();
        validity.begun().until_just_outside().await?;
        a.confirm_address(&number).await?;
        decides(stage, person, Checks::both(check), "after a number that came too late", old, new).await?;
    }

    // The control arm of all that: in time, the right number does change the address.
    let validity = validity();
    let again = a.ask_for_change(new_address).await?;
    want(Step::SubmitAddress, Screen::AddressConfirmation, &again.seen)?;
    let number = number_of(&a, &again, new_address).await?;
    if let Some(validity) = &validity {
        validity.until_just_inside().await?;
    }
    a.confirm_address(&number).await?;
    if let Some(validity) = validity {
        validity.was_inside()?;
    }
    let mut b = person.browser("B", new);
    let next = b.start(new).await?;
    stage.control("with the mailed number the new address should sign in", &next.seen, next.seen.asks_for_code())
}

async fn number_of(a: &Visitor, asked: &AskedChange, new_address: &str) -> Result<String, Trouble> {
    Ok(a.confirmation_number(new_address, asked.mark).await?.code)
}
