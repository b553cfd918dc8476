//! Another address for an account: by its user (NOTICE-4) or by the office (FAQ-05 c).

use std::sync::Arc;

use super::{Desk, system};
use crate::core::{Address, AddressRefusal, ChangeAddress, Event, MoveAddress, Portal, Visitor};
use crate::store::Account;

impl Desk {
    /// The user registers another address.
    pub(crate) async fn change_address(
        &self,
        portal: Portal,
        visitor: &Visitor,
        address: &Address,
    ) -> Result<(), AddressRefusal> {
        let account = self.holder(portal, visitor).ok_or(AddressRefusal::NotSignedIn)?;
        self.register_address(&account, address, ChangeAddress { visitor, address }).await
    }

    /// The office registers another address.
    pub(crate) async fn move_address(&self, account: &Arc<Account>, address: &Address) -> Result<(), AddressRefusal> {
        self.register_address(account, address, MoveAddress { address }).await
    }

    async fn register_address<E: Event<Answer = Result<(), AddressRefusal>>>(
        &self,
        account: &Arc<Account>,
        address: &Address,
        event: E,
    ) -> Result<(), AddressRefusal> {
        self.store.room().await;
        let real = self.real_time.now();
        let applied = self.store.apply_new_address(account, address, event, real, &mut system(), &*self.decisions);
        self.follow(account, applied, None).await.answer
    }
}
