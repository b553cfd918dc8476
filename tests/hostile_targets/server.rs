//! Small servers on loopback that do as they are told, on threads of their own. They live as long as the test.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What a server does with each connection.
pub type Behaviour = Arc<dyn Fn(&mut TcpStream) + Send + Sync>;

/// The most of a request that is read. In bytes.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// A request as far as a hostile site cares.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub body: String,
}

/// Listens, and does that with every connection, each on a thread.
pub fn start(behaviour: Behaviour) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let behaviour = behaviour.clone();
            std::thread::spawn(move || behaviour(&mut connection));
        }
    });
    address
}

/// Reads one request; nothing where the other side is gone.
pub fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(end) = text.find("\r\n\r\n") {
            let head = &text[..end];
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let mut words = head.split_whitespace().map(str::to_owned);
                let (method, path) = (words.next()?, words.next()?);
                return Some(Asked { method, path, body: text[end + 4..].to_owned() });
            }
        }
        let read = stream.read(&mut chunk).ok()?;
        if read == 0 || bytes.len() > MAX_REQUEST_BYTES {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

/// Answers every request of a connection.
pub fn site(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Behaviour {
    Arc::new(move |stream| {
        while let Some(asked) = read_request(stream) {
            if stream.write_all(&answer(&asked)).is_err() {
                return;
            }
        }
    })
}

/// Answers the first request of each connection with these bytes, and closes in order.
pub fn says(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |stream| {
        if read_request(stream).is_some() && stream.write_all(&bytes).is_ok() {
            let _ = stream.shutdown(Shutdown::Write);
            till_closed(stream);
        }
    })
}

/// Answers with these bytes and then says nothing more.
pub fn hangs_after(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |stream| {
        let _ = read_request(stream);
        let _ = stream.write_all(&bytes);
        till_closed(stream);
    })
}

/// Answers with these bytes and then resets the connection: what the browser sends is left unread.
pub fn resets_after(bytes: impl Into<Vec<u8>>) -> Behaviour {
    let bytes = bytes.into();
    Arc::new(move |stream| {
        let mut first = [0; 1];
        let _ = stream.read(&mut first);
        let _ = stream.write_all(&bytes);
    })
}

/// Answers with a beginning and then the same piece again and again, as long as somebody listens; at most `times` times.
pub fn repeats(beginning: impl Into<Vec<u8>>, piece: impl Into<Vec<u8>>, times: usize) -> Behaviour {
    let (beginning, piece) = (beginning.into(), piece.into());
    Arc::new(move |stream| {
        if read_request(stream).is_none() || stream.write_all(&beginning).is_err() {
            return;
        }
        for _ in 0..times {
            if stream.write_all(&piece).is_err() {
                return;
            }
        }
        till_closed(stream);
    })
}

/// Answers byte by byte, each after a while in which it waits for the other side to give up.
pub fn trickles(bytes: &'static [u8]) -> Behaviour {
    Arc::new(move |stream| {
        let _ = read_request(stream);
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        for byte in bytes.iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).is_err() || matches!(stream.read(&mut [0]), Ok(0)) {
                return;
            }
        }
    })
}

fn till_closed(stream: &mut TcpStream) {
    let mut rest = [0; 4096];
    while stream.read(&mut rest).is_ok_and(|read| read > 0) {}
}

/// Delivers a mail to a mail host, as far as that lets it.
pub fn deliver(host: &str, recipient: &str, message: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(host) else { return };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let answered = |stream: &mut TcpStream| stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0);
    let lines = [
        "EHLO hostile.test\r\n".to_owned(),
        "MAIL FROM:<login@hostile.test>\r\n".to_owned(),
        format!("RCPT TO:<{recipient}>\r\n"),
        "DATA\r\n".to_owned(),
    ];
    if !answered(&mut stream) {
        return;
    }
    for line in lines {
        if stream.write_all(line.as_bytes()).is_err() || !answered(&mut stream) {
            return;
        }
    }
    if stream.write_all(message).and_then(|()| stream.write_all(b"\r\n.\r\n")).is_ok() {
        answered(&mut stream);
    }
}
