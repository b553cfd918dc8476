//! The mail queue: bounded, and a place in it is taken before a mail is promised.
//!
//! What was promised is settled in any case, once: taken by the host, refused, given up when its time was over, or dropped at
//! the end of the server. So no code is lost without its attempt being told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::backoff::Backoff;
use super::delivery::{Delivery, DeliveryError};
use super::message::Mail;
use super::smtp::MAIL_CONNECTIONS;
use crate::watch::masked;

/// How many mails wait or are under way at most; the launch queues one per sign-in for as long as the mail host is behind.
pub const MAIL_QUEUE: usize = 10_000;
/// For how long a mail is tried: waiting for its turn, all tries and the pauses between them together. A mail host may be
/// restarted in that time; and a code that comes at the end of it is still valid for most of its 30 minutes (FAQ-03).
pub const DELIVERY_TIME: Duration = Duration::from_secs(5 * 60);

/// The mail queue.
pub struct Outbox {
    delivery: Arc<dyn Delivery>,
    room: Arc<Semaphore>,
    capacity: usize,
    lanes: Arc<Semaphore>,
    trouble: Arc<Trouble>,
    tasks: TaskTracker,
    /// No more pauses: each mail has one last try.
    closing: CancellationToken,
    /// No more tries.
    closed: CancellationToken,
}

/// A place in the queue.
pub struct Room(OwnedSemaphorePermit);

impl Outbox {
    /// A queue of `capacity` mails in front of a way to a mail host.
    pub fn new(delivery: Arc<dyn Delivery>, capacity: usize) -> Self {
        Self {
            delivery,
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
            lanes: Arc::new(Semaphore::new(MAIL_CONNECTIONS)),
            trouble: Arc::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            closed: CancellationToken::new(),
        }
    }

    /// A place in the queue, if there is one.
    pub fn reserve(&self) -> Option<Room> {
        self.room.clone().try_acquire_owned().ok().map(Room)
    }

    /// Sends a mail in the background and says then whether the host has taken it. `settled` is called exactly once, also
    /// where the server ends or the delivery panics.
    pub fn post(&self, room: Room, mail: Mail, settled: impl FnOnce(Result<(), DeliveryError>) + Send + 'static) {
        self.post_when(std::future::ready(true), room, mail, settled);
    }

    /// The same, once what the mail tells of is certain; if it never will be, the mail is not sent.
    pub fn post_when(
        &self,
        certain: impl Future<Output = bool> + Send + 'static,
        room: Room,
        mail: Mail,
        settled: impl FnOnce(Result<(), DeliveryError>) + Send + 'static,
    ) {
        let settle = Settle(Some(settled));
        let (delivery, lanes, trouble) = (self.delivery.clone(), self.lanes.clone(), self.trouble.clone());
        let (closing, closed) = (self.closing.clone(), self.closed.clone());
        let delivering = async move {
            let Room(_place) = room;
            let delivering = async {
                if !certain.await {
                    return Err(DeliveryError::TryLater("what it tells of is lost".to_owned()));
                }
                deliver(&*delivery, &lanes, &trouble, &mail, &closing).await
            };
            let delivered = tokio::select! {
                () = closed.cancelled() => Err(DeliveryError::TryLater("the server has ended".to_owned())),
                result = delivering => result,
            };
            settle.with(delivered);
        };
        // What is logged on the way bears the id of the request that caused the mail.
        self.tasks.spawn(delivering.in_current_span());
    }

    /// How many mails wait or are under way.
    pub fn depth(&self) -> usize {
        self.capacity - self.room.available_permits()
    }

