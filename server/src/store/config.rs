//! Which store a server has.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server keeps its accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreConfig {
    /// In memory: gone with the process.
    #[default]
    Memory,
    /// In memory and, before anything is answered, in this file.
    Sqlite(PathBuf),
}

/// The text names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no store `{0}`\n\nhint: `memory`, or `sqlite:` and the path of a file")]
pub struct UnknownStore(String);

impl FromStr for StoreConfig {
    type Err = UnknownStore;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(UnknownStore(text.to_owned())),
        }
    }
}

impl fmt::Display for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_read_as_it_is_written_and_nothing_else_is_one() {
        for store in [StoreConfig::Memory, StoreConfig::Sqlite(PathBuf::from("/var/lib/a:b.db"))] {
            assert_eq!(store.to_string().parse(), Ok(store));
        }
        for text in ["", "memory:", "sqlite", "sqlite:", "SQLite:x", "postgres:x", "x.db"] {
            assert!(text.parse::<StoreConfig>().is_err(), "{text}");
        }
    }
}
