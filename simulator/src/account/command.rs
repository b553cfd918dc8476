//! Accounts that a program of the profile's makes, one by one, as they are needed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::{Account, AccountError, AccountKey, Accounts, Wanted};
use crate::hook::Program;
use crate::target::{AccountMeans, Fill, Hole, Target};

/// How long the program may take for one account.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many accounts are made at once.
const AT_ONCE: usize = 4;

/// Accounts that a program makes.
pub struct MadeAccounts(Arc<Program>);

impl MadeAccounts {
    /// Those of the target's profile; `None` where it says that they come from elsewhere.
    pub fn of(target: &Target) -> Option<MadeAccounts> {
        match &target.account_means {
            AccountMeans::Command(program) => Some(MadeAccounts(program.clone())),
            _ => None,
        }
    }

    async fn make(&self, wanted: Account, main: Option<&str>) -> Result<Account, AccountError> {
        let particulars = Particulars { account: &wanted, main: main.unwrap_or_default() };
        let output = self.0.run(&particulars, &[&wanted.password], PATIENCE).await;
        let output = output.map_err(|error| AccountError::Control(error.to_string()))?;
        let made = match output.trim() {
            "" => Made::default(),
            text => serde_json::from_str(text).map_err(|error| {
                let message = "the program printed neither nothing nor an object of `address`, `password` and `id`";
                AccountError::Control(format!("{message}: {error}"))
            })?,
        };
        let key = AccountKey { address: made.address.unwrap_or(wanted.key.address), ..wanted.key };
        Ok(Account {
            key,
            id: made.id.unwrap_or(wanted.id),
            password: made.password.unwrap_or(wanted.password),
            name: wanted.name,
        })
    }
}

/// What the program may say of the account that it made, in place of what was asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    address: Option<String>,
    password: Option<String>,
    id: Option<String>,
}

/// What the program is told.
struct Particulars<'a> {
    account: &'a Account,
    main: &'a str,
}

impl Fill for Particulars<'_> {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        let account = self.account;
        Some(Cow::Borrowed(match hole {
            Hole::Portal => account.key.portal.name(),
            Hole::Address => &account.key.address,
            Hole::Id if account.id.is_empty() => &account.key.address,
            Hole::Id => &account.id,
            Hole::Password => &account.password,
            Hole::Name => &account.name,
            Hole::MainAddress => self.main,
            _ => return None,
        }))
    }
}

#[async_trait]
impl Accounts for MadeAccounts {
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError> {
        if wanted.iter().any(|wanted| wanted.main.is_some()) && !self.has_additional() {
            return Err(AccountError::NoMeans("additional accounts"));
        }
        let numbered = wanted.into_iter().enumerate();
        let (main, additional): (Vec<_>, Vec<_>) = numbered.partition(|(_, wanted)| wanted.main.is_none());
        let drawn: Vec<AccountKey> = main.iter().map(|(_, wanted)| wanted.account.key.clone()).collect();
        let mains = main.into_iter().map(|(place, wanted)| async move {
            Ok::<_, AccountError>((place, self.make(wanted.account, None).await?))
        });
        // In order, so that what was drawn and what was made go together.
        let mut made: Vec<(usize, Account)> = stream::iter(mains).buffered(AT_ONCE).try_collect().await?;
        let addresses: HashMap<AccountKey, String> =
            drawn.into_iter().zip(made.iter().map(|(_, account)| account.key.address.clone())).collect();
        let additional = additional.into_iter().map(|(place, wanted)| {
            let address = wanted.main.unwrap_or_default();
            let key = AccountKey { portal: wanted.account.key.portal, address };
            let main = addresses.get(&key).cloned().unwrap_or(key.address);
            async move { Ok::<_, AccountError>((place, self.make(wanted.account, Some(&main)).await?)) }
        });
        let additional: Vec<_> = stream::iter(additional).buffered(AT_ONCE).try_collect().await?;
        made.extend(additional);
        made.sort_by_key(|(place, _)| *place);
        Ok(made.into_iter().map(|(_, account)| account).collect())
    }

    fn has_additional(&self) -> bool {
        self.0.arguments.iter().any(|text| text.has(|hole| *hole == Hole::MainAddress))
    }

    fn can_start_at(&self) -> bool {
        false
    }
}
