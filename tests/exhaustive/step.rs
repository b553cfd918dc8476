//! What can happen in the bounded world, and how it is told.

use std::fmt;

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    SignIn {
        browser: usize,
        account: usize,
        right_password: bool,
    },
    SubmitCode {
        browser: usize,
        typed: Typed,
        ticked: bool,
    },
    /// [OK] or [キャンセル] on the skip confirmation screen.
    DecideSkip {
        browser: usize,
        accepted: bool,
    },
    /// The first button of the resume.
    OpenResume {
        browser: usize,
    },
    /// [完了].
    CompleteResume {
        browser: usize,
    },
    ClearCookies {
        browser: usize,
    },
    /// The clock moves on to the next instant.
    Pass,
}

/// Which code is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Typed {
    /// The one that was mailed for the attempt.
    Own,
    /// The account's code before it.
    Earlier,
    /// The newest of the other account.
    OfOther,
}

const BROWSER: [char; 2] = ['A', 'B'];
const ACCOUNT: [&str; 2] = ["main", "additional"];

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SignIn { browser, account, right_password } => {
                let password = if right_password { "the right" } else { "a wrong" };
                let (browser, account) = (BROWSER[browser], ACCOUNT[account]);
                write!(f, "In browser {browser}, sign in to the {account} account with {password} password")
            }
            Self::SubmitCode { browser, typed, ticked } => {
                let code = match typed {
                    Typed::Own => "the mailed code",
                    Typed::Earlier => "the account's code before it",
                    Typed::OfOther => "the newest code of the other account",
                };
                let tick = if ticked { " and tick the skip box" } else { "" };
                write!(f, "In browser {}, give {code}{tick}", BROWSER[browser])
            }
            Self::DecideSkip { browser, accepted } => {
                write!(f, "In browser {}, press [{}]", BROWSER[browser], if accepted { "OK" } else { "キャンセル" })
            }
            Self::OpenResume { browser } => {
                write!(f, "In browser {}, press the first button of the resume", BROWSER[browser])
            }
            Self::CompleteResume { browser } => write!(f, "In browser {}, press [完了]", BROWSER[browser]),
            Self::ClearCookies { browser } => write!(f, "Clear all cookies of browser {}", BROWSER[browser]),
            Self::Pass => write!(f, "Wait for the next instant"),
        }
    }
}
