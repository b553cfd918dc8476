//! Where the target's mails arrive, and how they are read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;
use super::text::Span;

/// Where the target's mails arrive, and how they are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Where mails arrive: `sink`, the default, or `mailpit`.
    #[serde(default)]
    pub source: MailSource,
    /// For `sink`, where it is needed: the address at which our sink takes the target's mail, e.g. `127.0.0.1:2525`; port 0 takes any
    /// that is free. The embedded run replaces it.
    pub listen: Option<Spanned<SocketAddr>>,
    /// For `sink`: whether it speaks TLS; `none` by default.
    pub tls: Option<Spanned<MailTls>>,
    /// For `sink` with TLS: a PEM file with its certificate and the chain above it, relative to the profile. Without it one is made at
    /// each start for `localhost` and the address in `listen`, which a target that looks at certificates will not trust.
    pub certificate: Option<Spanned<PathBuf>>,
    /// For `sink` with TLS: a PEM file with the private key of `certificate`, relative to the profile.
    pub key: Option<Spanned<PathBuf>>,
    /// For `mailpit`, where it is needed: its address, as people open it in a browser, e.g. `http://127.0.0.1:8025`.
    pub url: Option<Spanned<String>>,
    /// For `mailpit`: header fields of every request to it, e.g. `{ Authorization = "Bearer {secret:mailpit}" }`; none by default.
    #[serde(default)]
    pub headers: BTreeMap<String, Spanned<String>>,
    /// For `mailpit`: the user's name, where it asks for one; with `password`.
    pub username: Option<Spanned<String>>,
    /// For `mailpit`: the user's password, e.g. `{secret:mailpit}`.
    pub password: Option<Spanned<String>>,
    /// For `mailpit`: how often it is asked while somebody waits for a mail, in real time; `200ms` by default. Times until a mail came
    /// are no more exact than this.
    pub poll: Option<Spanned<Span>>,
    /// Where in the mail the code stands.
    #[serde(default)]
    pub part: MailPart,
    /// A regular expression that the subject of a code mail matches somewhere; without it every subject will do.
    pub subject: Option<Spanned<String>>,
    /// A regular expression that an address of the sender of a code mail matches somewhere; without it every sender will do.
    pub from: Option<Spanned<String>>,
    /// A regular expression with the code in its group: the group named `code`, else the first that matched. A mail it does not match is
    /// not a code mail.
    pub code: Spanned<String>,
    /// A regular expression of what is left out of a code, or of the number that confirms an address, wherever it stands in it: `'[\s-]'`
    /// where people are mailed `123 456` and type `123456`, `'<[^>]*>'` where each digit has an element of its own. Nothing by default.
    pub code_without: Option<Spanned<String>>,
    /// A regular expression with the number that confirms a new address in its group (the one named `number`, else the first that
    /// matched), for the mail to that address; absent where the target changes an address without asking for one (NOTICE-4).
    pub confirmation: Option<Spanned<String>>,
}

/// Where mails arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MailSource {
    /// Our own sink, which the target sends to by SMTP. Only here mail can be refused (FAQ-05b).
    #[default]
    Sink,
    /// A Mailpit that the target sends to already, or what speaks its API. It is watched, and nothing in it is changed; what lay there
    /// before the run is left alone.
    Mailpit,
}

/// Whether our sink speaks TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// It does not.
    #[default]
    None,
    /// By STARTTLS; mail without TLS is taken too.
    Starttls,
    /// From the first byte, as on port 465.
    Implicit,
}

/// Where in a mail the code stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MailPart {
    /// In the text, or the text made of the HTML where there is no other.
    #[default]
    Text,
    /// In the subject.
    Subject,
    /// In the HTML source.
    Html,
}
