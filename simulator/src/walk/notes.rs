//! What the walker takes down on the way: exchanges since the last step, and what must not be shown.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sekisho_reports::Scrubber;
use sekisho_reports::exchange::Exchange;

use crate::browser::{Everything, ExchangeView, Witness};
use crate::recorder::Recorder;

/// The recorder of a walk.
#[derive(Default)]
pub(super) struct Notes {
    exchanges: Everything,
    scrubber: Mutex<Scrubber>,
}

impl Notes {
    /// The exchanges since this was asked last; secrets in them are known from now on.
    pub(super) fn since(&self) -> Vec<Exchange> {
        let exchanges = self.exchanges.take();
        let mut scrubber = self.scrubber();
        exchanges.iter().for_each(|exchange| scrubber.learn_from(exchange));
        exchanges
    }

    /// A text without secrets.
    pub(super) fn shown(&self, text: &str) -> String {
        self.scrubber().text(text).into_owned()
    }

    pub(super) fn hide(&self, kind: &str, secret: &str) {
        self.scrubber().learn(kind, secret);
    }

    fn scrubber(&self) -> MutexGuard<'_, Scrubber> {
        self.scrubber.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Notes {
    fn exchange(&self, exchange: &ExchangeView<'_>) {
        self.exchanges.exchange(exchange);
    }
}

impl Recorder for Notes {
    fn secret(&self, kind: &'static str, secret: &str) {
        self.hide(kind, secret);
    }
}
