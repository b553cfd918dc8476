//! Delivery by SMTP, over connections that are kept.
//!
//! The connections are made here rather than by the library's own pool: it leaves Nagle's algorithm on, and since the end
//! of a message is written apart from it, each mail would wait some 40 ms for a delayed acknowledgement.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use super::delivery::{Delivery, DeliveryError};
use super::message::Mail;

/// How many connections to the mail host are open at most. A mail takes half a dozen round trips, so on a busy machine it is
/// their number that lets the mails keep up with the sign-ins; many more than this a mail host seldom serves at a time.
pub const MAIL_CONNECTIONS: usize = 64;
/// How long connecting and greeting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long one mail may take on an open connection.
const MAIL_TIME: Duration = Duration::from_secs(30);
/// A connection that lay idle for longer is asked whether it is still there: hosts close what they take for forgotten.
const FRESH: Duration = Duration::from_secs(1);

/// Delivers to one mail host.
pub struct SmtpDelivery {
    host: String,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl SmtpDelivery {
    /// Delivers to `host`, given as `HOST:PORT`; nothing is connected yet.
    pub fn new(host: String) -> Self {
        Self { host, hello: ClientId::Domain("sekisho.test".to_owned()), idle: Mutex::new(Vec::new()) }
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((mut connection, since)) = kept else { return self.connect().await };
            if since.elapsed() < FRESH || in_time(MAIL_TIME, connection.test_connected()).await.unwrap_or(false) {
                return Ok(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        let connecting = async {
            let stream = TcpStream::connect(&self.host).await.map_err(|error| later(&error))?;
            stream.set_nodelay(true).map_err(|error| later(&error))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello)
                .await
                .map_err(|error| judge(&error))
        };
        in_time(CONNECT_TIME, connecting).await?
    }
}

#[async_trait]
impl Delivery for SmtpDelivery {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let mut connection = self.connection().await?;
        in_time(MAIL_TIME, connection.send(&mail.envelope, &mail.message)).await?.map_err(|error| judge(&error))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAIL_CONNECTIONS {
            idle.push((connection, Instant::now()));
        }
        Ok(())
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
