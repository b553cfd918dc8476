//! Why a store on disk cannot be used.

use std::io;
use std::path::PathBuf;

/// Why a store cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or opened.
    #[error("the store `{}` cannot be opened: {source}\n\nhint: its folder must exist, and both must be yours to write", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder lies where the file should.
    #[error("`{}` is a folder, and a store is a file\n\nhint: give the path of a file in it", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
    },
    /// Another server has it open.
    #[error("the store `{}` is in use by another server\n\nhint: stop that one, or choose another file", path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// It is a file of another program.
    #[error("`{}` is no store of this server, and it was left as it is\n\nhint: choose a path where no file lies yet", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// It was written by a later version of this program.
    #[error(
        "the store `{}` has schema {found}, and this version knows up to {known}\n\nhint: use the version that wrote it, or a later one",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The newest schema that is known.
        known: i64,
    },
    /// It is damaged.
    #[error("the store `{}` is damaged: {reason}\n\nhint: put a backup in its place", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The database engine failed.
    #[error("the store `{}` cannot be read or written: {source}", path.display())]
    Engine {
        /// Which file.
        path: PathBuf,
        /// The engine's reason.
        source: rusqlite::Error,
    },
    /// What was kept contradicts itself.
    #[error("the store contradicts itself: {0}\n\nhint: put a backup in its place")]
    Contradiction(String),
    /// The journal's thread could not be started.
    #[error("the journal's thread did not start: {0}")]
    Thread(io::Error),
}
