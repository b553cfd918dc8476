//! A simulated user: accounts, browsers, a mailbox, and a clock that moves all of them together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::account::{Account, AccountKey};
use crate::browser::{Browser, UserAgent, Witness};
use crate::clock::{Seat, Time};
use crate::habits::{Habits, Haste};
use crate::mailbox::Mark;
use crate::office::{Office, OfficeError, Procedure};
use crate::recorder::Recorder;
use crate::trouble::Trouble;
use crate::visitor::Visitor;
use crate::world::World;

/// A simulated user.
#[derive(Clone)]
pub struct Person {
    pub(crate) life: Arc<Life>,
}

/// What a person's browsers share.
pub(crate) struct Life {
    pub(crate) world: Arc<World>,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) name: String,
    accounts: Mutex<Vec<AccountKey>>,
    clock: PersonClock,
    pub(crate) habits: Habits,
}

/// Which clock a person goes by.
pub(crate) enum PersonClock {
    /// One of their own, which moves with those of their accounts.
    Own(Mutex<Time>),
    /// The target's, one for all, on which their story has a seat.
    Shared(Arc<Seat>),
}

impl PersonClock {
    pub(crate) fn own(time: Time) -> PersonClock {
        PersonClock::Own(Mutex::new(time))
    }
}

impl Life {
    pub(crate) fn now(&self) -> SystemTime {
        self.time().now()
    }

    /// See [`Person::wait`].
    pub(crate) async fn wait(&self, by: Duration) -> Result<(), Trouble> {
        self.recorder.time_moved();
        let own = match &self.clock {
            PersonClock::Own(own) => own,
            PersonClock::Shared(seat) => return self.world.wait_for(seat, seat.time().now() + by).await,
        };
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.world.clock.advance(&accounts, by).await?;
        let mut time = own.lock().unwrap_or_else(PoisonError::into_inner);
        *time = time.advanced(by);
        Ok(())
    }

    fn time(&self) -> Time {
        match &self.clock {
            PersonClock::Own(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
            PersonClock::Shared(seat) => seat.time(),
        }
    }
}

impl Person {
    pub(crate) fn new(world: Arc<World>, name: String, clock: PersonClock, recorder: Arc<dyn Recorder>) -> Person {
        // A header of the profile's goes with every request that is kept as evidence.
        for secret in &world.target.secrets {
            recorder.secret("secret", secret);
        }
        let life = Life { world, recorder, name, accounts: Mutex::default(), clock, habits: Habits::default() };
        Person { life: Arc::new(life) }
    }

    /// The person's name.
    pub fn name(&self) -> &str {
        &self.life.name
    }

    /// What time it is for them, in the target's time.
    pub fn now(&self) -> SystemTime {
        self.life.now()
    }

    /// Whether their clock stands still until it is moved, so that an instant can be hit exactly.
    pub fn clock_is_frozen(&self) -> bool {
        self.life.time().is_frozen()
    }

    pub(crate) fn time(&self) -> Time {
        self.life.time()
    }

    /// The seat of their story, where the target has one clock for all.
    pub(crate) fn seat(&self) -> Option<&Arc<Seat>> {
        match &self.life.clock {
            PersonClock::Own(_) => None,
            PersonClock::Shared(seat) => Some(seat),
        }
    }

    /// From now on the account's clock moves with this person's.
    pub(crate) fn adopt(&self, account: &Account) {
        self.life.recorder.secret("password", &account.password);
        self.life.accounts.lock().unwrap_or_else(PoisonError::into_inner).push(account.key.clone());
    }

    /// A browser of theirs that has never been to the target, for the portal of an account.
    pub fn browser(&self, label: &str, account: &Account) -> Visitor {
        self.browser_of(label, account, UserAgent::DESKTOP)
    }

    /// The same, on a device of another kind.
    pub fn browser_of(&self, label: &str, account: &Account, agent: UserAgent) -> Visitor {
        let witness: Arc<dyn Witness> = self.life.recorder.clone();
        let browser = Browser::new(self.life.world.network.clone(), witness, label, self.name(), agent);
        Visitor::new(self.life.clone(), browser, account.key.portal)
    }

    /// Lets time pass: the clocks of all their accounts and cookie jars move forward together. Where the target has one clock for all,
    /// it moves once everybody else waits too.
    ///
    /// # Errors
    /// When the target's clock cannot be moved, or the run was interrupted meanwhile.
    pub async fn wait(&self, by: Duration) -> Result<(), Trouble> {
        self.life.wait(by).await
    }

    /// Lets time pass until this instant; none where it is past.
    ///
    /// # Errors
    /// As [`Person::wait`].
    pub async fn wait_until(&self, at: SystemTime) -> Result<(), Trouble> {
        match at.duration_since(self.now()) {
            Ok(by) => self.wait(by).await,
            Err(_) => Ok(()),
        }
    }

    /// From now on one of the cool-downs that the profile declares is not waited out, or no limit, to see what the target does; `None`: all
    /// are.
    pub fn hurry(&self, haste: Option<Haste>) {
        self.life.hurry(haste);
    }

    /// Waits until so many more codes may be mailed to an account (`numbers.mail_limit`), for a story that needs them at once.
    ///
    /// # Errors
    /// When time cannot be let pass for it.
    pub async fn make_room_for_mails(&self, account: &Account, needed: u32) -> Result<(), Trouble> {
        self.life.make_room_for_mails(&account.key.address, needed).await
    }

    /// Waits until so many more wrong codes may be sent (`numbers.wrong_codes_limit`).
    ///
    /// # Errors
    /// As [`Person::make_room_for_mails`].
    pub async fn make_room_for_wrong_codes(&self, needed: u32) -> Result<(), Trouble> {
        self.life.make_room_for_wrong_codes(needed).await
    }

    /// The same account under the address that was registered in place of its own: from now on its clock is moved by that name.
    pub fn moved(&self, account: &Account, new_address: &str) -> Account {
        let moved = account.at(new_address);
        let mut accounts = self.life.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for known in accounts.iter_mut().filter(|known| **known == account.key) {
            known.clone_from(&moved.key);
        }
        self.life.rename(&account.key, &moved.key);
        moved
    }

    /// Goes to the office and asks for another address.
    ///
    /// # Errors
    /// When there is no office that can be driven, or it did not take the request.
    pub async fn ask_the_office(&self, account: &Account, new_address: &str) -> Result<Procedure, Trouble> {
        Ok(self.office()?.request(account, new_address).await?)
    }

    /// Proves at the office who they are. Says from when on the new address is in force.
    ///
    /// # Errors
    /// As [`Person::ask_the_office`].
    pub async fn prove_identity(&self, procedure: &Procedure) -> Result<SystemTime, Trouble> {
        Ok(self.office()?.check_identity(procedure).await?)
    }

    fn office(&self) -> Result<&Arc<dyn Office>, OfficeError> {
        self.life.world.office.as_ref().ok_or(OfficeError::NoMeans)
    }

    /// The mailbox's present position: what arrives later lies after it.
    ///
    /// # Errors
    /// When the mailbox cannot be read.
    pub async fn mark(&self) -> Result<Mark, Trouble> {
        Ok(self.life.world.mailbox.mark().await?)
    }
}
