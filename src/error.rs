//! What can keep a command from being carried out, and the exit code it deserves.

use sekisho_reports::ReportError;
use sekisho_reports::record::ExitCode;
use sekisho_scenarios::SelectionError;
use sekisho_scenarios::load::{LoadError, MixError};
use sekisho_server::ServerError;
use sekisho_simulator::browser::NetworkSetupError;
use sekisho_simulator::clock::ClockError;
use sekisho_simulator::hook::HookError;
use sekisho_simulator::sink::SinkError;
use sekisho_simulator::target::ProfileError;

/// Why a command was not carried out. What a target did wrong is no error: it stands in the report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Asked for what is not built yet.
    #[error("{0} is not built yet")]
    NotBuilt(&'static str),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Mix(#[from] MixError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Network(#[from] NetworkSetupError),
    #[error(transparent)]
    Clock(#[from] ClockError),
    #[error(
        "the target was not reset: {0}\n\nhint: `[reset]` in the profile says how it is put in its first state; nothing was sent to its login"
    )]
    Reset(HookError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Internal(String),
}

impl CliError {
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            CliError::Selection(SelectionError::Empty) => ExitCode::NothingSelected,
            CliError::Load(LoadError::Accounts(_) | LoadError::Clock(_)) => ExitCode::Inconclusive,
            CliError::Load(LoadError::Engine(_)) | CliError::Internal(_) => ExitCode::Internal,
            CliError::NotBuilt(_)
            | CliError::Profile(_)
            | CliError::Selection(_)
            | CliError::Mix(_)
            | CliError::Load(_)
            | CliError::Server(_)
            | CliError::Sink(_)
            | CliError::Network(_)
            | CliError::Clock(_)
            | CliError::Reset(_)
            | CliError::Report(_)
            | CliError::Usage(_) => ExitCode::Usage,
        }
    }
}
