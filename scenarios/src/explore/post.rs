//! The mails of a story: whose address is whose, and which mails came since they were looked at last.
//!
//! A mail that is waited for wakes who waits. One that nobody waits for is found when the mailbox is looked at next; which step it
//! came of is known for certain only where each step is given the quiet time (see "Absence" in the rules).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{FutureExt, select_all};
use sekisho_simulator::Trouble;
use sekisho_simulator::account::Account;
use sekisho_simulator::mailbox::{Letter, Mail, Mark};
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::world::World;

use crate::oracle::{AccountId, Address};

/// The mailboxes of a story's accounts.
pub(super) struct Post {
    world: Arc<World>,
    recorder: Arc<dyn Recorder>,
    /// The addresses of each account: those it had, that which it has at last, and those that were only asked for.
    addresses: Vec<Addresses>,
    /// All that came up to here was looked at.
    mark: Mark,
    /// The last number that was mailed to an address to confirm it.
    numbers: HashMap<String, String>,
}

struct Addresses {
    registered: Vec<String>,
    asked: Vec<String>,
}

/// What came since the mailbox was looked at last.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// Every recipient of every mail with a code.
    pub coded: Vec<Option<Address>>,
    /// Every recipient of every other mail, those with a number to confirm an address excepted.
    pub others: Vec<Option<Address>>,
    /// The code in the first of the mails that have one.
    pub code: Option<String>,
}

impl Post {
    pub(super) async fn new(
        world: Arc<World>,
        accounts: &[Account],
        recorder: Arc<dyn Recorder>,
    ) -> Result<Post, Trouble> {
        let mark = world.mailbox.mark().await?;
        let own = |account: &Account| Addresses { registered: vec![account.key.address.clone()], asked: Vec::new() };
        let addresses = accounts.iter().map(own).collect();
        Ok(Post { world, recorder, addresses, mark, numbers: HashMap::new() })
    }

    /// Another address was asked for.
    pub(super) fn ask(&mut self, account: AccountId, address: &str) {
        self.addresses[account.0].asked.push(address.to_owned());
    }

    /// Another address was registered.
    pub(super) fn register(&mut self, account: AccountId, address: &str) {
        let own = &mut self.addresses[account.0];
        own.asked.retain(|asked| asked != address);
        own.registered.push(address.to_owned());
    }

    /// Whose address it is; none for that of a stranger, or one that was asked for and given up.
    fn known(&self, address: &str) -> Option<Address> {
        let same = |known: &String| known.eq_ignore_ascii_case(address.trim());
        self.addresses.iter().enumerate().find_map(|(account, own)| {
            let change = match own.registered.iter().position(same) {
                Some(change) => change,
                None => own.asked.last().filter(|asked| same(asked)).map(|_| own.registered.len())?,
            };
            Some(Address { account: AccountId(account), change })
        })
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().flat_map(|own| own.registered.iter().chain(&own.asked)).map(String::as_str)
    }

    /// Looks at all that came since this was done last.
    pub(super) async fn look(&mut self) -> Result<Came, Trouble> {
        let up_to = self.world.mailbox.mark().await?;
        let mut mails: BTreeMap<Mark, Arc<Mail>> = BTreeMap::new();
        if up_to > self.mark {
            for address in self.all() {
                for mail in self.world.mailbox.all_for(address, self.mark).await? {
                    mails.insert(mail.mark(), mail);
                }
            }
        }
        self.mark = up_to;
        let mut came = Came::default();
        for mail in mails.into_values().filter(|mail| mail.mark() <= up_to) {
            self.sort(&mail, &mut came);
        }
        Ok(came)
    }

    fn sort(&mut self, mail: &Mail, came: &mut Came) {
        self.recorder.mail_came(mail, Duration::ZERO);
        let letter = Letter::parse(mail);
        let recipients = mail.recipients.iter().map(|recipient| self.known(recipient));
        let asked = |recipient: &String| self.addresses.iter().any(|own| own.asked.contains(recipient));
        if mail.recipients.iter().any(asked)
            && let Some(number) = self.world.target.confirmation_in(&letter)
        {
            self.recorder.secret("confirmation", &number);
            for recipient in &mail.recipients {
                self.numbers.insert(recipient.to_ascii_lowercase(), number.clone());
            }
        } else if let Some(code) = self.world.target.code_in(&letter) {
            self.recorder.secret("code", &code);
            came.coded.extend(recipients);
            came.code.get_or_insert(code);
        } else {
            came.others.extend(recipients);
        }
    }

    /// Looks at what came, and waits for a mail with a code as long as the profile says.
    pub(super) async fn await_code(&mut self) -> Result<Came, Trouble> {
        let mut came = Came::default();
        let begun = Instant::now();
        loop {
            came.add(self.look().await?);
            if came.code.is_some() {
                return Ok(came);
            }
            self.next("code", begun).await?;
        }
    }

    /// The number that confirms an address, waited for if need be.
    pub(super) async fn number_for(&mut self, address: &str) -> Result<(String, Came), Trouble> {
        let mut came = Came::default();
        let begun = Instant::now();
        loop {
            came.add(self.look().await?);
            if let Some(number) = self.last_number(address) {
                return Ok((number, came));
            }
            self.next("confirmation", begun).await?;
        }
    }

    /// The last number that was mailed to this address.
    pub(super) fn last_number(&self, address: &str) -> Option<String> {
        self.numbers.get(&address.to_ascii_lowercase()).cloned()
    }

    /// Waits for the next mail to any of the addresses.
    async fn next(&self, kind: &'static str, begun: Instant) -> Result<(), Trouble> {
        let world = &self.world;
        let patience = world.target.numbers.mail_patience.0;
        let left = patience.saturating_sub(begun.elapsed());
        let waits = self.all().map(|address| world.mailbox.next_for(address, self.mark, left).boxed());
        let first = world.cancel.run_until_cancelled(select_all(waits));
        let (came, ..) = first.await.ok_or(Trouble::Interrupted)?;
        match came? {
            Some(_) => Ok(()),
            None => {
                let address = self.all().next().unwrap_or_default().to_owned();
                Err(Trouble::NoMail { kind, address, seconds: patience.as_secs_f64(), others: 0 })
            }
        }
    }
}

impl Came {
    pub(super) fn add(&mut self, other: Came) {
        self.coded.extend(other.coded);
        self.others.extend(other.others);
        if self.code.is_none() {
            self.code = other.code;
        }
    }
}
