//! `sekisho profile`.

use sekisho_reports::record::ExitCode;

use crate::cli::{Profile, ProfileCommand};
use crate::error::CliError;

pub(crate) fn profile(options: &Profile) -> Result<ExitCode, CliError> {
    match options.command {
        ProfileCommand::Check { .. } => Err(CliError::NotBuilt("`sekisho profile check`")),
    }
}
