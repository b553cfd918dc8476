//! Who waits for which mail: the [`Mailbox`] trait, the mails and positions it speaks of, its own in-memory form
//! ([`Arrivals`]), a foreign one ([`Mailpit`]) and what a mail says once it is decoded ([`Letter`]).
//!
//! Nothing here speaks SMTP (that is `sink/`), and nothing here looks for codes in a text: how a code is written is a
//! matter of the target's profile.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;

mod arrivals;
mod charset;
mod encoded_words;
mod letter;
mod mailpit;
mod particulars;

pub use arrivals::{Arrivals, ArrivalsCounts, ArrivalsLimits};
pub(crate) use letter::html_as_text;
pub use letter::{Letter, Problem};
pub use mailpit::{Mailpit, MailpitSettings};
pub use particulars::{Attachment, Contact, Particulars};

/// A source of mail in which a person can wait for what is sent to them.
///
/// Addresses compare without regard to ASCII case, in the domain and in the local part. RFC 5321 §2.4 lets a host tell
/// local parts apart by case, but no host of practical importance does, and a target that changes the case of an
/// address on its way must not look as if it had sent nothing.
///
/// With the cargo feature `mocks` this crate offers a `MockMailbox` made by `mockall`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailbox: Send + Sync + 'static {
    /// The position after everything that has arrived so far.
    ///
    /// # Errors
    /// Where the source can't be asked.
    async fn mark(&self) -> Result<Mark, MailboxError>;

    /// The oldest mail to `address` that arrived after the position `after`. Waits at most `patience` for it; `None`
    /// says that the patience ran out. The waiting task is woken by the arrival and never polls.
    ///
    /// # Errors
    /// [`MailboxError::Closed`] once no more mail can come.
    async fn next_for(&self, address: &str, after: Mark, patience: Duration)
    -> Result<Option<Arc<Mail>>, MailboxError>;

    /// The oldest mail to anybody that arrived after the position `after`, as soon as there is one: for those who
    /// watch the whole mailbox. The waiting task is woken by the arrival and never polls.
    ///
    /// # Errors
    /// [`MailboxError::Closed`] once no more mail can come.
    async fn next(&self, after: Mark) -> Result<Arc<Mail>, MailboxError>;

    /// Every mail to `address` that arrived after the position `after` and is still held, oldest first.
    ///
    /// # Errors
    /// Where the source can't be asked.
    async fn all_for(&self, address: &str, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError>;

    /// Every mail to anybody that arrived after the position `after` and is still held, oldest first.
    ///
    /// # Errors
    /// Where the source can't be asked.
    async fn everything_after(&self, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError>;
}

/// A position in the stream of arrivals. It stands right behind the mail that bears its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u64);

impl Mark {
    /// The position before the first mail.
    pub const START: Mark = Mark(0);

    /// The position right behind the mail with this [`Mail::sequence`].
    pub const fn behind(sequence: u64) -> Mark {
        Mark(sequence)
    }

    /// The number of the last mail before this position; 0 at the start.
    pub const fn sequence(self) -> u64 {
        self.0
    }
}

/// A mail as it arrived: the envelope and the untouched message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The place in the order of arrivals, from 1.
    pub sequence: u64,
    /// When it arrived in the mailbox, by this machine's clock.
    pub received_at: SystemTime,
    /// The sender of the envelope; empty for the null sender `<>`.
    pub from: String,
    /// The recipients of the envelope, as they were written.
    pub recipients: Vec<String>,
    /// The message as it came over the wire, dots unstuffed, lines ended by CRLF.
    pub raw: Bytes,
}

impl Mail {
    /// The position right behind this mail: what to wait after for the next one.
    pub const fn mark(&self) -> Mark {
        Mark(self.sequence)
    }
}

/// Why a mailbox could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The sink behind the mailbox was shut down, so what is waited for will never come.
    #[error("the mailbox is closed: its sink was shut down")]
    Closed,
    /// The mailbox of somebody else could not be asked.
    #[error("the mailbox cannot be asked (`{url}`): {reason}")]
    Source {
        /// What was asked for.
        url: String,
        /// What happened instead.
        reason: String,
    },
    /// Mails may have gone from the mailbox before they were seen, so that what did not come may have come.
    #[error(
        "mails may have gone from the mailbox unseen: it was emptied, or threw old ones away, while a mail was waited for"
    )]
    Gap,
}
