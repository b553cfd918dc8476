//! How screens are recognised.

use serde::Deserialize;
use toml::Spanned;

/// One way in which a screen is recognised: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mark {
    /// The title begins with this.
    pub title: Option<String>,
    /// The status code.
    pub status: Option<u16>,
    /// The body contains this text.
    pub text: Option<String>,
    /// An element matches this selector.
    pub selector: Option<Spanned<String>>,
    /// The path of the address begins with this.
    pub path: Option<String>,
}
