//! How the target's mails are read.

use std::net::SocketAddr;

use serde::Deserialize;
use toml::Spanned;

/// How the target's mails are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The address at which our sink takes the target's mail; the embedded run replaces it.
    pub listen: Spanned<SocketAddr>,
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
    /// A regular expression with the number that confirms a new address in its group (the one named `number`, else the first that
    /// matched), for the mail to that address; absent where the target changes an address without asking for one (NOTICE-4).
    pub confirmation: Option<Spanned<String>>,
}

/// Where in a mail the code stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
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
