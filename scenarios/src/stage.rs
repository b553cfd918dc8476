//! What a story is told on: where its people come from, and where its judgements go.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sekisho_rules::Portal;
use sekisho_simulator::account::Account;
use sekisho_simulator::clock::Seat;
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::target::{Numbers, Screen, Step};
use sekisho_simulator::world::{Casting, World};
use sekisho_simulator::{Person, Seen, Trouble, Visitor};

/// Beside the tolerance, how far from a boundary something lies that takes many requests and a quiet time, where the clock runs, and for
/// load, which has answers that are slow on purpose: it must not be carried over the boundary.
const ROOM: Duration = Duration::from_secs(60);

/// What was judged of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What must hold, in the words of the story.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// Whether it held.
    pub verdict: Judged,
}

/// How a judgement went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// It held.
    Pass,
    /// What was seen is neither what must hold nor its opposite.
    Doubt,
    /// It did not hold.
    Fail,
    /// Reported, not judged (FAQ-11d).
    Reported,
}

/// Where a story is told: one portal, one recorder, and the judgements so far.
pub struct Stage {
    /// The world of the run.
    pub world: Arc<World>,
    /// The portal.
    pub portal: Portal,
    recorder: Arc<dyn Recorder>,
    /// Accounts given beforehand, for load; without them people are cast as they are needed.
    given: Option<Mutex<VecDeque<Account>>>,
    /// The story's seat, where the target has one clock for all.
    seat: Option<Arc<Seat>>,
    /// Whether the story needs an additional account beside a main one.
    pairs: bool,
    book: Mutex<BTreeMap<&'static str, Judgement>>,
    settled: Mutex<BTreeSet<&'static str>>,
    /// Checks that were judged against the target after time was let pass for it.
    failed_later: Mutex<BTreeSet<&'static str>>,
    /// Whether what was not settled till then rests on time that this story could not show to have passed for the target.
    rests_on_time: Mutex<Option<BTreeSet<&'static str>>>,
}

impl Stage {
    /// A stage for a check: people are cast one by one, their clocks stand still where the target can do that.
    pub fn for_check(world: Arc<World>, portal: Portal, recorder: Arc<dyn Recorder>) -> Stage {
        Stage::new(world, portal, recorder, None)
    }

    fn new(
        world: Arc<World>,
        portal: Portal,
        recorder: Arc<dyn Recorder>,
        given: Option<Mutex<VecDeque<Account>>>,
    ) -> Stage {
        Stage {
            world,
            portal,
            recorder,
            given,
            seat: None,
            pairs: false,
            book: Mutex::default(),
            settled: Mutex::default(),
            failed_later: Mutex::default(),
            rests_on_time: Mutex::default(),
        }
    }

    /// The same where stories wait for each other, because the target has one clock for all: this story has this seat.
    #[must_use]
    pub fn seated(self, seat: Option<Arc<Seat>>) -> Stage {
        Stage { seat, ..self }
    }

    /// The same for a story that needs an additional account beside a main one, or does not.
    #[must_use]
    pub fn with_pairs(self, pairs: bool) -> Stage {
        Stage { pairs, ..self }
    }

    /// A stage for load: the accounts are there beforehand and the clocks run.
    pub fn for_load(world: Arc<World>, portal: Portal, recorder: Arc<dyn Recorder>, accounts: Vec<Account>) -> Stage {
        Stage::new(world, portal, recorder, Some(Mutex::new(accounts.into())))
    }

    /// Somebody with one account in this portal.
    ///
    /// # Errors
    /// When there is no account.
    pub async fn person(&self) -> Result<(Person, Account), Trouble> {
        let given =
            self.given.as_ref().and_then(|given| given.lock().unwrap_or_else(PoisonError::into_inner).pop_front());
        match given {
            Some(account) => Ok((self.world.person_of(&account, self.recorder.clone()), account)),
            None => {
                let casting = Casting {
                    running: self.given.is_some(),
                    starts_at: None,
                    with_additional: self.pairs,
                    seat: self.seat.clone(),
                };
                self.world.person(self.portal, casting, self.recorder.clone()).await
            }
        }
    }

    /// Somebody whose clock starts at this instant (NOTICE-1).
    ///
    /// # Errors
    /// When the clock of an account cannot be started at will.
    pub async fn person_starting(&self, at: SystemTime) -> Result<(Person, Account), Trouble> {
        let casting = Casting { starts_at: Some(at), seat: self.seat.clone(), ..Casting::default() };
        self.world.person(self.portal, casting, self.recorder.clone()).await
    }

    /// Durations and limits that the target declares.
    pub fn numbers(&self) -> &Numbers {
        &self.world.target.numbers
    }

