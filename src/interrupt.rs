//! Ctrl-C: the first ends the run in order, with its report; the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::CliError;

/// Hears Ctrl-C and SIGTERM.
pub(crate) struct Interrupt {
    /// Cancelled by the first.
    pub(crate) token: CancellationToken,
    insisted: Arc<Notify>,
}

impl Interrupt {
    /// Starts listening. It must come before the load engine installs a handler of its own, which then fails and leaves ours.
    pub(crate) fn listen() -> Result<Interrupt, CliError> {
        let (token, insisted) = (CancellationToken::new(), Arc::new(Notify::new()));
        let (first, second, heard) = (token.clone(), insisted.clone(), AtomicBool::new(false));
        ctrlc::set_handler(move || {
            if heard.swap(true, Ordering::Relaxed) {
                second.notify_one();
            } else {
                first.cancel();
            }
        })
        .map_err(|error| CliError::Internal(format!("Ctrl-C cannot be heard: {error}")))?;
        Ok(Interrupt { token, insisted })
    }

    /// Waits for the second.
    pub(crate) async fn insisted(&self) {
        self.insisted.notified().await;
    }

    /// Whether the first was heard.
    pub(crate) fn heard(&self) -> bool {
        self.token.is_cancelled()
    }
}
