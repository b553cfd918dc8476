//! Another address for an account, by its user (NOTICE-4).

use super::{Desk, system};
use crate::core::{
    Address, AddressRefusal, AskAddressChange, ConfirmAddressChange, NumberRefusal, Portal, ViewAddressChange, Visitor,
};

impl Desk {
    /// The user gives another address. A place in the mail queue is taken whether the address is free or not, so that a
    /// full queue tells nothing either. What is left is the time of writing one mail; with ten tries an hour nobody makes
    /// out that much.
    pub(crate) async fn ask_address_change(
        &self,
        portal: Portal,
        visitor: &Visitor,
        address: &Address,
    ) -> Result<(), AddressRefusal> {
        let account = self.holder(portal, visitor).ok_or(AddressRefusal::NotSignedIn)?;
        let room = self.outbox.reserve();
        let mail_has_room = room.is_some();
        let event = |is_free| AskAddressChange { visitor, address, is_free, mail_has_room };
        self.store.room().await;
        let real = self.real_time.now();
        let outcome = self.store.apply_claiming(&account, address, event, real, &mut system(), &*self.decisions);
        self.follow(&account, outcome, room).await.answer
    }

    /// The screen for the confirmation number is looked at; says which address waits.
    pub(crate) async fn view_address_change(
        &self,
        portal: Portal,
        visitor: &Visitor,
    ) -> Result<Address, NumberRefusal> {
        let account = self.holder(portal, visitor).ok_or(NumberRefusal::NotSignedIn)?;
        self.happen(&account, ViewAddressChange { visitor }, None).await.answer
    }

    /// The confirmation number is given.
    pub(crate) async fn confirm_address_change(
        &self,
        portal: Portal,
        visitor: &Visitor,
        typed: &str,
    ) -> Result<(), NumberRefusal> {
        let account = self.holder(portal, visitor).ok_or(NumberRefusal::NotSignedIn)?;
        let address = self.happen(&account, ViewAddressChange { visitor }, None).await.answer?;
        let event = |is_free| ConfirmAddressChange { visitor, typed, claim: (&address, is_free) };
        self.store.room().await;
        let real = self.real_time.now();
        let outcome = self.store.apply_claiming(&account, &address, event, real, &mut system(), &*self.decisions);
        self.follow(&account, outcome, None).await.answer
    }
}
