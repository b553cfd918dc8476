//! `sekisho explore`.

use sekisho_reports::record::ExitCode;

use crate::error::CliError;

pub(crate) fn explore() -> Result<ExitCode, CliError> {
    Err(CliError::NotBuilt("`sekisho explore`"))
}
