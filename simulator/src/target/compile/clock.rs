//! What moves the clock, compiled.

use super::super::profile::{AccountSource, ClockDriver, ClockScope, OfficeDriver, Profile};
use super::{Compiler, Control, GlobalClockSettings, Loading, ProfileError};

impl Compiler<'_> {
    pub(super) fn control(&self, profile: &Profile, loading: &Loading) -> Result<Option<Control>, ProfileError> {
        if let Some(control) = &loading.control {
            return Ok(Some(control.clone()));
        }
        let Some(control) = &profile.control else { return Ok(None) };
        let url = self.origin("control.url", &control.url)?;
        let token = std::env::var(&control.token_env).map_err(|_| ProfileError::SecretMissing {
            name: self.source.name.to_owned(),
            variable: control.token_env.clone(),
        })?;
        Ok(Some(Control { url, token }))
    }

    /// Without a control listener no driver may name it.
    pub(super) fn nothing_needs_control(&self, profile: &Profile) -> Result<(), ProfileError> {
        let source = &profile.accounts.source;
        if source.as_ref() == &AccountSource::Control {
            let message = "there is no `[control]` table to make accounts with";
            return Err(self.source.senseless(source.span(), "accounts.source", message));
        }
        let drivers = [
            ("clock", profile.clock.driver == ClockDriver::Control, "move the clock with"),
            ("office", profile.office.driver == OfficeDriver::Control, "drive the office with"),
        ];
        match drivers.into_iter().find(|(_, needs_control, _)| *needs_control) {
            None => Ok(()),
            Some((table, _, purpose)) => {
                let message = format!("there is no `[control]` table to {purpose}");
                Err(self.missing(&format!("[{table}]"), &format!("{table}.driver"), message))
            }
        }
    }

    pub(super) fn global_clock(&self, profile: &Profile) -> Result<Option<GlobalClockSettings>, ProfileError> {
        let clock = &profile.clock;
        let senseless = |key: &str, message: &str| Err(self.missing("[clock]", &format!("clock.{key}"), message));
        if clock.scope != ClockScope::Global {
            if clock.frozen.is_some() || clock.starts_at.is_some() {
                return senseless("scope", "`frozen` and `starts_at` are for a clock with `scope = \"global\"`");
            }
            return Ok(None);
        }
        if clock.driver == ClockDriver::None {
            return senseless("scope", "without a `driver` there is nothing to move it by");
        }
        if profile.accounts.source.as_ref() != &AccountSource::Control {
            let message = "by the control listener only accounts that it makes can go by one clock: `accounts.source` must be `control`";
            return senseless("scope", message);
        }
        let starts_at = clock.starts_at.map(|instant| instant.0);
        Ok(Some(GlobalClockSettings { starts_at, frozen: clock.frozen.unwrap_or_default() }))
    }
}
