//! Accounts that exist already: each is given once in a run.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sekisho_rules::Portal;

use super::{Account, AccountError, AccountKey, Accounts, Wanted};
use crate::target::{AccountMeans, Target};

/// A main account that exists, with its additional ones.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) main: Account,
    pub(crate) additional: VecDeque<Account>,
}

/// How many accounts a run needs at least in a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The portal.
    pub portal: Portal,
    /// Main accounts.
    pub accounts: usize,
    /// Those of them that need an additional account.
    pub pairs: usize,
}

/// Accounts that exist already. An address is given once in a run, also where several portals know it: mails of two stories that went
/// on at once at one address could not be told apart.
#[derive(Debug)]
pub struct AccountPool {
    has_additional: bool,
    stock: Mutex<Stock>,
}

#[derive(Debug, Default)]
struct Stock {
    unused: Vec<(Portal, VecDeque<(usize, Listed)>)>,
    given: HashSet<String>,
    /// Behind the last that was given, in whatever portal.
    spent: usize,
    /// What is left of the additional accounts of those that were given.
    additional: HashMap<AccountKey, VecDeque<Account>>,
}

impl AccountPool {
    /// All accounts of the target's profile; `None` where it says that they are made.
    pub fn of(target: &Target) -> Option<AccountPool> {
        let unused: Vec<(Portal, VecDeque<Listed>)> = match &target.account_means {
            AccountMeans::Control | AccountMeans::Command(_) => return None,
            AccountMeans::Numbered(numbered) => {
                target.portals.iter().map(|portal| (*portal, numbered.all(*portal).collect())).collect()
            }
            AccountMeans::Listed(listed) => {
                let of = |portal: Portal| listed.iter().filter(move |it| it.main.key.portal == portal).cloned();
                target.portals.iter().map(|portal| (*portal, of(*portal).collect())).collect()
            }
        };
        let has_additional = unused.iter().flat_map(|(_, all)| all).any(|listed| !listed.additional.is_empty());
        let unused = unused.into_iter().map(|(portal, all)| (portal, all.into_iter().enumerate().collect())).collect();
        Some(AccountPool { has_additional, stock: Mutex::new(Stock { unused, ..Stock::default() }) })
    }

    /// What is missing for these needs, in words; `None` where there is enough. Whether stories that run short can be told otherwise is
    /// not looked at: it is a lower bound.
    pub fn shortage(&self, needs: &[Need]) -> Option<String> {
        let stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let too_few = needs.iter().find_map(|need| {
            let all = stock.unused.iter().filter(|(portal, _)| *portal == need.portal).flat_map(|(_, all)| all);
            let (mains, pairs) = all.fold((0, 0), |(mains, pairs), (_, listed)| {
                (mains + 1, pairs + usize::from(!listed.additional.is_empty()))
            });
            let Need { portal, accounts, pairs: wanted } = need;
            if mains < *accounts {
                return Some(format!("{accounts} accounts of `{portal}` are needed at least, and there are {mains}"));
            }
            let short = self.has_additional && pairs < *wanted;
            short.then(|| {
                format!(
                    "{wanted} accounts of `{portal}` with an additional one are needed at least, and there are {pairs}"
                )
            })
        });
        let wanted: usize = needs.iter().map(|need| need.accounts).sum();
        too_few.or_else(|| {
            let all = stock.unused.iter().flat_map(|(_, all)| all).map(|(_, listed)| &listed.main.key.address);
            let distinct = all.collect::<HashSet<_>>().len();
            (distinct < wanted).then(|| {
                format!(
                    "{wanted} accounts are needed at least in all portals together, and there are {distinct} addresses: each is used in one portal only"
                )
            })
        })
    }
}

impl Stock {
    fn take_main(&mut self, portal: Portal, with_additional: bool) -> Result<Account, AccountError> {
        let Stock { unused, given, spent, additional } = self;
        let pool = unused.iter_mut().find(|(of, _)| *of == portal).map(|(_, pool)| pool);
        let pool = pool.ok_or(AccountError::UsedUp { portal })?;
        while pool.front().is_some_and(|(_, listed)| given.contains(&listed.main.key.address)) {
            pool.pop_front();
        }
        let free = |(_, listed): &(usize, Listed)| !given.contains(&listed.main.key.address);
        let fits = |it: &(usize, Listed)| free(it) && it.1.additional.is_empty() != with_additional;
        // Those with an additional one are kept for those who need it, as long as there are others.
        let place = pool.iter().position(fits).or_else(|| pool.iter().position(free).filter(|_| !with_additional));
        let Some((number, listed)) = place.and_then(|place| pool.remove(place)) else {
            return Err(if with_additional {
                AccountError::NoPair { portal }
            } else {
                AccountError::UsedUp { portal }
            });
        };
        *spent = (*spent).max(number + 1);
        given.insert(listed.main.key.address.clone());
        given.extend(listed.additional.iter().map(|account| account.key.address.clone()));
        additional.insert(listed.main.key.clone(), listed.additional);
        Ok(listed.main)
    }

    fn take_additional(&mut self, main: &AccountKey) -> Result<Account, AccountError> {
        let left = self.additional.get_mut(main).and_then(VecDeque::pop_front);
        left.ok_or(AccountError::NoPair { portal: main.portal })
    }
}

#[async_trait]
impl Accounts for AccountPool {
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError> {
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is wanted together knows a main account by the address that was drawn for it.
        let mut drawn: HashMap<AccountKey, AccountKey> = HashMap::new();
        let mut take = |wanted: Wanted| {
            if wanted.starts_at.is_some() {
                return Err(AccountError::NoMeans("clock that can be started at will"));
            }
            let portal = wanted.account.key.portal;
            match wanted.main {
                None => {
                    let account = stock.take_main(portal, wanted.with_additional)?;
                    drawn.insert(wanted.account.key, account.key.clone());
                    Ok(account)
                }
                Some(_) if !self.has_additional => Err(AccountError::NoMeans("additional accounts")),
                Some(address) => {
                    let key = AccountKey { portal, address };
                    stock.take_additional(drawn.get(&key).unwrap_or(&key))
                }
            }
        };
        wanted.into_iter().map(&mut take).collect()
    }

    fn has_additional(&self) -> bool {
        self.has_additional
    }

    fn can_start_at(&self) -> bool {
        false
    }

    fn spent(&self) -> usize {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner).spent
    }
}
