//! What all people of a run share: the target, the network, the post, the clock's means, and the source of accounts.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use sekisho_rules::Portal;
use tokio_util::sync::CancellationToken;

use crate::account::{Account, AccountKey, Accounts, Wanted};
use crate::browser::Network;
use crate::clock::{Clock, ClockError, Seat, Time, TimeProof, Timeline};
use crate::mailbox::Mailbox;
use crate::office::Office;
use crate::person::{Person, PersonClock};
use crate::population::Population;
use crate::recorder::Recorder;
use crate::sink::{Fault, Faults};
use crate::target::Target;
use crate::trouble::Trouble;

/// The domain of every made-up address: reserved by RFC 6761, so no mail can leave for a real one.
pub const MAIL_DOMAIN: &str = "people.sekisho.test";

/// What all people of a run share. Every part that can fail is behind a trait.
pub struct World {
    /// The login under test.
    pub target: Target,
    /// Connections and TLS.
    pub network: Arc<Network>,
    /// Where mail arrives.
    pub mailbox: Arc<dyn Mailbox>,
    /// Moves the clocks of accounts, where each has its own.
    pub clock: Arc<dyn Clock>,
    /// The target's clock, where it has one for all.
    pub timeline: Option<Timeline>,
    /// Whether the target's time was seen to pass.
    pub time_proof: TimeProof,
    /// Gives accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Changes addresses in person, where it can be driven (FAQ-05).
    pub office: Option<Arc<dyn Office>>,
    /// Draws people.
    pub population: Population,
    /// Refuses mail for an address, where the mailbox is our own sink (FAQ-05b).
    pub refusal: Option<Arc<dyn MailRefusal>>,
    /// Ends the run.
    pub cancel: CancellationToken,
}

/// Makes the mail host refuse mail for an address.
#[async_trait]
pub trait MailRefusal: Send + Sync {
    /// Refuses everything for this address, permanently (550).
    fn refuse(&self, address: &str);

    /// Waits until something was refused for this address, or `patience` is over; says which.
    async fn refused(&self, address: &str, patience: Duration) -> bool;
}

#[async_trait]
impl MailRefusal for Faults {
    fn refuse(&self, address: &str) {
        self.set(address, Fault::Refuse);
    }

    async fn refused(&self, address: &str, patience: Duration) -> bool {
        Faults::refused(self, address, patience).await
    }
}

/// What kind of person a story needs.
#[derive(Clone, Default)]
pub struct Casting {
    /// When their clock starts; `None` for the target's present.
    pub starts_at: Option<SystemTime>,
    /// Whether their clock runs while the story goes on; else it stands until it is moved, where the target can do that.
    pub running: bool,
    /// Whether an additional account will be wanted under theirs (FAQ-15).
    pub with_additional: bool,
    /// Their story's seat, where the target has one clock for all (see [`World::seats`]).
    pub seat: Option<Arc<Seat>>,
}

/// Accounts of one person, made together, and what time it is for them.
#[derive(Debug, Clone)]
pub struct Household {
    /// The main account first.
    pub accounts: Vec<Account>,
    time: Time,
}

impl World {
    /// Seats for so many stories, of which at most `busy` go on at once: each of them must [`Seat::begin`]. All are taken before the first
    /// begins. `None` where each account has a clock of its own, and stories need not wait for each other.
    pub async fn seats(&self, count: usize, busy: usize) -> Option<Vec<Arc<Seat>>> {
        match &self.timeline {
            None => None,
            Some(timeline) => Some(timeline.seats(count, busy).await),
        }
    }

    /// Moves the target's one clock on to where stories begin that do not say when; nothing where it shows that or more, and where every
    /// account has a clock of its own.
    ///
    /// # Errors
    /// When it cannot be moved so far.
    pub async fn begin_regularly(&self) -> Result<(), Trouble> {
        let Some(timeline) = &self.timeline else { return Ok(()) };
        for seat in timeline.seats(1, 1).await {
            seat.begin().await;
            self.wait_for(&seat, timeline.regular_from()).await?;
        }
        Ok(())
    }

    pub(crate) async fn wait_for(&self, seat: &Seat, at: SystemTime) -> Result<(), Trouble> {
        let waited = self.cancel.run_until_cancelled(seat.wait_until(at)).await;
        Ok(waited.ok_or(Trouble::Interrupted)??)
    }

