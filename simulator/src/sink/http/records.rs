//! What is known about each mail that is held: parsed once, and whether somebody has read it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::codes::codes_in;
use crate::mailbox::{Arrivals, Contact, Letter, Mail, Particulars};

/// The summaries that are kept; beyond it the oldest are made again when they are asked for.
const MAX_SUMMARIES: usize = 10_000;
/// How long a snippet is, as Mailpit has it. In characters.
const SNIPPET_CHARS: usize = 250;
/// The longest subject that is kept. In characters.
const MAX_SUBJECT_CHARS: usize = 1_000;

/// What a list shows of a mail.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) mail: Arc<Mail>,
    pub(super) message_id: String,
    pub(super) from: Contact,
    pub(super) to: Vec<Contact>,
    pub(super) cc: Vec<Contact>,
    pub(super) bcc: Vec<Contact>,
    pub(super) reply_to: Vec<Contact>,
    pub(super) subject: String,
    pub(super) snippet: String,
    pub(super) codes: Vec<String>,
    pub(super) attachments: usize,
}

/// All that is known beside the mails themselves.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    summaries: BTreeMap<u64, Arc<Summary>>,
    read: BTreeSet<u64>,
}

impl Records {
    /// The summary of a mail; it is made where it is not known yet.
    pub(super) fn summary(&self, mail: &Arc<Mail>) -> Arc<Summary> {
        if let Some(known) = self.book().summaries.get(&mail.sequence) {
            return Arc::clone(known);
        }
        let summary = Arc::new(Summary::of(mail));
        let mut book = self.book();
        book.summaries.insert(mail.sequence, Arc::clone(&summary));
        if book.summaries.len() > MAX_SUMMARIES {
            book.summaries.pop_first();
        }
        summary
    }

    pub(super) fn is_read(&self, sequence: u64) -> bool {
        self.book().read.contains(&sequence)
    }

    /// Notes that a mail was read, or that it was not. Returns whether that is news.
    pub(super) fn note(&self, sequence: u64, read: bool) -> bool {
        let mut book = self.book();
        if read { book.read.insert(sequence) } else { book.read.remove(&sequence) }
    }

    /// Forgets what is no longer held.
    pub(super) fn tidy(&self, arrivals: &Arrivals) {
        let mut book = self.book();
        let Some(oldest) = arrivals.oldest() else {
            *book = Book::default();
            return;
        };
        book.summaries = book.summaries.split_off(&oldest);
        book.read = book.read.split_off(&oldest);
        book.summaries.retain(|sequence, _| arrivals.get(*sequence).is_some());
        book.read.retain(|sequence| arrivals.get(*sequence).is_some());
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Summary {
    fn of(mail: &Arc<Mail>) -> Summary {
        let (letter, particulars) = (Letter::parse(mail), Particulars::parse(mail));
        let words = letter.text.split_whitespace();
        let mut snippet = String::new();
        for word in words {
            if snippet.chars().count() >= SNIPPET_CHARS {
                break;
            }
            if !snippet.is_empty() {
                snippet.push(' ');
            }
            snippet.extend(word.chars().take(SNIPPET_CHARS));
        }
        Summary {
            mail: Arc::clone(mail),
            message_id: particulars.message_id,
            from: particulars.from.unwrap_or_else(|| Contact { name: String::new(), address: mail.from.clone() }),
            to: particulars.to,
            cc: particulars.cc,
            bcc: particulars.bcc,
            reply_to: particulars.reply_to,
            subject: letter.subject.unwrap_or_default().chars().take(MAX_SUBJECT_CHARS).collect(),
            snippet: snippet.chars().take(SNIPPET_CHARS).collect(),
            codes: codes_in(&letter.text),
            attachments: particulars.attachments.len(),
        }
    }

    /// Its number as text, by which it is asked for.
    pub(super) fn id(&self) -> String {
        self.mail.sequence.to_string()
    }
}
