//! Accepting connections for the asynchronous front end.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Office, count, session::converse};

/// How long the clients have to leave once the sink is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// How long accepting rests after a failure. What fails is mostly a lack of file descriptors, which only time heals.
const REST: Duration = Duration::from_millis(50);

/// Accepts connections until the sink is stopped, then waits for the conversations to end, or ends them.
pub(super) async fn serve(listener: TcpListener, office: Arc<Office>) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            () = office.stop.cancelled() => break,
            Some(_ended) = conversations.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => receive(stream, peer, &office, &mut conversations),
                Err(error) => {
                    tracing::warn!("the SMTP sink can't accept a connection: {error}");
                    office.stop.run_until_cancelled(sleep(REST)).await;
                }
            }
        }
    }
    drop(listener);
    // Those that are left when the grace is over end as the set is dropped.
    let _ = timeout(GRACE, async { while conversations.join_next().await.is_some() {} }).await;
}

fn receive(stream: TcpStream, peer: SocketAddr, office: &Arc<Office>, conversations: &mut JoinSet<()>) {
    if office.tally.open_connections.load(Ordering::Relaxed) >= office.limits.connections {
        count(&office.tally.turned_away);
        if office.tls.as_ref().is_some_and(|tls| tls.from_the_start) {
            return;
        }
        // A new socket has room for this; a client that does not hear it sees the end of the connection.
        let _ = stream.into_std().and_then(|mut stream| stream.write(b"421 Too many connections\r\n"));
        return;
    }
    count(&office.tally.connections);
    let open = Open::count(Arc::clone(office));
    conversations.spawn(async move {
        if let Err(error) = converse(stream, peer.ip(), Arc::clone(&open.0)).await {
            tracing::debug!("the connection of {peer} ended early: {error}");
        }
    });
}

/// An open connection, counted as long as this lives.
struct Open(Arc<Office>);

impl Open {
    fn count(office: Arc<Office>) -> Self {
        office.tally.open_connections.fetch_add(1, Ordering::Relaxed);
        Open(office)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.tally.open_connections.fetch_sub(1, Ordering::Relaxed);
    }
}
