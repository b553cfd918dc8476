//! Accounts in memory, spread over shards so that no two users wait for each other but for an instant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::account::{Account, Held, NewAccount};
use super::clock::AccountClock;
use super::error::StoreError;
use super::journal::{Commit, Durable, Journal, Kept, Ledger};
use super::record::{Filed, Stored, changes, moved_clock, new_account};
use super::shards::Shards;
use crate::core::{
    AccountState, Address, AddressRefusal, Draw, Effect, Event, Identity, MainAccount, Moment, Outcome, Portal, Slot,
    TokenHash, apply,
};
use crate::decisions::Decisions;

/// The accounts, by ID and by token.
#[derive(Debug)]
pub struct Store {
    by_id: Shards<(Portal, Address), Arc<Account>>,
    by_slot: Shards<Slot, Arc<Account>>,
    by_token: Shards<TokenHash, Arc<Account>>,
    /// Held while accounts are made or change their address, so that two of them never take one ID.
    ids: Mutex<()>,
    /// Brings changes to disk, where they are to outlive the process.
    journal: Option<Journal>,
    /// The key of the tokens in forms, where it is kept.
    form_key: Option<[u8; 32]>,
}

/// What came of an event, and what an answer must wait for.
#[derive(Clone, Debug)]
pub struct Applied<Answer> {
    /// What the one who caused the event is told.
    pub answer: Answer,
    /// What must be done now, in this order.
    pub effects: Vec<Effect>,
    /// Holds when all that the event has changed or could have seen of the account is on disk.
    pub durable: Durable,
}

/// Why accounts were not made; none of the batch was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// The portal has an account with this address, or the batch names it twice.
    #[error("account {index}: the address is taken")]
    Taken {
        /// Where it stands in the batch, from 0.
        index: usize,
    },
    /// The main account is not there: neither before nor earlier in the batch.
    #[error("account {index}: its main account does not exist")]
    NoMain {
        /// Where it stands in the batch, from 0.
        index: usize,
    },
}

impl Default for Store {
    fn default() -> Self {
        Self {
            by_id: Shards::new(),
            by_slot: Shards::new(),
            by_token: Shards::new(),
            ids: Mutex::new(()),
            journal: None,
            form_key: None,
        }
    }
}

impl Store {
    /// The accounts that a ledger has kept; what happens to them is brought there.
    ///
    /// # Errors
    /// The ledger cannot be read, or what it holds cannot be.
    pub fn open(mut ledger: Box<dyn Ledger>) -> Result<Self, StoreError> {
        let Kept { form_key, accounts, next_row } = ledger.load()?;
        let mut store = Self { form_key: Some(form_key), ..Self::default() };
        for stored in accounts {
            store.take_in(stored)?;
        }
        store.journal = Some(Journal::start(ledger, next_row)?);
        Ok(store)
    }

    /// Makes an account of what was kept of it known by all its names.
    fn take_in(&self, stored: Stored) -> Result<(), StoreError> {
        let Stored { state, clock, filed } = stored;
        let tokens: Vec<TokenHash> = state.tokens().collect();
        let (slot, id) = (state.identity.slot, (state.identity.portal, state.address.clone()));
        if self.by_id.get(&id).is_some() {
            return Err(StoreError::Contradiction(format!("two accounts of {} have one address", id.0)));
        }
        let account = Arc::new(Account::new(Held { state, clock, filed: Some(Box::new(filed)) }));
        self.by_id.insert(id, account.clone());
        self.by_slot.insert(slot, account.clone());
        for token in tokens {
            self.by_token.insert(token, account.clone());
        }
        Ok(())
    }

    /// The key of the tokens in forms, where the store keeps one.
    pub fn form_key(&self) -> Option<[u8; 32]> {
        self.form_key
    }

    /// Waits till the store can take one more event.
    pub async fn room(&self) {
        if let Some(journal) = &self.journal {
            journal.room().await;
        }
    }

    /// What an answer must wait for that could have seen anything that happened till now: an account that is no longer found,
    /// say.
    pub fn everything(&self) -> Durable {
        self.journal.as_ref().map_or(Durable::NOTHING, Journal::everything)
    }

