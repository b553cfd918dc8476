//! The recorder of a check: every exchange, every mail and every secret of one story.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sekisho_reports::exchange::{Exchange, MailExchange};
use sekisho_simulator::browser::{Everything, ExchangeView, Witness};
use sekisho_simulator::mailbox::Mail;
use sekisho_simulator::recorder::Recorder;

/// Keeps everything of one story.
#[derive(Default)]
pub(crate) struct Keeper {
    exchanges: Everything,
    mails: Mutex<Vec<MailExchange>>,
    secrets: Mutex<Vec<(&'static str, String)>>,
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

    fn exchanges(&self) -> Option<Vec<Exchange>> {
        Some(self.exchanges.exchanges())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
