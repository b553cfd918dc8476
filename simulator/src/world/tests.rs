#![allow(clippy::unwrap_used)]

use super::*;
use crate::account::{AccountError, MockAccounts};
use crate::browser::NetworkConfig;
use crate::clock::{ClockError, MockClock};
use crate::mailbox::MockMailbox;
use crate::office::OfficeError;
use crate::recorder::Unwatched;
use crate::target::Loading;

/// A world in which nothing is real but what the test says.
fn world(clock: MockClock, accounts: MockAccounts) -> Arc<World> {
    let control = crate::target::Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: "t".to_owned() };
    let loading = Loading { base: None, control: Some(control) };
    let profile = include_str!("../../../profiles/reference.toml");
    Arc::new(World {
        target: Target::parse("reference", profile, &loading).unwrap(),
        network: Arc::new(Network::new(NetworkConfig::default()).unwrap()),
        mailbox: Arc::new(MockMailbox::new()),
        clock: Arc::new(clock),
        accounts: Arc::new(accounts),
        office: None,
        population: Population::new(1, "test"),
        refusal: None,
        cancel: CancellationToken::new(),
    })
}

fn frozen_clock() -> MockClock {
    let mut clock = MockClock::new();
    clock.expect_can_freeze().return_const(true);
    clock
}

fn made_accounts() -> MockAccounts {
    let mut accounts = MockAccounts::new();
    accounts.expect_can_start_at().return_const(true);
    accounts.expect_provide().returning(|wanted| Ok(wanted.into_iter().map(|wanted| wanted.account).collect()));
    accounts
}

#[tokio::test]
async fn a_clock_that_fails_leaves_the_persons_time_where_it_was() {
    let mut clock = frozen_clock();
    clock.expect_advance().times(1).returning(|_, _| Err(ClockError::Control("503".to_owned())));
    let world = world(clock, made_accounts());
    let (person, _) = world.person(Portal::Seeker, Casting::default(), Arc::new(Unwatched)).await.unwrap();
    let before = person.now();
    let trouble = person.wait(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Clock(_)) && !trouble.is_missing_means(), "{trouble}");
    assert_eq!(person.now(), before, "target and cookie jars would go by different clocks");
}

#[tokio::test]
async fn all_accounts_of_a_person_move_together() {
    let mut clock = frozen_clock();
    clock
        .expect_advance()
        .times(1)
        .withf(|accounts, by| accounts.len() == 2 && *by == Duration::from_secs(60))
        .returning(|_, _| Ok(()));
    let mut accounts = made_accounts();
    accounts.expect_has_additional().return_const(true);
    let world = world(clock, accounts);
    let (person, main) = world.person(Portal::Employer, Casting::default(), Arc::new(Unwatched)).await.unwrap();
    let additional = world.additional(&person, &main).await.unwrap();
    assert_ne!(additional.key.address, main.key.address);
    let before = person.now();
    person.wait(Duration::from_secs(60)).await.unwrap();
    assert_eq!(person.now(), before + Duration::from_secs(60));
}

#[tokio::test]
async fn what_the_accounts_cannot_do_is_a_missing_means() {
    let mut accounts = MockAccounts::new();
    accounts.expect_can_start_at().return_const(false);
    accounts.expect_provide().returning(|_| Err(AccountError::UsedUp { portal: Portal::Seeker, last: 3 }));
    let world = world(frozen_clock(), accounts);
    let casting = Casting { starts_at: Some(SystemTime::UNIX_EPOCH), running: false };
    for casting in [casting, Casting::default()] {
        let outcome = world.person(Portal::Seeker, casting, Arc::new(Unwatched)).await;
        assert!(outcome.is_err_and(|trouble| trouble.is_missing_means()));
    }
}

#[tokio::test]
async fn without_a_clock_that_stands_still_it_runs() {
    let mut clock = MockClock::new();
    clock.expect_can_freeze().return_const(false);
    let world = world(clock, made_accounts());
    let (person, _) = world.person(Portal::Seeker, Casting::default(), Arc::new(Unwatched)).await.unwrap();
    assert!(!person.clock_is_frozen());
}

#[tokio::test]
async fn an_account_that_moved_keeps_its_clock_under_the_new_address() {
    let mut clock = frozen_clock();
    clock
        .expect_advance()
        .times(1)
        .withf(|accounts, _| accounts.len() == 1 && accounts[0].address == "new@people.sekisho.test")
        .returning(|_, _| Ok(()));
    let world = world(clock, made_accounts());
    let (person, old) = world.person(Portal::Seeker, Casting::default(), Arc::new(Unwatched)).await.unwrap();
    let new = person.moved(&old, "new@people.sekisho.test");
    assert_eq!((new.key.portal, &new.password), (old.key.portal, &old.password));
    person.wait(Duration::from_secs(60)).await.unwrap();
}

#[tokio::test]
async fn without_an_office_what_needs_it_is_a_missing_means() {
    let world = world(frozen_clock(), made_accounts());
    let (person, account) = world.person(Portal::Seeker, Casting::default(), Arc::new(Unwatched)).await.unwrap();
    let trouble = person.ask_the_office(&account, "new@people.sekisho.test").await.unwrap_err();
    assert!(trouble.is_missing_means(), "{trouble}");
    let refused = Trouble::Office(OfficeError::Control("409".to_owned()));
    assert!(!refused.is_missing_means(), "an office that refuses is not one that is missing");
}