    /// Whether a story may wait: under load thousands cannot each move a clock that is one for all.
    pub fn lets_time_pass(&self) -> bool {
        self.given.is_none() || self.world.target.moves_clocks_of_accounts()
    }

    /// Whether the profile says how a step is done in this portal.
    pub fn has_step(&self, step: Step) -> bool {
        self.world.target.knows_in(self.portal, step)
    }

    /// How close to the end of a skip nothing is judged.
    pub fn skip_tolerance(&self) -> Duration {
        let numbers = self.numbers();
        numbers.skip_tolerance.unwrap_or(numbers.tolerance).0
    }

    /// How far from a boundary something must lie that may take many requests and a quiet time. What is one request is probed nearer,
    /// with a span (`span.rs`).
    pub fn margin(&self, person: &Person) -> Duration {
        let tolerance = self.numbers().tolerance.0;
        if person.clock_is_frozen() { self.beside(tolerance) } else { tolerance + ROOM }
    }

    /// How far from a boundary a probe of one request lies.
    pub(crate) fn probe(&self) -> Duration {
        self.beside(self.numbers().tolerance.0)
    }

    /// How far from a boundary a probe lies round which so long a time is not judged.
    pub(crate) fn beside(&self, tolerance: Duration) -> Duration {
        tolerance + if self.given.is_some() { ROOM } else { self.numbers().probe_room.0 }
    }

    /// Judges a check: `holds` says whether what must hold was seen. A check judged twice keeps the worse judgement.
    ///
    /// # Errors
    /// [`Trouble::Judged`] where it does not hold: what follows in a story would mean nothing.
    pub fn judge(
        &self,
        check: &'static str,
        expected: &str,
        observed: impl Into<String>,
        holds: bool,
    ) -> Result<(), Trouble> {
        let observed = observed.into();
        let verdict = if holds { Judged::Pass } else { Judged::Fail };
        if !holds && self.recorder.has_moved_time() {
            self.failed_later.lock().unwrap_or_else(PoisonError::into_inner).insert(check);
        }
        let trouble = Trouble::Judged(format!("{check}: {observed}"));
        self.write(check, Judgement { expected: expected.to_owned(), observed, verdict });
        if holds { Ok(()) } else { Err(trouble) }
    }

