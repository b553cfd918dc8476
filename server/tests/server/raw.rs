//! Bytes over a socket, as they stand: what no client library would send.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::World;

/// Longer than anything here may take; whoever runs into it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the portals.
pub async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.server.address()).await.unwrap()
}

/// Says something and hears everything till the server closes.
pub async fn say(world: &World, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(world).await;
    // The server may refuse before everything is said.
    let _ = stream.write_all(bytes.as_ref()).await;
    hear(&mut stream).await
}

/// Everything till the server closes. A reset is a close, too.
pub async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut heard = Vec::new();
    match tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("the server closes") {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// Hears till a text has come.
pub async fn hear_until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut heard = Vec::new();
    let hearing = async {
        while !String::from_utf8_lossy(&heard).contains(text) {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "{}", String::from_utf8_lossy(&heard));
        }
    };
    tokio::time::timeout(PATIENCE, hearing).await.expect("the text comes");
    String::from_utf8_lossy(&heard).into_owned()
}

/// Writes till the server takes no more for a while, or closes; says how many bytes it took.
pub async fn write_till_refused(stream: &mut (impl AsyncWrite + Unpin), piece: &[u8], most: usize) -> usize {
    let mut taken = 0;
    while taken < most {
        match tokio::time::timeout(Duration::from_millis(500), stream.write(piece)).await {
            Ok(Ok(written)) => taken += written,
            Ok(Err(_)) | Err(_) => break,
        }
    }
    taken
}

/// The statuses of the answers in what was heard.
pub fn statuses(heard: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    let mut rest = heard;
    while let Some(at) = rest.find("HTTP/1.") {
        let line = &rest[at..];
        if let Some(status) = line.get(9..12).and_then(|digits| digits.parse().ok()) {
            statuses.push(status);
        }
        rest = &line[7..];
    }
    statuses
}
