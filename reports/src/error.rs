//! What can go wrong with a report, by whose fault it is.

use std::io;
use std::path::{Path, PathBuf};

/// Why a report could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder holds files that are not ours; the user has to choose another.
    #[error("`{}` holds files but no report of ours, so nothing was written\n\nhint: choose an empty folder with `--report-dir`", .dir.display())]
    ForeignFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// The user gave a file that is no run record.
    #[error("{} is not a run record: {source}", subject(.path.as_deref()))]
    NotARecord {
        /// The file, where the record came from one.
        path: Option<PathBuf>,
        /// Where it deviates.
        source: serde_json::Error,
    },
    /// The record is of a version that this one cannot read.
    #[error(
        "the run record has schema {found}, but this version reads schema {supported}\n\nhint: use the version of the tool that wrote it"
    )]
    UnsupportedSchema {
        /// Version in the record.
        found: u32,
        /// Version that can be read.
        supported: u32,
    },
    /// The user named a level that does not exist.
    #[error("there is no level `{name}`\n\nhint: the levels are `must`, `derived` and `baseline`")]
    UnknownLevel {
        /// What was given.
        name: String,
    },
    /// A histogram in a record is damaged.
    #[error("the histogram of step `{step}` cannot be read: {reason}")]
    Histogram {
        /// The step.
        step: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io {
        /// What was tried, e.g. `write`.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A renderer failed: a fault of ours.
    #[error("cannot render `{what}`: {source}")]
    Render {
        /// The file to be rendered.
        what: &'static str,
        /// What the renderer says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn subject(path: Option<&Path>) -> String {
    path.map_or_else(|| "the text".to_owned(), |path| format!("`{}`", path.display()))
}

impl ReportError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> ReportError {
        ReportError::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn not_a_record(source: serde_json::Error) -> ReportError {
        ReportError::NotARecord { path: None, source }
    }

    pub(crate) fn in_file(self, file: &Path) -> ReportError {
        match self {
            ReportError::NotARecord { path: None, source } => {
                ReportError::NotARecord { path: Some(file.to_owned()), source }
            }
            other => other,
        }
    }
}
