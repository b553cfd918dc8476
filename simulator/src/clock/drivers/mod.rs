//! The means of a profile by which a clock is moved, ready to move it.

mod file;
mod hooks;
mod moved;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use file::ClockFile;

use self::hooks::{ClockProgram, ClockRequest};
use super::timeline::MOVE_PATIENCE;
use super::{Clock, ClockError, GlobalClock, Immovable, Pace, Shared, Time};
use crate::account::AccountKey;
use crate::browser::Network;
use crate::control::ControlClient;
use crate::hook::{HookRequest, Program};
use crate::target::Target;
use crate::world::present;

/// How long a program or a request may take that moves a clock: what it says then is told, and not only that it was too slow.
const HOOK_PATIENCE: Duration = MOVE_PATIENCE.saturating_sub(Duration::from_secs(1));

/// How a target's clock is moved.
#[derive(Debug, Clone)]
pub enum ClockMeans {
    /// It cannot be moved.
    None,
    /// By its control listener.
    Control,
    /// By a request.
    Http(Arc<HookRequest>),
    /// By a program.
    Command(Arc<Program>),
    /// By a file.
    File(Arc<ClockFile>),
    /// Real time passes.
    Wait {
        /// How long a story waits at one go.
        longest: Duration,
    },
}

/// The one clock of a target when a run begins.
pub struct Beginning {
    /// What moves it.
    pub clock: Arc<dyn GlobalClock>,
    /// What it shows.
    pub start: Time,
    /// How it is moved.
    pub pace: Pace,
}

/// What moves the clocks of a target's accounts.
pub fn clock_of_accounts(
    target: &Target,
    network: &Arc<Network>,
    control: Option<&Arc<ControlClient>>,
) -> Arc<dyn Clock> {
    let clock: Arc<dyn Clock> = match (&target.clock, control) {
        (ClockMeans::None, _) | (ClockMeans::Control, None) => return Arc::new(Immovable),
        _ if target.global_clock.is_some() => return Arc::new(Shared),
        (ClockMeans::Control, Some(control)) => control.clone(),
        (ClockMeans::Http(request), _) => Arc::new(ClockRequest::new(request.clone(), network.clone())),
        // The profile was not taken with another scope than one for all.
        (ClockMeans::Command(_) | ClockMeans::File(_) | ClockMeans::Wait { .. }, _) => return Arc::new(Shared),
    };
    if target.clock_settle.is_zero() { clock } else { Arc::new(Settling { clock, settle: target.clock_settle }) }
}

/// The target's one clock; `None` where each account has its own. Reads what a file says that moves it.
///
/// # Errors
/// When that file cannot be read.
pub fn one_clock(
    target: &Target,
    network: &Arc<Network>,
    control: Option<&Arc<ControlClient>>,
) -> Result<Option<Beginning>, ClockError> {
    let Some(settings) = target.global_clock else { return Ok(None) };
    let at = settings.starts_at.map_or_else(present, Into::into);
    let start = match settings.starts_at {
        None if !settings.frozen => Time::REAL,
        _ => Time::starting_at(at, settings.frozen),
    };
    let pace = Pace { settle: target.clock_settle, ..Pace::default() };
    let (clock, start, pace): (Arc<dyn GlobalClock>, Time, Pace) = match (&target.clock, control) {
        (ClockMeans::None, _) | (ClockMeans::Control, None) => return Ok(None),
        (ClockMeans::Control, Some(control)) => (control.clone(), start, pace),
        (ClockMeans::Http(request), _) => {
            let pace = Pace { grain: request.grain(), ..pace };
            (Arc::new(ClockRequest::new(request.clone(), network.clone())), start, pace)
        }
        (ClockMeans::Command(program), _) => {
            (Arc::new(ClockProgram(program.clone())), start, Pace { grain: program.grain(), ..pace })
        }
        (ClockMeans::File(file), _) => {
            (file.clone(), Time::Running(file.offset()?), Pace { grain: file.grain(), ..pace })
        }
        (ClockMeans::Wait { longest }, _) => {
            (Arc::new(Unmoved), Time::REAL, Pace { longest_wait: Some(*longest), ..pace })
        }
    };
    Ok(Some(Beginning { clock, start, pace }))
}

/// Real time, which nobody moves.
struct Unmoved;

#[async_trait]
impl GlobalClock for Unmoved {
    async fn advance_all(&self, _: Time, _: Duration) -> Result<(), ClockError> {
        Err(ClockError::NoMeans)
    }
}

/// Clocks of accounts that need a while, in real time, until the target goes by a move.
struct Settling {
    clock: Arc<dyn Clock>,
    settle: Duration,
}

#[async_trait]
impl Clock for Settling {
    async fn advance(&self, accounts: &[AccountKey], by: Duration) -> Result<(), ClockError> {
        self.clock.advance(accounts, by).await?;
        tokio::time::sleep(self.settle).await;
        Ok(())
    }

    fn can_move(&self) -> bool {
        self.clock.can_move()
    }

    fn can_freeze(&self) -> bool {
        self.clock.can_freeze()
    }
}
