//! Accounts that exist already and are told apart by a number.

use std::borrow::Cow;

use sekisho_rules::Portal;

use super::{Account, AccountKey, Listed};
use crate::target::{Fill, Hole, Template};

/// The pattern of numbered accounts. Its placeholders were checked when the profile was read.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) address: Template,
    pub(crate) password: Template,
    pub(crate) id: Option<Template>,
    pub(crate) name: Option<Template>,
    pub(crate) additional: Option<NumberedAdditional>,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// The pattern of the additional accounts of each.
#[derive(Debug)]
pub(crate) struct NumberedAdditional {
    pub(crate) address: Template,
    pub(crate) password: Template,
    pub(crate) id: Option<Template>,
    pub(crate) name: Option<Template>,
    pub(crate) count: u32,
}

/// What tells one numbered account from another.
struct Numbering {
    portal: Portal,
    number: u32,
    additional: u32,
}

impl Fill for Numbering {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        match hole {
            Hole::Portal => Some(Cow::Borrowed(self.portal.name())),
            Hole::AccountNumber(digits) => Some(Cow::Owned(format!("{:0digits$}", self.number))),
            Hole::AdditionalNumber => Some(Cow::Owned(self.additional.to_string())),
            _ => None,
        }
    }
}

impl Numbering {
    fn account(
        &self,
        address: &Template,
        password: &Template,
        id: Option<&Template>,
        name: Option<&Template>,
    ) -> Account {
        let filled = |text: &Template| text.plain(self).unwrap_or_default();
        Account {
            key: AccountKey { portal: self.portal, address: filled(address) },
            id: id.map(filled).unwrap_or_default(),
            password: filled(password),
            name: name.map_or_else(|| format!("{} {}", self.portal, self.number), filled),
        }
    }
}

impl Numbered {
    /// All of them in a portal.
    pub(super) fn all(&self, portal: Portal) -> impl Iterator<Item = Listed> + '_ {
        (self.first..=self.last).map(move |number| {
            let numbering = |additional| Numbering { portal, number, additional };
            let main = numbering(0).account(&self.address, &self.password, self.id.as_ref(), self.name.as_ref());
            let additional = self.additional.iter().flat_map(|pattern| {
                (1..=pattern.count).map(move |additional| {
                    let (id, name) = (pattern.id.as_ref(), pattern.name.as_ref());
                    numbering(additional).account(&pattern.address, &pattern.password, id, name)
                })
            });
            Listed { main, additional: additional.collect() }
        })
    }
}
