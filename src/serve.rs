//! `sekisho serve`: the reference server alone.

use std::path::Path;
use std::sync::Arc;

use sekisho_reports::record::ExitCode;
use sekisho_server::core::Moment;
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_server::store::{StoreConfig, UnknownStore};
use sekisho_server::{ControlConfig, PasswordCost, RunningServer, Server, ServerConfig, TlsConfig};

use crate::cli::Serve;
use crate::error::CliError;
use crate::inbox;
use crate::interrupt::Interrupt;
use crate::selftest::defective;

/// The environment variable that holds the control listener's token.
const TOKEN: &str = "SEKISHO_CONTROL_TOKEN";

pub(crate) async fn serve(options: Serve, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let store: StoreConfig = options.store.parse().map_err(|error: UnknownStore| CliError::Usage(error.to_string()))?;
    let decisions: Arc<dyn Decisions> = match &options.defect {
        None => Arc::new(Conforming),
        Some(id) => defective(id)?,
    };
    let go_live = Moment::parse(&options.go_live).map_err(|error| {
        CliError::Usage(format!(
            "`--go-live {}` is no instant: {error}\n\nhint: write it like 2025-08-13T06:00:00+09:00",
            options.go_live
        ))
    })?;
    // What the portals mail is shown to a developer who has no mail host.
    let sink = match (&options.smtp, options.no_inbox) {
        (None, false) => Some(inbox::sink().await?),
        _ => None,
    };
    let smtp = options.smtp.clone().or_else(|| sink.as_ref().map(|sink| sink.address().to_string()));
    let config = ServerConfig {
        listen: options.listen,
        tls: tls(&options),
        control: options.control.map(control).transpose()?,
        smtp,
        seeded_accounts: options.accounts,
        password_cost: if options.cheap_passwords { PasswordCost::Cheap } else { PasswordCost::Full },
        go_live,
        mail_charset: options.mail_charset,
        store: store.clone(),
        ..ServerConfig::default()
    };
    let server = Server::start(config, decisions).await?;
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

/// Any of the options for TLS asks for it.
fn tls(options: &Serve) -> Option<TlsConfig> {
    match options.tls_cert.clone().zip(options.tls_key.clone()) {
        Some((certificates, key)) => Some(TlsConfig::Given { certificates, key }),
        None => (options.tls || options.tls_save.is_some()).then_some(TlsConfig::SelfMade),
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

fn control(listen: std::net::SocketAddr) -> Result<ControlConfig, CliError> {
    let token = std::env::var(TOKEN).map_err(|_| {
        CliError::Usage(format!("the control listener needs a token\n\nhint: export {TOKEN}=… before starting"))
    })?;
    Ok(ControlConfig { listen, token })
}
