//! The reset, compiled.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::super::profile;
use super::super::template::Place;
use super::{Compiler, ProfileError};
use crate::hook::{Hook, Reset};

/// How long a reset may take, where the profile does not say.
const PATIENCE: Duration = Duration::from_secs(60);

impl Compiler<'_> {
    pub(super) fn reset(&self, given: &profile::Reset, base: &Url) -> Result<Reset, ProfileError> {
        let hook = match (&given.command, &given.request) {
            (Some(command), None) => {
                Hook::Program(Arc::new(self.hook_program("reset.command", command, Place::Plain)?))
            }
            (None, Some(request)) => {
                Hook::Request(Arc::new(self.hook_request("reset.request", request, base, Place::Plain)?))
            }
            (Some(_), Some(request)) => {
                let message = "give either `command` or `request`";
                return Err(self.source.senseless(request.span(), "reset.request", message));
            }
            (None, None) => {
                let message = "`command` or `request` must say how the target is reset";
                return Err(self.missing("[reset]", "reset", message));
            }
        };
        let patience = match &given.patience {
            Some(patience) if patience.as_ref().0.is_zero() => {
                let message = "with no time to wait nothing can be done";
                return Err(self.source.senseless(patience.span(), "reset.patience", message));
            }
            Some(patience) => patience.as_ref().0,
            None => PATIENCE,
        };
        Ok(Reset { hook, patience })
    }
}
