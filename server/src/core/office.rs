//! What the office does in person: it changes the address of somebody who has lost theirs, and that takes days
//! (FAQ-05 c, d).

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::address::Address;
use super::address_change::take_over;
use super::time::Moment;
use super::token::{Draw, Slot};
use super::{Effect, Event, Turn};
use crate::decisions::Decisions;

/// Policy: from the identity check on the office needs so many business days.
pub const OFFICE_BUSINESS_DAYS: u16 = 3;
/// The most business days a server may be told the office needs.
pub const MAX_OFFICE_BUSINESS_DAYS: u16 = 365;
/// How many procedures of one account are remembered, so that the office can look at an old one.
pub const KEPT_PROCEDURES: usize = 8;

/// The procedures of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// The newest last; only that one can be open.
    procedures: VecDeque<Procedure>,
}

/// One procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// What the office calls it.
    pub id: ProcedureId,
    /// The address that is to be registered.
    pub new_address: Address,
    /// When it was asked for.
    pub requested_at: Moment,
    /// When it will have been done; known from the identity check on.
    pub done_at: Option<Moment>,
    /// Whether it still waits.
    pub end: Option<ProcedureEnd>,
}

/// How a procedure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcedureEnd {
    /// The new address was put in the place of the old one.
    TakenOver,
    /// It was withdrawn.
    Withdrawn,
}

/// How far a procedure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcedureState {
    /// It was asked for.
    Requested,
    /// The office knows who asks.
    IdentityChecked,
    /// The new address is in force.
    Done,
    /// It was withdrawn.
    Withdrawn,
}

/// What the office calls a procedure: the account's tag and a random part. It says nothing of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureId(String);

/// How a procedure stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureReport {
    /// What the office calls it.
    pub id: ProcedureId,
    /// How far it is.
    pub state: ProcedureState,
    /// The address that is to be registered.
    pub new_address: Address,
    /// When it is done, as far as that is known.
    pub done_at: Option<Moment>,
}

/// Why the office could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficeRefusal {
    /// Another account has the address, or it is the account's already.
    Taken,
    /// A procedure of the account is open already.
    OpenAlready,
    /// There is no such procedure.
    Unknown,
    /// The procedure is past that.
    NotNow(ProcedureState),
}

impl ProcedureId {
    /// How many characters the account's tag takes.
    const SLOT_DIGITS: usize = 16;

    fn new(slot: Slot, draw: &mut dyn Draw) -> Self {
        Self(format!("{slot}-{}", draw.token().as_str()))
    }

