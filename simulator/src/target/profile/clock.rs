//! How the target's clock is moved, and the office that takes days.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;
use super::text::{Instant, Span};
use super::{CommandLine, HookRequest};

/// The control listener of the reference server: moves clocks and makes accounts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its address; the embedded run replaces it.
    pub url: Spanned<String>,
    /// The environment variable that holds its token.
    pub token_env: String,
}

/// How the target's clock is moved. A key that does not belong to the driver is an error.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// By what means; `none` where nothing is said.
    #[serde(default)]
    pub driver: ClockDriver,
    /// Whose clock that is; `account` for `control`, `global` for every other driver.
    pub scope: Option<Spanned<ClockScope>>,
    /// For `scope = "global"` with `control`, `http` and `command`: whether the clock stands still between two moves; `false` where
    /// nothing is said.
    pub frozen: Option<Spanned<bool>>,
    /// For `scope = "global"` with `control`, `http` and `command`: what the clock shows when a run begins; without it the present.
    pub starts_at: Option<Spanned<Instant>>,
    /// For `http`: the request that moves it. With `scope = "account"` it is sent for each account that is moved.
    pub request: Option<Spanned<HookRequest>>,
    /// For `command`: the program that moves it; it has 29 s, and fails by an exit code other than 0.
    pub command: Option<Spanned<CommandLine>>,
    /// For `file`: the file that says how far the clock is from real time, relative to the profile. It is read when a run begins
    /// (missing: real time) and replaced at each move, by another file of that name in the same folder.
    pub file: Option<Spanned<PathBuf>>,
    /// For `file`: what is written into it; `+{offset_seconds}` where nothing is said, which is what libfaketime reads. A `+` before a
    /// number below zero is left out.
    pub format: Option<Spanned<String>>,
    /// For `wait`: how long a story may really wait at one go; `10m` where nothing is said. What would have to wait longer is skipped.
    pub longest_wait: Option<Spanned<Span>>,
    /// How long, in real time, the harness waits after each move until the target goes by it; up to `1m`, `0s` where nothing is said.
    pub settle: Option<Spanned<Span>>,
}

/// Whose clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockScope {
    /// Each account has its own.
    #[default]
    Account,
    /// The target has one for all.
    Global,
}

/// The means by which a clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockDriver {
    /// It cannot be moved: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
    /// By a request to a hook of the target's.
    Http,
    /// By a program that is run.
    Command,
    /// By a file that the target, or a library in it such as libfaketime, looks at.
    File,
    /// Not at all: it is real time that passes, up to a limit.
    Wait,
}

/// The office that changes an address in person (FAQ-05).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// By what means it is driven; `none` where nothing is said.
    #[serde(default)]
    pub driver: OfficeDriver,
    /// For `http`: the request by which somebody asks for another address, with `{portal}`, `{address}`, `{id}` and `{new_address}`.
    pub request: Option<Spanned<HookRequest>>,
    /// For `http`: the request by which the office learns who asks, with the same and `{procedure}`.
    pub identity: Option<Spanned<HookRequest>>,
    /// For `http`: a JSON pointer (RFC 6901) to what the office calls the procedure, in the answer of `request`; needed where `identity`
    /// names it. It may be a text or a number.
    pub procedure: Option<Spanned<String>>,
    /// For `http`: a JSON pointer to the instant (RFC 3339) from which on the new address is in force, by the account's clock, in the
    /// answer of `identity`.
    pub done_at: Option<Spanned<String>>,
}

/// The means by which the office is driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfficeDriver {
    /// It cannot be driven: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
    /// By requests to hooks of the target's.
    Http,
}
