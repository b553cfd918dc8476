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
    AccountState, AddAccount, AddRefusal, Address, Draw, Effect, Event, Identity, MainAccount, Moment, Outcome, Portal,
    Settle, Slot, TokenHash, Visitor, apply,
};
use crate::decisions::Decisions;

/// The accounts, by ID and by token.
#[derive(Debug)]
pub struct Store {
    by_id: Shards<(Portal, Address), Arc<Account>>,
    by_slot: Shards<Slot, Arc<Account>>,
    by_token: Shards<TokenHash, Arc<Account>>,
    /// The additional accounts of a main one; it follows from what each knows of its main account.
    additional: Shards<Slot, Arc<[Slot]>>,
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

/// An additional account that is to be made.
#[derive(Clone, Debug)]
pub struct AdditionalAccount {
    /// Its address, which is its sign-in ID.
    pub address: Address,
    /// The name My Page shows.
    pub name: String,
    /// Its password's hash as a PHC string.
    pub password_hash: Arc<str>,
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
            additional: Shards::new(),
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
        let portal = state.identity.portal;
        if state.indexed_addresses().any(|address| self.by_id.get(&(portal, address.clone())).is_some()) {
            return Err(StoreError::Contradiction(format!("two accounts of {portal} have one address")));
        }
        self.place(Held { state, clock, filed: Some(Box::new(filed)) });
        Ok(())
    }

    /// Puts an account where it is found: by its tag, its addresses, its tokens, and under its main account.
    fn place(&self, held: Held) {
        let account = Arc::new(Account::new(held));
        let held = account.hold();
        let identity = &held.state.identity;
        self.by_slot.insert(identity.slot, account.clone());
        for address in held.state.indexed_addresses() {
            self.by_id.insert((identity.portal, address.clone()), account.clone());
        }
        for token in held.state.tokens() {
            self.by_token.insert(token, account.clone());
        }
        if let Some(main) = &identity.main {
            let before = self.additional_of(main.slot);
            self.additional.insert(main.slot, before.iter().copied().chain([identity.slot]).collect());
        }
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

    /// The account that is found by this ID. It may have another address by now, or will have this one only when the office is
    /// done: whether the ID is its own at its time, the account itself says.
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

    /// The additional accounts of a main one, in no order.
    pub fn additional_of(&self, main: Slot) -> Arc<[Slot]> {
        self.additional.get(&main).unwrap_or_default()
    }

    /// All accounts, in no order.
    pub fn all(&self) -> Vec<Arc<Account>> {
        self.by_slot.values()
    }

    /// Makes accounts: all of them or none.
    ///
    /// # Errors
    /// An address is taken or a main account missing; the error says whose.
    pub fn insert(
        &self,
        accounts: Vec<NewAccount>,
        real: Moment,
        draw: &mut dyn Draw,
        decisions: &dyn Decisions,
    ) -> Result<(), InsertError> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch: HashMap<(Portal, Address), Slot> = HashMap::with_capacity(accounts.len());
        let mut made = Vec::with_capacity(accounts.len());
        for (index, new) in accounts.into_iter().enumerate() {
            let id = (new.portal, new.address.clone());
            if batch.contains_key(&id) || !self.is_free(&id, real, draw, decisions) {
                return Err(InsertError::Taken { index });
            }
            let main = match new.main {
                None => None,
                Some(address) => {
                    let main_id = (new.portal, address);
                    let slot = batch.get(&main_id).copied().or_else(|| self.slot_of(&main_id, real, decisions));
                    Some(MainAccount { slot: slot.ok_or(InsertError::NoMain { index })?, address: main_id.1 })
                }
            };
            let slot = self.free_slot(draw);
            let identity = Identity { slot, portal: new.portal, name: new.name, main };
            let state = AccountState::new(identity, new.address, new.password_hash);
            batch.insert(id, slot);
            made.push(Held { state, clock: new.clock, filed: None });
        }
        self.take_up(made);
        Ok(())
    }

