//! The threaded front end: `mailin-embedded` with our handler. Its limits are listed at the top of the sink.

use std::{io, net::TcpListener, num::NonZeroU32, sync::Arc, thread};

use mailin_embedded::Server;

use super::{
    NAME, Office,
    handler::{Clerk, Guarded},
};

/// Serves in threads of its own, until the process ends.
pub(super) fn start(listener: TcpListener, pool: NonZeroU32, office: Arc<Office>) -> io::Result<()> {
    let mut server = Server::new(Guarded::new(Clerk::blocking(Arc::clone(&office)), office));
    server.with_name(NAME).with_num_threads(pool.get()).with_tcp_listener(listener);
    thread::Builder::new().name("smtp-sink".into()).spawn(move || {
        if let Err(error) = server.serve() {
            tracing::error!("the threaded SMTP sink ended: {error}");
        }
    })?;
    Ok(())
}
