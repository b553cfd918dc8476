//! The journal: one thread that brings what happened to disk, in groups, and tells those who wait for it.
//!
//! Whoever changes an account appends what changed while holding the account, so the journal has the order of the events. An
//! answer is given only when all that it could have seen is on disk ([`Durable`]). A ledger that fails once is not tried
//! again: what memory holds is then ahead of the disk, and nobody may be told of it any more.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::error::StoreError;
use super::record::{Stored, Write};

/// How many writes wait for the disk at most, but for a last one of each thread: beyond it nobody starts anything new. One
/// sign-in is some five of them.
const MAX_WAITING: usize = 16_384;
/// A disk that takes longer than this for one group counts as failed.
const DISK_PATIENCE: Duration = Duration::from_secs(30);

/// Where the journal writes to.
pub trait Ledger: Send {
    /// All that was kept; asked for once, at the start.
    ///
    /// # Errors
    /// It cannot be read, or contradicts itself.
    fn load(&mut self) -> Result<Kept, StoreError>;

    /// Brings a group of writes to disk: when it returns, all of them are there for good, and before that none need be.
    ///
    /// # Errors
    /// They are not there, or it is not certain that they are.
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError>;
}

/// What a ledger has kept.
pub struct Kept {
    /// The key of the tokens in forms.
    pub(super) form_key: [u8; 32],
    /// The accounts with their sessions and skips.
    pub(super) accounts: Vec<Stored>,
    /// Above every number that a row bears.
    pub(super) next_row: i64,
}

/// One commit, for those who watch over the server.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// How many events it brought to disk.
    pub events: usize,
    /// How many rows they changed.
    pub writes: usize,
    /// How long it took.
    pub took: Duration,
}

/// The store takes nothing any more; only a restart helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store on disk failed, and nothing is answered till a restart")]
pub struct StoreDown;

/// What an answer rests on: it may be given when this is on disk.
#[must_use = "an answer given before its reasons are on disk may be a lie after a crash"]
#[derive(Clone)]
pub struct Durable(Option<(Arc<Shared>, u64)>);

/// The journal of a store.
pub(super) struct Journal {
    shared: Arc<Shared>,
    /// The number of the next row.
    next_row: AtomicI64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    /// How many writes wait; it mirrors the queue.
    waiting: AtomicUsize,
    /// Up to which event all is on disk; it mirrors `progress`.
    committed: AtomicU64,
    progress: watch::Sender<u64>,
    down: AtomicBool,
    watcher: OnceLock<Box<dyn Fn(Commit) + Send + Sync>>,
}

#[derive(Default)]
struct Queue {
    writes: Vec<Write>,
    events: usize,
    /// The number of the last event; the first is 1.
    last: u64,
    closing: bool,
}

/// What is brought to disk at once.
struct Group {
    writes: Vec<Write>,
    events: usize,
    last: u64,
}

impl Journal {
    /// A journal over a ledger, with a thread of its own.
    pub(super) fn start(ledger: Box<dyn Ledger>, next_row: i64) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            waiting: AtomicUsize::new(0),
            committed: AtomicU64::new(0),
            progress: watch::Sender::new(0),
            down: AtomicBool::new(false),
            watcher: OnceLock::new(),
        });
        let writing = shared.clone();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write(&writing, ledger))
            .map_err(StoreError::Thread)?;
        Ok(Self { shared, next_row: AtomicI64::new(next_row), writer: Mutex::new(Some(writer)) })
    }

    /// A number for a new row, above all before it.
    pub(super) fn next_row(&self) -> i64 {
        self.next_row.fetch_add(1, Ordering::Relaxed)
    }

    /// Appends what one event changed and says the event's number. The caller holds what it changed.
    pub(super) fn append(&self, writes: Vec<Write>) -> u64 {
        let mut queue = self.shared.queue();
        queue.last += 1;
        if !self.shared.is_down() {
            queue.events += 1;
            queue.writes.extend(writes);
            self.shared.waiting.store(queue.writes.len(), Ordering::Relaxed);
            self.shared.wake.notify_one();
        }
        queue.last
    }

    /// What rests on the event of this number and all before it.
    pub(super) fn durable(&self, event: u64) -> Durable {
        Durable((event > self.shared.committed()).then(|| (self.shared.clone(), event)))
    }

    /// What rests on everything that was appended so far.
    pub(super) fn everything(&self) -> Durable {
        let last = self.shared.queue().last;
        self.durable(last)
    }

    /// Waits till there is room for one more event. A store that is down has room: it keeps nothing.
    pub(super) async fn room(&self) {
        if self.shared.has_room() {
            return;
        }
        let mut progress = self.shared.progress.subscribe();
        let patience = tokio::time::timeout(DISK_PATIENCE, progress.wait_for(|_| self.shared.has_room()));
        if patience.await.is_err() {
            self.shared.fail(&"the disk takes nothing more");
        }
    }

    pub(super) fn is_down(&self) -> bool {
        self.shared.is_down()
    }

    /// Calls `watcher` after each commit, on the journal's thread; a second watcher is not taken.
    pub(super) fn watch(&self, watcher: Box<dyn Fn(Commit) + Send + Sync>) {
        let _ = self.shared.watcher.set(watcher);
    }

    /// Brings the rest to disk and ends the thread; this blocks. Nothing may be appended any more.
    pub(super) fn close(&self) {
        self.shared.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the journal's thread had panicked");
        }
    }
}

