//! Where a skip shows.

use serde::Deserialize;
use toml::Spanned;

/// Where a skip shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// A regular expression that matches the whole name of the cookie that holds a skip.
    pub cookie: Spanned<String>,
    /// A regular expression that matches the names of cookies that hold the session.
    pub session_cookie: Spanned<String>,
    /// Where the skip settings screen says あり or なし.
    pub status: Option<Status>,
    /// Selects the cautions on the skip confirmation screen (FAQ-06g).
    pub cautions: Option<Spanned<String>>,
}

/// Where the skip settings screen says whether a skip exists (FAQ-13).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Selects the element whose text is the status.
    pub selector: Spanned<String>,
    /// The text where a browser holds a skip.
    pub some: String,
    /// The text where none does.
    pub none: String,
}