    /// How many mails the queue takes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives every mail that waits one last try, lets what is under way come to its end for at most `patience`, and drops
    /// the rest.
    pub async fn close(&self, patience: Duration) {
        self.tasks.close();
        self.closing.cancel();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(mails = self.tasks.len(), "mails were dropped at the end");
            self.closed.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Tells what became of a mail, whatever happens to the task that has it.
struct Settle<F: FnOnce(Result<(), DeliveryError>)>(Option<F>);

impl<F: FnOnce(Result<(), DeliveryError>)> Settle<F> {
    fn with(mut self, delivered: Result<(), DeliveryError>) {
        if let Some(settled) = self.0.take() {
            settled(delivered);
        }
    }
}

impl<F: FnOnce(Result<(), DeliveryError>)> Drop for Settle<F> {
    fn drop(&mut self) {
        if let Some(settled) = self.0.take() {
            settled(Err(DeliveryError::TryLater("its delivery was broken off".to_owned())));
        }
    }
}

/// How often it is told at most that the mail host does not take mail for now: with each mail of a launch it would bury the log.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Since when operators know that the mail host does not take mail for now.
#[derive(Default)]
struct Trouble(Mutex<Option<Instant>>);

impl Trouble {
    /// Warns, unless that was done a short while ago.
    fn tell(&self, reason: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(reason, "the mail host does not take mail for now; it is tried again");
        } else {
            tracing::debug!(reason, "the mail is tried again");
        }
    }
}

/// Tries a mail till the host takes it or refuses it for good, or till its time is over.
async fn deliver(
    delivery: &dyn Delivery,
    lanes: &Semaphore,
    trouble: &Trouble,
    mail: &Mail,
    closing: &CancellationToken,
) -> Result<(), DeliveryError> {
    let mut last = DeliveryError::TryLater("its turn has not come".to_owned());
    let tries = async {
        let mut backoff = Backoff::new();
        loop {
            let is_last = closing.is_cancelled();
            let lane = lanes.acquire().await;
            let result = delivery.deliver(mail).await;
            drop(lane);
            match result {
                Err(DeliveryError::TryLater(reason)) if !is_last => {
                    trouble.tell(&masked(&reason).to_string());
                    last = DeliveryError::TryLater(reason);
                    let pause = backoff.pause(rand::rng().random());
                    // Where the server is closing, the pause ends and the next try is the last.
                    let _ = closing.run_until_cancelled(tokio::time::sleep(pause)).await;
                }
                result => return result,
            }
        }
    };
    let ended = tokio::time::timeout(DELIVERY_TIME, tries).await;
    ended.unwrap_or(Err(last))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::sync::{mpsc, oneshot};

    use super::super::backoff::LONGEST_PAUSE;
    use super::super::charset::MailCharset;
    use super::super::delivery::MockDelivery;
    use super::super::letter::Letter;
    use super::super::message::compose;
    use super::*;
    use crate::core::{Address, Token};
    use crate::decisions::Recipients;

    fn mail() -> Mail {
        let to = vec![Address::parse("a@b.test").unwrap()];
        let letter = Letter { subject: "s".to_owned(), body: "b".to_owned() };
        let recipients = Recipients { to, cc: Vec::new(), bcc: Vec::new() };
        compose(&recipients, &letter, &Token::from("id".to_owned()), MailCharset::Utf8).unwrap()
    }

    fn later() -> Result<(), DeliveryError> {
        Err(DeliveryError::TryLater("451".to_owned()))
    }

    fn post(outbox: &Outbox) -> oneshot::Receiver<Result<(), DeliveryError>> {
        let (settle, settled) = oneshot::channel();
        outbox.post(outbox.reserve().unwrap(), mail(), |result| settle.send(result).unwrap());
        settled
    }

    async fn send(mock: MockDelivery) -> Result<(), DeliveryError> {
        let outbox = Outbox::new(Arc::new(mock), 1);
        post(&outbox).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_to_come_again_is_tried_again_and_then_takes_it() {
        let mut mock = MockDelivery::new();
        let mut sequence = mockall::Sequence::new();
        mock.expect_deliver().times(4).in_sequence(&mut sequence).returning(|_| later());
        mock.expect_deliver().times(1).in_sequence(&mut sequence).returning(|_| Ok(()));
        assert_eq!(send(mock).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_down_for_minutes_has_the_mail_when_it_is_back() {
        let (start, down) = (Instant::now(), Duration::from_secs(4 * 60));
        let mut mock = MockDelivery::new();
        mock.expect_deliver().returning(move |_| if start.elapsed() < down { later() } else { Ok(()) });
        assert_eq!(send(mock).await, Ok(()));
        assert!(start.elapsed() < down + LONGEST_PAUSE, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn operators_hear_of_a_host_that_is_down_at_once_but_not_with_every_try() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .with_max_level(tracing::Level::WARN);
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let outbox = Outbox::new(Arc::new(down()), 9);
        let first = post(&outbox);
        for settled in [first, post(&outbox)] {
            assert!(settled.await.unwrap().is_err());
        }
        let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let told = lines.lines().filter(|line| line.contains("does not take mail")).count();
        let most = DELIVERY_TIME.as_secs() / TELL_EVERY.as_secs() + 1;
        assert!((1..=most as usize).contains(&told), "{lines}");
    }

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn down() -> MockDelivery {
        let mut mock = MockDelivery::new();
        mock.expect_deliver().returning(|_| later());
        mock
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_bounded_in_number_and_time() {
        let start = Instant::now();
        let mut mock = MockDelivery::new();
        mock.expect_deliver().times(10..30).returning(|_| later());
        assert_eq!(send(mock).await, later());
        assert_eq!(start.elapsed(), DELIVERY_TIME);
        assert!(DELIVERY_TIME * 4 < crate::core::CODE_VALID);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_answers_is_given_up_as_well() {
        struct Silent;
        #[async_trait::async_trait]
        impl Delivery for Silent {
            async fn deliver(&self, _: &Mail) -> Result<(), DeliveryError> {
                std::future::pending().await
            }
        }
        let (start, outbox) = (Instant::now(), Outbox::new(Arc::new(Silent), MAIL_CONNECTIONS + 1));
        let waiting: Vec<_> = (0..=MAIL_CONNECTIONS).map(|_| post(&outbox)).collect();
        for settled in waiting {
            assert!(matches!(settled.await.unwrap(), Err(DeliveryError::TryLater(_))));
        }
        assert_eq!(start.elapsed(), DELIVERY_TIME, "also the mail whose turn never came");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_for_good_is_not_tried_again() {
        let mut mock = MockDelivery::new();
        mock.expect_deliver().times(1).returning(|_| Err(DeliveryError::Refused("550".to_owned())));
        assert_eq!(send(mock).await, Err(DeliveryError::Refused("550".to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_and_a_finished_mail_gives_its_place_back() {
        let mut mock = MockDelivery::new();
        mock.expect_deliver().returning(|_| Ok(()));
        let outbox = Outbox::new(Arc::new(mock), 1);
        let room = outbox.reserve().unwrap();
        assert!(outbox.reserve().is_none());
        outbox.post(room, mail(), |_| ());
        outbox.close(Duration::from_secs(1)).await;
        assert!(outbox.reserve().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_gives_a_waiting_mail_one_last_try() {
        let (tried, mut tries) = mpsc::unbounded_channel();
        let mut mock = MockDelivery::new();
        mock.expect_deliver().times(2).returning(move |_| {
            tried.send(()).unwrap();
            later()
        });
        let outbox = Outbox::new(Arc::new(mock), 1);
        let settled = post(&outbox);
        tries.recv().await.unwrap();
        let start = Instant::now();
        outbox.close(Duration::from_secs(60)).await;
        assert_eq!(settled.await.unwrap(), later());
        assert_eq!(start.elapsed(), Duration::ZERO, "no pause is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn closing_does_not_wait_for_ever_and_tells_what_it_drops() {
        let (tried, mut tries) = mpsc::unbounded_channel();
        struct Stalls(mpsc::UnboundedSender<()>);
        #[async_trait::async_trait]
        impl Delivery for Stalls {
            async fn deliver(&self, _: &Mail) -> Result<(), DeliveryError> {
                self.0.send(()).unwrap();
                std::future::pending().await
            }
        }
        let outbox = Outbox::new(Arc::new(Stalls(tried)), 1);
        let settled = post(&outbox);
        tries.recv().await.unwrap();
        outbox.close(Duration::from_secs(1)).await;
        assert!(matches!(settled.await.unwrap(), Err(DeliveryError::TryLater(_))));
    }

    #[test]
    fn a_mail_whose_task_is_dropped_or_panics_is_settled_all_the_same() {
        let (settle, settled) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut mock = MockDelivery::new();
        mock.expect_deliver().returning(|_| panic!("on purpose"));
        runtime.block_on(async {
            let outbox = Outbox::new(Arc::new(mock), 2);
            for number in 0..2 {
                let settle = settle.clone();
                outbox.post(outbox.reserve().unwrap(), mail(), move |result| settle.send((number, result)).unwrap());
                if number == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        drop(runtime);
        for number in 0..2 {
            let (settled, result) = settled.try_recv().unwrap();
            assert!(settled == number && matches!(result, Err(DeliveryError::TryLater(_))));
        }
    }
}