    /// Takes up new accounts, in the journal first.
    fn take_up(&self, mut made: Vec<Held>) {
        if made.is_empty() {
            return;
        }
        if let Some(journal) = &self.journal {
            let last = journal.append(made.iter().map(|held| new_account(&held.state, &held.clock)).collect());
            for held in &mut made {
                held.filed = Some(Box::new(Filed { last, ..Filed::default() }));
            }
        }
        for held in made {
            self.place(held);
        }
    }

    /// Makes an additional account for a main one, if the main one may have it. The new one's clock is the main one's.
    pub fn add_account(
        &self,
        main: &Arc<Account>,
        visitor: &Visitor,
        new: AdditionalAccount,
        real: Moment,
        draw: &mut dyn Draw,
        decisions: &dyn Decisions,
    ) -> Applied<Result<(), AddRefusal>> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, portal) = main.look(real, |state, _| (state.identity.slot, state.identity.portal));
        let is_free = self.is_free(&(portal, new.address.clone()), real, draw, decisions);
        let event = AddAccount { visitor, additional: self.additional_of(slot).len(), is_free };
        let Applied { answer, effects, .. } = self.apply(main, event, real, draw, decisions);
        let answer = answer.map(|known| {
            let identity = Identity { slot: self.free_slot(draw), portal, name: new.name, main: Some(known) };
            let state = AccountState::new(identity, new.address, new.password_hash);
            self.take_up(vec![Held { state, clock: main.clock(), filed: None }]);
        });
        Applied { answer, effects, durable: self.everything() }
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
                Effect::ClaimAddress(address) => {
                    self.by_id.insert((held.state.identity.portal, address.clone()), account.clone());
                }
                Effect::FreeAddress(address) => self.by_id.remove(&(held.state.identity.portal, address.clone())),
                Effect::MailCode { .. }
                | Effect::Mail { .. }
                | Effect::Notify(_)
                | Effect::KeepSkip(_)
                | Effect::Count(..) => {}
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

    /// Lets an event happen that may claim `address`: it is told whether the address is free, and nobody else can claim one till
    /// it has happened.
    pub fn apply_claiming<E: Event>(
        &self,
        account: &Arc<Account>,
        address: &Address,
        event: impl FnOnce(bool) -> E,
        real: Moment,
        draw: &mut dyn Draw,
        decisions: &dyn Decisions,
    ) -> Applied<E::Answer> {
        let _ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let portal = account.look(real, |state, _| state.identity.portal);
        let is_free = self.is_free(&(portal, address.clone()), real, draw, decisions);
        // What the answer tells may come of another account, the one that has the address.
        let applied = self.apply(account, event(is_free), real, draw, decisions);
        Applied { durable: self.everything(), ..applied }
    }

    /// Whether no account has this ID or is about to get it; only who holds `ids` may rely on it. An account may be found by an
    /// ID that it has left behind since, without anything having happened to it: that is settled here first, so that no two
    /// accounts ever stand under one ID.
    fn is_free(&self, id: &(Portal, Address), real: Moment, draw: &mut dyn Draw, decisions: &dyn Decisions) -> bool {
        let Some(account) = self.by_id.get(id) else { return true };
        if account.look(real, |state, now| state.holds(&id.1, now, decisions)) {
            return false;
        }
        self.apply(&account, Settle, real, draw, decisions);
        true
    }

    /// The account whose ID this is in truth.
    fn slot_of(&self, id: &(Portal, Address), real: Moment, decisions: &dyn Decisions) -> Option<Slot> {
        self.by_id
            .get(id)?
            .look(real, |state, now| (*state.address_at(now, decisions) == id.1).then_some(state.identity.slot))
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
    use crate::core::{
        BrowserTag, CheckIdentity, Claims, GO_LIVE, OfficeRefusal, OpenProcedure, ProcedureId, SignIn, SignInAnswer,
        SubmitCode, ViewPage, WithdrawProcedure,
    };
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

    fn insert(store: &Store, accounts: Vec<NewAccount>) -> Result<(), InsertError> {
        let mut draw = StdRng::seed_from_u64(store.all().len() as u64);
        store.insert(accounts, GO_LIVE, &mut draw, &Conforming)
    }

    fn visitor() -> Visitor {
        Visitor {
            browser: BrowserTag::of("pc"),
            session: None,
            attempt: None,
            cookies: Vec::new(),
            claims: Claims::default(),
        }
    }

    #[test]
    fn a_batch_is_made_whole_or_not_at_all() {
        let store = Store::default();
        insert(&store, vec![new("main@a.test", None), new("more@a.test", Some("main@a.test"))]).unwrap();
        let refused = [
            (vec![new("new@a.test", None), new("MAIN@a.test", None)], InsertError::Taken { index: 1 }),
            (vec![new("new@a.test", None), new("new@a.test", None)], InsertError::Taken { index: 1 }),
            (vec![new("new@a.test", Some("none@a.test"))], InsertError::NoMain { index: 0 }),
        ];
        for (batch, error) in refused {
            assert_eq!(insert(&store, batch), Err(error));
        }
        assert_eq!(store.all().len(), 2);
        let more = store.find(Portal::Employer, &Address::parse("more@a.test").unwrap()).unwrap();
        let main = store.find(Portal::Employer, &Address::parse("main@a.test").unwrap()).unwrap();
        let known = more.look(GO_LIVE, |state, _| state.identity.main.clone()).unwrap();
        assert_eq!(known.slot, main.look(GO_LIVE, |state, _| state.identity.slot));
        let slot = more.look(GO_LIVE, |state, _| state.identity.slot);
        assert_eq!(*store.additional_of(known.slot), [slot]);
        assert!(store.find(Portal::Seeker, &Address::parse("main@a.test").unwrap()).is_none(), "portals are apart");
    }

    fn open(store: &Store, account: &Arc<Account>, address: &Address) -> Result<ProcedureId, OfficeRefusal> {
        let event = |is_free| OpenProcedure { new_address: address, is_free };
        store.apply_claiming(account, address, event, GO_LIVE, &mut crate::desk::system(), &Conforming).answer
    }

    fn found(store: &Store, address: &Address) -> Option<Arc<Account>> {
        store.find(Portal::Employer, address)
    }

    #[test]
    fn an_address_is_kept_for_its_next_owner_and_the_old_one_is_free_once_the_office_is_done() {
        let store = Store::default();
        let mut draw = StdRng::seed_from_u64(1);
        insert(&store, vec![new("a@a.test", None), new("b@a.test", None)]).unwrap();
        let [a, b, c] = ["a@a.test", "b@a.test", "c@a.test"].map(|text| Address::parse(text).unwrap());
        let (account, other) = (found(&store, &a).unwrap(), found(&store, &b).unwrap());
        assert_eq!(open(&store, &account, &b), Err(OfficeRefusal::Taken));
        assert_eq!(open(&store, &account, &a), Err(OfficeRefusal::Taken), "it is the account's already");
        let id = open(&store, &account, &c).unwrap();
        assert_eq!(open(&store, &other, &c), Err(OfficeRefusal::Taken), "kept while the procedure is open");
        assert_eq!(insert(&store, vec![new("c@a.test", None)]), Err(InsertError::Taken { index: 0 }));

        store.apply(&account, WithdrawProcedure { id: &id }, GO_LIVE, &mut draw, &Conforming).answer.unwrap();
        assert!(found(&store, &c).is_none());
        let id = open(&store, &account, &c).unwrap();
        let check = CheckIdentity { id: &id, business_days: 1 };
        let done_at = store.apply(&account, check, GO_LIVE, &mut draw, &Conforming).answer.unwrap().done_at.unwrap();
        assert_eq!(insert(&store, vec![new("a@a.test", None)]), Err(InsertError::Taken { index: 0 }));

        // Nothing happens at the account but that its clock moves on: others see at once that its old address is free.
        store.set_clock(&account, AccountClock::Frozen { at: done_at }, GO_LIVE);
        insert(&store, vec![new("a@a.test", None)]).unwrap();
        let newcomer = found(&store, &a).unwrap();
        assert!(!Arc::ptr_eq(&newcomer, &account));
        let visitor = visitor();
        store.apply(&account, crate::core::ViewCode { visitor: &visitor }, GO_LIVE, &mut draw, &Conforming);
        assert!(Arc::ptr_eq(&found(&store, &a).unwrap(), &newcomer));
        assert!(Arc::ptr_eq(&found(&store, &c).unwrap(), &account));
    }

    #[test]
    fn one_address_goes_to_one_account_however_many_claim_it_at_the_same_time() {
        for round in 0..20 {
            let store = Store::default();
            let names: Vec<String> = (0..8).map(|number| format!("user{number}@a.test")).collect();
            insert(&store, names.iter().map(|name| new(name, None)).collect()).unwrap();
            let wanted = Address::parse("wanted@a.test").unwrap();
            let visitor = visitor();
            let taken: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = names
                    .iter()
                    .enumerate()
                    .map(|(index, name)| {
                        let (store, wanted, visitor) = (&store, &wanted, &visitor);
                        scope.spawn(move || {
                            let account = found(store, &Address::parse(name).unwrap()).unwrap();
                            match index % 2 {
                                0 => usize::from(open(store, &account, wanted).is_ok()),
                                _ => usize::from(adds(store, &account, visitor, wanted)),
                            }
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(taken, 1, "round {round}");
        }
    }

    /// Makes an additional account, for an employer who is signed in at once.
    fn adds(store: &Store, account: &Arc<Account>, visitor: &Visitor, wanted: &Address) -> bool {
        struct Anyone;
        impl Decisions for Anyone {
            fn page_opens(&self, _: crate::core::Page, _: crate::core::Standing) -> bool {
                true
            }
        }
        let new =
            AdditionalAccount { address: wanted.clone(), name: "支店".to_owned(), password_hash: Arc::from("") };
        store.add_account(account, visitor, new, GO_LIVE, &mut StdRng::seed_from_u64(3), &Anyone).answer.is_ok()
    }

    #[test]
    fn an_additional_account_has_its_mains_clock_and_stands_in_its_list() {
        let store = Store::default();
        insert(&store, vec![new("main@a.test", None)]).unwrap();
        let main = found(&store, &Address::parse("main@a.test").unwrap()).unwrap();
        let later = GO_LIVE + std::time::Duration::from_secs(86_400);
        store.set_clock(&main, AccountClock::Frozen { at: later }, GO_LIVE);
        let wanted = Address::parse("more@a.test").unwrap();
        assert!(adds(&store, &main, &visitor(), &wanted));
        assert!(!adds(&store, &main, &visitor(), &wanted), "taken");
        let more = found(&store, &wanted).unwrap();
        assert_eq!(more.clock(), AccountClock::Frozen { at: later });
        let (slot, known) = more.look(GO_LIVE, |state, _| (state.identity.slot, state.identity.main.clone().unwrap()));
        assert_eq!(*store.additional_of(known.slot), [slot]);
        assert_eq!(known.slot, main.look(GO_LIVE, |state, _| state.identity.slot));
    }

    #[test]
    fn one_code_signs_in_once_however_many_try_at_the_same_time() {
        let store = Store::default();
        let mut draw = StdRng::seed_from_u64(1);
        insert(&store, vec![new("a@a.test", None)]).unwrap();
        let address = Address::parse("a@a.test").unwrap();
        let account = store.find(Portal::Employer, &address).unwrap();
        let visitor = visitor();
        let event = SignIn {
            visitor: &visitor,
            address: &address,
            password_is_right: true,
            checked: &Arc::from(""),
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
