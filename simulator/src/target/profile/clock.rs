//! How the target's clock is moved, and the office that takes days.

use serde::Deserialize;
use toml::Spanned;

use super::text::Instant;

/// The control listener of the reference server: moves clocks and makes accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its address; the embedded run replaces it.
    pub url: Spanned<String>,
    /// The environment variable that holds its token.
    pub token_env: String,
}

/// How the target's clock is moved.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// By what means.
    #[serde(default)]
    pub driver: ClockDriver,
    /// Whose clock that is.
    #[serde(default)]
    pub scope: ClockScope,
    /// For `scope = "global"`: whether the clock stands still between two moves.
    pub frozen: Option<bool>,
    /// For `scope = "global"`: what the clock shows when a run begins; without it the present.
    pub starts_at: Option<Instant>,
}

/// Whose clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockScope {
    /// Each account has its own.
    #[default]
    Account,
    /// The target has one for all.
    Global,
}

/// The means by which a clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockDriver {
    /// It cannot be moved: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
}

/// The office that changes an address in person (FAQ-05).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// By what means it is driven.
    #[serde(default)]
    pub driver: OfficeDriver,
}

/// The means by which the office is driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfficeDriver {
    /// It cannot be driven: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
}
