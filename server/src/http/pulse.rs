//! What one connection is doing, and since when: the ground on which it is closed, or closed first when places run out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::Limits;

/// Why a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ending {
    /// A request's head did not come to its end.
    SlowHead = 1,
    /// The client does not take its answer.
    SlowReader = 2,
    /// Nothing was asked for too long.
    Idle = 3,
    /// It is old enough.
    Old = 4,
    /// A new connection needs the place.
    RoomNeeded = 5,
}

impl Ending {
    /// Whether requests on their way may still finish; a client that only waits would make us wait with it.
    pub(super) fn is_gentle(self) -> bool {
        matches!(self, Self::Idle | Self::Old)
    }

    fn from_number(number: u8) -> Option<Self> {
        [Self::SlowHead, Self::SlowReader, Self::Idle, Self::Old, Self::RoomNeeded]
            .into_iter()
            .find(|ending| *ending as u8 == number)
    }
}

/// A connection's state. Moments are milliseconds from its start, counted from 1; 0 stands for "not now".
pub(crate) struct Pulse {
    pub(super) limits: Arc<Limits>,
    start: Instant,
    /// Since when no request is being answered.
    waiting_since: AtomicU64,
    /// Since when a head has been coming in.
    head_since: AtomicU64,
    /// Since when a request has been waiting for more of its body.
    body_since: AtomicU64,
    /// Since when the client has not taken what was written.
    unsent_since: AtomicU64,
    requests: AtomicUsize,
    /// Whether a request was answered before its body was read.
    is_unread: AtomicBool,
    /// HTTP/2 frames come without being a request's head, and answers may wait on each stream.
    is_http2: AtomicBool,
    answers: Mutex<Answers>,
    ending: AtomicU8,
    ended: Notify,
}

/// The answers an HTTP/2 client has not taken yet, the oldest first.
#[derive(Default)]
struct Answers {
    made: u64,
    open: BTreeMap<u64, u64>,
}

/// A request that is being answered.
pub(super) struct Busy(Arc<Pulse>);

/// An answer on its way over HTTP/2.
pub(super) struct Underway {
    pulse: Arc<Pulse>,
    number: u64,
}

