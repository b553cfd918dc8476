//! NOTICE-4, changing the address: not at all, not in time, too soon, or with codes to the wrong one of the two.

use std::time::Duration;

use sekisho_server::core::{AccountState, Address, AddressChange, GO_LIVE, Moment, NUMBER_VALID};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion, Recipients};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["NOTICE-4":
    "", "notice4-change-is-refused",
        "The address cannot be changed in My Page at all." => ChangeIsRefused;
    "", "notice4-change-is-refused-before-go-live",
        "The address can be changed from go-live on, and not before it." => RefusedBeforeGoLive;
    "", "notice4-right-number-is-refused",
        "The number that was mailed to the new address does not confirm it." => RightNumberIsRefused;
    "", "notice4-codes-still-go-to-the-old-address",
        "After the change of the address the codes go to the old one." => StillToTheOld;
    "", "notice4-codes-go-to-both-addresses",
        "After the change of the address the codes go to the old one too, in the same mail." => ToBoth;
    "", "notice4-old-address-gets-a-copy-of-each-code",
        "After the change of the address each code is told to the old one in another mail." => CopyToTheOld;
    "", "notice4-codes-go-to-an-unconfirmed-address",
        "Codes go to the new address as soon as it was asked for, before it is confirmed." => ToTheUnconfirmed;
    "", "notice4-address-changes-unconfirmed",
        "The new address is registered as soon as it was asked for, without confirmation." => ChangesUnconfirmed;
    "", "notice4-any-number-confirms",
        "The new address is confirmed by any number, or by none." => AnyNumberConfirms;
    "", "notice4-number-lives-one-second-too-long",
        "The number that was mailed to the new address confirms it for one second after its 30 minutes." => SecondTooLong;
];

/// The recipients of a code while the account has other addresses than the registered one.
pub(crate) fn also_to(account: &AccountState, others: impl IntoIterator<Item = Address>) -> Recipients {
    let right = Conforming.code_recipients(account);
    Recipients { to: right.to.into_iter().chain(others).collect(), ..right }
}

/// The recipients of a code where another address took the place of the registered one.
pub(crate) fn instead_to(account: &AccountState, other: Option<&Address>) -> Recipients {
    let right = Conforming.code_recipients(account);
    Recipients { to: other.map_or(right.to, |other| vec![other.clone()]), ..right }
}

struct ChangeIsRefused;

impl Decisions for ChangeIsRefused {
    fn address_change_is_offered(&self, _now: Moment) -> bool {
        false
    }
}

struct RefusedBeforeGoLive;

impl Decisions for RefusedBeforeGoLive {
    fn address_change_is_offered(&self, now: Moment) -> bool {
        now >= GO_LIVE
    }
}

struct RightNumberIsRefused;

impl Decisions for RightNumberIsRefused {
    fn number_is_right(&self, _typed: &str, _change: &AddressChange) -> bool {
        false
    }
}

struct StillToTheOld;

impl Decisions for StillToTheOld {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        instead_to(account, account.former_address.as_ref())
    }
}

struct ToBoth;

impl Decisions for ToBoth {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        also_to(account, account.former_address.clone())
    }
}

struct CopyToTheOld;

impl Decisions for CopyToTheOld {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        let account = context.account.filter(|_| context.occasion == Occasion::CodeMailed)?;
        let letter = Conforming.code_letter(&account.attempts.back()?.code, account);
        Some(Notice { to: account.former_address.clone()?, letter })
    }
}

struct ToTheUnconfirmed;

impl Decisions for ToTheUnconfirmed {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        instead_to(account, account.address_change.as_deref().map(|change| &change.address))
    }
}

struct ChangesUnconfirmed;

impl Decisions for ChangesUnconfirmed {
    fn address_change_is_confirmed(&self) -> bool {
        false
    }
}

struct AnyNumberConfirms;

impl Decisions for AnyNumberConfirms {
    fn number_is_right(&self, _typed: &str, _change: &AddressChange) -> bool {
        true
    }
}

struct SecondTooLong;

impl Decisions for SecondTooLong {
    fn number_is_in_time(&self, asked_at: Moment, now: Moment) -> bool {
        now <= asked_at + NUMBER_VALID + Duration::from_secs(1)
    }
}
