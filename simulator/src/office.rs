//! The office that changes an address in person (FAQ-05): a procedure that takes days.

mod http;

use std::time::SystemTime;

use async_trait::async_trait;

pub use http::{HttpOffice, OfficeRequests};

use crate::account::Account;

/// The office, as far as the world outside can set it to work. Days must pass by the account's clock; the office does the rest.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Office: Send + Sync {
    /// Somebody comes to the office and asks for another address.
    ///
    /// # Errors
    /// When the target's office did not take the request.
    async fn request(&self, account: &Account, new_address: &str) -> Result<Procedure, OfficeError>;

    /// The office has satisfied itself who asks. Says from when on, by the account's clock, the new address is in force.
    ///
    /// # Errors
    /// When the target's office did not take it.
    async fn check_identity(&self, procedure: &Procedure) -> Result<SystemTime, OfficeError>;
}

/// A procedure of the office, by the name the office gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure(pub String);

/// Why the office did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// The profile names no means.
    #[error("the profile names no means to drive the office (`[office] driver`)")]
    NoMeans,
    /// The target's control, or its own means, did not do it.
    #[error("the target's office did not do it: {0}")]
    Control(String),
}
