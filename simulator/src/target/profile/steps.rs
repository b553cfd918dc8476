//! How steps are done.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// How a step is done: a request of its own, or a form on the page that is open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// A path to open, with placeholders.
    pub get: Option<Spanned<String>>,
    /// Selects the form to send.
    pub form: Option<Spanned<String>>,
    /// What is filled in, field by field, with placeholders.
    #[serde(default)]
    pub fill: BTreeMap<String, Spanned<String>>,
    /// The check box that asks for the skip; ticked or not as the story says.
    pub tick_skip: Option<String>,
    /// The button that is pressed, where its name and value matter.
    pub press: Option<Button>,
}

/// A button with a name and a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