impl Pulse {
    pub(super) fn new(limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            start: Instant::now(),
            waiting_since: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            body_since: AtomicU64::new(0),
            unsent_since: AtomicU64::new(0),
            requests: AtomicUsize::new(0),
            is_unread: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            answers: Mutex::default(),
            ending: AtomicU8::new(0),
            ended: Notify::new(),
        })
    }

    /// From here on it speaks HTTP/2.
    pub(super) fn speaks_http2(&self) {
        self.is_http2.store(true, Ordering::Relaxed);
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.waiting_since.store(0, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        self.is_unread.store(false, Ordering::Relaxed);
        Busy(self.clone())
    }

    /// An answer begins its way over HTTP/2.
    pub(super) fn answer(self: &Arc<Self>) -> Underway {
        let now = self.now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.made += 1;
        let number = answers.made;
        answers.open.insert(number, now);
        Underway { pulse: self.clone(), number }
    }

    /// Bytes have come.
    pub(super) fn read(&self) {
        let is_head = self.waiting_since.load(Ordering::Relaxed) != 0 && self.head_since.load(Ordering::Relaxed) == 0;
        if is_head {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Bytes could not be written, as the client takes none.
    pub(super) fn write_waits(&self) {
        if self.unsent_since.load(Ordering::Relaxed) == 0 {
            self.unsent_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Everything written so far is out.
    pub(super) fn write_done(&self) {
        if self.unsent_since.load(Ordering::Relaxed) != 0 {
            self.unsent_since.store(0, Ordering::Relaxed);
        }
    }

    /// More of a body is waited for.
    pub(super) fn body_waits(&self) {
        if self.body_since.load(Ordering::Relaxed) == 0 {
            self.body_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// A body is waited for no longer.
    pub(super) fn body_done(&self, is_read: bool) {
        self.body_since.store(0, Ordering::Relaxed);
        if !is_read {
            self.is_unread.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the client may still be sending what nobody will read: closing at once would tear the answer away.
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed) || self.head_since.load(Ordering::Relaxed) != 0
    }

    /// Why it is to be closed now, if it is.
    pub(super) fn overdue(&self) -> Option<Ending> {
        let limits = &self.limits;
        let lasts = |since: &AtomicU64| self.age_ms(since.load(Ordering::Relaxed));
        let is_over = |since: u64, limit: std::time::Duration| u128::from(since) > limit.as_millis();
        let is_http2 = self.is_http2.load(Ordering::Relaxed);
        let oldest = if is_http2 { self.oldest_answer() } else { 0 };
        if is_over(lasts(&self.unsent_since).max(self.age_ms(oldest)), limits.answer_time) {
            return Some(Ending::SlowReader);
        }
        if !is_http2 && is_over(lasts(&self.head_since), limits.head_time) {
            return Some(Ending::SlowHead);
        }
        if is_over(lasts(&self.waiting_since), limits.idle_time) {
            return Some(Ending::Idle);
        }
        (self.start.elapsed() > limits.connection_time).then_some(Ending::Old)
    }

    /// The moment since which it only waits for its client, if it does. Who waits for a request goes before who waits
    /// for the rest of one.
    pub(super) fn waits_since(&self) -> Option<(bool, Instant)> {
        let at = |ms: u64| self.start + std::time::Duration::from_millis(ms.saturating_sub(1));
        let waiting = self.waiting_since.load(Ordering::Relaxed);
        let body = self.body_since.load(Ordering::Relaxed);
        match (waiting, body) {
            (0, 0) => None,
            (0, body) => Some((true, at(body))),
            (waiting, _) => Some((false, at(waiting))),
        }
    }

    /// Has it closed, unless that was said before.
    pub(super) fn end(&self, ending: Ending) -> bool {
        let is_first = self.ending.compare_exchange(0, ending as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_first {
            self.ended.notify_one();
        }
        is_first
    }

    /// Waits till it is to be closed.
    pub(super) async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = Ending::from_number(self.ending.load(Ordering::Relaxed)) {
                return ending;
            }
            self.ended.notified().await;
        }
    }

    fn oldest_answer(&self) -> u64 {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.open.first_key_value().map_or(0, |(_, since)| *since)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// How long something has lasted; nothing lasts no time. In milliseconds.
    fn age_ms(&self, since: u64) -> u64 {
        if since == 0 { 0 } else { self.now().saturating_sub(since) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let pulse = &self.0;
        if pulse.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            pulse.head_since.store(0, Ordering::Relaxed);
            pulse.body_since.store(0, Ordering::Relaxed);
            pulse.waiting_since.store(pulse.now(), Ordering::Relaxed);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.pulse.answers.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn after(pulse: &Pulse, ms: u64) -> Option<Ending> {
        tokio::time::advance(Duration::from_millis(ms)).await;
        pulse.overdue()
    }

    fn pulse() -> Arc<Pulse> {
        Pulse::new(Arc::new(Limits::default()))
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_idle_and_a_slow_head_is_not_waited_for_as_long() {
        let silent = pulse();
        assert_eq!(after(&silent, 29_000).await, None);
        assert_eq!(after(&silent, 2_000).await, Some(Ending::Idle));
        let slow = pulse();
        slow.read();
        assert_eq!(after(&slow, 9_000).await, None);
        slow.read();
        assert_eq!(after(&slow, 2_000).await, Some(Ending::SlowHead), "a byte more gains no time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_answered_may_take_its_time_and_starts_the_count_anew() {
        let pulse = pulse();
        pulse.read();
        let busy = pulse.begin();
        assert_eq!(pulse.waits_since(), None);
        assert_eq!(after(&pulse, 60_000).await, None);
        drop(busy);
        assert_eq!(after(&pulse, 29_000).await, None);
        assert_eq!(after(&pulse, 2_000).await, Some(Ending::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_no_answer_is_overdue_on_both_protocols() {
        let one = pulse();
        let busy = one.begin();
        one.write_waits();
        assert_eq!(after(&one, 15_000).await, None);
        one.write_waits();
        assert_eq!(after(&one, 6_000).await, Some(Ending::SlowReader));
        one.write_done();
        assert_eq!(one.overdue(), None);
        drop(busy);

        let two = pulse();
        two.speaks_http2();
        let busy = two.begin();
        let (first, second) = (two.answer(), two.answer());
        drop(second);
        assert_eq!(after(&two, 21_000).await, Some(Ending::SlowReader));
        drop((first, busy));
        assert_eq!(two.overdue(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_body_goes_after_who_waits_for_a_request() {
        let (idle, half) = (pulse(), pulse());
        let _busy = half.begin();
        half.body_waits();
        assert!(idle.waits_since().is_some_and(|(late, _)| !late));
        assert!(half.waits_since().is_some_and(|(late, _)| late));
        half.body_done(false);
        assert_eq!(half.waits_since(), None);
        assert!(half.is_cut_off() && !idle.is_cut_off());
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_reason_to_close_stands() {
        let pulse = pulse();
        assert!(pulse.end(Ending::RoomNeeded) && !pulse.end(Ending::Idle));
        assert_eq!(pulse.ended().await, Ending::RoomNeeded);
        assert_eq!(after(&pulse, 4_000_000).await, Some(Ending::Idle));
    }
}
