//! The mail queue: bounded, and a place in it is taken before a mail is promised.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::delivery::{Delivery, DeliveryError};
use super::message::Mail;
use super::smtp::MAIL_CONNECTIONS;

/// How many mails wait or are under way at most; the launch queues one per sign-in for as long as the mail host is behind.
pub const MAIL_QUEUE: usize = 10_000;
/// How long is waited before each further try when the host asks to come again; after the last the mail counts as refused.
pub const RETRY_AFTER: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)];

/// The mail queue.
pub struct Outbox {
    delivery: Arc<dyn Delivery>,
    room: Arc<Semaphore>,
    lanes: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// A place in the queue.
pub struct Room(OwnedSemaphorePermit);

impl Outbox {
    /// A queue of `capacity` mails in front of a way to a mail host.
    pub fn new(delivery: Arc<dyn Delivery>, capacity: usize) -> Self {
        Self {
            delivery,
            room: Arc::new(Semaphore::new(capacity)),
            lanes: Arc::new(Semaphore::new(MAIL_CONNECTIONS)),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// A place in the queue, if there is one.
    pub fn reserve(&self) -> Option<Room> {
        self.room.clone().try_acquire_owned().ok().map(Room)
    }

    /// Sends a mail in the background and says then whether the host has taken it.
    pub fn post(&self, room: Room, mail: Mail, settled: impl FnOnce(Result<(), DeliveryError>) + Send + 'static) {
        let (delivery, lanes, closing) = (self.delivery.clone(), self.lanes.clone(), self.closing.clone());
        self.tasks.spawn(async move {
            let Room(_place) = room;
            let delivered = tokio::select! {
                () = closing.cancelled() => Err(DeliveryError::TryLater("the server is closing".to_owned())),
                result = deliver(&*delivery, &lanes, &mail) => result,
            };
            settled(delivered);
        });
    }

    /// Lets what is under way come to its end for at most `patience`, then drops the rest.
    pub async fn close(&self, patience: Duration) {
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(mails = self.tasks.len(), "mails were dropped at the end");
            self.closing.cancel();
            self.tasks.wait().await;
        }
    }
}

async fn deliver(delivery: &dyn Delivery, lanes: &Semaphore, mail: &Mail) -> Result<(), DeliveryError> {
    let mut pauses = RETRY_AFTER.iter();
    loop {
        let lane = lanes.acquire().await;
        let result = delivery.deliver(mail).await;
        drop(lane);
        match (result, pauses.next()) {
            (Err(DeliveryError::TryLater(reason)), Some(pause)) => {
                tracing::debug!(reason, "the mail is tried again");
                tokio::time::sleep(*pause).await;
            }
            (result, _) => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::sync::oneshot;

    use super::super::delivery::MockDelivery;
    use super::super::letter::Letter;
    use super::super::message::compose;
    use super::*;
    use crate::core::{Address, Token};
    use crate::decisions::Recipients;

    fn mail() -> Mail {
        let to = vec![Address::parse("a@b.test").unwrap()];
        let letter = Letter { subject: "s".to_owned(), body: "b".to_owned() };
        compose(&Recipients { to, cc: Vec::new(), bcc: Vec::new() }, &letter, &Token::from("id".to_owned())).unwrap()
    }

    async fn send(mock: MockDelivery) -> Result<(), DeliveryError> {
        let outbox = Outbox::new(Arc::new(mock), 1);
        let (settle, settled) = oneshot::channel();
        outbox.post(outbox.reserve().unwrap(), mail(), |result| settle.send(result).unwrap());
        settled.await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_to_come_again_is_tried_again_and_then_takes_it() {
        let mut mock = MockDelivery::new();
        let mut sequence = mockall::Sequence::new();
        mock.expect_deliver()
            .times(RETRY_AFTER.len())
            .in_sequence(&mut sequence)
            .returning(|_| Err(DeliveryError::TryLater("451".to_owned())));
        mock.expect_deliver().times(1).in_sequence(&mut sequence).returning(|_| Ok(()));
        assert_eq!(send(mock).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_bounded() {
        let mut mock = MockDelivery::new();
        mock.expect_deliver()
            .times(RETRY_AFTER.len() + 1)
            .returning(|_| Err(DeliveryError::TryLater("451".to_owned())));
        assert!(send(mock).await.is_err());
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
    async fn closing_does_not_wait_for_ever() {
        let mut mock = MockDelivery::new();
        mock.expect_deliver().returning(|_| Err(DeliveryError::TryLater("451".to_owned())));
        let outbox = Outbox::new(Arc::new(mock), 1);
        let (settle, settled) = oneshot::channel();
        outbox.post(outbox.reserve().unwrap(), mail(), |result| settle.send(result).unwrap());
        outbox.close(Duration::from_millis(10)).await;
        assert!(matches!(settled.await.unwrap(), Err(DeliveryError::TryLater(_))));
    }
}
