//! `sekisho sink`: the SMTP sink alone.

use std::num::NonZeroU32;
use std::path::Path;

use sekisho_reports::record::ExitCode;
use sekisho_simulator::mailbox::{Letter, Mark};
use sekisho_simulator::sink::http::{Inbox, InboxConfig};
use sekisho_simulator::sink::{Certificate, Engine, Sink, SinkConfig, SinkTls};

use crate::cli::{EngineName, Sink as Options, TlsName};
use crate::error::CliError;
use crate::interrupt::Interrupt;

/// Connections that the threaded engine serves at once.
const THREADS: NonZeroU32 = NonZeroU32::new(64).expect("64 is not 0");

pub(crate) async fn sink(options: Options, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let engine = match options.engine {
        EngineName::Async => Engine::Async,
        EngineName::Threaded => Engine::Threaded { pool: THREADS },
    };
    let sink =
        Sink::start(SinkConfig { listen: options.smtp, engine, tls: tls(&options), ..SinkConfig::default() }).await?;
    save_certificate(&sink, options.tls_save.as_deref())?;
    anstream::println!("SMTP on {}{}", sink.address(), spoken(options.tls));
    if let Some(certificate) = sink.certificate() {
        let origin = if certificate.is_self_made { "made for this start" } else { "as given" };
        anstream::println!("certificate {origin}, SHA-256 {}", certificate.fingerprint);
    }
    let inbox = match options.http {
        Some(listen) => Some(Inbox::open(&sink, InboxConfig { listen, links: Vec::new() }).await?),
        None => None,
    };
    if let Some(inbox) = &inbox {
        anstream::println!("inbox on http://{}/", inbox.address());
    }
    let mailbox = sink.mailbox();
    let mut mark = Mark::START;
    while let Some(mail) = interrupt.token.run_until_cancelled(mailbox.next(mark)).await {
        let mail = mail.map_err(|error| CliError::Internal(error.to_string()))?;
        mark = mail.mark();
        let subject = Letter::parse(&mail).subject.unwrap_or_default();
        anstream::println!(
            "{} → {}  {subject}",
            if mail.from.is_empty() { "<>" } else { &mail.from },
            mail.recipients.join(", ")
        );
    }
    if let Some(inbox) = inbox {
        inbox.close().await;
    }
    sink.shutdown().await;
    Ok(ExitCode::Success)
}

fn tls(options: &Options) -> SinkTls {
    let certificate = match options.tls_cert.clone().zip(options.tls_key.clone()) {
        Some((certificates, key)) => Certificate::Given { certificates, key },
        None => Certificate::SelfMade,
    };
    match options.tls {
        None => SinkTls::None,
        Some(TlsName::Starttls) => SinkTls::Starttls(certificate),
        Some(TlsName::Implicit) => SinkTls::Implicit(certificate),
    }
}

fn spoken(tls: Option<TlsName>) -> &'static str {
    match tls {
        None => "",
        Some(TlsName::Starttls) => ", with STARTTLS",
        Some(TlsName::Implicit) => ", in TLS from the first byte",
    }
}

/// Before the address is told: whoever waits for that finds the certificate.
fn save_certificate(sink: &Sink, file: Option<&Path>) -> Result<(), CliError> {
    let Some((file, certificate)) = file.zip(sink.certificate()) else { return Ok(()) };
    std::fs::write(file, &certificate.pem).map_err(|error| {
        CliError::Usage(format!(
            "cannot write the certificate to `{}`: {error}\n\nhint: choose a folder that exists and that you may write to",
            file.display()
        ))
    })
}
