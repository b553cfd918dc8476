//! Mails that no rule calls for, and addresses that no code should reach.

use sekisho_server::core::Address;
use sekisho_server::decisions::{Notice, NoticeContext, Occasion};
use sekisho_server::mail::Letter;

/// A notice to the account's address on one occasion, and on no other.
pub(crate) fn notice_if(occasion: Occasion, context: &NoticeContext<'_>, subject: &str, body: &str) -> Option<Notice> {
    (context.occasion == occasion).then(|| notice(context, subject, body))
}

/// A notice to the account's address.
pub(crate) fn notice(context: &NoticeContext<'_>, subject: &str, body: &str) -> Notice {
    let letter = Letter { subject: subject.to_owned(), body: format!("{body}\n") };
    Notice { to: context.address.clone(), letter }
}

/// The address of somebody who has nothing to do with the account.
pub(crate) fn third_party() -> Vec<Address> {
    Address::parse("archive@operator.sekisho.test").into_iter().collect()
}
