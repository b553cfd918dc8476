//! Hooks: what a profile names as its own means outside the login, a program to run or a request to send. Clocks, the reset, the source
//! of accounts and the office share them.
//!
//! What lives here sends and runs; what the outcome means is for others to say. Nothing in here is a step of a story, so nothing of it
//! reaches the evidence.

mod error;
mod program;
mod request;

use std::sync::Arc;
use std::time::Duration;

pub use error::HookError;
pub use program::Program;
pub use request::HookRequest;
pub(crate) use request::{HookBody, JsonText};

use crate::browser::Network;
use crate::target::Nothing;

/// What a profile lets be done: a program run, or a request sent.
#[derive(Debug, Clone)]
pub enum Hook {
    /// A program.
    Program(Arc<Program>),
    /// A request.
    Request(Arc<HookRequest>),
}

/// What puts a target in its first state before a run (`[reset]`).
#[derive(Debug, Clone)]
pub struct Reset {
    /// How.
    pub hook: Hook,
    /// How long it may take, in real time.
    pub patience: Duration,
}

impl Reset {
    /// Puts the target in its first state.
    ///
    /// # Errors
    /// When it was not done, or not in time.
    pub async fn run(&self, network: &Arc<Network>) -> Result<(), HookError> {
        match &self.hook {
            Hook::Program(program) => program.run(&Nothing, &[], self.patience).await.map(drop),
            Hook::Request(request) => request.send(network, &Nothing, self.patience).await.map(drop),
        }
    }
}
