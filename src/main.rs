//! The command line of Sekisho: one file per subcommand, each thin. What they do lives in the other crates.

mod check;
mod cli;

mod error;
mod explore;
mod inbox;
mod interrupt;
mod load;
mod outcome;
mod profile;
mod progress;
mod report;
mod rules;
mod run;
mod selftest;
mod serve;
mod sink;
mod table;
mod venue;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use sekisho_reports::record::ExitCode as Code;

use crate::cli::{Cli, Command, LogFormat};
use crate::error::CliError;
use crate::interrupt::Interrupt;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let serves = matches!(cli.command, Some(Command::Serve(_) | Command::Sink(_)));
    start_logging(cli.verbose, cli.log_format, serves);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the runtime did not start: {error}");
            return Code::Internal.into();
        }
    };
    let code = runtime.block_on(async {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => return fail(&error),
        };
        tokio::select! {
            ended = dispatch(cli, &interrupt) => ended.unwrap_or_else(|error| fail(&error)),
            () = interrupt.insisted() => Code::Interrupted,
        }
    });
    // What still runs in the background has nothing left to do.
    runtime.shutdown_background();
    code.into()
}

async fn dispatch(cli: Cli, interrupt: &Interrupt) -> Result<Code, CliError> {
    raise_file_limit();
    match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(options) => run::run(&options, interrupt).await,
        Command::Serve(options) => serve::serve(options, interrupt).await,
        Command::Sink(options) => sink::sink(options, interrupt).await,
        Command::Check(options) => check::check(&options, interrupt).await,
        Command::Load(options) => load::load(&options, interrupt).await,
        Command::Explore(options) => explore::explore(&options, interrupt).await,
        Command::Selftest(options) => selftest::selftest(&options, interrupt).await,
        Command::Rules(options) => rules::rules(&options),
        Command::Profile(options) => profile::profile(&options, interrupt).await,
        Command::Report(options) => report::report(&options),
    }
}

fn fail(error: &CliError) -> Code {
    anstream::eprintln!(
        "{}error:{} {error}",
        anstyle::AnsiColor::Red.on_default().bold().render(),
        anstyle::Reset.render()
    );
    error.code()
}

/// Logs go to stderr. `RUST_LOG` decides; without it warnings show, with `-v` more. What the embedded server warns of is mostly what
/// the stories do to it on purpose, so it stays quiet unless it runs alone.
fn start_logging(verbose: u8, format: LogFormat, serves: bool) {
    let default = match verbose {
        0 if serves => "info",
        0 => "warn,goose=error,sekisho_server=error",
        1 => "info,goose=warn",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.compact().init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).init(),
    }
}

/// Every simulated browser has a connection of its own, so thousands of descriptors are needed; many systems allow 1,024 unless asked.
fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("the limit of open files could not be raised: {error}");
    }
}
