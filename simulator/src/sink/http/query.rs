//! Search expressions, as Mailpit has them: words, `"several words"`, `to:…`, `from:…`, `subject:…` and so on; `-` or `!` in
//! front turns a term round. All terms must hold; case does not matter.

use std::time::SystemTime;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::records::Summary;
use crate::mailbox::{Contact, Letter};

/// Further terms of an expression are not looked at.
const MAX_TERMS: usize = 50;

/// A search expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    To(String),
    From(String),
    Cc(String),
    Bcc(String),
    ReplyTo(String),
    /// Sent or addressed, in whatever field.
    Addressed(String),
    Subject(String),
    MessageId(String),
    Read(bool),
    HasAttachment,
    After(Timestamp),
    Before(Timestamp),
    /// Somewhere in the addresses, the subject or the text.
    Anywhere(String),
}

impl Query {
    /// Reads an expression. An expression without terms finds nothing.
    pub(super) fn parse(expression: &str) -> Query {
        Query(terms(expression).into_iter().take(MAX_TERMS).filter_map(|term| Term::parse(&term)).collect())
    }

    /// Whether a mail is meant.
    pub(super) fn finds(&self, summary: &Summary, is_read: bool) -> bool {
        !self.0.is_empty() && self.0.iter().all(|term| term.what.fits(summary, is_read) != term.negated)
    }
}

/// The expression, parted at the spaces outside quotes, the quotes taken off.
fn terms(expression: &str) -> Vec<String> {
    let (mut terms, mut term, mut quoted) = (Vec::new(), String::new(), false);
    for char in expression.chars() {
        match char {
            '"' => quoted = !quoted,
            char if char.is_whitespace() && !quoted => terms.push(std::mem::take(&mut term)),
            char => term.extend(char.to_lowercase()),
        }
    }
    terms.push(term);
    terms.retain(|term| !term.is_empty());
    terms
}

impl Term {
    fn parse(term: &str) -> Option<Term> {
        let (negated, term) = match term.strip_prefix(['-', '!']) {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, term),
        };
        let (key, value) = term.split_once(':').unwrap_or(("", term));
        let text = value.trim().to_owned();
        let what = match (key, text.as_str()) {
            ("to", _) => What::To(text),
            ("from", _) => What::From(text),
            ("cc", _) => What::Cc(text),
            ("bcc", _) => What::Bcc(text),
            ("reply-to", _) => What::ReplyTo(text),
            ("addressed", _) => What::Addressed(text),
            ("subject", _) => What::Subject(text),
            ("message-id", _) => What::MessageId(text.trim_matches(['<', '>']).to_owned()),
            ("is", "read") => What::Read(true),
            ("is", "unread") => What::Read(false),
            ("has", "attachment" | "attachments") => What::HasAttachment,
            ("after", _) if instant(&text).is_some() => What::After(instant(&text)?),
            ("before", _) if instant(&text).is_some() => What::Before(instant(&text)?),
            _ => What::Anywhere(term.to_owned()),
        };
        Some(Term { negated, what })
    }
}

impl What {
    fn fits(&self, summary: &Summary, is_read: bool) -> bool {
        let envelope = |text: &str| summary.mail.recipients.iter().any(|address| contains(address, text));
        match self {
            What::To(text) => any(&summary.to, text) || envelope(text),
            What::From(text) => names(&summary.from, text) || contains(&summary.mail.from, text),
            What::Cc(text) => any(&summary.cc, text),
            What::Bcc(text) => any(&summary.bcc, text),
            What::ReplyTo(text) => any(&summary.reply_to, text),
            What::Addressed(text) => is_addressed(summary, text) || envelope(text),
            What::Subject(text) => contains(&summary.subject, text),
            What::MessageId(text) => contains(&summary.message_id, text),
            What::Read(read) => is_read == *read,
            What::HasAttachment => summary.attachments > 0,
            What::After(time) => arrived(summary.mail.received_at).is_some_and(|arrived| arrived >= *time),
            What::Before(time) => arrived(summary.mail.received_at).is_some_and(|arrived| arrived < *time),
            What::Anywhere(text) => {
                contains(&summary.subject, text)
                    || is_addressed(summary, text)
                    || envelope(text)
                    || contains(&Letter::parse(&summary.mail).text, text)
            }
        }
    }
}

fn is_addressed(summary: &Summary, text: &str) -> bool {
    let fields = [&summary.to, &summary.cc, &summary.bcc, &summary.reply_to];
    names(&summary.from, text) || fields.into_iter().any(|field| any(field, text))
}

fn any(contacts: &[Contact], text: &str) -> bool {
    contacts.iter().any(|contact| names(contact, text))
}

fn names(contact: &Contact, text: &str) -> bool {
    contains(&format!("{} <{}>", contact.name, contact.address), text)
}

fn contains(field: &str, lowercase: &str) -> bool {
    field.to_lowercase().contains(lowercase)
}

/// An instant, or a day's beginning by this machine's time zone.
fn instant(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::system()).ok().map(|day| day.timestamp());
    text.to_uppercase().parse().ok().or_else(day)
}

fn arrived(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::records::Records;
    use super::*;
    use crate::mailbox::Mail;

    fn summary() -> Arc<Summary> {
        let raw = "From: Login <no-reply@x.test>\r\nTo: Hanako <hanako@x.test>\r\nMessage-ID: <abc@x>\r\n\
                   Subject: Your code\r\n\r\nThe code: 123456\r\n";
        let recipients = vec!["hanako@x.test".to_owned(), "hidden@x.test".to_owned()];
        let received_at = SystemTime::UNIX_EPOCH;
        let mail =
            Mail { sequence: 1, received_at, from: "bounce@x.test".to_owned(), recipients, raw: Bytes::from(raw) };
        Records::default().summary(&Arc::new(mail))
    }

    #[test]
    fn terms_find_what_they_mean() {
        let summary = summary();
        for found in [
            "to:hanako@x.test",
            "TO:HANAKO",
            "to:hidden@x.test",
            "from:login",
            "from:bounce@x.test",
            "subject:\"your code\"",
            "message-id:<abc@x>",
            "123456",
            "addressed:no-reply -to:taro !cc:hanako",
            "is:unread before:2025-01-01 after:1969-01-01T00:00:00Z",
        ] {
            assert!(Query::parse(found).finds(&summary, false), "{found}");
        }
        for lost in
            ["", "  ", "to:taro", "-to:hanako", "to:hanako subject:other", "is:read", "has:attachment", "654321"]
        {
            assert!(!Query::parse(lost).finds(&summary, false), "{lost}");
        }
    }

    proptest! {
        #[test]
        fn any_expression_is_read(expression in "\\PC{0,60}") {
            Query::parse(&expression).finds(&summary(), true);
        }
    }
}
