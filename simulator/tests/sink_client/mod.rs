//! A bare SMTP client for the tests of the sink: sends any bytes and reads what is answered.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// No answer of a healthy sink takes this long, however loaded the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects; the greeting is not read yet.
    pub async fn connect(address: SocketAddr) -> Client {
        Client(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Connects and reads the greeting.
    pub async fn greeted(address: SocketAddr) -> Client {
        let mut client = Client::connect(address).await;
        assert_eq!(client.code().await, Some(220));
        client
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a line and reads the code of its answer.
    pub async fn ask(&mut self, line: &str) -> Option<u16> {
        self.send(format!("{line}\r\n")).await;
        self.code().await
    }

    /// The lines of the next answer; empty at the end of the connection.
    pub async fn answer(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("an answer in time");
            // A connection that was reset has ended, too.
            if read.unwrap_or(0) == 0 {
                return Vec::new();
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.trim_end().to_owned());
            if last {
                return lines;
            }
        }
    }

    /// The code of the next answer; `None` at the end of the connection.
    pub async fn code(&mut self) -> Option<u16> {
        let answer = self.answer().await;
        answer.first().map(|line| line[..3].parse().unwrap())
    }

    /// Whether the connection ends without another byte.
    pub async fn is_closed(&mut self) -> bool {
        timeout(PATIENCE, self.0.read_u8()).await.expect("an end in time").is_err()
    }
}
