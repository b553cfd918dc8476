//! `sekisho profile new`: fetches a sign-in page and writes a draft.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use sekisho_reports::record::ExitCode;
use sekisho_simulator::browser::{Browser, Network, NetworkConfig, NetworkError, Request, UserAgent};
use sekisho_simulator::draft::draft;
use sekisho_simulator::recorder::Unwatched;
use url::Url;

use crate::cli::ProfileNew;
use crate::error::CliError;

/// What an address looks like.
const EXAMPLE: &str = "for instance `sekisho profile new https://staging.example.test/login --output my.toml`";

pub(crate) async fn new(options: &ProfileNew) -> Result<ExitCode, CliError> {
    let url = match &options.url {
        Some(url) => address(url)?,
        None => address(&asked()?)?,
    };
    if let Some(file) = options.output.as_deref().filter(|file| !options.force && file.exists()) {
        return Err(CliError::Usage(taken(file)));
    }
    let extra_roots_pem = match &options.ca_file {
        None => Vec::new(),
        Some(file) => std::fs::read(file).map_err(|error| {
            CliError::Usage(format!("cannot read the certificates in `{}`: {error}", file.display()))
        })?,
    };
    let network = Arc::new(Network::new(NetworkConfig { extra_roots_pem, ..NetworkConfig::default() })?);
    let mut browser = Browser::new(network, Arc::new(Unwatched), "A", "draft", UserAgent::DESKTOP);
    let fetched = browser.navigate(Request::get(url), "open-sign-in", SystemTime::now()).await;
    let answer = match fetched {
        Ok(answer) => answer,
        Err(error) => {
            anstream::eprintln!("the sign-in page could not be fetched: {error}");
            if matches!(error, NetworkError::Tls { .. }) && options.ca_file.is_none() {
                anstream::eprintln!(
                    "hint: is its certificate signed by an authority of your own? name that by `--ca-file`"
                );
            }
            return Ok(ExitCode::Inconclusive);
        }
    };
    let draft = draft(&answer, ca_file(options)?.as_deref());
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

/// Asks for the address of the sign-in page. What asks goes to stderr: the draft may go to stdout.
fn asked() -> Result<String, CliError> {
    anstream::eprint!("Address of the sign-in page: ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if !std::io::stdin().is_terminal() {
        anstream::eprintln!();
    }
    match read {
        Ok(_) if !line.trim().is_empty() => Ok(line.trim().to_owned()),
        Ok(_) => Err(CliError::Usage(format!("no address was given\n\nhint: {EXAMPLE}"))),
        Err(error) => Err(CliError::Usage(format!("the address could not be read: {error}\n\nhint: {EXAMPLE}"))),
    }
}

fn address(text: &str) -> Result<Url, CliError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    url.ok_or_else(|| {
        let message = "is no address: it must begin with `http://` or `https://` and name a host";
        CliError::Usage(format!("`{text}` {message}\n\nhint: {EXAMPLE}"))
    })
}

/// The certificates as the draft names them: relative to it where they were given so and it is written here.
fn ca_file(options: &ProfileNew) -> Result<Option<String>, CliError> {
    let Some(file) = &options.ca_file else { return Ok(None) };
    let is_here = options.output.as_deref().and_then(Path::parent).is_none_or(|folder| folder == Path::new(""));
    let file = if is_here { Ok(file.clone()) } else { std::path::absolute(file) };
    let file = file.map_err(|error| CliError::Usage(format!("this folder cannot be found: {error}")))?;
    Ok(Some(file.display().to_string()))
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
