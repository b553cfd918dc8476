//! The one who looks into a Mailpit for everybody: look after look, each from the newest message down to what is known.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::api::{Api, CONNECTIONS, Row};
use super::{Look, Shared};
use crate::mailbox::MailboxError;

/// How many messages a page of the list has.
const PAGE: usize = 100;
/// How many pages one look turns at the most: a Mailpit that holds more than 50,000 messages is not one for a run.
const MAX_PAGES: usize = 500;
/// How often a look begins anew because messages went while it turned the pages.
const MAX_RESTARTS: usize = 5;

#[derive(Debug)]
pub(super) struct Poller {
    api: Api,
    shared: Arc<Shared>,
    told: watch::Sender<Look>,
    poll: Duration,
    known: HashSet<String>,
    /// Whether what lay there before the run is known.
    settled: bool,
}

/// What one look found in the list.
struct Found {
    /// What is new, the oldest first.
    new: Vec<Row>,
    /// Whether something that was known was met.
    met_known: bool,
}

impl Poller {
    pub(super) fn new(api: Api, shared: Arc<Shared>, told: watch::Sender<Look>, poll: Duration) -> Poller {
        Poller { api, shared, told, poll, known: HashSet::new(), settled: false }
    }

    /// Looks whenever somebody wants it, and at every turn while somebody waits.
    pub(super) async fn run(mut self) {
        let stop = self.shared.stop.clone();
        stop.run_until_cancelled(async {
            loop {
                let wanted = self.shared.wanted.notified();
                match self.shared.waiting.load(Ordering::SeqCst) {
                    0 => wanted.await,
                    // Nobody wanted a look, but somebody waits.
                    _ => drop(timeout(self.poll, wanted).await),
                }
                self.told.send_modify(|look| look.begun += 1);
                let outcome = self.look().await;
                self.told.send_modify(|look| {
                    look.ended = look.begun;
                    look.failure = outcome.err();
                });
            }
        })
        .await;
    }

    async fn look(&mut self) -> Result<(), MailboxError> {
        let before = self.known.len();
        let found = self.turn_pages().await?;
        if !self.settled {
            self.known.extend(found.new.into_iter().map(|row| row.id));
            self.settled = true;
            return Ok(());
        }
        // Mailpit throws away what is old, and may be emptied by others: what came and went between two looks was never seen.
        if before > 0 && !found.met_known {
            self.known.clear();
            self.note_gap();
        }
        if self.take_in(found.new).await? {
            self.note_gap();
        }
        Ok(())
    }

    /// Fetches what is new and delivers it in order. What was delivered is known at once: a look that breaks off delivers nothing twice.
    /// Says whether one was gone before it could be fetched.
    async fn take_in(&mut self, new: Vec<Row>) -> Result<bool, MailboxError> {
        let Poller { api, shared, known, .. } = self;
        let fetched = stream::iter(new).map(async |row: Row| Ok((api.raw(&row.id).await?, row))).buffered(CONNECTIONS);
        let mut fetched = std::pin::pin!(fetched);
        let mut lost = false;
        while let Some((raw, row)) = fetched.try_next().await? {
            match raw {
                Some(raw) => drop(shared.arrivals.deliver(row.sender(), row.recipients(), raw)),
                None => lost = true,
            }
            known.insert(row.id);
        }
        Ok(lost)
    }

    /// Who took their position before this may wait in vain for a mail that came.
    fn note_gap(&self) {
        let here = self.shared.arrivals.pass_over();
        self.told.send_modify(|look| look.gap = Some(here));
    }

    /// Turns the pages from the newest on until one holds nothing new and all that there is is known. Each page begins with the last
    /// message of the one before: where it does not, messages went meanwhile, others moved up unseen, and the look begins anew.
    async fn turn_pages(&self) -> Result<Found, MailboxError> {
        'look: for _ in 0..MAX_RESTARTS {
            let mut new: Vec<Row> = Vec::new();
            let mut seen = HashSet::new();
            let mut met_known = false;
            let mut start = 0;
            let mut last: Option<String> = None;
            let mut total = None;
            for _ in 0..MAX_PAGES {
                let page = self.api.page(start, PAGE).await?;
                let whole = page.messages.len() >= PAGE;
                // What arrives meanwhile moves the others down: then the last one comes later in the page.
                if let Some(last) = &last
                    && !page.messages.iter().any(|row| row.id == *last)
                {
                    continue 'look;
                }
                last = page.messages.last().map(|row| row.id.clone());
                let before = new.len();
                for row in page.messages {
                    if self.known.contains(&row.id) {
                        met_known = true;
                    } else if seen.insert(row.id.clone()) {
                        new.push(row);
                    }
                }
                // What has arrived since the look began is left to the next one.
                let total = *total.get_or_insert(page.total);
                let all_known = self.settled && new.len() == before && total <= self.known.len() + new.len();
                if !whole || all_known {
                    new.reverse();
                    return Ok(Found { new, met_known });
                }
                start += PAGE - 1;
            }
            return Err(self.too_much("it holds too many messages: empty it before a run"));
        }
        Err(self.too_much("its messages went faster than they could be listed"))
    }

    fn too_much(&self, reason: &str) -> MailboxError {
        self.api.failed("api/v1/messages", reason.to_owned())
    }
}
