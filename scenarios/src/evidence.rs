//! The recorder of a check: every exchange, every mail and every secret of one story.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sekisho_reports::exchange::{Exchange, MailExchange};
use sekisho_simulator::browser::{Everything, ExchangeView, Witness};
use sekisho_simulator::mailbox::Mail;
use sekisho_simulator::recorder::Recorder;

/// Of one body, how much is kept as evidence once the story is over. In bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// The same once the bodies of a run add up to [`MAX_RUN_BYTES`].
const SHORT_BODY_BYTES: usize = 1024;
/// How much the bodies of a run may add up to before they are cut shorter: hundreds of stories against a target of huge pages
/// would not fit into memory otherwise. In bytes.
const MAX_RUN_BYTES: usize = 64 * 1024 * 1024;

/// Keeps everything of one story.
#[derive(Default)]
pub(crate) struct Keeper {
    exchanges: Everything,
    mails: Mutex<Vec<MailExchange>>,
    secrets: Mutex<Vec<(&'static str, String)>>,
    time_moved: AtomicBool,
}

/// What was kept of one story.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Every exchange in order.
    pub exchanges: Vec<Exchange>,
    /// Every code mail that somebody waited for.
    pub mails: Vec<MailExchange>,
    /// What must not reach any report: kind and value.
    pub secrets: Vec<(&'static str, String)>,
}

impl Kept {
    /// Cuts long bodies, and says so in their place. `kept` is how many bytes the run keeps so far.
    pub(crate) fn fit(&mut self, kept: &mut usize) {
        for body in self.exchanges.iter_mut().filter_map(|exchange| Some(&mut exchange.answer.as_mut()?.body)) {
            let limit = if *kept < MAX_RUN_BYTES { MAX_BODY_BYTES } else { SHORT_BODY_BYTES };
            let size = body.len();
            if size > limit {
                // Not within a character: a body that was text stays text.
                let end = (limit - 3..=limit).rev().find(|end| body[*end] & 0xC0 != 0x80).unwrap_or(limit);
                body.truncate(end);
                body.extend_from_slice(format!(" [cut: {end} of {size} bytes]").as_bytes());
                body.shrink_to_fit();
            }
            *kept += body.len();
        }
    }
}

impl Keeper {
    pub(crate) fn new() -> Arc<Keeper> {
        Arc::default()
    }

    pub(crate) fn take(&self) -> Kept {
        Kept {
            exchanges: self.exchanges.take(),
            mails: std::mem::take(&mut lock(&self.mails)),
            secrets: std::mem::take(&mut lock(&self.secrets)),
        }
    }
}

impl Witness for Keeper {
    fn exchange(&self, exchange: &ExchangeView<'_>) {
        self.exchanges.exchange(exchange);
    }
}

impl Recorder for Keeper {
    fn mail_came(&self, mail: &Mail, _: Duration) {
        lock(&self.mails).push(MailExchange {
            received_at: mail.received_at,
            from: mail.from.clone(),
            recipients: mail.recipients.clone(),
            raw: mail.raw.to_vec(),
        });
    }

    fn secret(&self, kind: &'static str, secret: &str) {
        lock(&self.secrets).push((kind, secret.to_owned()));
    }

    fn time_moved(&self) {
        self.time_moved.store(true, Ordering::Release);
    }

    fn has_moved_time(&self) -> bool {
        self.time_moved.load(Ordering::Acquire)
    }

    fn exchanges(&self) -> Option<Vec<Exchange>> {
        self.exchanges.exchanges()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::SystemTime;

    use sekisho_reports::exchange::{Received, Sent};

    use super::*;

    fn kept(body: &str) -> Kept {
        let request =
            Sent { method: "GET".into(), url: "http://a.test/".into(), headers: Vec::new(), body: Vec::new() };
        let answer = Received { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        let exchange = Exchange {
            started_at: SystemTime::UNIX_EPOCH,
            person: "p".into(),
            browser: "A".into(),
            step: "open-sign-in".into(),
            request,
            answer: Some(answer),
            error: None,
            duration_us: 0,
        };
        Kept { exchanges: vec![exchange], ..Kept::default() }
    }

    fn body(kept: &Kept) -> String {
        String::from_utf8(kept.exchanges[0].answer.as_ref().unwrap().body.clone()).unwrap()
    }

    #[test]
    fn a_long_body_is_cut_between_characters_and_says_so() {
        let mut long = kept(&"関".repeat(100_000));
        let mut so_far = 0;
        long.fit(&mut so_far);
        assert!(body(&long).ends_with("of 300000 bytes]") && body(&long).len() < MAX_BODY_BYTES + 50);
        assert_eq!(so_far, body(&long).len());
        let mut short = kept("short");
        short.fit(&mut so_far);
        assert_eq!(body(&short), "short");
        let mut later = kept(&"x".repeat(5_000));
        later.fit(&mut (MAX_RUN_BYTES + 1));
        assert!(body(&later).len() < SHORT_BODY_BYTES + 50);
    }
}
