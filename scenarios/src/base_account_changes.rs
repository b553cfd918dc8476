//! BASE-ACCOUNT: what another password or another address does to the skips, as the target declares it.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::target::{Screen, SkipsAfter};
use sekisho_simulator::{Person, Seen, Trouble, Visitor};

use crate::address::{change_address, is_in_force, put_back};
use crate::base_session_forms::restore_password;
use crate::moves::{sign_in, sign_in_and_skip};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-account-password-change": "Somebody with a skip at home changes the password elsewhere", Each,
        ["base-account-another-password-treats-skips-as-declared"], password;
    "base-account-address-change": "Somebody with a skip at home changes the address elsewhere", Each,
        ["base-account-another-address-treats-skips-as-declared"], address;
];

async fn password(stage: Arc<Stage>) -> Result<(), Trouble> {
    let declared =
        declared("policies.skips_after_password_change", stage.world.target.policies.skips_after_password_change)?;
    let check = "base-account-another-password-treats-skips-as-declared";
    let (person, account) = stage.person().await?;
    let changed = Account { password: stage.world.population.draw().password, ..account.clone() };
    let mut home = skipping_browser(&stage, &person, &account).await?;
    let mut elsewhere = person.browser("elsewhere", &account);
    sign_in(&mut elsewhere, &account).await?;
    elsewhere.change_password(&account, &changed.password).await?;
    let old = person.browser("old password", &account).begin(&account).await?.seen;
    stage.control("the old password should no longer sign in", &old, old.is(Screen::SignIn))?;
    let told = judge(&stage, check, declared, &home.start(&changed).await?.seen);
    restore_password(&stage, &person, &changed, &account).await?;
    told
}

async fn address(stage: Arc<Stage>) -> Result<(), Trouble> {
    let declared =
        declared("policies.skips_after_address_change", stage.world.target.policies.skips_after_address_change)?;
    let check = "base-account-another-address-treats-skips-as-declared";
    let (person, old) = stage.person().await?;
    let mut home = skipping_browser(&stage, &person, &old).await?;
    let mut elsewhere = person.browser("elsewhere", &old);
    sign_in(&mut elsewhere, &old).await?;
    let new_address = stage.world.fresh_address();
    change_address(&stage, check, &mut elsewhere, &new_address).await?;
    let new = person.moved(&old, &new_address);
    let told = async {
        is_in_force(&stage, &person, &old, &new).await?;
        judge(&stage, check, declared, &home.start(&new).await?.seen)
    };
    let told = told.await;
    put_back(&stage, &person, &new, &old, told).await
}

fn declared(key: &str, policy: Option<SkipsAfter>) -> Result<SkipsAfter, Trouble> {
    policy.ok_or_else(|| Trouble::Means(format!("the profile does not declare what becomes of the skips (`{key}`)")))
}

/// A browser whose skip was seen to work.
async fn skipping_browser(stage: &Stage, person: &Person, account: &Account) -> Result<Visitor, Trouble> {
    let mut home = person.browser("home", account);
    sign_in_and_skip(&mut home, account).await?;
    let before = home.start(account).await?;
    stage.control("before the change the skip should work", &before.seen, before.seen.is(Screen::MyPage))?;
    Ok(home)
}

fn judge(stage: &Stage, check: &'static str, declared: SkipsAfter, seen: &Seen) -> Result<(), Trouble> {
    match declared {
        SkipsAfter::Kept => stage.skips(check, "the skips go on, as the profile declares", seen),
        SkipsAfter::Ended => stage.asks(check, "the skips have ended, as the profile declares", seen),
    }
}
