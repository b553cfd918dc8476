//! `sekisho profile new`: fetches a sign-in page and writes a draft.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use sekisho_reports::record::ExitCode;
use sekisho_simulator::browser::{Browser, Network, NetworkConfig, Request, UserAgent};
use sekisho_simulator::draft::draft;
use sekisho_simulator::recorder::Unwatched;

use crate::cli::ProfileNew;
use crate::error::CliError;

pub(crate) async fn new(options: &ProfileNew) -> Result<ExitCode, CliError> {
    if !matches!(options.url.scheme(), "http" | "https") || options.url.host().is_none() {
        let message = "the address must begin with `http://` or `https://` and name a host";
        return Err(CliError::Usage(message.to_owned()));
    }
    if let Some(file) = options.output.as_deref().filter(|file| !options.force && file.exists()) {
        return Err(CliError::Usage(taken(file)));
    }
    let network = Arc::new(Network::new(NetworkConfig::default())?);
    let mut browser = Browser::new(network, Arc::new(Unwatched), "A", "draft", UserAgent::DESKTOP);
    let fetched = browser.navigate(Request::get(options.url.clone()), "open-sign-in", SystemTime::now()).await;
    let answer = match fetched {
        Ok(answer) => answer,
        Err(error) => {
            anstream::eprintln!("the sign-in page could not be fetched: {error}");
            return Ok(ExitCode::Inconclusive);
        }
    };
    let draft = draft(&answer);
    for remark in &draft.remarks {
        anstream::eprintln!("{remark}");
    }
    match &options.output {
        None => anstream::print!("{}", draft.text),
        Some(file) => {
            write(file, &draft.text, options.force)?;
            let shown = file.display();
            anstream::eprintln!("wrote {shown}; read its comments, then run `sekisho profile check {shown}`");
        }
    }
    Ok(ExitCode::Success)
}

/// A file that came to be meanwhile is not overwritten either.
fn write(file: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(file).and_then(|mut open| open.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::Usage(taken(file)),
        _ => CliError::Usage(format!("cannot write `{}`: {error}", file.display())),
    })
}

fn taken(file: &Path) -> String {
    format!("`{}` exists already\n\nhint: choose another file, or overwrite it with `--force`", file.display())
}
