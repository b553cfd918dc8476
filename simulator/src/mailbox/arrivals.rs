//! The mailbox in memory: mails in the order of arrival, indexed by recipient, each address with a bell of its own.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;

use super::{Mail, Mailbox, MailboxError, Mark};

mod keeping;

/// What a mail costs beside its own bytes: the structures and index entries that hold it, rounded up.
const OVERHEAD_BYTES: u64 = 512;

/// How much mail is held. Beyond it the oldest goes, and [`ArrivalsCounts::dropped`] says how many went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrivalsLimits {
    /// The bytes of all mails together, envelopes and a fixed cost per mail included.
    pub total_bytes: u64,
    /// The mails of one address; at least one is held.
    pub per_address: usize,
}

impl Default for ArrivalsLimits {
    /// 512 MiB and 4,096 mails per address: a load run of 100,000 sign-ins with code mails of 4 KiB fits in.
    fn default() -> Self {
        ArrivalsLimits { total_bytes: 512 * 1024 * 1024, per_address: 4096 }
    }
}

/// What has gone through a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrivalsCounts {
    /// The mails that ever arrived.
    pub arrived: u64,
    /// The mails held now.
    pub held: u64,
    /// The bytes held now, counted as for [`ArrivalsLimits::total_bytes`].
    pub held_bytes: u64,
    /// The times a mail was dropped for an address, or altogether, because a limit was reached. Where this is not 0,
    /// "no mail came" can't be concluded.
    pub dropped: u64,
}

