#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::FutureExt;
use proptest::prelude::*;
use tokio::task::JoinSet;

use super::*;
use crate::clock::{MockGlobalClock, Offset};

const START: SystemTime = SystemTime::UNIX_EPOCH;

fn at(seconds: u64) -> SystemTime {
    START + Duration::from_secs(seconds)
}

/// A target's clock that keeps what it was told, and looks round whether anybody is in the middle of a request meanwhile.
#[derive(Default)]
struct Watchful {
    shows: Mutex<Vec<SystemTime>>,
    in_a_request: AtomicUsize,
    disturbed: AtomicUsize,
}

#[async_trait]
impl GlobalClock for Watchful {
    async fn advance_all(&self, to: Time, by: Duration) -> Result<(), ClockError> {
        assert!(!by.is_zero());
        // A move takes a while, and the others could go on.
        for _ in 0..5 {
            self.disturbed.fetch_add(self.in_a_request.load(Ordering::SeqCst), Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
        self.shows.lock().unwrap().push(to.now());
        Ok(())
    }
}

impl Watchful {
    async fn request(&self, yields: u8) {
        self.in_a_request.fetch_add(1, Ordering::SeqCst);
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        self.in_a_request.fetch_sub(1, Ordering::SeqCst);
    }
}

fn timeline(clock: &Arc<Watchful>) -> Timeline {
    Timeline::new(clock.clone(), Time::Frozen(START), START)
}

/// How a made-up story ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Told to its end; the seat is dropped with it.
    Told,
    /// It panics after its last wait.
    Panic,
    /// It is aborted while it waits, or wherever it is, once the clock shows a time.
    Cancelled,
    /// It leaves and keeps the seat.
    Leaves,
}

#[derive(Debug, Clone)]
struct Story {
    waits_s: Vec<u64>,
    requests: Vec<u8>,
    end: End,
}

fn stories() -> impl Strategy<Value = Vec<Story>> {
    let end =
        prop_oneof![4 => Just(End::Told), 1 => Just(End::Panic), 1 => Just(End::Cancelled), 1 => Just(End::Leaves)];
    let waits = prop_oneof![3 => 0u64..50, 1 => 1_000_000u64..2_000_000];
    let story = (prop::collection::vec(waits, 0..8), prop::collection::vec(0u8..6, 8), end);
    prop::collection::vec(story.prop_map(|(waits_s, requests, end)| Story { waits_s, requests, end }), 1..12)
}

/// Tells one: says at which instants it was woken, beside those it waited for.
async fn tell(story: Story, seat: Arc<Seat>, clock: Arc<Watchful>) -> Vec<(SystemTime, SystemTime)> {
    let mut woken = Vec::new();
    seat.begin().await;
    for (wait_s, yields) in story.waits_s.iter().zip(&story.requests) {
        clock.request(*yields).await;
        let until = seat.time().now() + Duration::from_secs(*wait_s);
        seat.wait_until(until).await.unwrap();
        woken.push((until, seat.time().now()));
        clock.request(*yields).await;
    }
    match story.end {
        End::Panic => std::panic::panic_any("a story that panics"),
        End::Cancelled => std::future::pending().await,
        End::Leaves => {
            seat.leave();
            // Kept beyond the end of all others: nobody may wait for it.
            std::mem::forget(seat);
        }
        End::Told => {}
    }
    woken
}

async fn all_are_woken_on_time(stories: Vec<Story>, busy: usize) {
    let clock = Arc::new(Watchful::default());
    let timeline = timeline(&clock);
    let seats = timeline.seats(stories.len(), busy).await;
    let (mut told, mut cancelled) = (Vec::new(), JoinSet::new());
    for (story, seat) in stories.iter().cloned().zip(seats) {
        let ends = story.end;
        let telling = tell(story, seat, clock.clone());
        if ends == End::Cancelled {
            cancelled.spawn(telling);
        } else {
            told.push((ends, tokio::spawn(telling)));
        }
    }
    // Those who are cancelled hold their seats until they are: aborted in the middle of what the others do.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    cancelled.abort_all();
    while cancelled.join_next().await.is_some() {}
    for (ends, telling) in told {
        match telling.await {
            Ok(woken) => woken.iter().for_each(|(wanted, shown)| assert_eq!(wanted, shown)),
            Err(error) => assert!(ends == End::Panic && error.is_panic(), "{error}"),
        }
    }
    // An aborted request never ends, so it may seem to be under way for ever.
    if !stories.iter().any(|story| story.end == End::Cancelled) {
        assert_eq!(clock.disturbed.load(Ordering::SeqCst), 0, "somebody was in the middle of a request");
    }
    let shows = clock.shows.lock().unwrap();
    assert!(shows.is_sorted_by(|one, next| one < next), "time went back or stood: {shows:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_story_sees_its_instants_and_time_never_goes_back(stories in stories(), busy in 1usize..4, threads in 1usize..3) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(threads).enable_time().build().unwrap();
        let outcome = runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(60), all_are_woken_on_time(stories, busy)).await
        });
        prop_assert!(outcome.is_ok(), "some story waits for ever");
    }
}

