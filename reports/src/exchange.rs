//! What was sent and what came back: the raw material of evidence. No judgement is made here.

use std::time::SystemTime;

/// One request and its answer, or the error that stood in for it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Wall-clock time (not the target's) at which the request was begun.
    pub started_at: SystemTime,
    /// Who acted, e.g. `佐藤 花子`.
    pub person: String,
    /// Which of the person's browsers, e.g. `A`.
    pub browser: String,
    /// The step of the story this exchange belongs to, e.g. `submit_code`.
    pub step: String,
    /// What was sent.
    pub request: Sent,
    /// What came back; `None` where `error` says why nothing did.
    pub answer: Option<Received>,
    /// Why there is no answer, for people.
    pub error: Option<String>,
    /// From the first byte sent until the last byte received, in microseconds.
    pub duration_us: u64,
}

/// A request as it went over the wire.
#[derive(Debug, Clone)]
pub struct Sent {
    /// `GET`, `POST` …
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Header fields in the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body as sent; empty where there was none.
    pub body: Vec<u8>,
}

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    /// Status code.
    pub status: u16,
    /// Header fields in the order received, names in lower case; a value that is not UTF-8 is read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// Body after removal of the transfer coding.
    pub body: Vec<u8>,
}

/// A mail as it reached the mailbox.
#[derive(Debug, Clone)]
pub struct MailExchange {
    /// Wall-clock time of its acceptance.
    pub received_at: SystemTime,
    /// Envelope sender; empty for the null sender.
    pub from: String,
    /// Envelope recipients.
    pub recipients: Vec<String>,
    /// The mail as it was transferred, headers and body.
    pub raw: Vec<u8>,
}