/// The mailbox in memory, shared by whoever delivers and all who wait.
#[derive(Debug)]
pub struct Arrivals {
    limits: ArrivalsLimits,
    shelf: Mutex<Shelf>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Shelf {
    closed: bool,
    last_sequence: u64,
    held_bytes: u64,
    mails: BTreeMap<u64, Held>,
    addresses: HashMap<String, Pigeonhole>,
    /// Rung by every arrival, for those who watch the whole mailbox. Ringing costs nothing while nobody does.
    bell: Arc<Notify>,
}

/// A mail and the addresses it is still held for.
#[derive(Debug)]
struct Held {
    mail: Arc<Mail>,
    addresses: Vec<String>,
}

/// What belongs to one address. It exists as long as there is mail in it or somebody waits at it.
#[derive(Debug, Default)]
struct Pigeonhole {
    mails: VecDeque<Arc<Mail>>,
    bell: Arc<Notify>,
    waiting: usize,
}

impl Arrivals {
    /// An empty mailbox.
    pub fn new(limits: ArrivalsLimits) -> Self {
        Arrivals { limits, shelf: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    /// Takes in a mail now and wakes who waits at one of its recipients. Returns its sequence number.
    pub fn deliver(&self, from: String, recipients: Vec<String>, raw: Bytes) -> u64 {
        let mut keys: Vec<String> = recipients.iter().map(|recipient| key(recipient)).collect();
        keys.sort_unstable();
        keys.dedup();

        let mut shelf = self.shelf();
        let sequence = shelf.last_sequence + 1;
        let mail = Arc::new(Mail { sequence, received_at: SystemTime::now(), from, recipients, raw });
        shelf.last_sequence = sequence;
        shelf.held_bytes += cost(&mail);
        let mut dropped = 0;
        for address in &keys {
            let hole = shelf.addresses.entry(address.clone()).or_default();
            hole.mails.push_back(Arc::clone(&mail));
            hole.bell.notify_waiters();
            if hole.mails.len() > self.limits.per_address.max(1)
                && let Some(oldest) = hole.mails.pop_front()
            {
                dropped += 1;
                shelf.forget_for(oldest.sequence, address);
            }
        }
        shelf.bell.notify_waiters();
        shelf.mails.insert(sequence, Held { mail, addresses: keys });
        while shelf.held_bytes > self.limits.total_bytes && shelf.drop_oldest() {
            dropped += 1;
        }
        drop(shelf);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
        sequence
    }

    /// Says that nothing more will come: who waits now or later gets [`MailboxError::Closed`]. What is held stays.
    pub fn close(&self) {
        let mut shelf = self.shelf();
        shelf.closed = true;
        shelf.bell.notify_waiters();
        for hole in shelf.addresses.values() {
            hole.bell.notify_waiters();
        }
    }

    /// What has gone through so far.
    pub fn counts(&self) -> ArrivalsCounts {
        let shelf = self.shelf();
        ArrivalsCounts {
            arrived: shelf.last_sequence,
            held: shelf.mails.len() as u64,
            held_bytes: shelf.held_bytes,
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// No callback runs under the lock, so a poisoned one still guards a consistent shelf.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn arrival(&self, place: &Place<'_>, after: Mark) -> Result<Arc<Mail>, MailboxError> {
        loop {
            let bell = {
                let shelf = self.shelf();
                let hole = shelf.addresses.get(&place.address);
                if let Some(mail) = hole.and_then(|hole| hole.after(after).next()) {
                    return Ok(Arc::clone(mail));
                }
                let Some(hole) = hole.filter(|_| !shelf.closed) else { return Err(MailboxError::Closed) };
                // Hears every ring from its creation on, so an arrival between here and the `await` is not missed.
                Arc::clone(&hole.bell).notified_owned()
            };
            bell.await;
        }
    }
}

#[async_trait]
impl Mailbox for Arrivals {
    async fn mark(&self) -> Result<Mark, MailboxError> {
        Ok(Mark::behind(self.shelf().last_sequence))
    }

    async fn next_for(
        &self,
        address: &str,
        after: Mark,
        patience: Duration,
    ) -> Result<Option<Arc<Mail>>, MailboxError> {
        let place = Place::take(self, key(address));
        // The look comes before the clock: a mail that is already there is found even with no patience at all.
        tokio::time::timeout(patience, self.arrival(&place, after)).await.ok().transpose()
    }

    async fn next(&self, after: Mark) -> Result<Arc<Mail>, MailboxError> {
        loop {
            let bell = {
                let shelf = self.shelf();
                let behind = (Bound::Excluded(after.sequence()), Bound::Unbounded);
                if let Some((_, held)) = shelf.mails.range(behind).next() {
                    return Ok(Arc::clone(&held.mail));
                }
                if shelf.closed {
                    return Err(MailboxError::Closed);
                }
                Arc::clone(&shelf.bell).notified_owned()
            };
            bell.await;
        }
    }

    async fn all_for(&self, address: &str, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        let shelf = self.shelf();
        let hole = shelf.addresses.get(&key(address));
        Ok(hole.map(|hole| hole.after(after).cloned().collect()).unwrap_or_default())
    }

    async fn everything_after(&self, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        let behind = (Bound::Excluded(after.sequence()), Bound::Unbounded);
        Ok(self.shelf().mails.range(behind).map(|(_, held)| Arc::clone(&held.mail)).collect())
    }
}

/// Somebody's place at the bell of an address; given up when dropped, also when the waiting is cancelled.
struct Place<'a> {
    arrivals: &'a Arrivals,
    address: String,
}

impl<'a> Place<'a> {
    fn take(arrivals: &'a Arrivals, address: String) -> Self {
        arrivals.shelf().addresses.entry(address.clone()).or_default().waiting += 1;
        Place { arrivals, address }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut shelf = self.arrivals.shelf();
        if let Some(hole) = shelf.addresses.get_mut(&self.address) {
            hole.waiting -= 1;
        }
        shelf.tidy(&self.address);
    }
}

impl Shelf {
    /// Forgets a mail for one address (its pigeonhole has let go of it already), and altogether where it was the last.
    fn forget_for(&mut self, sequence: u64, address: &str) {
        let Some(held) = self.mails.get_mut(&sequence) else { return };
        held.addresses.retain(|other| other != address);
        if held.addresses.is_empty() {
            self.held_bytes -= cost(&held.mail);
            self.mails.remove(&sequence);
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some((sequence, held)) = self.mails.pop_first() else { return false };
        self.held_bytes -= cost(&held.mail);
        for address in &held.addresses {
            if let Some(hole) = self.addresses.get_mut(address) {
                // The oldest of all is the oldest of each of its addresses.
                hole.mails.pop_front_if(|mail| mail.sequence == sequence);
            }
            self.tidy(address);
        }
        true
    }

    fn tidy(&mut self, address: &str) {
        if self.addresses.get(address).is_some_and(|hole| hole.waiting == 0 && hole.mails.is_empty()) {
            self.addresses.remove(address);
        }
    }
}

impl Pigeonhole {
    fn after(&self, mark: Mark) -> impl Iterator<Item = &Arc<Mail>> {
        let first = self.mails.partition_point(|mail| mail.sequence <= mark.sequence());
        self.mails.range(first..)
    }
}

/// What two spellings of one address have in common; see [`Mailbox`].
fn key(address: &str) -> String {
    address.trim().to_ascii_lowercase()
}

fn cost(mail: &Mail) -> u64 {
    let envelope = mail.from.len() + mail.recipients.iter().map(|recipient| 2 * recipient.len()).sum::<usize>();
    (mail.raw.len() + envelope) as u64 + OVERHEAD_BYTES
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures::future::join_all;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn mailbox() -> Arc<Arrivals> {
        Arc::new(Arrivals::new(ArrivalsLimits::default()))
    }

    fn deliver(arrivals: &Arrivals, to: &str) -> u64 {
        arrivals.deliver("sender@example.jp".into(), vec![to.into()], Bytes::from_static(b"Subject: x\r\n\r\nx\r\n"))
    }

    #[tokio::test(start_paused = true)]
    async fn waiter_is_woken_for_its_address_and_for_no_other() {
        let arrivals = mailbox();
        let wait = |address: &'static str| {
            let arrivals = Arc::clone(&arrivals);
            tokio::spawn(async move { arrivals.next_for(address, Mark::START, LONG).await.unwrap() })
        };
        let (hers, his) = (wait("hanako@example.jp"), wait("taro@example.jp"));
        tokio::task::yield_now().await;
        let sequence = deliver(&arrivals, "hanako@example.jp");
        assert_eq!(hers.await.unwrap().unwrap().sequence, sequence);
        assert!(!his.is_finished());
        assert_eq!(his.await.unwrap(), None, "patience ran out with nothing for him");
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_at_one_address_are_woken() {
        let arrivals = mailbox();
        let waiters = (0..100).map(|_| {
            let arrivals = Arc::clone(&arrivals);
            tokio::spawn(async move { arrivals.next_for("hanako@example.jp", Mark::START, LONG).await })
        });
        let waiters: Vec<_> = waiters.collect();
        tokio::task::yield_now().await;
        deliver(&arrivals, "hanako@example.jp");
        for found in join_all(waiters).await {
            assert_eq!(found.unwrap().unwrap().unwrap().sequence, 1);
        }
    }

    #[tokio::test]
    async fn watcher_of_the_whole_mailbox_sees_every_mail_in_order_and_the_end() {
        let arrivals = mailbox();
        let watcher = tokio::spawn({
            let arrivals = Arc::clone(&arrivals);
            async move {
                let (mut mark, mut seen) = (Mark::START, Vec::new());
                while let Ok(mail) = arrivals.next(mark).await {
                    mark = mail.mark();
                    seen.push(mail.recipients[0].clone());
                }
                seen
            }
        });
        tokio::task::yield_now().await;
        deliver(&arrivals, "a@example.jp");
        tokio::task::yield_now().await;
        deliver(&arrivals, "b@example.jp");
        deliver(&arrivals, "c@example.jp");
        arrivals.close();
        assert_eq!(watcher.await.unwrap(), ["a@example.jp", "b@example.jp", "c@example.jp"]);
    }

    #[tokio::test]
    async fn mail_that_is_already_there_needs_no_patience() {
        let arrivals = mailbox();
        deliver(&arrivals, "hanako@example.jp");
        let found = arrivals.next_for("hanako@example.jp", Mark::START, Duration::ZERO).await.unwrap();
        assert_eq!(found.unwrap().mark(), arrivals.mark().await.unwrap());
        let more = arrivals.next_for("hanako@example.jp", Mark::behind(1), Duration::ZERO).await.unwrap();
        assert_eq!(more, None);
    }

    #[tokio::test]
    async fn case_of_an_address_does_not_matter() {
        let arrivals = mailbox();
        deliver(&arrivals, "Hanako@Example.JP");
        assert_eq!(arrivals.all_for("hanako@example.jp", Mark::START).await.unwrap().len(), 1);
        let mail = arrivals.next_for("HANAKO@EXAMPLE.JP", Mark::START, Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(mail.recipients, ["Hanako@Example.JP"], "as it was written");
    }

    #[tokio::test]
    async fn mark_parts_before_from_after() {
        let arrivals = mailbox();
        deliver(&arrivals, "a@example.jp");
        let mark = arrivals.mark().await.unwrap();
        deliver(&arrivals, "b@example.jp");
        deliver(&arrivals, "a@example.jp");
        let sequences = |mails: Vec<Arc<Mail>>| mails.iter().map(|mail| mail.sequence).collect::<Vec<_>>();
        assert_eq!(sequences(arrivals.all_for("a@example.jp", mark).await.unwrap()), [3]);
        assert_eq!(sequences(arrivals.everything_after(mark).await.unwrap()), [2, 3]);
        assert_eq!(sequences(arrivals.everything_after(Mark::START).await.unwrap()), [1, 2, 3]);
    }

    #[tokio::test]
    async fn one_mail_to_many_is_found_by_each_of_them_and_held_once() {
        let arrivals = mailbox();
        let to = ["a@example.jp", "b@example.jp", "A@example.jp"].map(String::from).to_vec();
        arrivals.deliver(String::new(), to, Bytes::from_static(b"x"));
        assert_eq!(arrivals.all_for("a@example.jp", Mark::START).await.unwrap().len(), 1, "named twice, found once");
        assert_eq!(arrivals.all_for("b@example.jp", Mark::START).await.unwrap().len(), 1);
        assert_eq!(arrivals.counts().held, 1);
    }

    #[tokio::test]
    async fn oldest_of_an_address_goes_first_and_is_counted() {
        let arrivals = Arrivals::new(ArrivalsLimits { per_address: 3, ..ArrivalsLimits::default() });
        deliver(&arrivals, "other@example.jp");
        for _ in 0..5 {
            deliver(&arrivals, "a@example.jp");
        }
        let kept = arrivals.all_for("a@example.jp", Mark::START).await.unwrap();
        assert_eq!(kept.iter().map(|mail| mail.sequence).collect::<Vec<_>>(), [4, 5, 6]);
        let counts = arrivals.counts();
        assert_eq!((counts.arrived, counts.held, counts.dropped), (6, 4, 2));
    }

    #[tokio::test]
    async fn oldest_of_all_goes_when_the_bytes_run_out() {
        let mail_bytes = 10_000;
        let total_bytes = 5 * mail_bytes;
        let arrivals = Arrivals::new(ArrivalsLimits { total_bytes, ..ArrivalsLimits::default() });
        for number in 0..20 {
            let to = vec![format!("{number}@example.jp"), "all@example.jp".into()];
            arrivals.deliver(String::new(), to, Bytes::from(vec![b'x'; mail_bytes as usize]));
            assert!(arrivals.counts().held_bytes <= total_bytes);
        }
        assert_eq!((arrivals.counts().held, arrivals.counts().dropped), (4, 16));
        assert_eq!(arrivals.all_for("all@example.jp", Mark::START).await.unwrap().len(), 4);
        assert_eq!(arrivals.shelf().addresses.len(), 5, "addresses without mail are forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_gave_up_leave_nothing_behind() {
        let arrivals = mailbox();
        let found = arrivals.next_for("a@example.jp", Mark::START, Duration::from_millis(5)).await.unwrap();
        assert_eq!(found, None);
        assert!(arrivals.shelf().addresses.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_tells_those_who_wait_and_keeps_what_is_held() {
        let arrivals = mailbox();
        deliver(&arrivals, "a@example.jp");
        let waiter = {
            let arrivals = Arc::clone(&arrivals);
            tokio::spawn(async move { arrivals.next_for("b@example.jp", Mark::START, LONG).await })
        };
        tokio::task::yield_now().await;
        arrivals.close();
        assert_eq!(waiter.await.unwrap(), Err(MailboxError::Closed));
        assert_eq!(arrivals.next_for("b@example.jp", Mark::START, LONG).await, Err(MailboxError::Closed));
        assert!(arrivals.next_for("a@example.jp", Mark::START, LONG).await.unwrap().is_some());
    }
}
