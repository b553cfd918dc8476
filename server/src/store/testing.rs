//! A few accounts with their browsers over any ledger, for the tests of the store.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::record::{Change, List};
use super::*;
use crate::core::{
    AccountState, Address, AskAddressChange, BrowserTag, CheckIdentity, Claims, Code, CompleteResume, ConfirmSkip,
    Cookie, Delivery, Effect, Event, GO_LIVE, MailSettled, Moment, OfficeRefusal, OpenProcedure, Page, Portal,
    ProcedureId, SignIn, SignInAnswer, Slot, SubmitCode, Token, ViewCode, ViewPage, Visitor, WithdrawProcedure,
};
use crate::decisions::Conforming;

/// How many accounts there are from the start, and how many browsers each has.
pub const ACCOUNTS: usize = 3;
pub const BROWSERS: usize = 3;

/// One step of a story; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Step {
    SignIn(usize, usize),
    Code { account: usize, browser: usize, right: bool, ticked: bool },
    Confirm { account: usize, browser: usize, accepted: bool },
    Resume(usize, usize),
    SignOut(usize, usize),
    Look(usize, usize),
    ViewCode(usize, usize),
    Settle { account: usize, delivery: Delivery },
    Move(usize),
    Clock { account: usize, minutes: u64, frozen: bool },
    Insert,
}

pub fn step() -> impl Strategy<Value = Step> {
    let (account, browser) = (|| 0..ACCOUNTS + 2, || 0..BROWSERS);
    prop_oneof![
        6 => (account(), browser()).prop_map(|(account, browser)| Step::SignIn(account, browser)),
        6 => (account(), browser(), prop::bool::weighted(0.8), any::<bool>())
            .prop_map(|(account, browser, right, ticked)| Step::Code { account, browser, right, ticked }),
        4 => (account(), browser(), prop::bool::weighted(0.8))
            .prop_map(|(account, browser, accepted)| Step::Confirm { account, browser, accepted }),
        1 => (account(), browser()).prop_map(|(account, browser)| Step::Resume(account, browser)),
        1 => (account(), browser()).prop_map(|(account, browser)| Step::SignOut(account, browser)),
        1 => (account(), browser()).prop_map(|(account, browser)| Step::Look(account, browser)),
        1 => (account(), browser()).prop_map(|(account, browser)| Step::ViewCode(account, browser)),
        3 => (account(), prop_oneof![Just(Delivery::Accepted), Just(Delivery::Refused)])
            .prop_map(|(account, delivery)| Step::Settle { account, delivery }),
        1 => account().prop_map(Step::Move),
        1 => (account(), prop_oneof![0u64..60, Just(60 * 24 * 90)], any::<bool>())
            .prop_map(|(account, minutes, frozen)| Step::Clock { account, minutes, frozen }),
        1 => Just(Step::Insert),
    ]
}

/// What a store holds, in a form that can be compared. When an attempt was last looked at is not kept.
pub type Dump = BTreeMap<u64, (AccountState, AccountClock)>;

pub fn dump(store: &Store) -> Dump {
    let mut dump = Dump::new();
    for account in store.all() {
        let (mut state, clock) = (account.look(GO_LIVE, |state, _| state.clone()), account.clock());
        let found = |account: Option<Arc<Account>>| account.unwrap().look(GO_LIVE, |state, _| state.identity.slot);
        assert_eq!(found(store.find(state.identity.portal, &state.address)), state.identity.slot);
        if let Some(main) = &state.identity.main {
            assert!(store.additional_of(main.slot).contains(&state.identity.slot));
        }
        for token in state.tokens() {
            assert_eq!(found(store.with_token(&token)), state.identity.slot, "the index of tokens is whole");
        }
        for attempt in &mut state.attempts {
            attempt.last_seen = attempt.issued_at;
        }
        dump.insert(state.identity.slot.0, (state, clock));
    }
    dump
}

#[derive(Default)]
struct Jar {
    session: Option<Token>,
    attempt: Option<Token>,
    cookies: Vec<Cookie>,
}

/// A store and everybody who uses it.
pub struct Town {
    pub store: Store,
    pub real: Moment,
    slots: Vec<Slot>,
    jars: HashMap<(usize, usize), Jar>,
    draw: StdRng,
    moves: usize,
    procedures: HashMap<usize, ProcedureId>,
}

impl Town {
    /// A town of [`ACCOUNTS`] accounts.
    pub fn new(ledger: Box<dyn Ledger>) -> Self {
        let store = Store::open(ledger).unwrap();
        let draw = StdRng::seed_from_u64(20_250_813);
        let mut town = Self {
            store,
            real: GO_LIVE + Duration::from_secs(86_400),
            slots: Vec::new(),
            jars: HashMap::new(),
            draw,
            moves: 0,
            procedures: HashMap::new(),
        };
        for _ in 0..ACCOUNTS {
            town.insert();
        }
        town
    }

