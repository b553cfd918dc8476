//! From the accepted mail to the mailbox: who gets it, how often and when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::faults::Faults;
use crate::mailbox::Arrivals;

/// The bytes of mail on its way at most; beyond it new mail is put off (452), as a mail host with a full queue does.
const MAX_DELAYED_BYTES: u64 = 256 * 1024 * 1024;

/// What a mail on its way costs beside its own bytes: a task and its timer, rounded up.
const TASK_BYTES: u64 = 1024;

/// The last leg of every mail. Called from either front end, also from threads outside the runtime.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) arrivals: Arc<Arrivals>,
    pub(super) faults: Arc<Faults>,
    pub(super) runtime: Handle,
    pub(super) stop: CancellationToken,
    pub(super) delayed_bytes: Arc<AtomicU64>,
}

/// The queue of delayed mail is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueFull;

impl Delivery {
    /// Sends a mail on its way to each recipient. Those who get it at once get it as one mail, as a host splits a mail
    /// only where its recipients go different ways.
    pub(super) fn send(&self, from: String, recipients: Vec<String>, raw: Bytes) -> Result<(), QueueFull> {
        if self.delayed_bytes.load(Ordering::Relaxed) > MAX_DELAYED_BYTES {
            return Err(QueueFull);
        }
        let mut at_once = Vec::new();
        for recipient in recipients {
            let journeys = self.faults.journeys(&recipient);
            if let [Duration::ZERO] = journeys[..] {
                at_once.push(recipient);
                continue;
            }
            for journey in journeys {
                self.send_later(journey, from.clone(), recipient.clone(), raw.clone());
            }
        }
        if !at_once.is_empty() {
            self.arrivals.deliver(from, at_once, raw);
        }
        Ok(())
    }

    fn send_later(&self, journey: Duration, from: String, recipient: String, raw: Bytes) {
        if journey.is_zero() {
            self.arrivals.deliver(from, vec![recipient], raw);
            return;
        }
        let bytes = raw.len() as u64 + TASK_BYTES;
        self.delayed_bytes.fetch_add(bytes, Ordering::Relaxed);
        let (arrivals, stop) = (Arc::clone(&self.arrivals), self.stop.clone());
        let delayed_bytes = Arc::clone(&self.delayed_bytes);
        self.runtime.spawn(async move {
            if stop.run_until_cancelled(tokio::time::sleep(journey)).await.is_some() {
                arrivals.deliver(from, vec![recipient], raw);
            }
            delayed_bytes.fetch_sub(bytes, Ordering::Relaxed);
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{
        mailbox::{ArrivalsLimits, Mailbox, Mark},
        sink::{Delay, Fault},
    };

    const HOUR: Duration = Duration::from_secs(3600);

    fn delivery() -> Delivery {
        Delivery {
            arrivals: Arc::new(Arrivals::new(ArrivalsLimits::default())),
            faults: Arc::new(Faults::new(1)),
            runtime: Handle::current(),
            stop: CancellationToken::new(),
            delayed_bytes: Arc::default(),
        }
    }

    fn send(delivery: &Delivery, to: &[&str]) -> Result<(), QueueFull> {
        delivery.send("s@x".into(), to.iter().map(|to| to.to_string()).collect(), Bytes::from_static(b"text"))
    }

    #[tokio::test(start_paused = true)]
    async fn recipients_without_faults_share_one_mail_and_the_others_have_their_own() {
        let delivery = delivery();
        delivery.faults.set("lost@x", Fault::DropAfterAccept);
        delivery.faults.set("late@x", Fault::Delay(Delay::Constant(HOUR)));
        delivery.faults.set("twice@x", Fault::Duplicate { extra: 1 });
        send(&delivery, &["a@x", "lost@x", "late@x", "twice@x", "b@x"]).unwrap();
        let recipients = || async {
            let mails = delivery.arrivals.everything_after(Mark::START).await.unwrap();
            mails.iter().map(|mail| mail.recipients.join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(recipients().await, ["twice@x", "twice@x", "a@x b@x"]);
        assert!(delivery.arrivals.next_for("late@x", Mark::START, 2 * HOUR).await.unwrap().is_some());
        assert_eq!(recipients().await.last().unwrap(), "late@x");
        assert_eq!(delivery.delayed_bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn delayed_mail_arrives_after_its_delay_and_not_before() {
        let delivery = delivery();
        delivery.faults.set("*", Fault::Delay(Delay::Constant(HOUR)));
        let (real, start) = (Instant::now(), tokio::time::Instant::now());
        send(&delivery, &["a@x"]).unwrap();
        delivery.arrivals.next_for("a@x", Mark::START, 2 * HOUR).await.unwrap().unwrap();
        assert_eq!(start.elapsed().as_secs(), HOUR.as_secs());
        assert!(real.elapsed() < HOUR, "the test's clock was moved");
    }

    #[tokio::test]
    async fn full_queue_puts_mail_off() {
        let delivery = delivery();
        delivery.delayed_bytes.store(MAX_DELAYED_BYTES + 1, Ordering::Relaxed);
        assert_eq!(send(&delivery, &["a@x"]), Err(QueueFull));
        assert_eq!(delivery.arrivals.counts().arrived, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn mail_on_its_way_is_lost_when_the_sink_stops() {
        let delivery = delivery();
        delivery.faults.set("*", Fault::Delay(Delay::Constant(HOUR)));
        send(&delivery, &["a@x"]).unwrap();
        delivery.stop.cancel();
        assert_eq!(delivery.arrivals.next_for("a@x", Mark::START, 2 * HOUR).await, Ok(None));
        assert_eq!(delivery.delayed_bytes.load(Ordering::Relaxed), 0);
    }
}
