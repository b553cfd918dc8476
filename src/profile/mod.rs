//! `sekisho profile`: `check` says what is wrong with a profile, `new` drafts one.

mod check;
mod new;
mod show;

use sekisho_reports::record::ExitCode;

use crate::cli::{Profile, ProfileCommand};
use crate::error::CliError;
use crate::interrupt::Interrupt;

pub(crate) async fn profile(options: &Profile, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    match &options.command {
        ProfileCommand::Check(check) => check::check(check, interrupt).await,
        ProfileCommand::New(new) => new::new(new).await,
    }
}
