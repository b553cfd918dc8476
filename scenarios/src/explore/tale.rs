//! A story that was drawn, and what stories may be made of at a target.

use std::collections::BTreeMap;

use sekisho_rules::Portal;
use sekisho_simulator::target::{AccountSource, OfficeDriver, Step, Target};
use sekisho_simulator::world::World;

use super::policy::has_go_live;
use crate::oracle::{AccountId, Action, Page, Policy, Typed};

/// Browsers that act in a story. One more signs in at the end, for the control mail.
pub const BROWSERS: usize = 3;

/// Accounts of a story where additional ones exist: a main one and its additional one.
pub const ACCOUNTS: usize = 2;

/// The most steps of a story unless it is said otherwise.
pub const MAX_STEPS: usize = 60;

const DAY_MS: i64 = 24 * 3_600_000;

/// Where and when a story begins, in milliseconds since the Unix epoch, and its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tale {
    /// The portal it is told in.
    pub portal: Portal,
    /// The time of the accounts' clocks at the beginning; where clocks cannot be started at will, it begins now.
    pub begins_ms: i64,
    /// What happens.
    pub steps: Vec<Action>,
}

/// What stories may be made of: what the target lacks is left out of them.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// The portals in which stories are told.
    pub portals: Vec<Portal>,
    /// Those among them that have additional accounts.
    pub with_additional: Vec<Portal>,
    /// Whether a story may let time pass, and begin when it likes.
    pub moves_time: bool,
    /// Whether there is an instant from which on a code is asked.
    pub has_go_live: bool,
    /// Whether there is an office.
    pub has_office: bool,
    /// What can be done in each portal.
    pub steps: BTreeMap<Portal, Steps>,
    /// The most steps of a story.
    pub max_steps: usize,
    /// How long a code is good, in milliseconds.
    pub code_valid_ms: i64,
    /// How long a skip is good, in milliseconds.
    pub skip_valid_ms: i64,
    /// How long a session lasts, in milliseconds, where that is declared.
    pub session_ms: Option<i64>,
    /// The first instant at which a code is asked, in milliseconds since the Unix epoch.
    pub go_live_ms: i64,
}

/// What can be done in a portal beside signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Whether addresses can be changed in My Page.
    pub changes_address: bool,
    /// Whether such a change waits for a number that is mailed.
    pub confirms_address: bool,
    /// Whether one can sign out.
    pub signs_out: bool,
    /// Whether the skip settings tell the status.
    pub tells_status: bool,
    /// Whether a skip is confirmed on a screen of its own; else the right code sets it.
    pub confirms_skip: bool,
    /// Whether the skip confirmation can be cancelled.
    pub cancels_skip: bool,
    /// Whether the code entry screen can be loaded again.
    pub reloads_code_entry: bool,
    /// Whether the resume confirmation can be come to.
    pub opens_resume: bool,
    /// Whether the resume can be completed.
    pub completes_resume: bool,
}

impl Steps {
    /// All of them.
    pub const ALL: Steps = Steps {
        changes_address: true,
        confirms_address: true,
        signs_out: true,
        tells_status: true,
        confirms_skip: true,
        cancels_skip: true,
        reloads_code_entry: true,
        opens_resume: true,
        completes_resume: true,
    };

    /// What the profile says how to do in this portal.
    fn of(target: &Target, portal: Portal) -> Steps {
        let knows = |step| target.knows_in(portal, step);
        let changes_address = knows(Step::OpenAddressChange) && knows(Step::SubmitAddress);
        // Its form stands on the settings, or on no page at all.
        let presses_resume =
            knows(Step::Resume) && (knows(Step::OpenSkipSettings) || !target.needs_page(portal, Step::Resume));
        let opens_resume = knows(Step::OpenResume) || presses_resume;
        Steps {
            changes_address,
            confirms_address: changes_address && target.confirms_addresses() && knows(Step::ConfirmAddress),
            signs_out: knows(Step::SignOut),
            tells_status: target.tells_status() && knows(Step::OpenSkipSettings),
            confirms_skip: knows(Step::ConfirmSkip),
            cancels_skip: knows(Step::CancelSkip),
            reloads_code_entry: knows(Step::OpenCodeEntry),
            opens_resume,
            completes_resume: opens_resume && knows(Step::CompleteResume),
        }
    }
}

impl Vocabulary {
    /// All there is, in every portal, by the numbers of a policy.
    pub fn everything(policy: &Policy) -> Vocabulary {
        Vocabulary {
            portals: Portal::ALL.to_vec(),
            with_additional: Portal::ALL.to_vec(),
            moves_time: true,
            has_go_live: true,
            has_office: true,
            steps: Portal::ALL.iter().map(|portal| (*portal, Steps::ALL)).collect(),
            max_steps: MAX_STEPS,
            code_valid_ms: policy.code_valid_ms,
            skip_valid_ms: policy.skip_valid_ms,
            session_ms: (policy.session.at_most_ms < i64::MAX).then_some(policy.session.at_most_ms),
            go_live_ms: policy.go_live_ms,
        }
    }

