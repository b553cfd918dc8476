//! One clock for all stories: it jumps when all of them wait, to the earliest instant that one of them waits for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::{ClockError, GlobalClock, Seat, Time};

/// How long one move of the target's clock may take, in real time. A program that has to be started for it takes a few seconds.
pub(super) const MOVE_PATIENCE: Duration = Duration::from_secs(30);

/// The target's one clock, and who waits for what.
///
/// Whoever holds a [`Seat`] counts as busy until they wait. While anybody is busy the clock is not moved, so nobody is ever in the
/// middle of a request when it is. A move that fails ends all waiting, then and later: what the clock shows is no longer known.
pub struct Timeline {
    order: Arc<Order>,
    mover: JoinHandle<()>,
    regular_from: SystemTime,
}

impl Timeline {
    /// A timeline on which the clock shows `start` now. Stories that do not say when they begin do so at `regular_from`, or at once
    /// where that is past. Must be called within a runtime.
    pub fn new(clock: Arc<dyn GlobalClock>, start: Time, regular_from: SystemTime) -> Timeline {
        Timeline::at_pace(Pace::default(), clock, start, regular_from)
    }

    /// The same for a clock that is moved in a way of its own.
    pub fn at_pace(pace: Pace, clock: Arc<dyn GlobalClock>, start: Time, regular_from: SystemTime) -> Timeline {
        let start = start.in_whole(pace.grain);
        let order = Arc::new(Order {
            clock,
            pace,
            state: Mutex::new(State { time: start, seats: 0, waiting: BTreeMap::new(), next: 0, broken: None }),
            moving: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
        });
        Timeline { mover: tokio::spawn(order.clone().keep()), order, regular_from }
    }

    /// Seats for so many stories, all taken before the first of them begins, so that the clock waits for every one; at most `busy` of
    /// them go on at once, and who waits does not count.
    pub async fn seats(&self, count: usize, busy: usize) -> Vec<Arc<Seat>> {
        // Nobody may come in while the clock is moved: they would see it in two places.
        let _still = self.order.moving.lock().await;
        self.order.state().seats += count;
        let slots = Arc::new(Semaphore::new(busy.max(1)));
        (0..count).map(|_| Arc::new(Seat::taken(self.order.clone(), slots.clone()))).collect()
    }

    /// What the clock shows.
    pub fn time(&self) -> Time {
        self.order.time()
    }

    /// When stories begin that do not say when.
    pub fn regular_from(&self) -> SystemTime {
        self.regular_from
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        self.mover.abort();
    }
}

/// How a clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// What every move is a multiple of: targets are told whole milliseconds, or whole seconds.
    pub grain: Duration,
    /// How long, in real time, the target needs until it goes by a move.
    pub settle: Duration,
    /// Where it is not moved at all, but real time passes: how long a story waits at one go.
    pub longest_wait: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { grain: Duration::from_millis(1), settle: Duration::ZERO, longest_wait: None }
    }
}

/// What seats and mover share.
pub(super) struct Order {
    clock: Arc<dyn GlobalClock>,
    pace: Pace,
    state: Mutex<State>,
    /// Held while the clock is moved.
    moving: tokio::sync::Mutex<()>,
    /// Somebody began to wait, ceased to, or left.
    changed: Notify,
}

struct State {
    time: Time,
    /// Stories that are under way, waiting or not.
    seats: usize,
    /// Who waits, by the instant and then by the order in which they came.
    waiting: BTreeMap<Turn, oneshot::Sender<Result<(), ClockError>>>,
    next: u64,
    broken: Option<ClockError>,
}

/// For which instant somebody waits, and when they came.
type Turn = (SystemTime, u64);

impl State {
    /// The earliest instant that is waited for, where everybody waits.
    fn next_jump(&self) -> Option<SystemTime> {
        let all_wait = self.seats == self.waiting.len();
        self.waiting.keys().next().filter(|_| all_wait).map(|(at, _)| *at)
    }

