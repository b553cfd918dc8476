//! What people do in a story, and how it reads.

use std::fmt;

/// An account, by its place in the list the world was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub usize);

/// A browser, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BrowserId(pub usize);

/// What is typed on the code entry screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The code mailed for the attempt that is open in the browser.
    Right,
    /// A number that was mailed to nobody.
    Wrong,
    /// The code mailed for the attempt of the same account that lies so many before the browser's; one that is not there
    /// stands for a wrong code.
    Earlier(usize),
    /// The newest code mailed for the account of this number; where it is the same account or has none, a wrong code.
    Of(AccountId),
}

/// A page that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// My Page.
    MyPage,
    /// The skip settings screen with its status.
    SkipSettings,
    /// The code entry screen, loaded again.
    CodeEntry,
}

/// A skip cookie that is put into a browser by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The last one that this browser was given for the account, however long ago.
    Kept,
    /// The same with the character in this place, modulo its length, altered.
    Altered(usize),
    /// The value of the last one that this browser was given for this other account, under the name of the account's own.
    Of(AccountId),
}

/// One step of a story. A browser has at most one open attempt and one session; a step acts on those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// ID and password are given.
    SignIn {
        /// Where.
        browser: BrowserId,
        /// Whose they are.
        account: AccountId,
        /// Whether the password is right.
        right_password: bool,
    },
    /// A code is given.
    SubmitCode {
        /// Where.
        browser: BrowserId,
        /// Which.
        typed: Typed,
        /// Whether the skip check box is ticked.
        tick: bool,
    },
    /// \[OK\] is sent as the skip confirmation screen sends it, whether that screen is there or not.
    ConfirmSkip(BrowserId),
    /// The same with the button that sets no skip.
    CancelSkip(BrowserId),
    /// The button of the skip settings screen that leads to the resume confirmation screen.
    OpenResume(BrowserId),
    /// \[完了\] is sent as the resume confirmation screen sends it, whether that screen is there or not.
    CompleteResume(BrowserId),
    /// A page is looked at.
    Look(BrowserId, Page),
    /// The user registers the account's next address in My Page, and confirms it where that is asked.
    ChangeAddress(BrowserId),
    /// The user asks for the account's next address, and does not confirm it yet.
    AskAddress(BrowserId),
    /// The number that was mailed to the address asked for last is sent, or one that was mailed to nobody.
    ConfirmAddress {
        /// Where.
        browser: BrowserId,
        /// Whether it is that number.
        right: bool,
    },
    /// Somebody asks the office for the account's next address; from now on it is at work.
    OfficeTakesRequest(AccountId),
    /// The office registers the account's next address.
    OfficeChangesAddress(AccountId),
    /// The user signs out.
    SignOut(BrowserId),
    /// The browser is closed and opened: it keeps its skip cookies only.
    ForgetSession(BrowserId),
    /// The browser loses all cookies.
    ClearCookies(BrowserId),
    /// A skip cookie is put into the browser; nothing happens if it was never given one.
    PlantSkipCookie {
        /// Where.
        browser: BrowserId,
        /// For which account.
        account: AccountId,
        /// What.
        planted: Planted,
    },
    /// So many milliseconds pass.
    Wait(i64),
}

impl Planted {
    /// The account whose cookie is shown as another's.
    pub fn other(self) -> Option<AccountId> {
        match self {
            Self::Of(other) => Some(other),
            Self::Kept | Self::Altered(_) => None,
        }
    }
}

impl Action {
    /// The browser that acts, if one does.
    pub fn browser(&self) -> Option<BrowserId> {
        match *self {
            Self::SignIn { browser, .. } | Self::SubmitCode { browser, .. } | Self::PlantSkipCookie { browser, .. } => {
                Some(browser)
            }
            Self::ConfirmSkip(browser)
            | Self::CancelSkip(browser)
            | Self::OpenResume(browser)
            | Self::CompleteResume(browser)
            | Self::Look(browser, _)
            | Self::ChangeAddress(browser)
            | Self::AskAddress(browser)
            | Self::ConfirmAddress { browser, .. }
            | Self::SignOut(browser)
            | Self::ForgetSession(browser)
            | Self::ClearCookies(browser) => Some(browser),
            Self::OfficeTakesRequest(_) | Self::OfficeChangesAddress(_) | Self::Wait(_) => None,
        }
    }
}

