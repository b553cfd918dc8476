//! Clocks that are moved by a program or by a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::super::{Clock, ClockError, GlobalClock, Time};
use super::HOOK_PATIENCE;
use super::moved::{AccountMoved, Moved, grain};
use crate::account::AccountKey;
use crate::browser::Network;
use crate::hook::{HookError, HookRequest, Program};

/// A clock that a program moves.
pub(super) struct ClockProgram(pub(super) Arc<Program>);

#[async_trait]
impl GlobalClock for ClockProgram {
    async fn advance_all(&self, to: Time, by: Duration) -> Result<(), ClockError> {
        self.0.run(&Moved::now(to, by), &[], HOOK_PATIENCE).await.map(drop).map_err(unmoved)
    }
}

/// A clock that a request moves: one for all, or that of one account.
pub(super) struct ClockRequest {
    request: Arc<HookRequest>,
    network: Arc<Network>,
    /// How far accounts were moved too far, because the request tells whole seconds.
    surplus: Mutex<HashMap<AccountKey, Duration>>,
}

impl ClockRequest {
    pub(super) fn new(request: Arc<HookRequest>, network: Arc<Network>) -> ClockRequest {
        ClockRequest { request, network, surplus: Mutex::default() }
    }

    /// By how much an account is moved: in units that the request can tell, and over many moves never more than one of them too far.
    fn rounded(&self, account: &AccountKey, by: Duration) -> (Duration, Duration) {
        let surplus = self.surplus.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied();
        let surplus = surplus.unwrap_or_default();
        let told = super::super::timeline::in_whole(by.saturating_sub(surplus), self.request.grain());
        (told, (surplus + told).saturating_sub(by))
    }
}

#[async_trait]
impl GlobalClock for ClockRequest {
    async fn advance_all(&self, to: Time, by: Duration) -> Result<(), ClockError> {
        self.request.send(&self.network, &Moved::now(to, by), HOOK_PATIENCE).await.map(drop).map_err(unmoved)
    }
}

#[async_trait]
impl Clock for ClockRequest {
    async fn advance(&self, accounts: &[AccountKey], by: Duration) -> Result<(), ClockError> {
        for account in accounts {
            let (told, surplus) = self.rounded(account, by);
            if !told.is_zero() {
                let moved = AccountMoved { account, by: told };
                self.request.send(&self.network, &moved, HOOK_PATIENCE).await.map_err(unmoved)?;
            }
            self.surplus.lock().unwrap_or_else(PoisonError::into_inner).insert(account.clone(), surplus);
        }
        Ok(())
    }

    fn can_move(&self) -> bool {
        true
    }

    fn can_freeze(&self) -> bool {
        false
    }
}

impl Program {
    pub(super) fn grain(&self) -> Duration {
        grain(|wanted| self.arguments.iter().any(|text| text.has(wanted)))
    }
}

impl HookRequest {
    pub(super) fn grain(&self) -> Duration {
        grain(|wanted| self.texts().any(|text| text.has(wanted)))
    }
}

fn unmoved(error: HookError) -> ClockError {
    ClockError::Control(error.to_string())
}
