//! What the baseline's decisions are handed: which form was sent, what is wrong with one, whose guesses are counted.
//!
//! Only data; the decisions themselves stand one level up.

use crate::core::{AccountState, Visitor};

/// A form that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// ID and password.
    SignIn,
    /// The code.
    Code,
    /// ［OK］ on the skip confirmation screen.
    SkipAccepted,
    /// ［キャンセル］ there, or whatever else is sent to it.
    SkipDeclined,
    /// Both buttons of the resume.
    Resume,
    /// Another address, and the number that confirms it.
    Address,
    /// An additional account.
    Accounts,
    /// Another password.
    Password,
    /// ［ログアウト］.
    SignOut,
    /// A form that is sent to a page which takes none.
    Nothing,
}

/// Why a body is no form that a page of this server could have sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// A name or value is not UTF-8.
    #[error("not UTF-8")]
    NotText,
    /// A field stands there twice.
    #[error("a field is given twice")]
    Twice,
    /// Too many fields.
    #[error("too many fields")]
    TooMany,
}

/// What is known when it is asked how many wrong codes count against an account.
pub struct GuessContext<'a> {
    /// The account.
    pub account: &'a AccountState,
    /// Who is about to sign in or to give a code.
    pub visitor: &'a Visitor,
    /// How many wrong codes were given for the account within the window, by whomever.
    pub wrong_within_the_hour: usize,
}
