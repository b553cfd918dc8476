//! A way to a mail host whose tries are counted and timed.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::metrics::{MailTry, Metrics};
use crate::mail::{Delivery, DeliveryError, Mail};

/// Counts and times every try of another delivery.
pub(crate) struct MeteredDelivery {
    inner: Arc<dyn Delivery>,
    metrics: Arc<Metrics>,
}

impl MeteredDelivery {
    pub(crate) fn new(inner: Arc<dyn Delivery>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl Delivery for MeteredDelivery {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let began = Instant::now();
        let result = self.inner.deliver(mail).await;
        let outcome = match &result {
            Ok(()) => MailTry::Accepted,
            Err(DeliveryError::TryLater(_)) => MailTry::TryLater,
            Err(DeliveryError::Refused(_)) => MailTry::Refused,
        };
        self.metrics.mail_tried(outcome, began.elapsed());
        result
    }
}
