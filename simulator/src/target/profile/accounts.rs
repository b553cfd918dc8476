//! Where accounts come from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::CommandLine;
use super::spanned::Spanned;

/// Where accounts come from. A key that does not belong to the source is an error.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Where from.
    pub source: Spanned<AccountSource>,
    /// For `numbered`: the address, with `{portal}` and `{number}` (or `{number:5}` for five digits). Without `{portal}` each address is
    /// used in one portal only.
    pub address: Option<Spanned<String>>,
    /// For `numbered`: the password, with the same placeholders.
    pub password: Option<Spanned<String>>,
    /// For `numbered`: the sign-in ID, with the same placeholders, where it is not the address.
    pub id: Option<Spanned<String>>,
    /// For `numbered`: the name of the owner, with the same placeholders; `{portal} {number}` where nothing is said.
    pub name: Option<Spanned<String>>,
    /// For `numbered`: the first number to use; 1 where nothing is said.
    pub first: Option<Spanned<u32>>,
    /// For `numbered`: the last number to use.
    pub last: Option<Spanned<u32>>,
    /// For `numbered`: the additional accounts of each (FAQ-15); none where nothing is said.
    pub additional: Option<Spanned<Additional>>,
    /// For `csv`: the file, relative to the profile, in UTF-8, its first line the names of its columns: `address`, `password`, and where
    /// they are wanted `portal` (empty or left out: every portal), `id`, `name` and `main`, the address of an additional account's main
    /// one.
    pub file: Option<Spanned<PathBuf>>,
    /// For `numbered` and `csv`: how many accounts are left out at the beginning, so that a second run takes fresh ones; 0 where nothing
    /// is said. `--account-offset` adds to it.
    pub offset: Option<Spanned<u32>>,
    /// For `command`: the program that makes one account, with `{portal}`, `{address}`, `{password}`, `{name}` and `{main}` (the address of
    /// the main account; empty for a main account). It has 60 s, and up to four of it run at once. It prints nothing, or a JSON object
    /// with those of `address`, `password` and `id` that became other than what was asked for. Without `{main}` there are no additional
    /// accounts.
    pub command: Option<Spanned<CommandLine>>,
}

/// The additional accounts of a numbered one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Additional {
    /// The address, with `{portal}`, `{number}` and `{additional}`, which counts from 1 under each main account.
    pub address: Spanned<String>,
    /// The password, with the same placeholders.
    pub password: Spanned<String>,
    /// The sign-in ID, with the same placeholders, where it is not the address.
    pub id: Option<Spanned<String>>,
    /// The name of the owner, with the same placeholders; `{portal} {number}` where nothing is said.
    pub name: Option<Spanned<String>>,
    /// How many each main account has; 1 where nothing is said.
    pub count: Option<Spanned<u32>>,
}

/// Where accounts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccountSource {
    /// The `[control]` listener makes them as they are needed.
    Control,
    /// They exist already and are numbered; each is used once in a run.
    Numbered,
    /// They exist already and stand in a file; each is used once in a run.
    Csv,
    /// A program makes them as they are needed.
    Command,
}