    /// Somebody with one account in a portal. Where the target has one clock for all, the story waits until their time begins.
    ///
    /// # Errors
    /// When there is no account, or its clock cannot start where it should.
    pub async fn person(
        self: &Arc<Self>,
        portal: Portal,
        casting: Casting,
        recorder: Arc<dyn Recorder>,
    ) -> Result<(Person, Account), Trouble> {
        let (wanted, clock) = match &self.timeline {
            None => {
                let (wanted, time) = self.cast(portal, &casting)?;
                (wanted, PersonClock::own(time))
            }
            Some(timeline) => self.cast_on(timeline, portal, casting).await?,
        };
        let accounts = self.accounts.provide(vec![wanted]).await?;
        let account = accounts.into_iter().next().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        Ok((self.embody(&account, clock, recorder), account))
    }

    /// People with their accounts, all made in one go: for each the portal, how many accounts (a main one and its additional ones), and
    /// when their clocks start. Clocks stand still where the target can do that, and start when the target's do where nothing else can
    /// be had.
    ///
    /// # Errors
    /// When there are not enough accounts.
    pub async fn households(
        self: &Arc<Self>,
        wanted: &[(Portal, usize, SystemTime)],
    ) -> Result<Vec<Household>, Trouble> {
        let can_start = self.clock.can_freeze() && self.accounts.can_start_at();
        let mut all = Vec::new();
        let mut times = Vec::with_capacity(wanted.len());
        for (portal, accounts, starts_at) in wanted {
            let casting = Casting { starts_at: can_start.then_some(*starts_at), ..Casting::default() };
            let (main, time) = match &self.timeline {
                None => self.cast(*portal, &casting)?,
                Some(timeline) => self.cast_now(timeline, *portal),
            };
            let main = Wanted { with_additional: *accounts > 1, ..main };
            let address = main.account.key.address.clone();
            let additional = (1..*accounts).map(|_| Wanted {
                account: self.draw(*portal),
                main: Some(address.clone()),
                with_additional: false,
                starts_at: main.starts_at,
                frozen: main.frozen,
            });
            let additional: Vec<Wanted> = additional.collect();
            all.push(main);
            all.extend(additional);
            times.push(time);
        }
        let mut made = self.accounts.provide(all).await?.into_iter();
        let household = |((_, accounts, _), time): (&(Portal, usize, SystemTime), Time)| Household {
            accounts: made.by_ref().take(*accounts).collect(),
            time,
        };
        Ok(wanted.iter().zip(times).map(household).collect())
    }

    /// The person behind the accounts of a household, with their story's seat where the target has one clock for all.
    pub fn person_of_household(
        self: &Arc<Self>,
        household: &Household,
        seat: Option<Arc<Seat>>,
        recorder: Arc<dyn Recorder>,
    ) -> Person {
        let name = household.accounts.first().map(|account| account.name.clone()).unwrap_or_default();
        let clock = seat.map_or_else(|| PersonClock::own(household.time), PersonClock::Shared);
        let person = Person::new(self.clone(), name, clock, recorder);
        for account in &household.accounts {
            person.adopt(account);
        }
        person
    }

    /// So many people at once, for load: one account each, clocks running. For each the portal, and whether an additional account will
    /// be wanted under theirs.
    ///
    /// # Errors
    /// When there are not enough accounts.
    pub async fn crowd(self: &Arc<Self>, people: &[(Portal, bool)]) -> Result<Vec<Account>, Trouble> {
        let wanted = people.iter().map(|(portal, with_additional)| {
            let casting = Casting { running: true, with_additional: *with_additional, ..Casting::default() };
            Ok(self.cast(*portal, &casting)?.0)
        });
        let wanted = wanted.collect::<Result<_, Trouble>>()?;
        Ok(self.accounts.provide(wanted).await?)
    }

    /// The person behind an account that exists, on a running clock, or on what the target's one clock shows now.
    pub fn person_of(self: &Arc<Self>, account: &Account, recorder: Arc<dyn Recorder>) -> Person {
        let time = self.timeline.as_ref().map_or(Time::REAL, Timeline::time);
        self.embody(account, PersonClock::own(time), recorder)
    }