impl BrowserId {
    /// The letter it goes by: `A` for the first.
    pub fn letter(self) -> String {
        let letter =
            u32::try_from(self.0).ok().filter(|number| *number < 26).and_then(|number| char::from_u32(65 + number));
        letter.map_or_else(|| (self.0 + 1).to_string(), String::from)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("the main account"),
            1 => f.write_str("the additional account"),
            other => write!(f, "account {}", other + 1),
        }
    }
}

impl fmt::Display for BrowserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "browser {}", self.letter())
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => f.write_str("the mailed code"),
            Self::Wrong => f.write_str("a wrong code"),
            Self::Earlier(1) => f.write_str("the code of the attempt before"),
            Self::Earlier(back) => write!(f, "the code of {back} attempts before"),
            Self::Of(account) => write!(f, "the newest code of {account}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(browser) = self.browser() {
            write!(f, "In {browser}, ")?;
        }
        match self {
            Self::SignIn { account, right_password: true, .. } => write!(f, "sign in to {account}."),
            Self::SignIn { account, .. } => write!(f, "try to sign in to {account} with a wrong password."),
            Self::SubmitCode { typed, tick: true, .. } => write!(f, "tick the skip box and send {typed}."),
            Self::SubmitCode { typed, .. } => write!(f, "send {typed} without a tick."),
            Self::ConfirmSkip(_) => f.write_str("press [OK] to set the skip."),
            Self::CancelSkip(_) => f.write_str("cancel the skip confirmation."),
            Self::OpenResume(_) => f.write_str("press the first button of the resume."),
            Self::CompleteResume(_) => f.write_str("complete the resume with [完了]."),
            Self::Look(_, Page::MyPage) => f.write_str("look at My Page."),
            Self::Look(_, Page::SkipSettings) => f.write_str("look at the skip status."),
            Self::Look(_, Page::CodeEntry) => f.write_str("reload the code entry screen."),
            Self::ChangeAddress(_) => f.write_str("register another address."),
            Self::AskAddress(_) => f.write_str("ask for another address."),
            Self::ConfirmAddress { right: true, .. } => f.write_str("confirm it with the mailed number."),
            Self::ConfirmAddress { .. } => f.write_str("confirm it with a wrong number."),
            Self::OfficeTakesRequest(account) => write!(f, "The office is asked for another address for {account}."),
            Self::OfficeChangesAddress(account) => write!(f, "The office registers another address for {account}."),
            Self::SignOut(_) => f.write_str("sign out."),
            Self::ForgetSession(_) => f.write_str("lose all cookies but the skips."),
            Self::ClearCookies(_) => f.write_str("clear all cookies."),
            Self::PlantSkipCookie { account, planted: Planted::Kept, .. } => {
                write!(f, "put back a kept skip cookie of {account}.")
            }
            Self::PlantSkipCookie { account, planted: Planted::Altered(_), .. } => {
                write!(f, "alter the skip cookie of {account}.")
            }
            Self::PlantSkipCookie { account, planted: Planted::Of(other), .. } => {
                write!(f, "show the skip cookie of {other} as that of {account}.")
            }
            Self::Wait(ms) => write!(f, "Wait {}.", Pause(*ms)),
        }
    }
}

/// A span of milliseconds as people say it: `90 d 1 s`.
struct Pause(i64);

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut separator = "";
        for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")] {
            if rest >= unit_ms {
                write!(f, "{separator}{} {unit}", rest / unit_ms)?;
                separator = " ";
                rest %= unit_ms;
            }
        }
        if separator.is_empty() { f.write_str("0 s") } else { Ok(()) }
    }
}

/// Steps as numbered prose, one a line.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a>(pub &'a [Action]);

impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, action) in self.0.iter().enumerate() {
            writeln!(f, "{:3}. {action}", index + 1)?;
        }
        Ok(())
    }
}
