//! The open connections of a listener: how many there may be, which of them are overdue, and which make room.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;
use super::pulse::{Ending, Pulse};
use crate::watch::ConnectionMeters;

/// Which part of all connections makes room at a time: looking for the longest idle one looks at all of them, and a
/// flood of newcomers must not have that done for each.
const ROOM_SHARE: usize = 128;

/// The connections of a listener.
pub(crate) struct Registry {
    pub(super) limits: Arc<Limits>,
    places: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Pulse>>>,
    taken: AtomicU64,
    pub(super) meters: ConnectionMeters,
    panics: AtomicU64,
}

/// A connection's place; it is free again when this is dropped.
pub(super) struct Seat {
    pub(super) pulse: Arc<Pulse>,
    number: u64,
    registry: Arc<Registry>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Registry {
    pub(crate) fn new(limits: Limits, meters: ConnectionMeters) -> Arc<Self> {
        meters.limit.set(i64::try_from(limits.connections).unwrap_or(i64::MAX));
        Arc::new(Self {
            places: Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS))),
            limits: Arc::new(limits),
            open: Mutex::default(),
            taken: AtomicU64::new(0),
            meters,
            panics: AtomicU64::new(0),
        })
    }

    /// How many requests could not be answered because the server's own code failed.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// The server's own code has failed at a request.
    pub(super) fn note_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.lock().len()
    }

    /// A place for a connection. When all are taken, those that have waited longest for their clients make room; when
    /// all are at work, this waits.
    pub(super) async fn seat(self: &Arc<Self>) -> Seat {
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => {
                self.make_room();
                self.places.clone().acquire_owned().await.ok()
            }
        };
        self.seat_at(place)
    }

    /// A place beside the counted ones.
    pub(super) fn extra_seat(self: &Arc<Self>) -> Seat {
        self.seat_at(None)
    }

    fn seat_at(self: &Arc<Self>, place: Option<OwnedSemaphorePermit>) -> Seat {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let pulse = Pulse::new(self.limits.clone());
        self.lock().insert(number, pulse.clone());
        self.meters.open.inc();
        Seat { pulse, number, registry: self.clone(), _place: place }
    }

    /// Has the connections closed that have waited longest, at most a small share of all.
    pub(super) fn make_room(&self) {
        let mut waiting: Vec<_> =
            self.lock().values().filter_map(|pulse| Some((pulse.waits_since()?, pulse.clone()))).collect();
        let share = (self.limits.connections / ROOM_SHARE).max(1).min(waiting.len());
        if share == 0 {
            return;
        }
        waiting.select_nth_unstable_by_key(share - 1, |(since, _)| *since);
        let ended = waiting[..share].iter().filter(|(_, pulse)| pulse.end(Ending::RoomNeeded)).count();
        self.meters.made_room.inc_by(ended as u64);
    }

    /// Has the overdue connections closed, again and again.
    pub(super) async fn sweep(&self) {
        let mut interval = tokio::time::interval(self.limits.sweep_interval());
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let pulses: Vec<_> = self.lock().values().cloned().collect();
            let overdue = |pulse: &&Arc<Pulse>| pulse.overdue().is_some_and(|ending| pulse.end(ending));
            let ended = pulses.iter().filter(overdue).count();
            self.meters.overdue.inc_by(ended as u64);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Pulse>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.number);
        self.registry.meters.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn registry(connections: usize) -> Arc<Registry> {
        Registry::new(Limits { connections, ..Limits::default() }, ConnectionMeters::hidden())
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_one_makes_room() {
        let registry = registry(3);
        let mut seats = Vec::new();
        for _ in 0..3 {
            seats.push(registry.seat().await);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        drop(seats[0].pulse.begin());
        let busy = seats[1].pulse.begin();
        let (newcomer, ended) = tokio::join!(registry.seat(), async {
            let ending = seats[2].pulse.ended().await;
            drop(seats.pop());
            ending
        });
        assert_eq!(ended, Ending::RoomNeeded);
        assert_eq!((registry.open(), registry.meters.made_room.get()), (3, 1));
        drop((busy, newcomer));
        assert_eq!((registry.open(), registry.meters.open.get()), (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn those_at_work_are_waited_for() {
        let registry = registry(1);
        let seat = registry.seat().await;
        let busy = seat.pulse.begin();
        let waited = tokio::time::timeout(Duration::from_secs(5), registry.seat()).await;
        assert!(waited.is_err());
        drop((busy, seat));
        registry.seat().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_sweep_ends_what_is_overdue_once() {
        let registry = registry(10);
        let seat = registry.seat().await;
        let sweep = tokio::time::timeout(Duration::from_secs(120), registry.sweep());
        let (ending, _) = tokio::join!(seat.pulse.ended(), sweep);
        assert_eq!(ending, Ending::Idle);
        assert_eq!(registry.meters.overdue.get(), 1);
    }
}
