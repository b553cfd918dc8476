//! Who watches the browsers: every exchange is shown to a witness, which keeps what it needs. Not here: judgement.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method};
use sekisho_reports::exchange::{Exchange, Received, Sent};
use url::Url;

use super::answer::text_of;
use super::error::NetworkError;

/// Is shown every exchange of a browser, in the order they end.
pub trait Witness: Send + Sync {
    /// Called once per exchange, redirects and failures included, on the task that navigates: it should be quick and must not block.
    fn exchange(&self, exchange: &ExchangeView<'_>);
}

/// One exchange, borrowed from the browser; nothing is copied until a witness asks.
#[derive(Debug)]
pub struct ExchangeView<'a> {
    /// Wall-clock time (not the target's) at which it was begun.
    pub started_at: SystemTime,
    /// Who acted.
    pub person: &'a Arc<str>,
    /// Which of the person's browsers.
    pub browser: &'a Arc<str>,
    /// The step of the story.
    pub step: &'a str,
    /// The request's method.
    pub method: &'a Method,
    /// The request's address.
    pub url: &'a Url,
    /// The request's header fields in the order sent.
    pub headers: &'a HeaderMap,
    /// The request's body; empty where there was none.
    pub body: &'a Bytes,
    /// What came back, or why nothing did.
    pub outcome: Result<AnswerView<'a>, &'a NetworkError>,
    /// From the first byte sent until the last byte received; for a failure, since the exchange was begun. In microseconds.
    pub duration_us: u64,
}

/// The answer's part of an [`ExchangeView`].
#[derive(Debug, Clone, Copy)]
pub struct AnswerView<'a> {
    /// Status code.
    pub status: u16,
    /// Header fields in the order received.
    pub headers: &'a HeaderMap,
    /// Body after removal of the transfer coding.
    pub body: &'a Bytes,
}

impl ExchangeView<'_> {
    /// The exchange as a record of its own.
    pub fn to_exchange(&self) -> Exchange {
        let answer = self.outcome.as_ref().ok();
        Exchange {
            started_at: self.started_at,
            person: self.person.to_string(),
            browser: self.browser.to_string(),
            step: self.step.to_owned(),
            request: Sent {
                method: self.method.to_string(),
                url: self.url.to_string(),
                headers: fields(self.headers),
                body: self.body.to_vec(),
            },
            answer: answer.map(|answer| Received {
                status: answer.status,
                headers: fields(answer.headers),
                body: answer.body.to_vec(),
            }),
            error: self.outcome.as_ref().err().map(ToString::to_string),
            duration_us: self.duration_us,
        }
    }
}

fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text_of(value).into_owned())).collect()
}

/// Bodies that one witness of everything keeps. In bytes.
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// Keeps every exchange in order: the witness of a check. Once the bodies add up to 64 MiB, those of later answers are left out.
#[derive(Debug, Default)]
pub struct Everything(Mutex<Pile>);

#[derive(Debug, Default)]
struct Pile {
    exchanges: Vec<Exchange>,
    bytes: usize,
    is_cut: bool,
}

impl Everything {
    /// A witness that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies of all exchanges so far; `None` where bodies were left out: what is not there cannot be looked into.
    pub fn exchanges(&self) -> Option<Vec<Exchange>> {
        let pile = locked(&self.0);
        (!pile.is_cut).then(|| pile.exchanges.clone())
    }

    /// All exchanges so far, which are forgotten with that.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *locked(&self.0)).exchanges
    }
}

impl Witness for Everything {
    fn exchange(&self, exchange: &ExchangeView<'_>) {
        let mut exchange = exchange.to_exchange();
        let mut pile = locked(&self.0);
        let size = exchange.answer.as_ref().map_or(0, |answer| answer.body.len());
        if pile.bytes + size > MAX_KEPT_BYTES {
            pile.is_cut = true;
            if let Some(answer) = &mut exchange.answer {
                answer.body = format!("[a body of {size} bytes was not kept]").into_bytes();
            }
        } else {
            pile.bytes += size;
        }
        pile.exchanges.push(exchange);
    }
}

/// Keeps the last few exchanges in a cheap form: the witness of a user under load. Bodies are shared with the browser, not copied.
#[derive(Debug)]
pub struct LastFew {
    limit: usize,
    kept: Mutex<VecDeque<Kept>>,
}

/// What an [`ExchangeView`] borrows, owned at the cost of a few reference counts and two header tables.
#[derive(Debug)]
struct Kept {
    started_at: SystemTime,
    person: Arc<str>,
    browser: Arc<str>,
    step: Box<str>,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    outcome: Result<(u16, HeaderMap, Bytes), NetworkError>,
    duration_us: u64,
}

impl LastFew {
    /// A witness that remembers at most `limit` exchanges.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// The last exchanges, oldest first, which are forgotten with that.
    pub fn take(&self) -> Vec<Exchange> {
        let kept = std::mem::take(&mut *locked(&self.kept));
        kept.iter().map(|kept| kept.view().to_exchange()).collect()
    }
}

impl Witness for LastFew {
    fn exchange(&self, exchange: &ExchangeView<'_>) {
        if self.limit == 0 {
            return;
        }
        let mut kept = locked(&self.kept);
        if kept.len() == self.limit {
            kept.pop_front();
        }
        kept.push_back(Kept::of(exchange));
    }
}

impl Kept {
    fn of(view: &ExchangeView<'_>) -> Self {
        Self {
            started_at: view.started_at,
            person: view.person.clone(),
            browser: view.browser.clone(),
            step: view.step.into(),
            method: view.method.clone(),
            url: view.url.clone(),
            headers: view.headers.clone(),
            body: view.body.clone(),
            outcome: match &view.outcome {
                Ok(answer) => Ok((answer.status, answer.headers.clone(), answer.body.clone())),
                Err(error) => Err((*error).clone()),
            },
            duration_us: view.duration_us,
        }
    }

    fn view(&self) -> ExchangeView<'_> {
        ExchangeView {
            started_at: self.started_at,
            person: &self.person,
            browser: &self.browser,
            step: &self.step,
            method: &self.method,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
            outcome: self.outcome.as_ref().map(|(status, headers, body)| AnswerView { status: *status, headers, body }),
            duration_us: self.duration_us,
        }
    }
}

/// A list that a panicking thread held is as good as before: every change to it is one push.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
