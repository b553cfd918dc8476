//! A foreign Mailpit as a source of mail: one poller watches it for all who wait, and puts what is new into the same store that our
//! own sink fills. It begins when somebody asks for the first time; what lay there before is not taken in.
//!
//! "Nothing came" is said only after a look that began when the patience had run out. Where Mailpit can't be asked, or may have lost
//! mails between two looks, that is an error, never "nothing came".

mod api;
mod poller;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use self::api::Api;
use self::poller::Poller;
use super::{Arrivals, ArrivalsLimits, Mail, Mailbox, MailboxError, Mark};
use crate::browser::{NetworkConfig, NetworkSetupError};

/// Where a Mailpit is and how it is asked.
#[derive(Debug, Clone)]
pub struct MailpitSettings {
    /// Its address, as people open it in a browser.
    pub url: Url,
    /// Header fields of every request; their values are shown nowhere.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How often it is asked while somebody waits.
    pub poll: Duration,
}

/// A Mailpit, watched.
#[derive(Debug)]
pub struct Mailpit {
    shared: Arc<Shared>,
    /// Until the first question: what the poller needs.
    idle: std::sync::Mutex<Option<Poller>>,
    looks: watch::Receiver<Look>,
    _stop: DropGuard,
}

/// What the poller and those who wait have in common.
#[derive(Debug)]
struct Shared {
    arrivals: Arrivals,
    /// Somebody wants a look now.
    wanted: Notify,
    /// How many wait for a mail.
    waiting: AtomicUsize,
    stop: CancellationToken,
}

/// How far the poller has come. Looks are numbered from 1.
#[derive(Debug, Clone, Default)]
struct Look {
    /// The last look that was begun.
    begun: u64,
    /// The last look that has ended.
    ended: u64,
    /// Why the last look failed, where it did.
    failure: Option<MailboxError>,
    /// Before this position mails may have gone from Mailpit unseen.
    gap: Option<Mark>,
}

impl Mailpit {
    /// A Mailpit of these settings; nothing is asked yet. `network` says whom to trust and how long to wait for an answer.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: MailpitSettings, network: NetworkConfig) -> Result<Mailpit, NetworkSetupError> {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            arrivals: Arrivals::new(ArrivalsLimits::default()),
            wanted: Notify::new(),
            waiting: AtomicUsize::new(0),
            stop: stop.clone(),
        });
        let (told, looks) = watch::channel(Look::default());
        let poll = settings.poll;
        let poller = Poller::new(Api::new(settings, network)?, Arc::clone(&shared), told, poll);
        Ok(Mailpit { shared, idle: std::sync::Mutex::new(Some(poller)), looks, _stop: stop.drop_guard() })
    }

    /// Starts the poller, once.
    fn awaken(&self) {
        let poller = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(poller) = poller {
            tokio::spawn(poller.run());
        }
    }

    /// Waits for a look that begins after this call, shared with whoever else asks meanwhile. Says how the poller stood after it.
    async fn look(&self) -> Result<Look, MailboxError> {
        self.awaken();
        let mut looks = self.looks.clone();
        let wanted = looks.borrow_and_update().begun + 1;
        self.shared.wanted.notify_one();
        let look = looks.wait_for(|look| look.ended >= wanted).await.map_err(|_| MailboxError::Closed)?.clone();
        match look.failure {
            Some(failure) => Err(failure),
            None => Ok(look),
        }
    }

    /// Waits for what `arrival` waits for, or for a look that fails.
    async fn watching<T>(&self, arrival: impl Future<Output = Result<T, MailboxError>>) -> Result<T, MailboxError> {
        let _waiting = Waiting::count(&self.shared);
        let mut looks = self.looks.clone();
        tokio::select! {
            arrived = arrival => arrived,
            failed = looks.wait_for(|look| look.failure.is_some()) => {
                Err(failed.ok().and_then(|look| look.failure.clone()).unwrap_or(MailboxError::Closed))
            }
        }
    }
}

/// One who waits, counted as long as this lives.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn count(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        // The poller may be asleep because nobody waited so far.
        shared.wanted.notify_one();
        Waiting(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Mailbox for Mailpit {
    async fn mark(&self) -> Result<Mark, MailboxError> {
        self.look().await?;
        self.shared.arrivals.mark().await
    }

    async fn next_for(
        &self,
        address: &str,
        after: Mark,
        patience: Duration,
    ) -> Result<Option<Arc<Mail>>, MailboxError> {
        let begun = Instant::now();
        let arrivals = &self.shared.arrivals;
        if let Some(mail) = arrivals.next_for(address, after, Duration::ZERO).await? {
            return Ok(Some(mail));
        }
        // What failed before may have been mended.
        self.look().await?;
        let left = patience.saturating_sub(begun.elapsed());
        if let Some(mail) = self.watching(arrivals.next_for(address, after, left)).await? {
            return Ok(Some(mail));
        }
        let last = self.look().await?;
        match arrivals.next_for(address, after, Duration::ZERO).await? {
            None if last.gap.is_some_and(|gap| gap > after) => Err(MailboxError::Gap),
            found => Ok(found),
        }
    }

    async fn next(&self, after: Mark) -> Result<Arc<Mail>, MailboxError> {
        self.look().await?;
        self.watching(self.shared.arrivals.next(after)).await
    }

    async fn all_for(&self, address: &str, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        let last = self.look().await?;
        complete(&last, after)?;
        self.shared.arrivals.all_for(address, after).await
    }

    async fn everything_after(&self, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        let last = self.look().await?;
        complete(&last, after)?;
        self.shared.arrivals.everything_after(after).await
    }
}

/// What may lack a mail is no list of all mails.
fn complete(last: &Look, after: Mark) -> Result<(), MailboxError> {
    if last.gap.is_some_and(|gap| gap > after) { Err(MailboxError::Gap) } else { Ok(()) }
}
