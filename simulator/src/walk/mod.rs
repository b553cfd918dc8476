//! A dry walk: one account goes once through every step that a profile knows, and at each it is said what was sent, what came back,
//! what was recognised, and what would help where it was not. For people who write a profile; nothing here judges a rule.

mod clock;
mod forms;
mod hints;
mod look;
mod mail;
mod notes;
mod observe;
mod story;

use serde::Serialize;

pub use forms::{FieldSeen, FormSeen, forms_on};
pub use mail::MailSeen;
pub use story::{Wish, walk};

use crate::target::{NearMiss, Screen};

/// What came of a walk.
#[derive(Debug, Clone, Serialize)]
pub struct Walk {
    /// What people call the target.
    pub target: String,
    /// The portal walked in.
    pub portal: &'static str,
    /// The address of the account.
    pub account: String,
    /// Every step, in the order walked.
    pub stops: Vec<Stop>,
    /// What a reader must know beside them.
    pub notes: Vec<String>,
}

impl Walk {
    /// Whether every step was recognised and as expected.
    pub fn is_as_expected(&self) -> bool {
        !self.stops.is_empty() && self.stops.iter().all(|stop| stop.outcome == Outcome::AsExpected)
    }
}

/// One step of the walk.
#[derive(Debug, Clone, Serialize)]
pub struct Stop {
    /// The step's name in the profile; `mail` where a mail is waited for, `clock` where the clock is moved.
    pub step: String,
    /// In which browser, and to what end.
    pub about: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The screens that were expected, any of which is right; empty where any screen the profile knows is.
    pub expected: Vec<Screen>,
    /// The screen that was recognised.
    pub screen: Option<Screen>,
    /// The final title.
    pub title: Option<String>,
    /// The beginning of what the page says, where it is not what was expected.
    pub reads: Option<String>,
    /// What was sent, redirects included.
    pub requests: Vec<SentSeen>,
    /// The cookies that were set.
    pub cookies: Vec<CookieSeen>,
    /// Names of what was taken from the answers.
    pub taken: Vec<String>,
    /// The mail that came.
    pub mail: Option<MailSeen>,
    /// What else was seen or went wrong.
    pub remarks: Vec<String>,
    /// How near the page comes to screens, where it was not what was expected; the nearest first.
    pub near: Vec<NearMiss>,
    /// The forms on the page, where one was sought in vain.
    pub forms: Vec<FormSeen>,
    /// What would help.
    pub hints: Vec<String>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A screen that was expected.
    AsExpected,
    /// The screen was, but something on it or beside it is missing: a status, a cookie.
    Incomplete,
    /// Another screen of the profile.
    OtherScreen,
    /// No screen of the profile.
    NotRecognised,
    /// The request could not be put together on this page.
    NotSent,
    /// No answer came.
    NoAnswer,
    /// No mail came, or none with a code in it.
    NoMail,
    /// It was not come to, because something before it went wrong.
    NotReached,
}

/// One request with the status of its answer.
#[derive(Debug, Clone, Serialize)]
pub struct SentSeen {
    /// The method.
    pub method: String,
    /// The path; the whole address where it is not the target's own.
    pub path: String,
    /// Names and values of what was sent along; secrets stand under another name, long values as their length.
    pub fields: Vec<(String, String)>,
    /// The status, or `None` where nothing came back.
    pub status: Option<u16>,
    /// Where a redirect leads.
    pub location: Option<String>,
}

/// A cookie that was set.
#[derive(Debug, Clone, Serialize)]
pub struct CookieSeen {
    /// Its name.
    pub name: String,
    /// Its attributes as they came.
    pub attributes: String,
    /// Whether `skip.cookie` matches its name.
    pub is_skip: bool,
    /// Whether `skip.session_cookie` does.
    pub is_session: bool,
}
