//! Delivery by SMTP, over connections that are kept.
//!
//! The connections are made here rather than by the library's own pool: it leaves Nagle's algorithm on, and since the end
//! of a message is written apart from it, each mail would wait some 40 ms for a delayed acknowledgement.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;

use super::delivery::{Delivery, DeliveryError};
use super::message::Mail;

/// How many connections to the mail host are open at most; many more than this a mail host seldom serves at a time.
pub const MAIL_CONNECTIONS: usize = 64;
/// How long connecting and greeting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long one mail may take on an open connection.
const MAIL_TIME: Duration = Duration::from_secs(30);
/// A connection that lay idle for longer is asked whether it is still there: hosts close what they take for forgotten.
const FRESH: Duration = Duration::from_secs(1);
/// By which name we greet the host.
const HELLO: &str = "sekisho.test";

/// Delivers to one mail host.
pub struct SmtpDelivery {
    host: String,
    hello: ClientId,
    idle: Mutex<Vec<Line>>,
}

/// A connection to the host.
struct Line {
    connection: AsyncSmtpConnection,
    /// Whether the host takes several commands at once (RFC 2920): a mail then takes two round trips instead of four.
    pipelines: bool,
    since: Instant,
}

/// Why a mail was not taken over a connection.
enum Failure {
    /// The host has answered so, and the connection can be used further.
    Answered(DeliveryError),
    /// The connection is of no more use; nothing was heard on it since the mail was begun.
    Silent(DeliveryError),
    /// The connection is of no more use.
    Broken(DeliveryError),
}

impl SmtpDelivery {
    /// Delivers to `host`, given as `HOST:PORT`; nothing is connected yet.
    pub fn new(host: String) -> Self {
        Self { host, hello: ClientId::Domain(HELLO.to_owned()), idle: Mutex::new(Vec::new()) }
    }

    /// A connection that was kept and seems to be there still.
    async fn kept(&self) -> Option<Line> {
        loop {
            let mut line = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let is_there = line.since.elapsed() < FRESH
                || in_time(MAIL_TIME, line.connection.test_connected()).await.unwrap_or(false);
            if is_there {
                return Some(line);
            }
        }
    }

    async fn connect(&self) -> Result<Line, DeliveryError> {
        let connecting = async {
            let stream = TcpStream::connect(&self.host).await.map_err(|error| later(&error))?;
            stream.set_nodelay(true).map_err(|error| later(&error))?;
            let connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello);
            let mut connection = connection.await.map_err(|error| judge(&error))?;
            // The library does not tell this extension from those it does not know, so the host is asked once more.
            let extensions = connection.command(Ehlo::new(self.hello.clone())).await.map_err(|error| judge(&error))?;
            let pipelines = extensions.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
            Ok(Line { connection, pipelines, since: Instant::now() })
        };
        in_time(CONNECT_TIME, connecting).await?
    }

    /// Sends a mail and keeps the connection where it can be used further.
    async fn send(&self, mut line: Line, mail: &Mail) -> Result<(), Failure> {
        let sent = match in_time(MAIL_TIME, line.send(mail)).await {
            Ok(sent) => sent,
            Err(late) => Err(Failure::Broken(late)),
        };
        if matches!(sent, Ok(()) | Err(Failure::Answered(_))) {
            line.since = Instant::now();
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MAIL_CONNECTIONS {
                idle.push(line);
            }
        }
        sent
    }
}

#[async_trait]
impl Delivery for SmtpDelivery {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let sent = match self.kept().await {
            None => self.send(self.connect().await?, mail).await,
            Some(line) => match self.send(line, mail).await {
                // The host had closed a connection that lay idle: that says nothing about this mail.
                Err(Failure::Silent(_)) => self.send(self.connect().await?, mail).await,
                sent => sent,
            },
        };
        sent.map_err(Failure::reason)
    }
}

impl Line {
    async fn send(&mut self, mail: &Mail) -> Result<(), Failure> {
        match std::str::from_utf8(&mail.message) {
            Ok(message) if self.pipelines && message.is_ascii() => self.send_at_once(mail, message).await,
            _ => match self.connection.send(&mail.envelope, &mail.message).await {
                Ok(_) => Ok(()),
                // The library has said good-bye.
                Err(error) if error.status().is_some() => Err(Failure::Broken(judge(&error))),
                Err(error) => Err(Failure::Silent(later(&error))),
            },
        }
    }

    /// All commands in one go, then the text. What is refused is undone, so that the connection can be used further.
    async fn send_at_once(&mut self, mail: &Mail, message: &str) -> Result<(), Failure> {
        let (sender, recipients) = (mail.envelope.from().cloned(), mail.envelope.to());
        let mut commands = MailFrom::new(sender, Vec::new()).to_string();
        commands.extend(recipients.iter().map(|address| Rcpt::new(address.clone(), Vec::new()).to_string()));
        commands.push_str(&Data.to_string());
        let mut refusal =
            answer(self.connection.command(commands).await).map_err(|error| Failure::Silent(later(&error)))?;
        for _ in recipients {
            refusal = refusal.or(self.answer().await?);
        }
        let data_refusal = self.answer().await?;
        let wants_text = data_refusal.is_none();
        match refusal.or(data_refusal) {
            None => {
                let taken = self.connection.command(Text(message)).await;
                let refusal = answer(taken).map_err(|error| Failure::Broken(later(&error)))?;
                refusal.map_or(Ok(()), |reason| Err(Failure::Answered(reason)))
            }
            // Not all recipients were taken, but the host waits for the text: it gets none.
            Some(reason) if wants_text => Err(Failure::Broken(reason)),
            Some(reason) => match self.connection.command(Rset).await {
                Ok(_) => Err(Failure::Answered(reason)),
                Err(_) => Err(Failure::Broken(reason)),
            },
        }
    }

    async fn answer(&mut self) -> Result<Option<DeliveryError>, Failure> {
        answer(self.connection.read_response().await).map_err(|error| Failure::Broken(later(&error)))
    }
}

impl Failure {
    fn reason(self) -> DeliveryError {
        match self {
            Self::Answered(reason) | Self::Silent(reason) | Self::Broken(reason) => reason,
        }
    }
}

/// A message as it goes over the wire: its lines beginning with a dot have one more (RFC 5321 §4.5.2), a lone dot ends it.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                formatter.write_str(".")?;
            }
            formatter.write_str(line)?;
        }
        formatter.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// What the host has answered: nothing against it, or why not; an error where it has not answered.
fn answer(response: Result<Response, SmtpError>) -> Result<Option<DeliveryError>, SmtpError> {
    match response {
        Ok(_) => Ok(None),
        Err(error) if error.status().is_some() => Ok(Some(judge(&error))),
        Err(error) => Err(error),
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, DeliveryError> {
    let late = |_| DeliveryError::TryLater(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, work).await.map_err(late)
}

fn later(error: &dyn std::error::Error) -> DeliveryError {
    DeliveryError::TryLater(error.to_string())
}

/// A 5xx is for good, and so is what the host cannot take at all; everything else may pass.
fn judge(error: &SmtpError) -> DeliveryError {
    if error.is_permanent() || error.is_client() { DeliveryError::Refused(error.to_string()) } else { later(error) }
}