/// The rest is still brought to disk, but nobody waits for it.
impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("committed", &self.shared.committed()).finish_non_exhaustive()
    }
}

impl Durable {
    /// What rests on nothing but memory.
    pub(crate) const NOTHING: Self = Self(None);

    /// Waits till it is on disk.
    ///
    /// # Errors
    /// It will never be, as far as one knows: the store failed.
    pub async fn wait(&self) -> Result<(), StoreDown> {
        let Some((shared, event)) = &self.0 else { return Ok(()) };
        if shared.committed() >= *event {
            return Ok(());
        }
        let mut progress = shared.progress.subscribe();
        let reached = progress.wait_for(|committed| committed >= event || shared.is_down());
        if tokio::time::timeout(DISK_PATIENCE, reached).await.is_err() {
            shared.fail(&"the disk did not answer");
        }
        if shared.committed() >= *event { Ok(()) } else { Err(StoreDown) }
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Durable").field(&self.0.as_ref().map(|(_, event)| event)).finish()
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < MAX_WAITING || self.is_down()
    }

    /// All that waits, as soon as something does; none when the journal is closed and empty.
    fn next_group(&self) -> Option<Group> {
        let mut queue = self.queue();
        while queue.events == 0 && !queue.closing {
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        self.waiting.store(0, Ordering::Relaxed);
        let (writes, events) = (std::mem::take(&mut queue.writes), std::mem::take(&mut queue.events));
        (events > 0).then_some(Group { writes, events, last: queue.last })
    }

    fn note_committed(&self, group: &Group, took: Duration) {
        self.committed.store(group.last, Ordering::Release);
        self.progress.send_replace(group.last);
        tracing::trace!(events = group.events, writes = group.writes.len(), ?took, "a group is on disk");
        if let Some(watcher) = self.watcher.get() {
            watcher(Commit { events: group.events, writes: group.writes.len(), took });
        }
    }

    /// Ends it: from here on nothing is taken, and whoever waits is told.
    fn fail(&self, reason: &dyn fmt::Display) {
        if self.down.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(%reason, "the store failed; nothing is answered till a restart");
        let mut queue = self.queue();
        (queue.writes, queue.events) = (Vec::new(), 0);
        self.waiting.store(0, Ordering::Relaxed);
        drop(queue);
        self.progress.send_modify(|_| ());
    }

    fn close(&self) {
        self.queue().closing = true;
        self.wake.notify_one();
    }
}

/// The journal's thread.
fn write(shared: &Shared, mut ledger: Box<dyn Ledger>) {
    /// A thread that panics leaves nobody waiting.
    struct Ending<'a>(&'a Shared);
    impl Drop for Ending<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                self.0.fail(&"the journal's thread panicked");
            }
        }
    }
    let _ending = Ending(shared);
    while let Some(group) = shared.next_group() {
        let begun = Instant::now();
        match ledger.commit(&group.writes) {
            // Whoever lost patience meanwhile has been told that it failed; what follows would contradict that.
            Ok(()) if shared.is_down() => return,
            Ok(()) => shared.note_committed(&group, begun.elapsed()),
            Err(error) => return shared.fail(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc;
    use std::task::Poll;

    use super::super::record::Change;
    use super::*;
    use crate::core::Slot;

    /// Says when it begins a group, and ends it as it is told.
    struct Puppet {
        begun: mpsc::Sender<usize>,
        ends: mpsc::Receiver<Result<(), StoreError>>,
    }

    impl Ledger for Puppet {
        fn load(&mut self) -> Result<Kept, StoreError> {
            unreachable!("the journal does not load")
        }

        fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
            self.begun.send(writes.len()).unwrap();
            self.ends.recv().unwrap_or(Err(StoreError::Contradiction("the puppet has no hand".to_owned())))
        }
    }

    struct Hand {
        begun: mpsc::Receiver<usize>,
        ends: mpsc::Sender<Result<(), StoreError>>,
    }

    fn journal() -> (Journal, Hand) {
        let ((begin, begun), (ends, end)) = (mpsc::channel(), mpsc::channel());
        (Journal::start(Box::new(Puppet { begun: begin, ends: end }), 1).unwrap(), Hand { begun, ends })
    }

    fn write() -> Write {
        Write(Change::Head { slot: Slot(1), head: String::new() })
    }

    fn failure() -> StoreError {
        StoreError::Thread(std::io::Error::other("the disk is full"))
    }

    #[tokio::test]
    async fn an_answer_waits_for_its_commit_and_what_comes_meanwhile_is_the_next_group() {
        let (journal, hand) = journal();
        let first = journal.durable(journal.append(vec![write()]));
        assert_eq!(hand.begun.recv().unwrap(), 1);
        let second = journal.durable(journal.append(vec![write()]));
        let third = journal.durable(journal.append(vec![write(), write()]));
        assert!(is_pending(&first).await && is_pending(&second).await && is_pending(&third).await);
        hand.ends.send(Ok(())).unwrap();
        first.wait().await.unwrap();
        assert!(is_pending(&second).await && is_pending(&third).await);
        assert_eq!(hand.begun.recv().unwrap(), 3, "one group for all that waited");
        hand.ends.send(Ok(())).unwrap();
        second.wait().await.unwrap();
        journal.everything().wait().await.unwrap();
        journal.close();
    }

    async fn is_pending(durable: &Durable) -> bool {
        is_pending_at_first(durable.wait()).await
    }

    async fn is_pending_at_first<T>(future: impl Future<Output = T>) -> bool {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn a_disk_that_fails_is_told_to_all_who_wait_and_to_all_who_come_later() {
        let (journal, hand) = journal();
        let before = journal.durable(journal.append(vec![write()]));
        hand.begun.recv().unwrap();
        hand.ends.send(Ok(())).unwrap();
        before.wait().await.unwrap();
        let lost = journal.durable(journal.append(vec![write()]));
        hand.begun.recv().unwrap();
        hand.ends.send(Err(failure())).unwrap();
        assert_eq!(lost.wait().await, Err(StoreDown));
        assert!(journal.is_down());
        assert_eq!(journal.durable(journal.append(vec![write()])).wait().await, Err(StoreDown));
        assert_eq!(before.wait().await, Ok(()), "what was on disk is on disk");
        journal.room().await;
        journal.close();
    }

    #[tokio::test]
    async fn a_journal_whose_thread_panics_leaves_nobody_waiting() {
        struct Panics;
        impl Ledger for Panics {
            fn load(&mut self) -> Result<Kept, StoreError> {
                unreachable!("the journal does not load")
            }
            fn commit(&mut self, _: &[Write]) -> Result<(), StoreError> {
                panic!("on purpose")
            }
        }
        let journal = Journal::start(Box::new(Panics), 1).unwrap();
        assert_eq!(journal.durable(journal.append(vec![write()])).wait().await, Err(StoreDown));
        journal.close();
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_never_answers_counts_as_failed() {
        let (journal, hand) = journal();
        let waits = journal.durable(journal.append(vec![write()]));
        hand.begun.recv().unwrap();
        assert_eq!(waits.wait().await, Err(StoreDown));
        drop(hand);
        journal.close();
    }

    #[tokio::test]
    async fn a_full_queue_lets_nobody_begin_till_a_group_is_on_disk() {
        let (journal, hand) = journal();
        journal.append(vec![write()]);
        hand.begun.recv().unwrap();
        journal.append(vec![write(); MAX_WAITING]);
        assert!(is_pending_at_first(journal.room()).await);
        hand.ends.send(Ok(())).unwrap();
        journal.room().await;
        hand.ends.send(Ok(())).unwrap();
        journal.close();
        assert_eq!(journal.shared.committed(), 2, "closing brings the rest to disk");
    }
}
