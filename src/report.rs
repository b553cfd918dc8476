//! `sekisho report`.

use sekisho_reports::record::{ExitCode, RunRecord, exit_code};

use crate::cli::{Format, Report, ReportCommand};
use crate::error::CliError;
use crate::outcome::show;

pub(crate) fn report(options: &Report) -> Result<ExitCode, CliError> {
    match &options.command {
        ReportCommand::Show { record } => {
            let (file, folder) = if record.is_dir() {
                (record.join("run.json"), Some(record.as_path()))
            } else {
                (record.clone(), record.parent())
            };
            let record = RunRecord::read(&file)?;
            show(&record, folder, Format::Table)?;
            Ok(exit_code(&record))
        }
        ReportCommand::Compare { .. } => Err(CliError::NotBuilt("`sekisho report compare`")),
        ReportCommand::Merge { .. } => Err(CliError::NotBuilt("`sekisho report merge`")),
    }
}