    fn wake_due(&mut self) {
        let now = self.time.now();
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= now) {
            // One who ceased to wait meanwhile needs no word.
            let _ = first.remove().send(Ok(()));
        }
    }

    fn give_up(&mut self, error: &ClockError) {
        self.broken = Some(error.clone());
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            let _ = waiting.send(Err(error.clone()));
        }
    }
}

impl Order {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn time(&self) -> Time {
        self.state().time
    }

    /// Waits until the clock shows `at`.
    pub(super) async fn wait_until(&self, at: SystemTime) -> Result<(), ClockError> {
        let (word, turn) = {
            let mut state = self.state();
            if let Some(error) = &state.broken {
                return Err(error.clone());
            }
            let now = state.time.now();
            if at <= now {
                return Ok(());
            }
            let wanted = at.duration_since(now).unwrap_or_default();
            if let Some(longest) = self.pace.longest_wait.filter(|longest| wanted > *longest) {
                return Err(ClockError::TooLong { wanted, longest });
            }
            let turn = (at, state.next);
            state.next += 1;
            let (waiting, word) = oneshot::channel();
            state.waiting.insert(turn, waiting);
            (word, turn)
        };
        // Whoever ceases to wait, because the run is interrupted, is busy again: the clock must not count on them.
        let _waiting = Waiting { order: self, turn };
        self.changed.notify_one();
        word.await.unwrap_or(Err(ClockError::Seat))
    }

    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.seats = state.seats.saturating_sub(1);
        drop(state);
        self.changed.notify_one();
    }

    /// Moves the clock whenever all wait, and wakes those whose instant a running clock reaches by itself. One task does it for all, so
    /// that no story that ends takes a move down with it.
    async fn keep(self: Arc<Self>) {
        loop {
            if self.pace.longest_wait.is_none() && self.state().next_jump().is_some() {
                self.jump().await;
                continue;
            }
            let changed = self.changed.notified();
            match self.until_first() {
                None => changed.await,
                Some(left) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep(left) => {}
                    }
                    self.state().wake_due();
                }
            }
        }
    }

    /// How long, on a clock that runs, until it reaches the first instant by itself.
    fn until_first(&self) -> Option<Duration> {
        let state = self.state();
        let (at, _) = state.waiting.keys().next().filter(|_| !state.time.is_frozen())?;
        Some(at.duration_since(state.time.now()).unwrap_or_default())
    }

    async fn jump(&self) {
        let _still = self.moving.lock().await;
        let (to, by) = {
            let mut state = self.state();
            let Some(at) = state.next_jump() else { return };
            let by = in_whole(at.duration_since(state.time.now()).unwrap_or_default(), self.pace.grain);
            if by.is_zero() {
                return state.wake_due();
            }
            (state.time.advanced(by), by)
        };
        let moved = tokio::time::timeout(MOVE_PATIENCE, self.clock.advance_all(to, by)).await;
        let moved = moved.unwrap_or(Err(ClockError::TooSlow { seconds: MOVE_PATIENCE.as_secs() }));
        if moved.is_ok() && !self.pace.settle.is_zero() {
            tokio::time::sleep(self.pace.settle).await;
        }
        let mut state = self.state();
        match moved {
            Ok(()) => {
                state.time = to;
                state.wake_due();
            }
            Err(error) => state.give_up(&error),
        }
    }
}

/// Rounded up to whole grains: none may be woken before its instant.
pub(super) fn in_whole(span: Duration, grain: Duration) -> Duration {
    let grain = grain.as_nanos().max(1);
    Duration::from_nanos(u64::try_from(span.as_nanos().div_ceil(grain) * grain).unwrap_or(u64::MAX))
}

/// Somebody waits, until this is dropped.
struct Waiting<'a> {
    order: &'a Order,
    turn: Turn,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.order.state().waiting.remove(&self.turn);
    }
}

#[cfg(test)]
mod tests;
