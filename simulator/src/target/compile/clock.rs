//! What moves the clock, compiled.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::super::profile::{self, AccountSource, ClockDriver, ClockScope, OfficeDriver, Profile, Spanned};
use super::super::template::{Hole, Place, Since, Template};
use super::{Compiler, Control, GlobalClockSettings, Loading, ProfileError};
use crate::clock::{ClockFile, ClockMeans};

/// What libfaketime reads.
const OFFSET_FORMAT: &str = "+{offset_seconds}";

/// How long a story really waits at one go, where the profile does not say.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The longest that the harness waits after each move.
const MAX_SETTLE: Duration = Duration::from_secs(60);

/// To which clocks a key belongs, in words.
const ONE_CLOCK: &str = "a clock with `scope = \"global\"` that is moved by `control`, `http` or `command`";
const MOVED: &str = "a clock that is moved";

/// A key, where it stands if it is given, the drivers that it belongs to, and these in words.
type KeyOf<'a> = (&'a str, Option<Range<usize>>, &'a [ClockDriver], &'a str);

/// The target's clock as the profile describes it.
pub(super) struct CompiledClock {
    pub(super) means: ClockMeans,
    pub(super) global: Option<GlobalClockSettings>,
    pub(super) settle: Duration,
}

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

    /// The means, and whose clock it is.
    pub(super) fn clock(&self, profile: &Profile, base: &Url) -> Result<CompiledClock, ProfileError> {
        let clock = &profile.clock;
        self.keys_of_the_driver(clock)?;
        let own = if clock.driver == ClockDriver::Control { ClockScope::Account } else { ClockScope::Global };
        let scope = clock.scope.as_ref().map_or(own, |scope| *scope.as_ref());
        let means = match clock.driver {
            ClockDriver::None => ClockMeans::None,
            ClockDriver::Control => ClockMeans::Control,
            ClockDriver::Http => {
                let place = if scope == ClockScope::Account { Place::AccountClock } else { Place::Clock };
                let request = self.needed(clock.request.as_ref(), "request", "http")?;
                ClockMeans::Http(Arc::new(self.hook_request("clock.request", request, base, place)?))
            }
            ClockDriver::Command => {
                let command = self.needed(clock.command.as_ref(), "command", "command")?;
                ClockMeans::Command(Arc::new(self.hook_program("clock.command", command, Place::Clock)?))
            }
            ClockDriver::File => ClockMeans::File(Arc::new(self.clock_file(clock)?)),
            ClockDriver::Wait => {
                let longest = clock.longest_wait.as_ref().map_or(LONGEST_WAIT, |longest| longest.as_ref().0);
                ClockMeans::Wait { longest }
            }
        };
        let global = (scope == ClockScope::Global && clock.driver != ClockDriver::None).then(|| GlobalClockSettings {
            starts_at: clock.starts_at.as_ref().map(|instant| instant.as_ref().0),
            frozen: clock.frozen.as_ref().is_some_and(|frozen| *frozen.as_ref()),
        });
        if clock.driver == ClockDriver::Control
            && global.is_some()
            && profile.accounts.source.as_ref() != &AccountSource::Control
        {
            let message = "by the control listener only accounts that it makes can go by one clock: `accounts.source` must be `control`";
            return Err(self.missing("[clock]", "clock.scope", message));
        }
        let settle = clock.settle.as_ref().map_or(Duration::ZERO, |settle| settle.as_ref().0);
        Ok(CompiledClock { means, global, settle })
    }

    /// A key of another driver is not silently passed over: whoever wrote it expects something of it.
    fn keys_of_the_driver(&self, clock: &profile::Clock) -> Result<(), ProfileError> {
        use ClockDriver::{Command, Control, File, Http, Wait};
        let scope = clock.scope.as_ref().map(|scope| (*scope.as_ref(), scope.span()));
        match (&scope, clock.driver) {
            (Some((_, span)), ClockDriver::None) => {
                let message = "without a `driver` there is nothing to move it by";
                return Err(self.source.senseless(span.clone(), "clock.scope", message));
            }
            (Some((ClockScope::Account, span)), Command | File | Wait) => {
                let message = "this driver moves one clock for all accounts: leave `scope` out, or give `driver = \"control\"` or `\"http\"`";
                return Err(self.source.senseless(span.clone(), "clock.scope", message));
            }
            _ => {}
        }
        let given: [KeyOf<'_>; 8] = [
            ("request", clock.request.as_ref().map(Spanned::span), &[Http], "`driver = \"http\"`"),
            ("command", clock.command.as_ref().map(Spanned::span), &[Command], "`driver = \"command\"`"),
            ("file", clock.file.as_ref().map(Spanned::span), &[File], "`driver = \"file\"`"),
            ("format", clock.format.as_ref().map(Spanned::span), &[File], "`driver = \"file\"`"),
            ("longest_wait", clock.longest_wait.as_ref().map(Spanned::span), &[Wait], "`driver = \"wait\"`"),
            ("settle", clock.settle.as_ref().map(Spanned::span), &[Control, Http, Command, File], MOVED),
            ("frozen", clock.frozen.as_ref().map(Spanned::span), &[Control, Http, Command], ONE_CLOCK),
            ("starts_at", clock.starts_at.as_ref().map(Spanned::span), &[Control, Http, Command], ONE_CLOCK),
        ];
        let own = if clock.driver == Control { ClockScope::Account } else { ClockScope::Global };
        let for_accounts = scope.map_or(own, |(scope, _)| scope) == ClockScope::Account;
        for (key, span, drivers, belongs) in given {
            let Some(span) = span else { continue };
            if !drivers.contains(&clock.driver) || (belongs == ONE_CLOCK && for_accounts) {
                let message = format!("`{key}` is for {belongs}\n\nhint: leave it out, or choose another `driver`");
                return Err(self.source.senseless(span, format!("clock.{key}"), message));
            }
        }
        match &clock.settle {
            Some(settle) if settle.as_ref().0 > MAX_SETTLE => {
                let message = "more than a minute after each move would make every run endless";
                Err(self.source.senseless(settle.span(), "clock.settle", message))
            }
            _ => Ok(()),
        }
    }

    fn needed<'a, T>(&self, given: Option<&'a T>, key: &str, driver: &str) -> Result<&'a T, ProfileError> {
        given.ok_or_else(|| {
            let message = format!("`driver = \"{driver}\"` needs `{key}`");
            self.missing("[clock]", &format!("clock.{key}"), message)
        })
    }

    fn clock_file(&self, clock: &profile::Clock) -> Result<ClockFile, ProfileError> {
        let file = self.needed(clock.file.as_ref(), "file", "file")?;
        let path = self.file(file.as_ref());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.file_name().is_none() || !folder.is_dir() {
            let message = format!("there is no folder `{}` to write the file in", folder.display());
            return Err(self.source.senseless(file.span(), "clock.file", message));
        }
        let format = match &clock.format {
            None => Template::parse(OFFSET_FORMAT, Place::Clock, &self.names)
                .map_err(|message| self.source.senseless(file.span(), "clock.format", message))?,
            Some(text) => {
                let template = self.template("clock.format", text, Place::Clock)?;
                if !template.has(|hole| matches!(hole, Hole::Moved(Since::RealTime, _))) {
                    let message = "neither `{offset_seconds}` nor `{offset_ms}` stands in it, so that a second run could not go on from what the file says";
                    return Err(self.source.senseless(text.span(), "clock.format", message));
                }
                template
            }
        };
        Ok(ClockFile::new(path, format))
    }
}
