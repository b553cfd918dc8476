//! A story's seat on the timeline: as long as it is held and its holder does not wait, the clock stands.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::timeline::Order;
use super::{ClockError, Time};

/// A story's seat on a timeline. It is given up by [`Seat::leave`], or when the last who holds it is dropped: a story that fails,
/// panics or is cancelled keeps nobody waiting.
pub struct Seat {
    order: Arc<Order>,
    /// How many stories may be busy at once.
    slots: Arc<Semaphore>,
    /// This story's slot, while it is busy.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
    waits: AtomicBool,
    /// For how long, of real time, its holder has waited.
    waited: Mutex<Duration>,
    /// Since when its holder waits, while they do.
    waits_since: Mutex<Option<Instant>>,
    left: AtomicBool,
}

impl Seat {
    pub(super) fn taken(order: Arc<Order>, slots: Arc<Semaphore>) -> Seat {
        let (waits, left) = (AtomicBool::new(false), AtomicBool::new(false));
        let (waited, waits_since) = (Mutex::default(), Mutex::default());
        Seat { order, slots, slot: Mutex::default(), waits, waited, waits_since, left }
    }

    /// What the clock shows.
    pub fn time(&self) -> Time {
        self.order.time()
    }

    /// Waits for a slot: the story begins.
    pub async fn begin(&self) {
        // The semaphore is never closed.
        let slot = self.slots.clone().acquire_owned().await.ok();
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = slot;
    }

    /// Waits until the clock shows `at`; at once where it already does. Meanwhile the story takes no slot from others. On a clock that
    /// stands still exactly `at` is shown afterwards; on one that runs it may be later, by what others still had to do.
    ///
    /// # Errors
    /// When the clock could not be moved, or the story waits already or has left.
    pub async fn wait_until(&self, at: SystemTime) -> Result<(), ClockError> {
        if at <= self.time().now() {
            return Ok(());
        }
        let _waits = Once::enter(&self.waits)?;
        if self.left.load(Ordering::Acquire) {
            return Err(ClockError::Seat);
        }
        drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        let _counts = Counts::begin(self);
        let outcome = self.order.wait_until(at).await;
        self.begin().await;
        outcome
    }

    /// For how long, of real time, the story has waited for the clock so far, with the wait that it is in.
    pub fn waited(&self) -> Duration {
        let since = *self.waits_since.lock().unwrap_or_else(PoisonError::into_inner);
        let over = *self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        over + since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Gives the seat up; more than once does no harm.
    pub fn leave(&self) {
        if !self.left.swap(true, Ordering::AcqRel) {
            drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
            self.order.leave();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A wait that counts, until this is dropped.
struct Counts<'a>(&'a Seat);

impl<'a> Counts<'a> {
    fn begin(seat: &'a Seat) -> Counts<'a> {
        *seat.waits_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Counts(seat)
    }
}

impl Drop for Counts<'_> {
    fn drop(&mut self) {
        let since = self.0.waits_since.lock().unwrap_or_else(PoisonError::into_inner).take();
        *self.0.waited.lock().unwrap_or_else(PoisonError::into_inner) +=
            since.map(|since| since.elapsed()).unwrap_or_default();
    }
}

/// Two parts of a story that wait at once would count as two stories: while one waits, the other may be in the middle of a request.
struct Once<'a>(&'a AtomicBool);

impl<'a> Once<'a> {
    fn enter(waits: &'a AtomicBool) -> Result<Once<'a>, ClockError> {
        if waits.swap(true, Ordering::AcqRel) { Err(ClockError::Seat) } else { Ok(Once(waits)) }
    }
}

impl Drop for Once<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
