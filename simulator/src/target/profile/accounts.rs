//! Where accounts come from.

use serde::Deserialize;
use toml::Spanned;

/// Where accounts come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Where from.
    pub source: Spanned<AccountSource>,
    /// For `numbered`: the address, with `{portal}` and `{number}` (or `{number:5}` for five digits).
    pub address: Option<Spanned<String>>,
    /// For `numbered`: the password, with the same placeholders.
    pub password: Option<Spanned<String>>,
    /// For `numbered`: the first number to use.
    #[serde(default = "one")]
    pub first: u32,
    /// For `numbered`: the last number to use.
    #[serde(default)]
    pub last: u32,
}

const fn one() -> u32 {
    1
}

/// Where accounts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountSource {
    /// The `[control]` listener makes them as they are needed.
    Control,
    /// They exist already and are numbered; each is used once in a run.
    Numbered,
}
