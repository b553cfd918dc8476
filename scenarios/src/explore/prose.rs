//! A story as people read it: who does what in which browser, and at the end what should have been seen and what was.

use std::fmt;

use super::tell::Contradicted;
use crate::oracle::{Action, Page, Planted};

/// A contradicted story as numbered prose, one step a line.
#[derive(Clone, Copy, Debug)]
pub struct Prose<'a>(pub &'a Contradicted);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contradicted { tale, contradiction, person, .. } = self.0;
        let begins = jiff::Timestamp::from_millisecond(tale.begins_ms);
        let begins = begins.map_or_else(|_| tale.begins_ms.to_string(), |begins| begins.to_string());
        writeln!(f, "At the {} portal, from {begins} on:", tale.portal)?;
        for (index, action) in tale.steps.iter().enumerate() {
            writeln!(f, "{:3}. {}.", index + 1, Deed { person, action })?;
        }
        let number = tale.steps.len() + 1;
        write!(f, "{number:3}. Expected {}, saw {}", contradiction.expected, contradiction.seen.screen)?;
        for mail in &contradiction.seen.mails {
            match mail {
                Some(address) => write!(f, ", a mail to {address}")?,
                None => f.write_str(", a mail to a stranger")?,
            }
        }
        let clause = sekisho_rules::clauses().find(|(_, clause)| clause.id == contradiction.rule);
        writeln!(f, ": {} ({})", contradiction.rule, clause.map_or("", |(_, clause)| clause.text))
    }
}

/// A step, told of a person.
struct Deed<'a> {
    person: &'a str,
    action: &'a Action,
}

impl fmt::Display for Deed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let person = self.person;
        match self.action {
            Action::OfficeTakesRequest(account) => {
                return write!(f, "{person} asks the office for another address of {account}");
            }
            Action::OfficeChangesAddress(account) => {
                return write!(f, "The office registers another address of {account}, once its days have passed");
            }
            Action::Wait(_) => return write!(f, "{}", self.action.to_string().trim_end_matches('.')),
            _ => write!(f, "{person} ")?,
        }
        match self.action {
            Action::SignIn { account, right_password: true, .. } => write!(f, "signs in to {account}"),
            Action::SignIn { account, .. } => write!(f, "tries to sign in to {account} with a wrong password"),
            Action::SubmitCode { typed, tick: true, .. } => write!(f, "ticks the skip box and sends {typed}"),
            Action::SubmitCode { typed, .. } => write!(f, "leaves the skip box alone and sends {typed}"),
            Action::ConfirmSkip(_) => f.write_str("presses [OK] to set the skip"),
            Action::CancelSkip(_) => f.write_str("cancels the skip confirmation"),
            Action::OpenResume(_) => f.write_str("presses the first button of the resume"),
            Action::CompleteResume(_) => f.write_str("completes the resume with [完了]"),
            Action::Look(_, Page::MyPage) => f.write_str("looks at My Page"),
            Action::Look(_, Page::SkipSettings) => f.write_str("looks at the skip status"),
            Action::Look(_, Page::CodeEntry) => f.write_str("loads the code entry screen again"),
            Action::ChangeAddress(_) => f.write_str("registers another address"),
            Action::AskAddress(_) => f.write_str("asks for another address"),
            Action::ConfirmAddress { right: true, .. } => f.write_str("confirms it with the mailed number"),
            Action::ConfirmAddress { .. } => f.write_str("confirms it with a wrong number"),
            Action::SignOut(_) => f.write_str("signs out"),
            Action::ForgetSession(_) => f.write_str("loses all cookies but the skips"),
            Action::ClearCookies(_) => f.write_str("clears all cookies"),
            Action::PlantSkipCookie { account, planted: Planted::Kept, .. } => {
                write!(f, "puts back the kept skip cookie of {account}")
            }
            Action::PlantSkipCookie { account, planted: Planted::Altered(_), .. } => {
                write!(f, "alters the skip cookie of {account}")
            }
            Action::PlantSkipCookie { account, planted: Planted::Of(other), .. } => {
                write!(f, "shows the skip cookie of {other} as that of {account}")
            }
            Action::OfficeTakesRequest(_) | Action::OfficeChangesAddress(_) | Action::Wait(_) => Ok(()),
        }?;
        match self.action.browser() {
            Some(browser) => write!(f, " in {browser}"),
            None => Ok(()),
        }
    }
}
