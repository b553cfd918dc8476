//! The office's side of an address change (FAQ-05 c, d).

use std::sync::Arc;

use super::{Desk, system};
use crate::core::{
    Address, CheckIdentity, OfficeRefusal, OpenProcedure, ProcedureId, ProcedureReport, Slot, ViewProcedure,
    WithdrawProcedure,
};
use crate::store::Account;

impl Desk {
    /// Somebody asks the office for another address, which is kept for them from here on.
    pub(crate) async fn open_procedure(
        &self,
        account: &Arc<Account>,
        new_address: &Address,
    ) -> Result<ProcedureId, OfficeRefusal> {
        let event = |is_free| OpenProcedure { new_address, is_free };
        self.store.room().await;
        let real = self.real_time.now();
        let outcome = self.store.apply_claiming(account, new_address, event, real, &mut system(), &*self.decisions);
        self.follow(account, outcome, None).await.answer
    }

    /// The office knows who asks.
    pub(crate) async fn check_identity(&self, id: &ProcedureId, slot: Slot) -> Result<ProcedureReport, OfficeRefusal> {
        let account = self.store.with_slot(slot).ok_or(OfficeRefusal::Unknown)?;
        let event = CheckIdentity { id, business_days: self.office_business_days };
        self.happen(&account, event, None).await.answer
    }

    /// How a procedure stands.
    pub(crate) async fn view_procedure(&self, id: &ProcedureId, slot: Slot) -> Result<ProcedureReport, OfficeRefusal> {
        let account = self.store.with_slot(slot).ok_or(OfficeRefusal::Unknown)?;
        self.happen(&account, ViewProcedure { id }, None).await.answer
    }

    /// Ends an open procedure; the address that was kept is free again.
    pub(crate) async fn withdraw_procedure(
        &self,
        id: &ProcedureId,
        slot: Slot,
    ) -> Result<ProcedureReport, OfficeRefusal> {
        let account = self.store.with_slot(slot).ok_or(OfficeRefusal::Unknown)?;
        self.happen(&account, WithdrawProcedure { id }, None).await.answer
    }
}
