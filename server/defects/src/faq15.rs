//! FAQ-15, accounts apart: the main account stands in for the additional one.

use sekisho_server::core::{AccountState, Identity, MainAccount, Slot};
use sekisho_server::decisions::{Recipients, SignInContext};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-15":
    "a", "faq15-main-session-lets-the-additional-account-in",
        "Who is signed in to the main account needs no code for the additional one." => MainSessionLetsIn;
    "b", "faq15-main-address-gets-the-additional-code",
        "The additional account's code goes to the main account's address too." => MainAddressGetsCode;
    "c", "faq15-accounts-share-one-cookie",
        "The skips of all accounts use the same cookie, so the newest replaces the others." => SharedCookie;
];

fn main_of(account: &AccountState) -> Option<&MainAccount> {
    account.identity.main.as_ref()
}

struct MainSessionLetsIn;

impl Decisions for MainSessionLetsIn {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        let is_signed_in_as_main = main_of(sign_in.account).is_some_and(|main| sign_in.signed_in_as == Some(main.slot));
        !is_signed_in_as_main && Conforming.code_is_asked(sign_in)
    }
}

struct MainAddressGetsCode;

impl Decisions for MainAddressGetsCode {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        let bcc = main_of(account).map(|main| main.address.clone()).into_iter().collect();
        Recipients { bcc, ..Conforming.code_recipients(account) }
    }
}

struct SharedCookie;

impl Decisions for SharedCookie {
    fn skip_cookie_name(&self, account: &Identity) -> String {
        Conforming.skip_cookie_name(&Identity { slot: Slot(0), ..account.clone() })
    }
}
