//! Texts and secrets that a profile defines once and puts in by name.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;

/// Where a secret comes from; it never stands in a profile and never reaches a report. One of the two must be given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSource {
    /// The environment variable that holds it.
    pub env: Option<Spanned<String>>,
    /// A file that holds it and nothing else, relative to the profile; white space round it is left out.
    pub file: Option<Spanned<PathBuf>>,
}