#[tokio::test]
async fn the_clock_waits_for_stories_that_have_not_begun() {
    let clock = Arc::new(Watchful::default());
    let timeline = timeline(&clock);
    let mut seats = timeline.seats(2, 1).await.into_iter();
    let (first, second) = (seats.next().unwrap(), seats.next().unwrap());
    first.begin().await;
    let waiting = tokio::spawn(async move {
        first.wait_until(at(60)).await.unwrap();
        first.time().now()
    });
    // The one slot is free although the first story is not over.
    second.begin().await;
    assert_eq!(second.time().now(), START);
    second.wait_until(at(30)).await.unwrap();
    assert_eq!(second.time().now(), at(30));
    assert!(!waiting.is_finished(), "the clock went on while a story was busy");
    drop(second);
    assert_eq!(waiting.await.unwrap(), at(60));
    assert_eq!(*clock.shows.lock().unwrap(), [at(30), at(60)]);
}

#[tokio::test]
async fn a_clock_that_fails_ends_all_waiting_then_and_later() {
    let mut clock = MockGlobalClock::new();
    clock.expect_advance_all().times(1).returning(|_, _| Err(ClockError::Control("503".to_owned())));
    let timeline = Timeline::new(Arc::new(clock), Time::Frozen(START), START);
    let seats = timeline.seats(2, 2).await;
    let (one, other) = tokio::join!(seats[0].wait_until(at(1)), seats[1].wait_until(at(2)));
    assert_eq!((&one, &other), (&Err(ClockError::Control("503".to_owned())), &one));
    assert_eq!(seats[0].wait_until(at(3)).await, one, "where the clock is now, nobody knows");
    assert_eq!(timeline.time(), Time::Frozen(START));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_never_moved_is_given_up() {
    let clock = Arc::new(Never);
    let timeline = Timeline::new(clock, Time::Frozen(START), START);
    let seats = timeline.seats(1, 1).await;
    let error = seats[0].wait_until(at(1)).await.unwrap_err();
    assert_eq!(error, ClockError::TooSlow { seconds: MOVE_PATIENCE.as_secs() });
}

struct Never;

#[async_trait]
impl GlobalClock for Never {
    async fn advance_all(&self, _: Time, _: Duration) -> Result<(), ClockError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_story_waits_for_one_instant_at_a_time_and_not_after_its_end() {
    let timeline = timeline(&Arc::default());
    let mut seats = timeline.seats(2, 2).await;
    let (busy, seat) = (seats.pop().unwrap(), seats.pop().unwrap());
    let both = async { tokio::join!(seat.wait_until(at(1)), seat.wait_until(at(2))) };
    let (_, both) = tokio::join!(async { drop(busy) }, both);
    assert_eq!(both, (Ok(()), Err(ClockError::Seat)));
    seat.leave();
    assert_eq!(seat.wait_until(at(5)).await, Err(ClockError::Seat));
}

#[tokio::test]
async fn an_interrupted_wait_makes_its_story_busy_again() {
    let clock = Arc::new(Watchful::default());
    let timeline = timeline(&clock);
    let seats = timeline.seats(2, 2).await;
    // Polled once and dropped.
    assert!(seats[0].wait_until(at(1)).now_or_never().is_none());
    let mut other = Box::pin(seats[1].wait_until(at(2)));
    for _ in 0..20 {
        assert!(other.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert!(clock.shows.lock().unwrap().is_empty(), "the clock moved though a story was busy");
    seats[0].leave();
    assert_eq!(other.await, Ok(()));
}

#[tokio::test]
async fn a_running_clock_jumps_and_then_reaches_near_instants_by_itself() {
    let clock = Arc::new(Watchful::default());
    let real = SystemTime::now();
    let timeline = Timeline::new(clock.clone(), Time::REAL, real);
    let seats = timeline.seats(2, 2).await;
    let tomorrow = real + Duration::from_secs(24 * 3600);
    let a_little_later = tomorrow + Duration::from_millis(20);
    let (woken, word) = oneshot::channel();
    let first = async {
        seats[0].wait_until(tomorrow).await.unwrap();
        let shown = seats[0].time().now();
        // Busy until the other was woken: no jump can have done that.
        word.await.unwrap();
        shown
    };
    let second = async {
        seats[1].wait_until(a_little_later).await.unwrap();
        woken.send(()).unwrap();
        seats[1].time().now()
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first >= tomorrow && second >= a_little_later);
    assert_eq!(clock.shows.lock().unwrap().len(), 1);
    assert!(matches!(timeline.time(), Time::Running(Offset::Ahead(_))));
}
