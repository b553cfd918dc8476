//! Holds requests back, so that the target is not pressed harder than its owner allows, and counts what that took.
//!
//! Whoever waits is let through in the order of coming. The pace is kept by tokio's own interval: like the usual crates for rate
//! limits it spaces evenly, and it needs no wake-up for each of thousands who wait.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::settings::Pace;

/// What takes no longer is the cost of asking: timers are exact to a millisecond, rounded up.
const UNNOTICED: Duration = Duration::from_millis(2);

/// How often and how long requests waited before they were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// For a place among those in flight (`limits.in_flight`).
    pub in_flight: Waits,
    /// For their turn (`limits.per_second`).
    pub per_second: Waits,
}

/// How often something was waited for, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waits {
    /// Requests that waited.
    pub requests: u64,
    /// All their waiting together.
    pub total: Duration,
    /// The longest.
    pub longest: Duration,
}

/// A place among the requests in flight; free again once this is dropped.
#[derive(Debug, Default)]
pub(super) struct Pass(#[allow(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

#[derive(Debug)]
pub(super) struct Gate {
    places: Option<Arc<Semaphore>>,
    turns: Option<(Duration, Mutex<Option<Interval>>)>,
    waited_for_place: Tally,
    waited_for_turn: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    requests: AtomicU64,
    total_us: AtomicU64,
    longest_us: AtomicU64,
}

impl Gate {
    pub(super) fn new(pace: Pace) -> Self {
        let places = |limit: NonZeroU32| Arc::new(Semaphore::new(limit.get() as usize));
        let turns = |limit: NonZeroU32| (turn(limit), Mutex::default());
        Self {
            places: pace.in_flight.map(places),
            turns: pace.per_second.map(turns),
            waited_for_place: Tally::default(),
            waited_for_turn: Tally::default(),
        }
    }

    /// Waits for a place and then for a turn. Giving up while waiting takes neither.
    pub(super) async fn pass(&self) -> Pass {
        let place = match &self.places {
            None => None,
            Some(places) => {
                let begun = Instant::now();
                // Nobody closes it.
                let place = Arc::clone(places).acquire_owned().await.ok();
                self.waited_for_place.note(begun.elapsed());
                place
            }
        };
        if let Some((period, turns)) = &self.turns {
            let begun = Instant::now();
            turns.lock().await.get_or_insert_with(|| evenly(*period)).tick().await;
            self.waited_for_turn.note(begun.elapsed());
        }
        Pass(place)
    }

    pub(super) fn held_back(&self) -> HeldBack {
        HeldBack { in_flight: self.waited_for_place.read(), per_second: self.waited_for_turn.read() }
    }
}

/// Timers know no shorter period than a nanosecond.
fn turn(per_second: NonZeroU32) -> Duration {
    (Duration::from_secs(1) / per_second.get()).max(Duration::from_nanos(1))
}

/// A turn that nobody took is not made up for: two would come at once.
fn evenly(period: Duration) -> Interval {
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}

impl Tally {
    fn note(&self, waited: Duration) {
        if waited < UNNOTICED {
            return;
        }
        let waited_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.total_us.fetch_add(waited_us, Ordering::Relaxed);
        self.longest_us.fetch_max(waited_us, Ordering::Relaxed);
    }

    fn read(&self) -> Waits {
        Waits {
            requests: self.requests.load(Ordering::Relaxed),
            total: Duration::from_micros(self.total_us.load(Ordering::Relaxed)),
            longest: Duration::from_micros(self.longest_us.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures::future::join_all;

    use super::*;

    fn pace(in_flight: u32, per_second: u32) -> Pace {
        Pace { in_flight: NonZeroU32::new(in_flight), per_second: NonZeroU32::new(per_second) }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_evenly_also_after_a_rest() {
        let gate = Gate::new(pace(0, 10));
        let begun = Instant::now();
        let passed_at = async || {
            let _pass = gate.pass().await;
            begun.elapsed().as_millis()
        };
        assert_eq!(join_all((0..4).map(|_| passed_at())).await, [0, 100, 200, 300]);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(join_all((0..3).map(|_| passed_at())).await, [5300, 5400, 5500], "no burst makes up for the rest");
        let waits = gate.held_back().per_second;
        assert_eq!((waits.requests, waits.total.as_millis(), waits.longest.as_millis()), (5, 900, 300));
        assert_eq!(gate.held_back().in_flight, Waits::default());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_in_flight_than_allowed_and_a_place_is_free_again() {
        let gate = Gate::new(pace(2, 0));
        let (first, _second) = (gate.pass().await, gate.pass().await);
        assert!(tokio::time::timeout(Duration::from_secs(3), gate.pass()).await.is_err(), "the third waits");
        drop(first);
        gate.pass().await;
        assert_eq!(
            gate.held_back().in_flight,
            Waits::default(),
            "one who gave up is not counted, the others were let in at once"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nobody_waits() {
        let gate = Gate::new(Pace::default());
        let _all = join_all((0..1000).map(|_| gate.pass())).await;
        assert_eq!(gate.held_back(), HeldBack::default());
    }
}
