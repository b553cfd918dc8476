//! The inbox that `sekisho serve` opens where no mail host is given: our sink, and its pages.

use std::net::{Ipv4Addr, SocketAddr};

use sekisho_simulator::mailbox::ArrivalsLimits;
use sekisho_simulator::sink::http::{Inbox, InboxConfig, InboxLink};
use sekisho_simulator::sink::{Sink, SinkConfig, SinkError};

use crate::error::CliError;

/// Where the inbox listens unless told otherwise: the port that Mailpit and its like have, so that people find it.
const USUAL_PORT: u16 = 8025;
/// How much mail a developer's inbox holds.
const LIMITS: ArrivalsLimits = ArrivalsLimits { total_bytes: 64 * 1024 * 1024, per_address: 1_000 };

/// The sink of the inbox, on any free port: only the server needs to find it.
pub(crate) async fn sink() -> Result<Sink, CliError> {
    Ok(Sink::start(SinkConfig { mailbox: LIMITS, ..SinkConfig::default() }).await?)
}

/// Opens the inbox where it is `wanted`; or else where people look for it, or on any free port. Its pages link to the portals.
pub(crate) async fn open(sink: &Sink, wanted: Option<SocketAddr>, portals: String) -> Result<Inbox, CliError> {
    let links = vec![InboxLink { text: "Portals".to_owned(), url: portals }];
    let open = |listen| Inbox::open(sink, InboxConfig { listen, links: links.clone() });
    let inbox = match wanted {
        Some(listen) => open(listen).await?,
        None => match open(SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT))).await {
            Err(SinkError::PortInUse(_)) => open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?,
            opened => opened?,
        },
    };
    Ok(inbox)
}
