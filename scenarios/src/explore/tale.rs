//! A story that was drawn, and what stories may be made of at a target.

use sekisho_rules::Portal;
use sekisho_simulator::target::{AccountSource, OfficeDriver, Step, Target};
use sekisho_simulator::world::World;

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
    /// Whether addresses can be changed in My Page.
    pub changes_address: bool,
    /// Whether such a change waits for a number that is mailed.
    pub confirms_address: bool,
    /// Whether there is an office.
    pub has_office: bool,
    /// Whether one can sign out.
    pub signs_out: bool,
    /// Whether the skip settings tell the status.
    pub tells_status: bool,
    /// Whether the skip confirmation can be cancelled.
    pub cancels_skip: bool,
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

impl Vocabulary {
    /// All there is, in every portal, by the numbers of a policy.
    pub fn everything(policy: &Policy) -> Vocabulary {
        Vocabulary {
            portals: Portal::ALL.to_vec(),
            with_additional: Portal::ALL.to_vec(),
            moves_time: true,
            changes_address: true,
            confirms_address: true,
            has_office: true,
            signs_out: true,
            tells_status: true,
            cancels_skip: true,
            max_steps: MAX_STEPS,
            code_valid_ms: policy.code_valid_ms,
            skip_valid_ms: policy.skip_valid_ms,
            session_ms: (policy.session.at_most_ms < i64::MAX).then_some(policy.session.at_most_ms),
            go_live_ms: policy.go_live_ms,
        }
    }

    /// What a target has, as its profile says, and what is left out for want of it.
    pub(super) fn of(world: &World, policy: &Policy, max_steps: usize) -> (Vocabulary, Vec<&'static str>) {
        let target = &world.target;
        let has_employer = target.portals.contains(&Portal::Employer);
        let has_additional = has_employer && world.accounts.has_additional();
        let moves_time = world.clock.can_freeze() && world.accounts.can_start_at();
        let changes_address = [Step::OpenAddressChange, Step::SubmitAddress].iter().all(|step| target.knows(*step));
        let vocabulary = Vocabulary {
            portals: target.portals.clone(),
            with_additional: has_additional.then_some(Portal::Employer).into_iter().collect(),
            moves_time,
            changes_address,
            confirms_address: changes_address && target.confirms_addresses() && target.knows(Step::ConfirmAddress),
            // The office takes days, so it is of no use where none can pass.
            has_office: target.office != OfficeDriver::None && world.office.is_some() && moves_time,
            signs_out: target.knows(Step::SignOut),
            tells_status: target.tells_status() && target.knows(Step::OpenSkipSettings),
            cancels_skip: target.knows(Step::CancelSkip),
            max_steps,
            ..Vocabulary::everything(policy)
        };
        let left_out = vocabulary.left_out(target);
        (vocabulary, left_out)
    }

    fn left_out(&self, target: &Target) -> Vec<&'static str> {
        let no_clock =
            "time that passes: no clock of single accounts can be moved, so every story is told in one instant";
        let no_additional = "additional accounts: no portal of the target has any that can be made";
        let no_change = "another address: the profile has no steps for it";
        let numbered = "accounts of its own for every story beyond those that the profile numbers or lists";
        [
            (!self.moves_time, no_clock),
            (self.with_additional.is_empty(), no_additional),
            (!self.changes_address, no_change),
            (self.changes_address && !self.confirms_address, "the number that confirms an address: none is mailed"),
            (!self.has_office, "the office: it cannot be driven"),
            (!self.signs_out, "signing out: the profile has no step for it"),
            (!self.tells_status, "the skip status: the profile does not say where it stands"),
            (!self.cancels_skip, "the button that sets no skip: the profile has no step for it"),
            (matches!(target.accounts, AccountSource::Numbered | AccountSource::Csv), numbered),
        ]
        .into_iter()
        .filter_map(|(holds, what)| holds.then_some(what))
        .collect()
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
        match action {
            Action::SignIn { account, .. } => known(*account),
            Action::SubmitCode { typed: Typed::Of(account), .. } => known(*account),
            Action::PlantSkipCookie { account, planted, .. } => known(*account) && planted.other().is_none_or(known),
            Action::CancelSkip(_) => self.cancels_skip,
            Action::Look(_, Page::SkipSettings) => self.tells_status,
            Action::ChangeAddress(_) => self.changes_address,
            Action::AskAddress(_) | Action::ConfirmAddress { .. } => self.confirms_address,
            Action::OfficeTakesRequest(account) | Action::OfficeChangesAddress(account) => {
                self.has_office && known(*account)
            }
            Action::SignOut(_) => self.signs_out,
            Action::Wait(_) => self.moves_time,
            _ => true,
        }
    }
}
