//! `sekisho serve`: the reference server alone.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use sekisho_reports::record::ExitCode;
use sekisho_server::core::Moment;
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_server::store::{StoreConfig, UnknownStore};
use sekisho_server::{Certificate, ControlConfig, PasswordCost, RunningServer, Server, ServerConfig};

use crate::cli::Serve;
use crate::error::CliError;
use crate::inbox;
use crate::interrupt::Interrupt;
use crate::selftest::defective;

/// The environment variable that holds the control listener's token.
const TOKEN: &str = "SEKISHO_CONTROL_TOKEN";

pub(crate) async fn serve(options: Serve, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let decisions: Arc<dyn Decisions> = match &options.defect {
        None => Arc::new(Conforming),
        Some(id) => defective(id)?,
    };
    let token = std::env::var(TOKEN).ok();
    let config = config(&options, token)?;
    let store = config.store.clone();
    // What the portals mail is shown to a developer who has no mail host.
    let sink = match (&options.smtp, options.no_inbox) {
        (None, false) => Some(inbox::sink().await?),
        _ => None,
    };
    let smtp = options.smtp.clone().or_else(|| sink.as_ref().map(|sink| sink.address().to_string()));
    // Making many accounts takes its time, and whoever is tired of it may go.
    let server = tokio::select! {
        started = Server::start(ServerConfig { smtp, ..config }, decisions) => started?,
        () = interrupt.token.cancelled() => return Ok(ExitCode::Success),
    };
    save_certificate(&server, options.tls_save.as_deref())?;
    let scheme = if server.certificate().is_some() { "https" } else { "http" };
    let portals = format!("{scheme}://{}/", server.address());
    let inbox = match &sink {
        Some(sink) => Some(inbox::open(sink, options.inbox, portals.clone()).await?),
        None => None,
    };
    anstream::println!("portals on {portals}");
    if let Some(certificate) = server.certificate() {
        let origin = if certificate.is_self_made { "made for this start" } else { "as given" };
        anstream::println!("certificate {origin}, SHA-256 {}", certificate.fingerprint);
    }
    if let Some(file) = &options.tls_save {
        anstream::println!("certificate saved to {} (`ca_file` of a profile, `curl --cacert`)", file.display());
    }
    if let Some(inbox) = &inbox {
        anstream::println!("inbox on http://{}/ (all mail of the portals)", inbox.address());
    }
    if let Some(address) = server.control_address() {
        anstream::println!("control on http://{address}/");
    }
    match (&options.smtp, &sink) {
        (Some(host), _) => anstream::println!("mail goes to {host}"),
        (None, Some(sink)) => anstream::println!("mail goes to {}, where the inbox takes it", sink.address()),
        (None, None) => anstream::println!("neither mail host nor inbox: codes cannot be delivered"),
    }
    if store != StoreConfig::Memory {
        anstream::println!("accounts are kept in {store}");
    }
    if options.accounts > 0 {
        anstream::println!(
            "accounts user00001@example.test … user{:05}@example.test, passwords password-00001 …",
            options.accounts
        );
    }
    interrupt.token.cancelled().await;
    server.shutdown().await;
    if let Some(inbox) = inbox {
        inbox.close().await;
    }
    if let Some(sink) = sink {
        sink.shutdown().await;
    }
    Ok(ExitCode::Success)
}

/// The server that the options ask for, with this token for its control listener; where its mail goes is seen to apart.
fn config(options: &Serve, token: Option<String>) -> Result<ServerConfig, CliError> {
    let go_live = Moment::parse(&options.go_live).map_err(|error| {
        CliError::Usage(format!(
            "`--go-live {}` is no instant: {error}\n\nhint: write it like 2025-08-13T06:00:00+09:00",
            options.go_live
        ))
    })?;
    Ok(ServerConfig {
        listen: options.listen,
        tls: tls(options),
        control: options.control.map(|listen| control(listen, token)).transpose()?,
        seeded_accounts: options.accounts as usize,
        password_cost: if options.cheap_passwords { PasswordCost::Cheap } else { PasswordCost::Full },
        go_live,
        mail_charset: options.mail_charset,
        store: options.store.parse().map_err(|error: UnknownStore| CliError::Usage(error.to_string()))?,
        office_business_days: options.office_days,
        ..ServerConfig::default()
    })
}

/// Any of the options for TLS asks for it.
fn tls(options: &Serve) -> Option<Certificate> {
    match options.tls_cert.clone().zip(options.tls_key.clone()) {
        Some((certificates, key)) => Some(Certificate::Given { certificates, key }),
        None => (options.tls || options.tls_save.is_some()).then_some(Certificate::SelfMade),
    }
}

/// Before the address is told: whoever waits for that finds the certificate.
fn save_certificate(server: &RunningServer, file: Option<&Path>) -> Result<(), CliError> {
    let Some((file, certificate)) = file.zip(server.certificate()) else { return Ok(()) };
    std::fs::write(file, &certificate.pem).map_err(|error| {
        CliError::Usage(format!(
            "cannot write the certificate to `{}`: {error}\n\nhint: choose a folder that exists and that you may write to",
            file.display()
        ))
    })
}

/// An empty token would be no secret: whoever sends an empty one had it.
fn control(listen: SocketAddr, token: Option<String>) -> Result<ControlConfig, CliError> {
    match token.filter(|token| !token.trim().is_empty()) {
        Some(token) => Ok(ControlConfig { listen, token }),
        None => Err(CliError::Usage(format!(
            "the control listener needs a token\n\nhint: export {TOKEN}=… before starting"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn asked(options: &str, token: Option<&str>) -> Result<ServerConfig, CliError> {
        let line = ["sekisho", "serve"].into_iter().chain(options.split_whitespace());
        let Some(Command::Serve(serve)) = Cli::try_parse_from(line).unwrap().command else { panic!("another command") };
        config(&serve, token.map(str::to_owned))
    }

    #[test]
    fn every_option_reaches_the_server() {
        let line = "--listen 127.0.0.1:1 --control 127.0.0.1:2 --accounts 3 --go-live 2026-01-01T00:00:00+09:00 --office-days 5 \
            --mail-charset iso-2022-jp --store sqlite:/tmp/x.db --cheap-passwords --tls";
        let config = asked(line, Some("secret")).unwrap();
        assert_eq!(config.listen.port(), 1);
        let control = config.control.unwrap();
        assert_eq!((control.listen.port(), control.token.as_str()), (2, "secret"));
        assert_eq!(config.seeded_accounts, 3);
        assert_eq!(config.go_live, Moment::parse("2026-01-01T00:00:00+09:00").unwrap());
        assert_eq!(config.office_business_days, 5);
        assert_eq!(config.mail_charset, sekisho_server::mail::MailCharset::Iso2022Jp);
        assert_eq!(config.store, StoreConfig::Sqlite("/tmp/x.db".into()));
        assert_eq!(config.password_cost, PasswordCost::Cheap);
        assert!(config.tls.is_some());
    }

    #[test]
    fn a_control_listener_without_a_token_is_refused() {
        for token in [None, Some(""), Some(" ")] {
            let refused = asked("--control 127.0.0.1:2", token);
            assert!(matches!(refused, Err(CliError::Usage(_))), "{token:?}");
        }
        assert!(asked("", None).unwrap().control.is_none());
    }
}