    /// Waits till all that happened is on disk.
    pub fn flush(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { self.store.everything().wait().await }).unwrap();
    }

    /// The same town over a ledger opened anew, as after a stop.
    pub fn reopen(&mut self, open: impl FnOnce() -> Box<dyn Ledger>) {
        self.store.close();
        self.store = Store::default();
        self.store = Store::open(open()).unwrap();
    }

    fn insert(&mut self) {
        let number = self.slots.len();
        let address = Address::parse(&format!("a{number}.0@example.test")).unwrap();
        let main = (number % 3 == 2).then(|| self.account(0).look(self.real, |state, _| state.address.clone()));
        let new = NewAccount {
            portal: Portal::Employer,
            address: address.clone(),
            name: format!("事業所 \"{number}\"\\\u{0}"),
            password_hash: Arc::from("$argon2id$"),
            main,
            clock: AccountClock::REAL,
        };
        self.store.insert(vec![new], self.real, &mut self.draw, &Conforming).unwrap();
        let account = self.store.find(Portal::Employer, &address).unwrap();
        self.slots.push(account.look(self.real, |state, _| state.identity.slot));
    }

    pub fn account(&self, account: usize) -> Arc<Account> {
        self.store.with_slot(self.slots[account % self.slots.len()]).unwrap()
    }

    fn visitor(&self, account: usize, browser: usize) -> Visitor {
        let jar = self.jars.get(&(account % self.slots.len(), browser));
        Visitor {
            browser: BrowserTag::of(&format!("{account} {browser}")),
            session: jar.and_then(|jar| jar.session.clone()),
            attempt: jar.and_then(|jar| jar.attempt.clone()),
            cookies: jar.map(|jar| jar.cookies.clone()).unwrap_or_default(),
            claims: Claims::default(),
        }
    }

    fn happen<E: Event>(&mut self, account: usize, browser: usize, event: E) -> E::Answer {
        let target = self.account(account);
        let applied = self.store.apply(&target, event, self.real, &mut self.draw, &Conforming);
        for effect in applied.effects {
            if let Effect::KeepSkip(cookie) = effect {
                self.jar(account, browser).cookies = vec![cookie];
            }
        }
        applied.answer
    }

    fn jar(&mut self, account: usize, browser: usize) -> &mut Jar {
        self.jars.entry((account % self.slots.len(), browser)).or_default()
    }

    pub fn play(&mut self, step: &Step) {
        match *step {
            Step::SignIn(account, browser) => self.sign_in(account, browser),
            Step::Code { account, browser, right, ticked } => {
                let code = self.account(account).look(self.real, |state, _| state.attempts.back().map(|it| it.code));
                let Some(code) = code else { return };
                let other = Code::from_value(code.as_str().parse::<u32>().unwrap() + 1);
                let typed = if right { code } else { other };
                let visitor = self.visitor(account, browser);
                let event = SubmitCode { visitor: &visitor, typed: typed.as_str(), ticked };
                if let Ok(signed_in) = self.happen(account, browser, event) {
                    self.jar(account, browser).session = Some(signed_in.session);
                }
            }
            Step::Confirm { account, browser, accepted } => {
                let visitor = self.visitor(account, browser);
                let _ = self.happen(account, browser, ConfirmSkip { visitor: &visitor, accepted });
            }
            Step::Resume(account, browser) => {
                let visitor = self.visitor(account, browser);
                let _ = self.happen(account, browser, CompleteResume { visitor: &visitor, additional: &[] });
            }
            Step::SignOut(account, browser) => {
                let visitor = self.visitor(account, browser);
                self.happen(account, browser, crate::core::SignOut { visitor: &visitor });
            }
            Step::Look(account, browser) => {
                let visitor = self.visitor(account, browser);
                let _ = self.happen(account, browser, ViewPage { visitor: &visitor, page: Page::SkipSettings });
            }
            Step::ViewCode(account, browser) => {
                let visitor = self.visitor(account, browser);
                let _ = self.happen(account, browser, ViewCode { visitor: &visitor });
            }
            Step::Settle { account, delivery } => {
                let attempt =
                    self.account(account).look(self.real, |state, _| state.attempts.back().map(|it| it.token));
                let Some(attempt) = attempt else { return };
                self.happen(account, 0, MailSettled { attempt, delivery });
            }
            Step::Move(account) => self.move_address(account),
            Step::Clock { account, minutes, frozen } => {
                let target = self.account(account);
                let by = Duration::from_secs(60 * minutes);
                if let Ok(clock) = target.clock().advanced(by, frozen, self.real) {
                    self.store.set_clock(&target, clock, self.real);
                }
            }
            Step::Insert => self.insert(),
        }
    }

    fn sign_in(&mut self, account: usize, browser: usize) {
        let known = |state: &AccountState, _| (state.address.clone(), state.password_hash.clone());
        let (address, checked) = self.account(account).look(self.real, known);
        let visitor = self.visitor(account, browser);
        let event = SignIn {
            visitor: &visitor,
            address: &address,
            password_is_right: true,
            checked: &checked,
            signed_in_as: None,
            go_live: GO_LIVE,
            mail_has_room: true,
        };
        match self.happen(account, browser, event) {
            Ok(SignInAnswer::SignedIn(signed_in)) => self.jar(account, browser).session = Some(signed_in.session),
            Ok(SignInAnswer::CodeMailed(attempt)) => self.jar(account, browser).attempt = Some(attempt),
            Err(_) => {}
        }
    }

    fn move_address(&mut self, account: usize) {
        self.moves += 1;
        let address = Address::parse(&format!("moved{}@example.test", self.moves)).unwrap();
        let target = self.account(account);
        if self.moves.is_multiple_of(5) {
            let visitor = self.visitor(account, 0);
            let event =
                |is_free| AskAddressChange { visitor: &visitor, address: &address, is_free, mail_has_room: true };
            let _ = self.store.apply_claiming(&target, &address, event, self.real, &mut self.draw, &Conforming);
            return;
        }
        let account = account % self.slots.len();
        let event = |is_free| OpenProcedure { new_address: &address, is_free };
        let opened = self.store.apply_claiming(&target, &address, event, self.real, &mut self.draw, &Conforming);
        match opened.answer {
            Ok(id) => _ = self.procedures.insert(account, id),
            Err(refusal) => assert_eq!(refusal, OfficeRefusal::OpenAlready),
        }
        let id = self.procedures[&account].clone();
        match self.moves % 4 {
            0 => {}
            1 => _ = self.happen(account, 0, WithdrawProcedure { id: &id }),
            2 => _ = self.happen(account, 0, CheckIdentity { id: &id, business_days: 1 }),
            _ => _ = self.happen(account, 0, CheckIdentity { id: &id, business_days: 0 }),
        }
    }
}

