//! What stories of a load cannot be told without: where a target or its profile lacks it, every user would break off.

use sekisho_rules::Portal;
use sekisho_simulator::account::{AccountPool, Accounts, MadeAccounts};
use sekisho_simulator::target::{AccountSource, MailArrival, Step, Target};

use super::mix::particulars;
use crate::check::not_offered;
use crate::scenario::Scenario;

/// What a story cannot be told without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// A way to ask for the skip.
    Skip,
    /// The two steps of the resume.
    Resume,
    /// Time that passes for one user alone: thousands cannot each move the clock of all.
    Time,
    /// A way back to the code entry screen from a page that is shut.
    CodePageAgain,
    /// As many codes in a row as browsers are tried.
    ManyMails,
    /// Wrong codes one after the other, without waiting in between.
    GuessesInARow,
    /// An account beside the main one.
    AdditionalAccount,
    /// A mail host that refuses.
    RefusedMail,
}

/// Why a story cannot be told in a portal of the target, before anybody tries.
pub(super) fn lacking(target: &Target, scenario: &Scenario, portal: Portal) -> Option<String> {
    if !scenario.portals.include(portal) {
        return Some("it is told in the portal `employer` only, which the target has not".to_owned());
    }
    if not_offered(target, scenario) {
        return Some(
            "the profile says of all it looks at that the target does not offer it (`not_applicable`)".to_owned(),
        );
    }
    let (_, means) = particulars(scenario);
    means.iter().find_map(|means| means.lacking(target, portal))
}

impl Means {
    fn lacking(self, target: &Target, portal: Portal) -> Option<String> {
        let knows = |step| target.knows_in(portal, step);
        let no_step = |step: Step| (!knows(step)).then(|| format!("the profile has no step `{step}`"));
        let time = || (!target.moves_clocks_of_accounts()).then(|| NO_TIME.to_owned());
        match self {
            Means::Skip => {
                let asks = [Step::SubmitCode, Step::SubmitPassword].map(|step| target.asks_for_skip(portal, step));
                let none = !asks.contains(&true) && !knows(Step::ConfirmSkip);
                none.then(|| "the profile does not say how the skip is asked for".to_owned())
            }
            Means::Resume => {
                let on_settings = target.needs_page(portal, Step::Resume);
                let opens = if on_settings { no_step(Step::OpenSkipSettings) } else { None };
                no_step(Step::Resume).or(opens).or_else(|| no_step(Step::CompleteResume))
            }
            Means::Time => time(),
            Means::CodePageAgain => {
                let stays =
                    !target.needs_page(portal, Step::SubmitCode) || target.leaves_page_open(portal, Step::OpenMyPage);
                if stays { None } else { no_step(Step::OpenCodeEntry) }
            }
            Means::ManyMails => {
                let browsers = target.numbers.browsers_tried;
                let few = target.numbers.mail_limit.is_some_and(|limit| browsers + 1 >= limit.count as usize);
                if few { time() } else { None }
            }
            Means::GuessesInARow => {
                let numbers = &target.numbers;
                if numbers.wrong_codes.is_none() && numbers.code_cooldown.is_some() { time() } else { None }
            }
            Means::AdditionalAccount => {
                (!has_additional(target)).then(|| "the profile's accounts have no additional accounts".to_owned())
            }
            Means::RefusedMail => {
                let own = matches!(target.mail_arrival, MailArrival::Sink { .. });
                (!own).then(|| "mail can only be refused where it arrives in our own sink".to_owned())
            }
        }
    }
}

const NO_TIME: &str = "it lets time pass, and the target has no clock that is moved for one account alone";

fn has_additional(target: &Target) -> bool {
    if target.accounts == AccountSource::Control {
        return true;
    }
    let made = MadeAccounts::of(target).map(|made| made.has_additional());
    made.or_else(|| AccountPool::of(target).map(|pool| pool.has_additional())).unwrap_or(false)
}
