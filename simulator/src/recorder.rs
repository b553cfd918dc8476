//! What a run remembers of its people: every exchange as evidence, or only figures.

use std::time::Duration;

use sekisho_reports::exchange::Exchange;

use crate::browser::{ExchangeView, Witness};
use crate::mailbox::Mail;
use crate::target::{Screen, Step};

/// Is told of everything a person does. One implementation keeps evidence, another keeps histograms.
pub trait Recorder: Witness {
    /// A step was done: how long it took from the first byte sent to the last received, redirects included, and what was
    /// seen; `None` where the screen was not recognised or nothing came back.
    fn step(&self, step: Step, took: Duration, seen: Option<Screen>) {
        let _ = (step, took, seen);
    }

    /// Somebody is signed in: My Page was reached by password, code or skip.
    fn signed_in(&self) {}

    /// A code mail is waited for.
    fn mail_awaited(&self) {}

    /// The code mail came, so long after the password was sent.
    fn mail_came(&self, mail: &Mail, after: Duration) {
        let _ = (mail, after);
    }

    /// The code mail never came.
    fn mail_never_came(&self) {}

    /// A secret that must not reach any report, of a kind such as `password` or `code`.
    fn secret(&self, kind: &'static str, secret: &str) {
        let _ = (kind, secret);
    }

    /// Time was let pass for the target.
    fn time_moved(&self) {}

    /// Whether time was let pass for the target so far; false where nobody takes note.
    fn has_moved_time(&self) -> bool {
        false
    }

    /// Every exchange so far, in order; `None` where none is kept.
    fn exchanges(&self) -> Option<Vec<Exchange>> {
        None
    }
}

/// Remembers nothing: for what is no part of a story.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Witness for Unwatched {
    fn exchange(&self, _: &ExchangeView<'_>) {}
}

impl Recorder for Unwatched {}
