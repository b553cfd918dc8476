//! BASE-CODE, limits of guesses and mails: none, or with a way round.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekisho_server::Decisions;
use sekisho_server::core::{BrowserTag, Slot};
use sekisho_server::decisions::GuessContext;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-CODE":
    "-7", "base-code-starting-over-gives-fresh-guesses",
        "Wrong codes are counted by attempt only, so that starting over gives fresh ones for ever." => StartingOver;
    "-8", "base-code-another-browser-gives-fresh-guesses",
        "Wrong codes are counted by browser, so that a new one has all guesses again." => AnotherBrowser::default();
    "-9", "base-code-forwarded-for-gives-fresh-guesses",
        "Wrong codes are counted by the origin that X-Forwarded-For claims." => ForwardedFor::default();
    "-10", "base-code-mails-are-not-limited",
        "Codes are mailed to one address as often as somebody asks." => MailsNotLimited;
];

struct StartingOver;

impl Decisions for StartingOver {
    fn wrong_codes_close_account(&self, _wrong_within_the_hour: usize) -> bool {
        false
    }
}

/// How many wrong codes an account had when somebody was first seen at it: those count against others.
struct FirstSeen<Key>(Mutex<HashMap<(Slot, Key), usize>>);

impl<Key> Default for FirstSeen<Key> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key: std::hash::Hash + Eq> FirstSeen<Key> {
    fn own_of(&self, who: Key, guesses: &GuessContext<'_>) -> usize {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = first.entry((guesses.account.identity.slot, who)).or_insert(guesses.wrong_within_the_hour);
        guesses.wrong_within_the_hour.saturating_sub(*before)
    }
}

#[derive(Default)]
struct AnotherBrowser(FirstSeen<BrowserTag>);

impl Decisions for AnotherBrowser {
    fn wrong_codes_that_count(&self, guesses: &GuessContext<'_>) -> usize {
        self.0.own_of(guesses.visitor.browser, guesses)
    }
}

#[derive(Default)]
struct ForwardedFor(FirstSeen<Box<str>>);

impl Decisions for ForwardedFor {
    fn wrong_codes_that_count(&self, guesses: &GuessContext<'_>) -> usize {
        match &guesses.visitor.claims.forwarded_for {
            Some(origin) => self.0.own_of(origin.clone(), guesses),
            None => guesses.wrong_within_the_hour,
        }
    }
}

struct MailsNotLimited;

impl Decisions for MailsNotLimited {
    fn code_mails_are_used_up(&self, _mailed_within_the_hour: usize) -> bool {
        false
    }
}