    /// Whether the disk failed. Memory is then ahead of it, and nothing may be answered any more.
    pub fn is_down(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::is_down)
    }

    /// Calls `watcher` after each commit, on a thread of its own; only the first watcher is taken, and only where there is a
    /// disk.
    pub fn watch_commits(&self, watcher: Box<dyn Fn(Commit) + Send + Sync>) {
        if let Some(journal) = &self.journal {
            journal.watch(watcher);
        }
    }

    /// Brings the rest to disk and lets go of it; nothing may happen any more. This blocks.
    pub fn close(&self) {
        if let Some(journal) = &self.journal {
            journal.close();
        }
    }

    /// The account with this ID.
    pub fn find(&self, portal: Portal, address: &Address) -> Option<Arc<Account>> {
        self.by_id.get(&(portal, address.clone()))
    }

    /// The account with this tag.
    pub fn with_slot(&self, slot: Slot) -> Option<Arc<Account>> {
        self.by_slot.get(&slot)
    }

    /// The account at which the holder of this token is known.
    pub fn with_token(&self, token: &TokenHash) -> Option<Arc<Account>> {
        self.by_token.get(token)
    }

    /// All accounts, in no order.
    pub fn all(&self) -> Vec<Arc<Account>> {
        self.by_slot.values()
    }

    /// Makes accounts: all of them or none.
    ///
    /// # Errors
    /// An address is taken or a main account missing; the error says whose.
    pub fn insert(&self, accounts: Vec<NewAccount>, draw: &mut dyn Draw) -> Result<(), InsertError> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch: HashMap<(Portal, Address), (Slot, Held)> = HashMap::with_capacity(accounts.len());
        for (index, new) in accounts.into_iter().enumerate() {
            let id = (new.portal, new.address.clone());
            if batch.contains_key(&id) || self.by_id.get(&id).is_some() {
                return Err(InsertError::Taken { index });
            }
            let main = match new.main {
                None => None,
                Some(address) => {
                    let main_id = (new.portal, address);
                    let slot = batch.get(&main_id).map(|(slot, _)| *slot).or_else(|| self.slot_of(&main_id));
                    Some(MainAccount { slot: slot.ok_or(InsertError::NoMain { index })?, address: main_id.1 })
                }
            };
            let slot = self.free_slot(draw);
            let identity = Identity { slot, portal: new.portal, name: new.name, main };
            let state = AccountState::new(identity, new.address, new.password_hash);
            batch.insert(id, (slot, Held { state, clock: new.clock, filed: None }));
        }
        if let Some(journal) = &self.journal {
            let writes = batch.values().map(|(_, held)| new_account(&held.state, &held.clock)).collect();
            let last = journal.append(writes);
            for (_, held) in batch.values_mut() {
                held.filed = Some(Box::new(Filed { last, ..Filed::default() }));
            }
        }
        for (id, (slot, held)) in batch {
            let account = Arc::new(Account::new(held));
            self.by_slot.insert(slot, account.clone());
            self.by_id.insert(id, account);
        }
        Ok(())
    }

    /// Lets an event happen to an account, alone, and keeps the index of tokens in step with it.
    pub fn apply<E: Event>(
        &self,
        account: &Arc<Account>,
        event: E,
        real: Moment,
        draw: &mut dyn Draw,
        decisions: &dyn Decisions,
    ) -> Applied<E::Answer> {
        let held = &mut *account.hold();
        let now = held.clock.now(real);
        let before = self.journal.as_ref().map(|_| held.state.clone());
        let Outcome { answer, effects } = apply(&mut held.state, event, now, draw, decisions);
        for effect in &effects {
            match effect {
                Effect::OpenToken(token) => self.by_token.insert(*token, account.clone()),
                Effect::CloseToken(token) => self.by_token.remove(token),
                Effect::MailCode { .. } | Effect::Notify(_) | Effect::KeepSkip(_) => {}
            }
        }
        Applied { answer, effects, durable: self.file(before, held) }
    }

    /// Appends what changed to the journal.
    fn file(&self, before: Option<AccountState>, held: &mut Held) -> Durable {
        let Some((journal, before)) = self.journal.as_ref().zip(before) else { return Durable::NOTHING };
        let filed = held.filed.get_or_insert_default();
        let writes = changes(before, &mut held.state, filed, journal);
        if !writes.is_empty() {
            filed.last = journal.append(writes);
        }
        journal.durable(filed.last)
    }

    /// Puts another clock in the place of an account's; if time has passed the new one meanwhile, not backwards.
    pub fn set_clock(&self, account: &Account, clock: AccountClock, real: Moment) {
        let held = &mut *account.hold();
        held.set_clock(clock, real);
        if let Some(journal) = &self.journal {
            let last = journal.append(vec![moved_clock(&held.state, &held.clock)]);
            held.filed.get_or_insert_default().last = last;
        }
    }

    /// Lets an event happen that registers `address`, and makes the account found by it.
    pub fn apply_new_address<E: Event<Answer = Result<(), AddressRefusal>>>(
        &self,
        account: &Arc<Account>,
        address: &Address,
        event: E,
        real: Moment,
        draw: &mut dyn Draw,
        decisions: &dyn Decisions,
    ) -> Applied<E::Answer> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (portal, old) = account.look(real, |state, _| (state.identity.portal, state.address.clone()));
        let new_id = (portal, address.clone());
        if self.by_id.get(&new_id).is_some() {
            return Applied { answer: Err(AddressRefusal::Taken), effects: Vec::new(), durable: self.everything() };
        }
        let applied = self.apply(account, event, real, draw, decisions);
        if applied.answer.is_ok() {
            self.by_id.insert(new_id, account.clone());
            self.by_id.remove(&(portal, old));
        }
        applied
    }

    fn slot_of(&self, id: &(Portal, Address)) -> Option<Slot> {
        self.by_id.get(id).map(|account| account.hold().state.identity.slot)
    }

    /// Two accounts of one batch could only draw the same tag with a chance of 2⁻⁶⁴ per pair.
    fn free_slot(&self, draw: &mut dyn Draw) -> Slot {
        loop {
            let slot = draw.slot();
            if self.by_slot.get(&slot).is_none() {
                return slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::super::AccountClock;
    use super::*;
    use crate::core::{BrowserTag, GO_LIVE, MoveAddress, SignIn, SignInAnswer, SubmitCode, ViewPage, Visitor};
    use crate::decisions::Conforming;

    fn new(address: &str, main: Option<&str>) -> NewAccount {
        NewAccount {
            portal: Portal::Employer,
            address: Address::parse(address).unwrap(),
            name: "株式会社テスト".to_owned(),
            password_hash: Arc::from(""),
            main: main.map(|main| Address::parse(main).unwrap()),
            clock: AccountClock::Frozen { at: GO_LIVE },
        }
    }

    fn visitor() -> Visitor {
        Visitor { browser: BrowserTag::of("pc"), session: None, attempt: None, cookies: Vec::new() }
    }

    #[test]
    fn a_batch_is_made_whole_or_not_at_all() {
        let store = Store::default();
        let mut draw = StdRng::seed_from_u64(1);
        store.insert(vec![new("main@a.test", None), new("more@a.test", Some("main@a.test"))], &mut draw).unwrap();
        let refused = [
            (vec![new("new@a.test", None), new("MAIN@a.test", None)], InsertError::Taken { index: 1 }),
            (vec![new("new@a.test", None), new("new@a.test", None)], InsertError::Taken { index: 1 }),
            (vec![new("new@a.test", Some("none@a.test"))], InsertError::NoMain { index: 0 }),
        ];
        for (batch, error) in refused {
            assert_eq!(store.insert(batch, &mut draw), Err(error));
        }
        assert_eq!(store.all().len(), 2);
        let more = store.find(Portal::Employer, &Address::parse("more@a.test").unwrap()).unwrap();
        let main = store.find(Portal::Employer, &Address::parse("main@a.test").unwrap()).unwrap();
        let known = more.look(GO_LIVE, |state, _| state.identity.main.clone()).unwrap();
        assert_eq!(known.slot, main.look(GO_LIVE, |state, _| state.identity.slot));
        assert!(store.find(Portal::Seeker, &Address::parse("main@a.test").unwrap()).is_none(), "portals are apart");
    }

    #[test]
    fn a_moved_account_is_found_by_its_new_address_only() {
        let store = Store::default();
        let mut draw = StdRng::seed_from_u64(1);
        store.insert(vec![new("a@a.test", None), new("b@a.test", None)], &mut draw).unwrap();
        let (a, b, c) = (
            Address::parse("a@a.test").unwrap(),
            Address::parse("b@a.test").unwrap(),
            Address::parse("c@a.test").unwrap(),
        );
        let account = store.find(Portal::Employer, &a).unwrap();
        let taken = store.apply_new_address(&account, &b, MoveAddress { address: &b }, GO_LIVE, &mut draw, &Conforming);
        assert_eq!(taken.answer, Err(AddressRefusal::Taken));
        let moved = store.apply_new_address(&account, &c, MoveAddress { address: &c }, GO_LIVE, &mut draw, &Conforming);
        assert_eq!(moved.answer, Ok(()));
        assert!(store.find(Portal::Employer, &a).is_none());
        assert!(Arc::ptr_eq(&store.find(Portal::Employer, &c).unwrap(), &account));
    }

    #[test]
    fn one_code_signs_in_once_however_many_try_at_the_same_time() {
        let store = Store::default();
        let mut draw = StdRng::seed_from_u64(1);
        store.insert(vec![new("a@a.test", None)], &mut draw).unwrap();
        let address = Address::parse("a@a.test").unwrap();
        let account = store.find(Portal::Employer, &address).unwrap();
        let visitor = visitor();
        let event = SignIn {
            visitor: &visitor,
            address: &address,
            password_is_right: true,
            signed_in_as: None,
            go_live: GO_LIVE,
            mail_has_room: true,
        };
        let answer = store.apply(&account, event, GO_LIVE, &mut draw, &Conforming).answer.unwrap();
        let SignInAnswer::CodeMailed(attempt) = answer else { panic!("a code is asked") };
        let code = account.look(GO_LIVE, |state, _| state.attempts.back().unwrap().code);
        let visitor = Visitor { attempt: Some(attempt), ..visitor };
        let signed_in: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|seed| {
                    let (store, account, visitor) = (&store, &account, &visitor);
                    scope.spawn(move || {
                        let event = SubmitCode { visitor, typed: code.as_str(), ticked: false };
                        store.apply(account, event, GO_LIVE, &mut StdRng::seed_from_u64(seed), &Conforming).answer.ok()
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(signed_in.len(), 1);
        let session = &signed_in[0].session;
        let found = store.with_token(&session.hash()).unwrap();
        let visitor = Visitor { session: Some(session.clone()), ..visitor };
        let view = ViewPage { visitor: &visitor, page: crate::core::Page::MyPage };
        assert!(store.apply(&found, view, GO_LIVE, &mut draw, &Conforming).answer.is_ok());
    }
}
