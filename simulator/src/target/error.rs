//! What can be wrong with a profile, each with the place and a remedy.

use std::path::PathBuf;

use super::keys::key_at;

/// Why a profile cannot be used. The blame is the user's input throughout.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file could not be read.
    #[error(
        "cannot read profile `{path}`: {cause}\n\nhint: give the path of a TOML file, e.g. `--target profiles/reference.toml`"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The text is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("profile `{name}`, line {line}, column {column}{}: {message}{}", named(.key), hint(.suggestion))]
    Malformed {
        /// The profile.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The key, with its tables, where there is one at the place.
        key: Option<String>,
        /// What is wrong.
        message: String,
        /// A known key that the unknown one resembles.
        suggestion: Option<String>,
    },
    /// A value is well formed but makes no sense.
    #[error("profile `{name}`, line {line}, column {column}, `{key}`: {message}")]
    Senseless {
        /// The profile.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The key, with its tables.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A secret that the profile names is not there.
    #[error(
        "profile `{name}` takes a token from the environment variable `{variable}`, which is not set\n\nhint: export it before the run; secrets never stand in a profile"
    )]
    SecretMissing {
        /// The profile.
        name: String,
        /// The variable.
        variable: String,
    },
}

impl ProfileError {
    /// Line and column in the profile, from 1; `None` where it is not about a place in it.
    pub fn place(&self) -> Option<(usize, usize)> {
        match self {
            ProfileError::Malformed { line, column, .. } | ProfileError::Senseless { line, column, .. } => {
                Some((*line, *column))
            }
            ProfileError::Unreadable { .. } | ProfileError::SecretMissing { .. } => None,
        }
    }

    /// The key, with its tables, where it is known.
    pub fn key(&self) -> Option<&str> {
        match self {
            ProfileError::Senseless { key, .. } => Some(key),
            ProfileError::Malformed { key, .. } => key.as_deref(),
            _ => None,
        }
    }

    /// What is wrong, and a remedy after an empty line where there is one.
    pub fn message(&self) -> String {
        match self {
            ProfileError::Malformed { message, suggestion, .. } => {
                format!("{}{}", message.trim_end(), hint(suggestion))
            }
            ProfileError::Senseless { message, .. } => message.clone(),
            ProfileError::Unreadable { .. } | ProfileError::SecretMissing { .. } => self.to_string(),
        }
    }
}

fn named(key: &Option<String>) -> String {
    key.as_ref().map(|key| format!(", `{key}`")).unwrap_or_default()
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|known| format!("\n\nhint: did you mean `{known}`?")).unwrap_or_default()
}

/// A profile's text with its name, to say where something stands.
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The line of an offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.place(offset).0
    }

    pub(super) fn malformed(&self, error: &toml::de::Error) -> ProfileError {
        let at = error.span().map_or(0, |span| span.start);
        let (line, column) = self.place(at);
        let key = key_at(self.text, at);
        let message = in_plain_words(error.message());
        let suggestion = nearest_known(&message);
        ProfileError::Malformed { name: self.name.to_owned(), line, column, key, message, suggestion }
    }

    pub(super) fn senseless(
        &self,
        span: std::ops::Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> ProfileError {
        let (line, column) = self.place(span.start);
        ProfileError::Senseless { name: self.name.to_owned(), line, column, key: key.into(), message: message.into() }
    }
}

/// What the reader of the file says, without the names of its types, and without a text that may be a secret in the wrong place.
fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 14] = [
        ("struct SecretSource", "`{ env = \"NAME\" }` or `{ file = \"PATH\" }`: a secret never stands in a profile"),
        ("struct ", "a table such as `{ key = … }` for "),
        ("a sequence", "a list in brackets, such as `[…]`"),
        ("a map", "a table such as `{ key = … }`"),
        ("a nonzero u32", "a whole number from 1"),
        ("u8", "a whole number"),
        ("u16", "a whole number"),
        ("u32", "a whole number, without quotes"),
        ("u64", "a whole number, without quotes"),
        ("usize", "a whole number, without quotes"),
        ("a boolean", "`true` or `false`, without quotes"),
        ("a string", "a text in quotes"),
        ("path string", "a path in quotes"),
        ("socket address", "an address and port in quotes, such as `\"127.0.0.1:2525\"`"),
    ];
    if message.starts_with("missing field") {
        return format!("{message}\n\nhint: add it to this table; docs/profile-reference.md says what it holds");
    }
    if message == "invalid socket address syntax" {
        return "this is no address with a port, such as `127.0.0.1:2525`; a name will not do".to_owned();
    }
    let Some((what, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return message.to_owned();
    };
    let what = if what.starts_with("string ") { "a text" } else { what };
    let known = WORDS.iter().find(|(theirs, _)| expected.starts_with(theirs));
    let expected = known.map_or_else(|| expected.to_owned(), |(theirs, ours)| expected.replacen(theirs, ours, 1));
    format!("{what} stands where there should be {expected}")
}

/// The known name that an unknown one most resembles, read from serde's own message, which quotes all of them.
fn nearest_known(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| message.starts_with("unknown"))?;
    quoted
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .filter(|(distance, _)| *distance <= (unknown.chars().count() / 3).clamp(1, 3))
        .min()
        .map(|(_, known)| known.to_owned())
}
