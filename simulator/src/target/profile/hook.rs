//! Means of the target's own that a profile names: a request to send, or a program to run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;

/// A program and its arguments, one string each, with placeholders. There is no shell: `["sh", "-c", "…"]` asks for one. A program
/// with a `/` in its name is relative to the profile, any other is looked for in `PATH`; it runs in the profile's folder.
pub type CommandLine = Vec<Spanned<String>>;

/// A request to send, with placeholders. It carries no cookies; an answer of 2xx, without a redirect, says that it was done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookRequest {
    /// The method; `POST` where nothing is said.
    pub method: Option<Spanned<String>>,
    /// Where it goes: a whole address, or a path on `base`. What is put in is percent-encoded.
    pub url: Spanned<String>,
    /// Header fields by name; none where nothing is said.
    #[serde(default)]
    pub headers: BTreeMap<String, Spanned<String>>,
    /// A JSON document to send. A string in it that is nothing but a placeholder of a number becomes a number.
    pub json: Option<Spanned<serde_json::Value>>,
    /// A text to send in place of `json`: as `text/plain; charset=utf-8`, unless `headers` names a `content-type`.
    pub body: Option<Spanned<String>>,
}

/// What puts the target in its first state before a run (`[reset]`), once, before the first request. One of `command` and `request`
/// must be given. Where it fails the run does not begin.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// A program to run.
    pub command: Option<Spanned<CommandLine>>,
    /// A request to send.
    pub request: Option<Spanned<HookRequest>>,
    /// How long it may take, in real time; `60s` where nothing is said.
    pub patience: Option<Spanned<super::Span>>,
}
