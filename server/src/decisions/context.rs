//! What the decisions are handed: what a user has just done, what is known when something is asked, which form was sent, what is wrong
//! with one, whose guesses are counted.
//!
//! Only data; the decisions themselves stand one level up.

use crate::core::{AccountState, Address, Attempt, Moment, Session, Slot, Visitor};
use crate::pages::Screen;

/// What a user has just done, where it may do something to the account's skips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A code was given and not taken.
    CodeRefused {
        /// Whether the skip check box was ticked.
        ticked: bool,
    },
    /// The right code was given.
    CodeTaken {
        /// Whether the skip check box was ticked.
        ticked: bool,
    },
    /// ［OK］ on the skip confirmation screen.
    SkipAccepted,
    /// ［キャンセル］ there.
    SkipDeclined,
    /// ［ワンタイムパスワードの入力を再開する］ on the skip settings screen.
    ResumeOpened,
    /// ［完了］ on the resume confirmation screen.
    ResumeCompleted,
    /// Another address was registered by the user.
    AddressChanged,
    /// The user chose another password.
    PasswordChanged,
    /// The user signed out.
    SignedOut,
}

/// An occasion on which the rules call for no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The password was wrong (FAQ-01 c).
    WrongPassword,
    /// No account has the ID (FAQ-01 c).
    UnknownId,
    /// A code was mailed, and with that all that FAQ-01 a calls for.
    CodeMailed,
    /// A skip let the browser in (FAQ-06 f).
    SignedInBySkip,
    /// No code is asked yet (NOTICE-1 a).
    SignedInWithoutCode,
    /// A skip was set (FAQ-06).
    SkipSet,
    /// The account's clock was moved on (FAQ-09 b).
    TimePassed,
}

/// What was changed of an account by its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The address.
    Address {
        /// The one before.
        former: &'a Address,
    },
    /// The password.
    Password,
}

/// What is known when it is asked whether a sign-in needs a code.
pub struct SignInContext<'a> {
    /// The account that is signed in to.
    pub account: &'a AccountState,
    /// The account's time.
    pub now: Moment,
    /// From when on a code is asked.
    pub go_live: Moment,
    /// The account whose session this browser holds at this portal, if any.
    pub signed_in_as: Option<Slot>,
}

/// What is known when it is asked whether something is mailed.
pub struct NoticeContext<'a> {
    /// What happened.
    pub occasion: Occasion,
    /// The account; none where no account has the ID.
    pub account: Option<&'a AccountState>,
    /// The account's address, or the ID that was given.
    pub address: &'a Address,
    /// The account's time, or real time.
    pub now: Moment,
}

/// What is known when a page is shown.
pub struct PageContext<'a> {
    /// The screen; none for a redirect.
    pub screen: Option<Screen>,
    /// The account the request was about, where that is known.
    pub account: Option<&'a AccountState>,
    /// The attempt the browser shows.
    pub attempt: Option<&'a Attempt>,
    /// The session the browser shows.
    pub session: Option<&'a Session>,
    /// The account's time, or real time.
    pub now: Moment,
}

/// What is known when a form arrives.
#[derive(Clone, Copy, Debug)]
pub struct PostContext {
    /// Which form it is.
    pub posted: Posted,
    /// Whether the form carries the token of this browser (compared in constant time).
    pub token_matches: bool,
    /// Whether the browser says that another site sent the form.
    pub is_cross_site: bool,
}

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