    /// Reads an id; whether there is such a procedure only the account knows.
    pub fn parse(text: &str) -> Option<(Self, Slot)> {
        let slot = text.get(..Self::SLOT_DIGITS)?;
        let slot = slot.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(slot, 16).ok())??;
        Some((Self(text.to_owned()), Slot(slot)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcedureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ProcedureState {
    /// The state's name on the control listener.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::IdentityChecked => "identity-checked",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Procedure {
    fn state(&self, now: Moment, decisions: &dyn Decisions) -> ProcedureState {
        match (self.end, self.done_at) {
            (Some(ProcedureEnd::Withdrawn), _) => ProcedureState::Withdrawn,
            (Some(ProcedureEnd::TakenOver), _) => ProcedureState::Done,
            (None, None) => ProcedureState::Requested,
            (None, Some(done_at)) if decisions.office_change_is_in_force(done_at, now) => ProcedureState::Done,
            (None, Some(_)) => ProcedureState::IdentityChecked,
        }
    }

    fn report(&self, now: Moment, decisions: &dyn Decisions) -> ProcedureReport {
        ProcedureReport {
            id: self.id.clone(),
            state: self.state(now, decisions),
            new_address: self.new_address.clone(),
            done_at: self.done_at,
        }
    }
}

impl Office {
    fn open(&self) -> Option<&Procedure> {
        self.procedures.back().filter(|procedure| procedure.end.is_none())
    }

    /// Whether a procedure is open. What has come into force is settled before any event, so it no longer is.
    pub(super) fn is_open(&self) -> bool {
        self.open().is_some()
    }

    /// The address that is kept for the account while a procedure is open.
    pub(super) fn reserved(&self) -> Option<&Address> {
        self.open().map(|procedure| &procedure.new_address)
    }

    /// The new address, where its time has come and no event has put it into the state yet.
    pub(super) fn address_in_force(&self, now: Moment, decisions: &dyn Decisions) -> Option<&Address> {
        let procedure = self.open()?;
        let done_at = procedure.done_at?;
        decisions.office_change_is_in_force(done_at, now).then_some(&procedure.new_address)
    }

    fn find(&mut self, id: &ProcedureId) -> Result<&mut Procedure, OfficeRefusal> {
        self.procedures.iter_mut().find(|procedure| procedure.id == *id).ok_or(OfficeRefusal::Unknown)
    }
}

/// Before any event: what the office has done by now is the account's state.
pub(super) fn settle(state: &mut AccountState, turn: &mut Turn<'_>) {
    let office = state.office.as_deref();
    let Some(address) = office.and_then(|office| office.address_in_force(turn.now, turn.decisions)).cloned() else {
        return;
    };
    if let Some(procedure) = state.office.as_deref_mut().and_then(|office| office.procedures.back_mut()) {
        procedure.end = Some(ProcedureEnd::TakenOver);
    }
    take_over(state, &address, turn);
}

/// Nothing but what comes before every event: what the office has done by now is put into the state.
pub struct Settle;

impl Event for Settle {
    type Answer = ();

    fn happen(self, _: &mut AccountState, _: &mut Turn<'_>) {}
}

/// Somebody at the office asks for another address.
pub struct OpenProcedure<'a> {
    /// The new address; from here on it is kept for the account.
    pub new_address: &'a Address,
    /// Whether no account of the portal has it.
    pub is_free: bool,
}

impl Event for OpenProcedure<'_> {
    type Answer = Result<ProcedureId, OfficeRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        if state.office.as_deref().is_some_and(Office::is_open) {
            return Err(OfficeRefusal::OpenAlready);
        }
        if !self.is_free {
            return Err(OfficeRefusal::Taken);
        }
        let id = ProcedureId::new(state.identity.slot, turn.draw);
        let office = state.office.get_or_insert_default();
        if office.procedures.len() == KEPT_PROCEDURES {
            office.procedures.pop_front();
        }
        office.procedures.push_back(Procedure {
            id: id.clone(),
            new_address: self.new_address.clone(),
            requested_at: turn.now,
            done_at: None,
            end: None,
        });
        // One change at a time: what the user began by themselves gives way to the office.
        state.address_change = None;
        turn.effect(Effect::ClaimAddress(self.new_address.clone()));
        Ok(id)
    }
}

/// The office has satisfied itself who asks.
pub struct CheckIdentity<'a> {
    /// The procedure.
    pub id: &'a ProcedureId,
    /// How many business days the office still needs.
    pub business_days: u16,
}

impl Event for CheckIdentity<'_> {
    type Answer = Result<ProcedureReport, OfficeRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let (now, decisions) = (turn.now, turn.decisions);
        let procedure = state.office.as_deref_mut().ok_or(OfficeRefusal::Unknown)?.find(self.id)?;
        match procedure.state(now, decisions) {
            ProcedureState::Requested => {
                procedure.done_at = Some(decisions.office_is_done_at(now, self.business_days));
                let report = procedure.report(now, decisions);
                settle(state, turn);
                Ok(report)
            }
            other => Err(OfficeRefusal::NotNow(other)),
        }
    }
}

/// A procedure is withdrawn.
pub struct WithdrawProcedure<'a> {
    /// The procedure.
    pub id: &'a ProcedureId,
}

impl Event for WithdrawProcedure<'_> {
    type Answer = Result<ProcedureReport, OfficeRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let procedure = state.office.as_deref_mut().ok_or(OfficeRefusal::Unknown)?.find(self.id)?;
        match procedure.state(turn.now, turn.decisions) {
            ProcedureState::Requested | ProcedureState::IdentityChecked => {
                procedure.end = Some(ProcedureEnd::Withdrawn);
                turn.effect(Effect::FreeAddress(procedure.new_address.clone()));
                Ok(procedure.report(turn.now, turn.decisions))
            }
            other => Err(OfficeRefusal::NotNow(other)),
        }
    }
}

