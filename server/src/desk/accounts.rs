//! The additional accounts of an employer.

use super::{Desk, system};
use crate::core::{AddRefusal, Address, NotSignedIn, Page, PageView, Portal, Visitor};
use crate::store::AdditionalAccount;

/// An additional account, as the main one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) address: Address,
}

impl Desk {
    /// The additional accounts of the visitor's account, in the order of their addresses. What is told of them is on disk.
    pub(crate) async fn additional_accounts(
        &self,
        portal: Portal,
        visitor: &Visitor,
    ) -> Result<(PageView, Vec<Listed>), NotSignedIn> {
        let account = self.holder(portal, visitor).ok_or(NotSignedIn)?;
        let view = self.view_page(portal, visitor, Page::Accounts).await.answer?;
        let slot = self.look(&account, |state, _| state.identity.slot);
        let additional = self.store.additional_of(slot);
        let listed = additional.iter().filter_map(|slot| self.store.with_slot(*slot)).map(|account| {
            self.look(&account, |state, now| Listed {
                name: state.identity.name.clone(),
                address: state.address_at(now, &*self.decisions).clone(),
            })
        });
        let mut listed: Vec<Listed> = listed.collect();
        listed.sort_by(|one, other| one.address.cmp(&other.address));
        if let Err(error) = self.store.everything().wait().await {
            tracing::warn!(%error, "an answer is withheld");
        }
        Ok((view, listed))
    }

    /// The main account makes an additional one, whose name and password were judged before.
    ///
    /// Whether the address can be registered has to be told here: the account is there at once or it is not, and an
    /// employer who is told nothing would wait for a code that never comes. What that gives away is kept small: only main
    /// accounts of employers are asked at all, a refusal does not say whose the address is, and some ten refusals an hour
    /// end it. The password is hashed first, so that the time does not tell it faster.
    pub(crate) async fn add_account(
        &self,
        portal: Portal,
        visitor: &Visitor,
        name: &str,
        address: &Address,
        password: &str,
    ) -> Result<(), AddRefusal> {
        let admitted = self.view_page(portal, visitor, Page::Accounts).await.answer;
        let Some(account) = self.holder(portal, visitor).filter(|_| admitted.is_ok()) else {
            return Err(AddRefusal::NotSignedIn);
        };
        let password_hash = self.passwords.hash_one(password).await.map_err(|_| AddRefusal::Busy)?;
        let new = AdditionalAccount { address: address.clone(), name: name.to_owned(), password_hash };
        self.store.room().await;
        let real = self.real_time.now();
        let outcome = self.store.add_account(&account, visitor, new, real, &mut system(), &*self.decisions);
        self.follow(&account, outcome, None).await.answer
    }
}
