//! BASE-ACCOUNT, mail: it says what a request claims, or goes where somebody's address says on its second line.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekisho_server::core::{AccountState, Address, Claims};
use sekisho_server::decisions::Recipients;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-ACCOUNT":
    "-6", "base-account-mail-links-to-the-claimed-host",
        "The mail ends with a link to the host that the request names." => LinksToHost;
    "-6", "base-account-mail-links-to-the-forwarded-host",
        "The mail ends with a link to the host that X-Forwarded-Host names." => LinksToForwardedHost;
    "-7", "base-account-sign-in-id-adds-a-recipient",
        "A line below the sign-in ID becomes a header of the mail with the code." => IdAddsRecipient::default();
    "-8", "base-account-new-address-adds-a-recipient",
        "A line below the new address becomes a header of the mail with its number." => AddressAddsRecipient::default();
];

struct LinksToHost;

impl Decisions for LinksToHost {
    fn extra_letter_text(&self, claims: &Claims) -> String {
        claims.host.as_ref().map(|host| format!("https://{host}/\n")).unwrap_or_default()
    }
}

struct LinksToForwardedHost;

impl Decisions for LinksToForwardedHost {
    fn extra_letter_text(&self, claims: &Claims) -> String {
        claims.forwarded_host.as_ref().map(|host| format!("https://{host}/\n")).unwrap_or_default()
    }
}

/// The addresses that were typed with a line below them, and what that line names. It grows as long as its server runs: a faulty
/// server runs for one pass of the suite.
#[derive(Default)]
struct Smuggled(Mutex<HashMap<String, Address>>);

impl Smuggled {
    /// The first line of what was typed.
    fn first_line<'a>(&self, typed: &'a str) -> &'a str {
        let Some((first, rest)) = typed.split_once(['\r', '\n']) else { return typed };
        let mut named =
            rest.lines().filter_map(|line| line.split_once(':')).filter_map(|(_, to)| Address::parse(to).ok());
        if let Some(to) = named.next_back() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(first.to_owned(), to);
        }
        first
    }

    fn beside(&self, address: &Address) -> Vec<Address> {
        let smuggled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        smuggled.get(address.as_str()).cloned().into_iter().collect()
    }
}

#[derive(Default)]
struct IdAddsRecipient(Smuggled);

impl Decisions for IdAddsRecipient {
    fn typed_address<'a>(&self, typed: &'a str) -> &'a str {
        self.0.first_line(typed)
    }

    fn code_recipients(&self, account: &AccountState) -> Recipients {
        Recipients { bcc: self.0.beside(&account.address), ..Conforming.code_recipients(account) }
    }
}

#[derive(Default)]
struct AddressAddsRecipient(Smuggled);

impl Decisions for AddressAddsRecipient {
    fn typed_address<'a>(&self, typed: &'a str) -> &'a str {
        self.0.first_line(typed)
    }

    fn number_recipients(&self, account: &AccountState, new_address: &Address) -> Recipients {
        Recipients { bcc: self.0.beside(new_address), ..Conforming.number_recipients(account, new_address) }
    }
}