    /// Judges that a code is asked: the code entry screen. My Page fails; anything else leaves doubt.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub fn asks(&self, check: &'static str, expected: &str, seen: &Seen) -> Result<(), Trouble> {
        self.opposites(check, expected, seen, Screen::CodeEntry, seen.asks_for_code(), seen.is_signed_in())
    }

    /// Judges that no code is asked: My Page. The code entry screen fails; anything else leaves doubt.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub fn skips(&self, check: &'static str, expected: &str, seen: &Seen) -> Result<(), Trouble> {
        self.opposites(check, expected, seen, Screen::MyPage, seen.is(Screen::MyPage), seen.asks_for_code())
    }

    /// Judges that a code was accepted. A screen that refuses it fails; anything else leaves doubt.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub fn accepts(&self, check: &'static str, expected: &str, seen: &Seen) -> Result<(), Trouble> {
        self.opposites(check, expected, seen, Screen::MyPage, seen.is_signed_in(), seen.refuses_code())
    }

    /// Judges that an ID is known: the sign-in goes on to the code. The sign-in screen, a refusal, or a way in without a code fails;
    /// anything else leaves doubt.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub fn knows(&self, check: &'static str, expected: &str, seen: &Seen) -> Result<(), Trouble> {
        let fails = seen.is_signed_in() || matches!(seen.screen, Some(Screen::SignIn | Screen::Refused));
        self.opposites(check, expected, seen, Screen::CodeEntry, seen.asks_for_code(), fails)
    }

    /// Judges that a screen opens to somebody who is signed in. Another screen that is known, or a refusal, fails; a page that is not
    /// there at all leaves doubt, for it may be the profile that is mistaken.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub fn opens(&self, check: &'static str, expected: &str, screen: Screen, seen: &Seen) -> Result<(), Trouble> {
        let not_there = matches!(seen.answer.status, 404 | 405);
        let fails = !not_there && seen.screen.is_some_and(|seen| seen != screen && seen != Screen::Limited);
        self.opposites(check, expected, seen, screen, seen.is(screen), fails)
    }

    /// Judges that a code was refused: a screen that says so, and My Page shut in this browser.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub async fn refuses(
        &self,
        check: &'static str,
        expected: &str,
        visitor: &mut Visitor,
        seen: &Seen,
    ) -> Result<(), Trouble> {
        self.opposites(check, expected, seen, Screen::AttemptOver, seen.refuses_code(), seen.is_signed_in())?;
        self.is_shut(check, expected, visitor).await
    }

    /// Judges that My Page is shut in this browser: a screen comes that shuts somebody out. A page that is not there at all, or any
    /// other that opens to nobody in particular, leaves doubt.
    ///
    /// # Errors
    /// Where it is open or there is doubt.
    pub async fn is_shut(&self, check: &'static str, expected: &str, visitor: &mut Visitor) -> Result<(), Trouble> {
        let page = visitor.open(Step::OpenMyPage).await?;
        let not_there = matches!(page.answer.status, 404 | 405);
        let shut = match page.screen {
            Some(
                Screen::SignIn | Screen::CodeEntry | Screen::AttemptOver | Screen::CookiesOff | Screen::MailFailed,
            ) => true,
            Some(Screen::Refused) => !not_there,
            _ => false,
        };
        let open = page.screen.is_some_and(opens_to_the_signed_in_only);
        let observed = format!("opening My Page afterwards: {}", page.describe());
        self.decide(check, expected, observed, Screen::SignIn, shut, open)
    }

    /// Judges by two opposites: what must hold, and what must not be. What is neither leaves doubt.
    ///
    /// # Errors
    /// Where it does not hold or there is doubt.
    pub(crate) fn opposites(
        &self,
        check: &'static str,
        expected: &str,
        seen: &Seen,
        wanted: Screen,
        holds: bool,
        opposite: bool,
    ) -> Result<(), Trouble> {
        self.decide(check, expected, seen.describe(), wanted, holds, opposite)
    }

    fn decide(
        &self,
        check: &'static str,
        expected: &str,
        observed: String,
        wanted: Screen,
        holds: bool,
        opposite: bool,
    ) -> Result<(), Trouble> {
        if holds || opposite {
            return self.judge(check, expected, observed, holds);
        }
        let judgement = Judgement { expected: expected.to_owned(), observed: observed.clone(), verdict: Judged::Doubt };
        self.write(check, judgement);
        Err(Trouble::Doubt { check, wanted: wanted.to_string(), seen: observed })
    }

    /// Reports what was seen without judging it.
    pub fn report(&self, check: &'static str, about: &str, observed: impl Into<String>) {
        let judgement = Judgement { expected: about.to_owned(), observed: observed.into(), verdict: Judged::Reported };
        self.write(check, judgement);
    }

    /// A control arm: proves that a step can succeed, so that its refusal elsewhere means something.
    ///
    /// # Errors
    /// [`Trouble::ControlArm`] where it did not succeed.
    pub fn control(&self, what: &str, seen: &Seen, holds: bool) -> Result<(), Trouble> {
        if holds { Ok(()) } else { Err(Trouble::ControlArm(format!("{what}, but saw {}", seen.describe()))) }
    }

    /// Says that what was judged of a check stands, whatever becomes of the rest of the story: all that the check claims was seen, and
    /// the control arms that give it meaning have succeeded. Without it a story that breaks off leaves the check in doubt.
    pub fn settle(&self, check: &'static str) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(check);
    }

    /// Whether a check was settled.
    pub fn is_settled(&self, check: &str) -> bool {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(check)
    }

    fn write(&self, check: &'static str, judgement: Judgement) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match book.get(check) {
            Some(earlier) if earlier.verdict > judgement.verdict => {}
            _ => {
                book.insert(check, judgement);
            }
        }
    }

    /// Whether a check was judged against the target after time was let pass for it: if that moved nothing, it says nothing.
    pub fn failed_after_time_was_moved(&self, check: &str) -> bool {
        self.failed_later.lock().unwrap_or_else(PoisonError::into_inner).contains(check)
    }

    /// Says that something else in the run must show that the target's time passes, or what this story has not settled so far is in doubt.
    pub fn needs_time_to_pass(&self) {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.rests_on_time.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(settled);
    }

    /// Whether a check rests on that.
    pub fn rests_on_time(&self, check: &str) -> bool {
        let settled_before = self.rests_on_time.lock().unwrap_or_else(PoisonError::into_inner);
        settled_before.as_ref().is_some_and(|settled| !settled.contains(check))
    }

    /// What was judged so far, by check.
    pub fn judgements(&self) -> BTreeMap<&'static str, Judgement> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a screen is shown to somebody who is signed in, and to nobody else.
fn opens_to_the_signed_in_only(screen: Screen) -> bool {
    matches!(
        screen,
        Screen::MyPage
            | Screen::SkipConfirmation
            | Screen::Settings
            | Screen::SkipSettings
            | Screen::ResumeConfirmation
            | Screen::AddressChange
            | Screen::AddressConfirmation
            | Screen::AdditionalAccounts
            | Screen::PasswordChange
    )
}