    /// What a target has, as its profile says, and what is left out for want of it.
    pub(super) fn of(world: &World, policy: &Policy, max_steps: usize) -> (Vocabulary, Vec<String>) {
        let target = &world.target;
        let has_employer = target.portals.contains(&Portal::Employer);
        let has_additional = has_employer && world.accounts.has_additional();
        let moves_time = world.clock.can_freeze() && world.accounts.can_start_at();
        let vocabulary = Vocabulary {
            portals: target.portals.clone(),
            with_additional: has_additional.then_some(Portal::Employer).into_iter().collect(),
            moves_time,
            has_go_live: has_go_live(target),
            // The office takes days, so it is of no use where none can pass.
            has_office: target.office != OfficeDriver::None && world.office.is_some() && moves_time,
            steps: target.portals.iter().map(|portal| (*portal, Steps::of(target, *portal))).collect(),
            max_steps,
            go_live_ms: target.numbers.go_live.0.as_millisecond(),
            ..Vocabulary::everything(policy)
        };
        let left_out = vocabulary.left_out(world);
        (vocabulary, left_out)
    }

    fn left_out(&self, world: &World) -> Vec<String> {
        let no_time = if world.timeline.is_some() {
            "time that passes: the target has one clock for all, and stories that are told side by side cannot each move it"
        } else {
            "time that passes: the clocks of single accounts cannot be started and moved"
        };
        let no_additional = "additional accounts: no portal of the target has any that can be made";
        let numbered = "accounts of its own for every story beyond those that the profile numbers or lists";
        let for_all = [
            (!self.moves_time, no_time),
            (self.with_additional.is_empty(), no_additional),
            (!self.has_office, "the office: it cannot be driven"),
            (matches!(world.target.accounts, AccountSource::Numbered | AccountSource::Csv), numbered),
        ];
        let for_all = for_all.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what.to_owned());
        let in_portals = LEFT_OUT.iter().filter_map(|(lacks, what)| {
            let lacking: Vec<Portal> =
                self.portals.iter().copied().filter(|portal| lacks(&self.in_portal(*portal))).collect();
            match lacking.len() {
                0 => None,
                all if all == self.portals.len() => Some((*what).to_owned()),
                _ => {
                    let names: Vec<&str> = lacking.iter().map(|portal| portal.name()).collect();
                    Some(format!("{what} (in {})", names.join(", ")))
                }
            }
        });
        for_all.chain(in_portals).collect()
    }

    fn in_portal(&self, portal: Portal) -> Steps {
        self.steps.get(&portal).copied().unwrap_or(Steps::ALL)
    }

    /// When most stories begin: a day after go-live, in milliseconds since the Unix epoch.
    pub fn usual_begin_ms(&self) -> i64 {
        self.go_live_ms + DAY_MS
    }

    /// How many accounts a story of a portal has.
    pub fn accounts(&self, portal: Portal) -> usize {
        if self.with_additional.contains(&portal) { ACCOUNTS } else { 1 }
    }

    /// Whether a step can be taken in a portal.
    pub fn has(&self, portal: Portal, action: &Action) -> bool {
        let known = |account: AccountId| account.0 < self.accounts(portal);
        let steps = self.in_portal(portal);
        match action {
            Action::SignIn { account, .. } => known(*account),
            Action::SubmitCode { typed: Typed::Of(account), .. } => known(*account),
            Action::PlantSkipCookie { account, planted, .. } => known(*account) && planted.other().is_none_or(known),
            Action::ConfirmSkip(_) => steps.confirms_skip,
            Action::CancelSkip(_) => steps.cancels_skip,
            Action::OpenResume(_) => steps.opens_resume,
            Action::CompleteResume(_) => steps.completes_resume,
            Action::Look(_, Page::SkipSettings) => steps.tells_status,
            Action::Look(_, Page::CodeEntry) => steps.reloads_code_entry,
            Action::ChangeAddress(_) => steps.changes_address,
            Action::AskAddress(_) | Action::ConfirmAddress { .. } => steps.confirms_address,
            Action::OfficeTakesRequest(account) | Action::OfficeChangesAddress(account) => {
                self.has_office && known(*account)
            }
            Action::SignOut(_) => steps.signs_out,
            Action::Wait(_) => self.moves_time,
            _ => true,
        }
    }
}

/// Whether a portal lacks something.
type Lacks = fn(&Steps) -> bool;

/// What is left out of the stories where a portal lacks it.
const LEFT_OUT: &[(Lacks, &str)] = &[
    (|steps| !steps.changes_address, "another address: the profile has no steps for it"),
    (|steps| steps.changes_address && !steps.confirms_address, "the number that confirms an address: none is mailed"),
    (|steps| !steps.signs_out, "signing out: the profile has no step for it"),
    (|steps| !steps.tells_status, "the skip status: the profile does not say where it stands"),
    (
        |steps| !steps.confirms_skip,
        "the skip confirmation: the profile has no step for it, so the right code is to set the skip",
    ),
    (
        |steps| steps.confirms_skip && !steps.cancels_skip,
        "the button that sets no skip: the profile has no step for it",
    ),
    (|steps| !steps.reloads_code_entry, "loading the code entry screen again: the profile has no step for it"),
    (|steps| !steps.completes_resume, "the resume: the profile has no steps for it"),
];
