//! What all people of a run share: the target, the network, the post, the clock's means, and the source of accounts.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use sekisho_rules::Portal;
use tokio_util::sync::CancellationToken;

use crate::account::{Account, AccountKey, Accounts, Wanted};
use crate::browser::Network;
use crate::clock::{Clock, PersonTime};
use crate::mailbox::Mailbox;
use crate::office::Office;
use crate::person::Person;
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
    /// Moves the target's clock.
    pub clock: Arc<dyn Clock>,
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
#[derive(Debug, Clone, Copy, Default)]
pub struct Casting {
    /// When their clock starts; `None` for the target's present.
    pub starts_at: Option<SystemTime>,
    /// Whether their clock runs while the story goes on; else it stands until it is moved, where the target can do that.
    pub running: bool,
}

/// Accounts of one person, made together, and what time it is for them.
#[derive(Debug, Clone)]
pub struct Household {
    /// The main account first.
    pub accounts: Vec<Account>,
    time: PersonTime,
}

impl World {
    /// Somebody with one account in a portal.
    ///
    /// # Errors
    /// When there is no account, or its clock cannot start where it should.
    pub async fn person(
        self: &Arc<Self>,
        portal: Portal,
        casting: Casting,
        recorder: Arc<dyn Recorder>,
    ) -> Result<(Person, Account), Trouble> {
        let (wanted, time) = self.cast(portal, casting)?;
        let accounts = self.accounts.provide(vec![wanted]).await?;
        let account = accounts.into_iter().next().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        Ok((self.embody(&account, time, recorder), account))
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
            let casting = Casting { running: false, starts_at: can_start.then_some(*starts_at) };
            let (main, time) = self.cast(*portal, casting)?;
            let address = main.account.key.address.clone();
            all.push(main);
            for _ in 1..*accounts {
                let (additional, _) = self.cast(*portal, casting)?;
                all.push(Wanted { main: Some(address.clone()), ..additional });
            }
            times.push(time);
        }
        let mut made = self.accounts.provide(all).await?.into_iter();
        let household = |((_, accounts, _), time): (&(Portal, usize, SystemTime), PersonTime)| Household {
            accounts: made.by_ref().take(*accounts).collect(),
            time,
        };
        Ok(wanted.iter().zip(times).map(household).collect())
    }

    /// The person behind the accounts of a household.
    pub fn person_of_household(self: &Arc<Self>, household: &Household, recorder: Arc<dyn Recorder>) -> Person {
        let name = household.accounts.first().map(|account| account.name.clone()).unwrap_or_default();
        let person = Person::new(self.clone(), name, household.time, recorder);
        for account in &household.accounts {
            person.adopt(account);
        }
        person
    }

    /// So many people at once, for load: one account each, clocks running.
    ///
    /// # Errors
    /// When there are not enough accounts.
    pub async fn crowd(self: &Arc<Self>, portals: &[Portal]) -> Result<Vec<Account>, Trouble> {
        let casting = Casting { running: true, ..Casting::default() };
        let wanted = portals.iter().map(|portal| Ok(self.cast(*portal, casting)?.0)).collect::<Result<_, Trouble>>()?;
        Ok(self.accounts.provide(wanted).await?)
    }

    /// The person behind an account that exists, on a running clock.
    pub fn person_of(self: &Arc<Self>, account: &Account, recorder: Arc<dyn Recorder>) -> Person {
        self.embody(account, PersonTime::Running(Duration::ZERO), recorder)
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
        let wanted = Wanted {
            account: Account {
                key: AccountKey { portal: main.key.portal, address: address(&particulars.mailbox) },
                password: particulars.password,
                name: main.name.clone(),
            },
            main: Some(main.key.address.clone()),
            starts_at: matches!(time, PersonTime::Frozen(_)).then(|| time.now()),
            frozen: matches!(time, PersonTime::Frozen(_)),
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

    fn cast(&self, portal: Portal, casting: Casting) -> Result<(Wanted, PersonTime), Trouble> {
        let frozen = !casting.running && self.clock.can_freeze() && self.accounts.can_start_at();
        if casting.starts_at.is_some() && !self.accounts.can_start_at() {
            return Err(Trouble::Means("the clock of an account cannot be started at will".to_owned()));
        }
        // Whole seconds: HTTP dates and cookies know no finer time, and a frozen instant should be what it says.
        let present = SystemTime::UNIX_EPOCH
            + Duration::from_secs(
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            );
        let start = casting.starts_at.unwrap_or(present);
        let time = if frozen {
            PersonTime::Frozen(start)
        } else {
            PersonTime::Running(start.duration_since(present).unwrap_or_default())
        };
        let particulars = self.population.draw();
        let account = Account {
            key: AccountKey { portal, address: address(&particulars.mailbox) },
            password: particulars.password,
            name: particulars.name,
        };
        let starts_at = (frozen || casting.starts_at.is_some()).then_some(start);
        Ok((Wanted { account, main: None, starts_at, frozen }, time))
    }

    fn embody(self: &Arc<Self>, account: &Account, time: PersonTime, recorder: Arc<dyn Recorder>) -> Person {
        let person = Person::new(self.clone(), account.name.clone(), time, recorder);
        person.adopt(account);
        person
    }
}

fn address(mailbox: &str) -> String {
    format!("{mailbox}@{MAIL_DOMAIN}")
}

#[cfg(test)]
mod tests;
