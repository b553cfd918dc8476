#![allow(clippy::unwrap_used)]

use super::*;
use crate::account::{AccountError, MockAccounts};
use crate::browser::NetworkConfig;
use crate::clock::{ClockError, MockClock, MockGlobalClock};
use crate::mailbox::MockMailbox;
use crate::office::OfficeError;
use crate::recorder::Unwatched;
use crate::target::Loading;

/// A world in which nothing is real but what the test says.
fn world(clock: MockClock, accounts: MockAccounts) -> Arc<World> {
    Arc::new(bare(clock, accounts))
}

fn bare(clock: MockClock, accounts: MockAccounts) -> World {
    let control = crate::target::Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: "t".to_owned() };
    let loading = Loading { control: Some(control), ..Loading::default() };
    let profile = include_str!("../../../profiles/reference.toml");
    World {
        target: Target::parse("reference", profile, &loading).unwrap(),
        network: Arc::new(Network::new(NetworkConfig::default()).unwrap()),
        mailbox: Arc::new(MockMailbox::new()),
        clock: Arc::new(clock),
        timeline: None,
        accounts: Arc::new(accounts),
        office: None,
        population: Population::new(1, "test"),
        time_proof: Default::default(),
        refusal: None,
        cancel: CancellationToken::new(),
    }
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
    accounts.expect_provide().returning(|_| Err(AccountError::UsedUp { portal: Portal::Seeker }));
    let world = world(frozen_clock(), accounts);
    let casting = Casting { starts_at: Some(SystemTime::UNIX_EPOCH), ..Casting::default() };
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

const EARLY: SystemTime = SystemTime::UNIX_EPOCH;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A world whose target has one clock for all, which stands at `EARLY`; stories begin ten days later unless they say when.
fn world_with_one_clock(accounts: MockAccounts, moves: usize) -> Arc<World> {
    let mut clock = MockGlobalClock::new();
    clock.expect_advance_all().times(moves).returning(|_, _| Ok(()));
    let timeline = Timeline::new(Arc::new(clock), Time::Frozen(EARLY), EARLY + 10 * DAY);
    Arc::new(World { timeline: Some(timeline), ..bare(MockClock::new(), accounts) })
}

async fn seat_in(world: &World) -> Arc<Seat> {
    world.seats(1, 1).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn with_one_clock_a_story_begins_when_its_time_comes_and_accounts_start_there() {
    let mut accounts = MockAccounts::new();
    accounts.expect_can_start_at().return_const(true);
    accounts.expect_has_additional().return_const(true);
    let begun =
        |days: u32| move |wanted: &Vec<Wanted>| wanted[0].frozen && wanted[0].starts_at == Some(EARLY + DAY * days);
    let given = |wanted: Vec<Wanted>| Ok(wanted.into_iter().map(|wanted| wanted.account).collect());
    for days in [3, 10, 12] {
        accounts.expect_provide().times(1).withf(begun(days)).returning(given);
    }
    let world = world_with_one_clock(accounts, 3);
    let seat = seat_in(&world).await;
    let early = Casting { starts_at: Some(EARLY + 3 * DAY), seat: Some(seat.clone()), ..Casting::default() };
    let (early, _) = world.person(Portal::Employer, early, Arc::new(Unwatched)).await.unwrap();
    assert_eq!(early.now(), EARLY + 3 * DAY);
    let regular = Casting { seat: Some(seat), ..Casting::default() };
    let (person, main) = world.person(Portal::Employer, regular, Arc::new(Unwatched)).await.unwrap();
    person.wait(2 * DAY).await.unwrap();
    world.additional(&person, &main).await.unwrap();
    assert_eq!((person.now(), early.now()), (EARLY + 12 * DAY, EARLY + 12 * DAY), "both go by the same clock");
}

#[tokio::test]
async fn with_one_clock_an_earlier_time_than_its_own_is_a_missing_means() {
    let world = world_with_one_clock(MockAccounts::new(), 0);
    let seat = Some(seat_in(&world).await);
    let past = Casting { starts_at: Some(EARLY - DAY), seat, ..Casting::default() };
    for (casting, reason) in [(past, "already shows 1970-01-01T00:00:00Z"), (Casting::default(), "keeps no order")] {
        let trouble = world.person(Portal::Seeker, casting, Arc::new(Unwatched)).await.err().unwrap();
        assert!(trouble.is_missing_means() && trouble.to_string().contains(reason), "{trouble}");
    }
}

#[tokio::test]
async fn an_interrupted_run_waits_for_no_clock() {
    let world = world_with_one_clock(MockAccounts::new(), 0);
    let mut seats = world.seats(2, 2).await.unwrap();
    let (seat, _busy) = (seats.pop(), seats.pop());
    let casting = Casting { seat, ..Casting::default() };
    world.cancel.cancel();
    let trouble = world.person(Portal::Seeker, casting, Arc::new(Unwatched)).await.err().unwrap();
    assert!(matches!(trouble, Trouble::Interrupted), "{trouble}");
}
