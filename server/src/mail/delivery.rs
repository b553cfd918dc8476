//! Bringing a mail to a mail host, as the rest of the server sees it.

use async_trait::async_trait;

use super::message::Mail;

/// A way to a mail host.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Delivery: Send + Sync + 'static {
    /// Brings one mail to the host and returns when the host has taken it.
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError>;
}

/// Why the host has not taken a mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The host asked to try later, or could not be reached.
    #[error("the mail host did not take the mail for now: {0}")]
    TryLater(String),
    /// The host refused it for good.
    #[error("the mail host refused the mail: {0}")]
    Refused(String),
}

/// No mail host is configured: every mail is refused, so that nobody waits for a code that cannot come.
pub struct NoDelivery;

#[async_trait]
impl Delivery for NoDelivery {
    async fn deliver(&self, _: &Mail) -> Result<(), DeliveryError> {
        Err(DeliveryError::Refused("no mail host is configured".to_owned()))
    }
}
