//! What a scenario is, and the list of all there are.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sekisho_rules::Portal;
use sekisho_simulator::Trouble;

use crate::stage::Stage;

/// One person's story against the login, told once: what they do, and what must hold.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Permanent id, e.g. `faq03-expiry`.
    pub id: &'static str,
    /// The story in a sentence.
    pub about: &'static str,
    /// The checks it decides.
    pub checks: &'static [&'static str],
    /// The portals it is told in.
    pub portals: Portals,
    /// Whether it runs with the others.
    pub company: Company,
    /// The story.
    pub tell: Tell,
}

/// Where a scenario is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portals {
    /// In each portal of the target.
    Each,
    /// Only where additional accounts exist (FAQ-15, FAQ-16).
    Employer,
    /// Once, from the first portal of the target: it goes to the others by itself, or one stands for all.
    Once,
}

/// With what a scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// With all others, side by side.
    Everything,
    /// By itself, and only when it is asked for: it decides by statistics, which takes thousands of requests, or a quiet machine.
    Statistical,
}

impl Portals {
    /// Whether each telling needs an additional account beside a main one.
    pub fn need_pairs(self) -> bool {
        self == Portals::Employer
    }

    /// Whether the scenario is told in this portal.
    pub fn include(self, portal: Portal) -> bool {
        self != Portals::Employer || portal == Portal::Employer
    }
}

/// A story being told. `Ok` means told to its end, whatever was judged on the way.
pub type Telling = Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send>>;

/// Tells a story on a stage.
pub type Tell = fn(Arc<Stage>) -> Telling;

/// Lists scenarios: `id`, what it is about, where, the checks, the function that tells it.
macro_rules! stories {
    ($($id:literal: $about:literal, $portals:ident, [$($check:literal),* $(,)?], $tell:path;)*) => {
        &[$($crate::scenario::Scenario {
            id: $id,
            about: $about,
            checks: &[$($check),*],
            portals: $crate::scenario::Portals::$portals,
            company: $crate::scenario::Company::Everything,
            tell: |stage| Box::pin($tell(stage)),
        },)*]
    };
}
pub(crate) use stories;

/// All scenarios, in the order of the rules.
pub fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    use crate::{
        base_account, base_account_changes, base_account_mail, base_account_time, base_code, base_code_chance,
        base_code_conflicts, base_code_input, base_code_limits, base_code_races, base_code_superseded, base_cookie,
        base_load, base_session, base_session_forms, base_session_half, faq01_delivery, faq02_devices, faq03_expiry,
        faq04_deleted_mail, faq05_address_lost, faq06_skip, faq07_no_limit, faq08_90_days, faq09_silence,
        faq10_cookie_cleared, faq11_cookie, faq12_revocation, faq13_status, faq14_cookies_off, faq15_accounts,
        faq16_skips_apart, notice1_go_live, notice2_portals, notice3_address, notice4_address_change,
    };
    [
        notice1_go_live::SCENARIOS,
        notice2_portals::SCENARIOS,
        notice3_address::SCENARIOS,
        notice4_address_change::SCENARIOS,
        faq01_delivery::SCENARIOS,
        faq02_devices::SCENARIOS,
        faq03_expiry::SCENARIOS,
        faq04_deleted_mail::SCENARIOS,
        faq05_address_lost::SCENARIOS,
        faq06_skip::SCENARIOS,
        faq07_no_limit::SCENARIOS,
        faq08_90_days::SCENARIOS,
        faq09_silence::SCENARIOS,
        faq10_cookie_cleared::SCENARIOS,
        faq11_cookie::SCENARIOS,
        faq12_revocation::SCENARIOS,
        faq13_status::SCENARIOS,
        faq14_cookies_off::SCENARIOS,
        faq15_accounts::SCENARIOS,
        faq16_skips_apart::SCENARIOS,
        base_code::SCENARIOS,
        base_code_races::SCENARIOS,
        base_code_limits::SCENARIOS,
        base_code_superseded::SCENARIOS,
        base_code_input::SCENARIOS,
        base_code_chance::SCENARIOS,
        base_code_conflicts::SCENARIOS,
        base_cookie::SCENARIOS,
        base_session::SCENARIOS,
        base_session_half::SCENARIOS,
        base_session_forms::SCENARIOS,
        base_account::SCENARIOS,
        base_account_time::SCENARIOS,
        base_account_changes::SCENARIOS,
        base_account_mail::SCENARIOS,
        base_load::SCENARIOS,
    ]
    .into_iter()
    .flatten()
}

/// The scenario with this id.
pub fn scenario(id: &str) -> Option<&'static Scenario> {
    scenarios().find(|scenario| scenario.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_check_is_decided_by_exactly_one_scenario() {
        let mut decided = BTreeMap::new();
        for scenario in scenarios() {
            for check in scenario.checks {
                assert!(sekisho_rules::check(check).is_some(), "{}: no rule lists {check}", scenario.id);
                if let Some(other) = decided.insert(*check, scenario.id) {
                    panic!("{check} is decided by {other} and {}", scenario.id);
                }
            }
        }
        for check in sekisho_rules::check_ids() {
            assert!(decided.contains_key(check), "no scenario decides {check}");
        }
    }

    #[test]
    fn ids_of_scenarios_are_unique_and_bear_their_rule() {
        let mut seen = std::collections::BTreeSet::new();
        for scenario in scenarios() {
            assert!(seen.insert(scenario.id), "{} stands twice", scenario.id);
            let (rule, _) = sekisho_rules::check(scenario.checks[0]).expect("listed");
            assert!(scenario.id.starts_with(&rule.check_prefix()), "{} is not of {}", scenario.id, rule.id);
        }
    }
}