    /// An additional account under a main one, with an address of its own (FAQ-15).
    ///
    /// # Errors
    /// When the source has no additional accounts.
    pub async fn additional(self: &Arc<Self>, person: &Person, main: &Account) -> Result<Account, Trouble> {
        if !self.accounts.has_additional() {
            return Err(Trouble::Means("the profile's accounts have no additional accounts".to_owned()));
        }
        let particulars = self.population.draw();
        let time = person.time();
        let starts = person.seat().is_some() || time != Time::REAL;
        let wanted = Wanted {
            account: Account {
                key: AccountKey { portal: main.key.portal, address: address(&particulars.mailbox) },
                id: String::new(),
                password: particulars.password,
                name: main.name.clone(),
            },
            main: Some(main.key.address.clone()),
            with_additional: false,
            starts_at: (starts && self.accounts.can_start_at()).then(|| time.now()),
            frozen: time.is_frozen(),
        };
        let accounts = self.accounts.provide(vec![wanted]).await?;
        let account = accounts.into_iter().next().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        person.adopt(&account);
        Ok(account)
    }

    /// An address that nobody has yet.
    pub fn fresh_address(&self) -> String {
        address(&self.population.draw().mailbox)
    }

    /// What is wanted for somebody whose account has a clock of its own.
    fn cast(&self, portal: Portal, casting: &Casting) -> Result<(Wanted, Time), Trouble> {
        let frozen = !casting.running && self.clock.can_freeze() && self.accounts.can_start_at();
        if casting.starts_at.is_some() && !self.accounts.can_start_at() {
            return Err(Trouble::Means("the clock of an account cannot be started at will".to_owned()));
        }
        let start = casting.starts_at.unwrap_or_else(present);
        let chosen = frozen || casting.starts_at.is_some();
        let time = if chosen { Time::starting_at(start, frozen) } else { Time::REAL };
        let with_additional = self.with_additional(casting.with_additional);
        let starts_at = chosen.then_some(start);
        let wanted = Wanted { account: self.draw(portal), main: None, with_additional, starts_at, frozen };
        Ok((wanted, time))
    }

    /// What is wanted for somebody who goes by the target's one clock, once their time has begun.
    async fn cast_on(
        &self,
        timeline: &Timeline,
        portal: Portal,
        casting: Casting,
    ) -> Result<(Wanted, PersonClock), Trouble> {
        let seat = casting.seat.ok_or(ClockError::Global)?;
        let shown = timeline.time().now();
        if let Some(wanted) = casting.starts_at.filter(|wanted| *wanted < shown) {
            return Err(ClockError::Past { wanted: in_whole_seconds(wanted), shown: in_whole_seconds(shown) }.into());
        }
        self.wait_for(&seat, casting.starts_at.unwrap_or(timeline.regular_from())).await?;
        let (wanted, _) = self.cast_now(timeline, portal);
        let wanted = Wanted { with_additional: self.with_additional(casting.with_additional), ..wanted };
        Ok((wanted, PersonClock::Shared(seat)))
    }

    /// What is wanted for somebody who begins when the target's one clock shows what it shows now, and waits for nothing.
    fn cast_now(&self, timeline: &Timeline, portal: Portal) -> (Wanted, Time) {
        let time = timeline.time();
        let starts_at = self.accounts.can_start_at().then(|| time.now());
        let (account, frozen) = (self.draw(portal), time.is_frozen());
        (Wanted { account, main: None, with_additional: false, starts_at, frozen }, time)
    }

    /// Where there are no additional accounts, a story that needs one has a main account all the same, and says then what is missing.
    fn with_additional(&self, wanted: bool) -> bool {
        wanted && self.accounts.has_additional()
    }

    fn draw(&self, portal: Portal) -> Account {
        let particulars = self.population.draw();
        Account {
            key: AccountKey { portal, address: address(&particulars.mailbox) },
            id: String::new(),
            password: particulars.password,
            name: particulars.name,
        }
    }

    fn embody(self: &Arc<Self>, account: &Account, clock: PersonClock, recorder: Arc<dyn Recorder>) -> Person {
        let person = Person::new(self.clone(), account.name.clone(), clock, recorder);
        person.adopt(account);
        person
    }
}

/// Real time in whole seconds: HTTP dates and cookies know no finer time, and a frozen instant should be what it says.
pub fn present() -> SystemTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}

/// For people.
fn in_whole_seconds(at: SystemTime) -> jiff::Timestamp {
    let at = jiff::Timestamp::try_from(at).unwrap_or_default();
    at.round(jiff::Unit::Second).unwrap_or(at)
}

fn address(mailbox: &str) -> String {
    format!("{mailbox}@{MAIL_DOMAIN}")
}

#[cfg(test)]
mod tests;