/// The office looks at a procedure.
pub struct ViewProcedure<'a> {
    /// The procedure.
    pub id: &'a ProcedureId,
}

impl Event for ViewProcedure<'_> {
    type Answer = Result<ProcedureReport, OfficeRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let procedure = state.office.as_deref_mut().ok_or(OfficeRefusal::Unknown)?.find(self.id)?;
        Ok(procedure.report(turn.now, turn.decisions))
    }
}

/// The open procedure, as its user sees it.
pub(super) fn open_report(state: &AccountState, turn: &Turn<'_>) -> Option<ProcedureReport> {
    let procedure = state.office.as_deref()?.open()?;
    Some(procedure.report(turn.now, turn.decisions))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::super::testing::Bench;
    use super::super::{AddressRefusal, Page, SignInRefusal};
    use super::*;
    use crate::decisions::Conforming;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn new_address() -> Address {
        Address::parse("new@example.test").unwrap()
    }

    fn open(bench: &mut Bench) -> ProcedureId {
        bench.happen(OpenProcedure { new_address: &new_address(), is_free: true }).unwrap()
    }

    fn state_of(bench: &mut Bench, id: &ProcedureId) -> ProcedureState {
        bench.happen(ViewProcedure { id }).unwrap().state
    }

    #[test]
    fn faq05_c_d_the_old_address_decides_till_the_very_instant_and_the_new_one_from_then_on() {
        for (early, in_force) in [(Duration::from_secs(1), false), (MILLISECOND, false), (Duration::ZERO, true)] {
            let mut bench = Bench::new();
            let old = bench.state.address.clone();
            let id = open(&mut bench);
            let done_at = bench.happen(CheckIdentity { id: &id, business_days: 3 }).unwrap().done_at.unwrap();
            bench.pass(done_at.since(bench.now) - early);
            let (works, fails) = if in_force { (new_address(), old) } else { (old, new_address()) };
            assert_eq!(*bench.state.address_at(bench.now, &Conforming), works, "{early:?}");
            assert!(bench.state.holds(&works, bench.now, &Conforming));
            assert_eq!(bench.state.holds(&fails, bench.now, &Conforming), !in_force, "reserved till then");
            assert_eq!(bench.sign_in_as("pc", &fails).unwrap_err(), SignInRefusal::WrongPair, "{early:?}");
            bench.sign_in_as("pc", &works).unwrap();
            assert_eq!(bench.last_recipients().unwrap().to, [works], "{early:?}");
            assert_eq!(state_of(&mut bench, &id) == ProcedureState::Done, in_force);
        }
    }

    #[test]
    fn it_is_done_on_the_accounts_own_clock() {
        let mut bench = Bench::new();
        bench.now = Moment::parse("2026-04-28T10:00:00+09:00").unwrap();
        let id = open(&mut bench);
        assert_eq!(state_of(&mut bench, &id), ProcedureState::Requested);
        let report = bench.happen(CheckIdentity { id: &id, business_days: 3 }).unwrap();
        assert_eq!(report.state, ProcedureState::IdentityChecked);
        assert_eq!(report.done_at, Some(Moment::parse("2026-05-07T09:00:00+09:00").unwrap()));
    }

    #[test]
    fn an_attempt_from_before_ends_when_the_address_changes() {
        let mut bench = Bench::new();
        let id = open(&mut bench);
        let done_at = bench.happen(CheckIdentity { id: &id, business_days: 1 }).unwrap().done_at.unwrap();
        bench.pass(done_at.since(bench.now) - Duration::from_secs(60));
        let sent = bench.start("pc");
        bench.pass(Duration::from_secs(60));
        assert!(bench.submit("pc", &sent.attempt, &sent.code, false).is_err());
        assert_eq!(bench.open_tokens(), 0);
    }

    #[test]
    fn skips_and_sessions_outlive_the_offices_change() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        let id = open(&mut bench);
        bench.happen(CheckIdentity { id: &id, business_days: 0 }).unwrap();
        assert_eq!(bench.state.address, new_address(), "without days it is done at once");
        assert!(bench.page("home", Page::MyPage).is_ok());
        assert!(bench.is_skipped("home"));
    }

    #[test]
    fn meanwhile_the_user_sees_it_and_cannot_change_the_address_by_themselves() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        let other = Address::parse("other@example.test").unwrap();
        let number = bench.ask("pc", &other, true).unwrap().unwrap();
        assert!(bench.page("pc", Page::Address).unwrap().office.is_none());
        let id = open(&mut bench);
        let seen = bench.page("pc", Page::Address).unwrap().office.unwrap();
        assert_eq!((seen.state, seen.new_address), (ProcedureState::Requested, new_address()));
        assert_eq!(bench.ask("pc", &other, true), Err(AddressRefusal::OfficeAtWork));
        assert!(bench.number("pc", number.as_str()).is_err(), "what was begun gives way");
        bench.happen(WithdrawProcedure { id: &id }).unwrap();
        assert!(bench.page("pc", Page::Address).unwrap().office.is_none());
        bench.ask("pc", &other, true).unwrap();
    }

    #[test]
    fn one_procedure_at_a_time_and_each_step_once() {
        let mut bench = Bench::new();
        let taken = OpenProcedure { new_address: &new_address(), is_free: false };
        assert_eq!(bench.happen(taken), Err(OfficeRefusal::Taken));
        let id = open(&mut bench);
        let again = OpenProcedure { new_address: &new_address(), is_free: true };
        assert_eq!(bench.happen(again), Err(OfficeRefusal::OpenAlready));
        bench.happen(CheckIdentity { id: &id, business_days: 3 }).unwrap();
        let refusal = OfficeRefusal::NotNow(ProcedureState::IdentityChecked);
        assert_eq!(bench.happen(CheckIdentity { id: &id, business_days: 3 }), Err(refusal));
        bench.happen(WithdrawProcedure { id: &id }).unwrap();
        let refusal = OfficeRefusal::NotNow(ProcedureState::Withdrawn);
        assert_eq!(bench.happen(WithdrawProcedure { id: &id }), Err(refusal));
        bench.pass(Duration::from_secs(30 * 86_400));
        assert_ne!(*bench.state.address_at(bench.now, &Conforming), new_address());
        assert!(!bench.state.holds(&new_address(), bench.now, &Conforming), "it is free again");

        let id = open(&mut bench);
        bench.happen(CheckIdentity { id: &id, business_days: 0 }).unwrap();
        let refusal = OfficeRefusal::NotNow(ProcedureState::Done);
        assert_eq!(bench.happen(WithdrawProcedure { id: &id }), Err(refusal));
        assert_eq!(state_of(&mut bench, &id), ProcedureState::Done);
    }

    #[test]
    fn what_is_done_stays_done_when_the_user_changes_the_address_afterwards() {
        let mut bench = Bench::new();
        let id = open(&mut bench);
        bench.happen(CheckIdentity { id: &id, business_days: 0 }).unwrap();
        bench.sign_in_by_code("pc", false);
        let other = Address::parse("other@example.test").unwrap();
        let number = bench.ask("pc", &other, true).unwrap().unwrap();
        bench.number("pc", number.as_str()).unwrap();
        bench.pass(Duration::from_secs(86_400));
        bench.sign_in_as("phone", &other).unwrap();
        assert_eq!(bench.state.address, other);
    }

    #[test]
    fn old_procedures_are_forgotten_in_the_end() {
        let mut bench = Bench::new();
        let ids: Vec<_> = (0..KEPT_PROCEDURES + 1)
            .map(|_| {
                let id = open(&mut bench);
                bench.happen(WithdrawProcedure { id: &id }).unwrap();
                id
            })
            .collect();
        assert_eq!(bench.happen(ViewProcedure { id: &ids[0] }), Err(OfficeRefusal::Unknown));
        assert_eq!(state_of(&mut bench, &ids[1]), ProcedureState::Withdrawn);
    }

    #[test]
    fn an_id_names_its_account_and_nonsense_none() {
        let mut bench = Bench::new();
        let id = open(&mut bench);
        assert_eq!(ProcedureId::parse(id.as_str()), Some((id, bench.state.identity.slot)));
        for text in ["", "x", "+000000000000001-x", "あいうえおかきく", "zzzzzzzzzzzzzzzz-x"] {
            assert_eq!(ProcedureId::parse(text), None, "{text}");
        }
    }
}