/// A ledger in memory; whoever has a copy sees what was written to it.
#[derive(Clone, Default)]
pub struct Notebook(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    accounts: BTreeMap<u64, (String, String)>,
    rows: BTreeMap<i64, (List, Slot, String)>,
}

impl Ledger for Notebook {
    fn load(&mut self) -> Result<Kept, StoreError> {
        let notes = self.0.lock().unwrap();
        let mut accounts: BTreeMap<u64, record::Stored> = BTreeMap::new();
        for (slot, (head, clock)) in &notes.accounts {
            let (state, clock) = (serde_json::from_str(head).unwrap(), serde_json::from_str(clock).unwrap());
            accounts.insert(*slot, record::Stored { state, clock, filed: Default::default() });
        }
        for (row, (list, slot, record)) in &notes.rows {
            let account = accounts.get_mut(&slot.0).unwrap();
            match list {
                List::Sessions => {
                    account.state.sessions.push_back(serde_json::from_str(record).unwrap());
                    account.filed.sessions.push(*row);
                }
                List::Skips => {
                    account.state.skips.push(serde_json::from_str(record).unwrap());
                    account.filed.skips.push(*row);
                }
            }
        }
        let next_row = notes.rows.keys().last().map_or(1, |last| last + 1);
        Ok(Kept { form_key: [7; 32], accounts: accounts.into_values().collect(), next_row })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let notes = &mut *self.0.lock().unwrap();
        for Write(change) in writes.iter().cloned() {
            let (is_right, what) = (format!("{change:?}"), change);
            let right = match what {
                Change::Account { slot, head, clock } => notes.accounts.insert(slot.0, (head, clock)).is_none(),
                Change::Head { slot, head } => notes.accounts.get_mut(&slot.0).map(|it| it.0 = head).is_some(),
                Change::Clock { slot, clock } => notes.accounts.get_mut(&slot.0).map(|it| it.1 = clock).is_some(),
                Change::Insert { list, row, slot, record } => notes.rows.insert(row, (list, slot, record)).is_none(),
                Change::Update { list, row, record } => notes
                    .rows
                    .get_mut(&row)
                    .map(|it| {
                        assert_eq!(it.0, list);
                        it.2 = record;
                    })
                    .is_some(),
                Change::Delete { list, row } => notes.rows.remove(&row).is_some_and(|it| it.0 == list),
            };
            assert!(right, "{is_right}");
        }
        Ok(())
    }
}

/// The store's file in a folder, opened.
pub fn sqlite(folder: &Path) -> Box<dyn Ledger> {
    Box::new(SqliteLedger::open(&folder.join("store.db"), &mut StdRng::seed_from_u64(1)).unwrap())
}
