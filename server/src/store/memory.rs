//! Accounts in memory, spread over shards so that no two users wait for each other but for an instant.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::account::{Account, NewAccount};
use crate::core::{
    AccountState, Address, AddressRefusal, Draw, Effect, Event, Identity, MainAccount, Moment, Outcome, Portal, Slot,
    TokenHash, apply,
};
use crate::decisions::Decisions;

/// How many shards a map has: enough that cores seldom meet in one.
const SHARDS: usize = 64;

/// The accounts, by ID and by token.
#[derive(Debug)]
pub struct Store {
    by_id: Shards<(Portal, Address), Arc<Account>>,
    by_slot: Shards<Slot, Arc<Account>>,
    by_token: Shards<TokenHash, Arc<Account>>,
    /// Held while accounts are made or change their address, so that two of them never take one ID.
    ids: Mutex<()>,
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
        Self { by_id: Shards::new(), by_slot: Shards::new(), by_token: Shards::new(), ids: Mutex::new(()) }
    }
}

impl Store {
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
        let mut batch: HashMap<(Portal, Address), (Slot, Arc<Account>)> = HashMap::with_capacity(accounts.len());
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
            batch.insert(id, (slot, Arc::new(Account::new(state, new.clock))));
        }
        for (id, (slot, account)) in batch {
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
    ) -> Outcome<E::Answer> {
        let mut held = account.hold();
        let now = held.clock.now(real);
        let outcome = apply(&mut held.state, event, now, draw, decisions);
        for effect in &outcome.effects {
            match effect {
                Effect::OpenToken(token) => self.by_token.insert(*token, account.clone()),
                Effect::CloseToken(token) => self.by_token.remove(token),
                Effect::MailCode { .. } | Effect::Notify(_) | Effect::KeepSkip(_) => {}
            }
        }
        outcome
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
    ) -> Outcome<E::Answer> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (portal, old) = account.look(real, |state, _| (state.identity.portal, state.address.clone()));
        let new_id = (portal, address.clone());
        if self.by_id.get(&new_id).is_some() {
            return Outcome { answer: Err(AddressRefusal::Taken), effects: Vec::new() };
        }
        let outcome = self.apply(account, event, real, draw, decisions);
        if outcome.answer.is_ok() {
            self.by_id.insert(new_id, account.clone());
            self.by_id.remove(&(portal, old));
        }
        outcome
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

/// A map in parts, each behind its own lock.
#[derive(Debug)]
struct Shards<K, V> {
    hasher: RandomState,
    parts: Box<[RwLock<HashMap<K, V>>]>,
}

impl<K: Hash + Eq, V: Clone> Shards<K, V> {
    fn new() -> Self {
        Self { hasher: RandomState::new(), parts: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }

    fn part(&self, key: &K) -> &RwLock<HashMap<K, V>> {
        let spread = self.hasher.hash_one(key) as usize;
        &self.parts[spread % SHARDS]
    }

    fn get(&self, key: &K) -> Option<V> {
        self.part(key).read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.part(&key).write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    fn remove(&self, key: &K) {
        self.part(key).write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn values(&self) -> Vec<V> {
        let read = |part: &RwLock<HashMap<K, V>>| {
            part.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(read).collect()
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
