//! `sekisho sink`: the SMTP sink alone.

use std::num::NonZeroU32;

use sekisho_reports::record::ExitCode;
use sekisho_simulator::mailbox::{Letter, Mark};
use sekisho_simulator::sink::http::{Inbox, InboxConfig};
use sekisho_simulator::sink::{Engine, Sink, SinkConfig};

use crate::cli::{EngineName, Sink as Options};
use crate::error::CliError;
use crate::interrupt::Interrupt;

/// Connections that the threaded engine serves at once.
const THREADS: NonZeroU32 = NonZeroU32::new(64).expect("64 is not 0");

pub(crate) async fn sink(options: Options, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let engine = match options.engine {
        EngineName::Async => Engine::Async,
        EngineName::Threaded => Engine::Threaded { pool: THREADS },
    };
    let sink = Sink::start(SinkConfig { listen: options.smtp, engine, ..SinkConfig::default() }).await?;
    anstream::println!("SMTP on {}", sink.address());
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
