//! What the oracle may hold a target to: the numbers of its profile, and what it declares. What it does not declare is left open.

use sekisho_rules::Portal;
use sekisho_simulator::target::{self, Numbers, Policies, SkipsAfter, Step, Superseded, Target};

use crate::oracle::{Answer, Limit, Policy, Span};

/// Beside the profile's tolerance, where clocks run while a story is told: how long a step may take.
const SLACK_OF_RUNNING_CLOCKS_MS: i64 = 10_000;

/// The policy of a target whose clocks stand still between two steps, or do not.
pub(super) fn policy_of(target: &Target, clocks_stand: bool) -> Policy {
    let Numbers {
        code_validity, skip_validity, tolerance, go_live, wrong_codes, wrong_codes_limit, mail_limit, ..
    } = &target.numbers;
    let slack_ms = if clocks_stand { 0 } else { SLACK_OF_RUNNING_CLOCKS_MS };
    let tolerance_ms = millis(*tolerance).saturating_add(slack_ms);
    let Policies {
        superseded,
        skips_after_password_change: _,
        skips_after_address_change,
        session_lifetime,
        skip_offer,
        skip_offer_outlives_leaving,
        attempt_and_session_apart,
        confirmation_validity,
        confirmation_is_bound,
        wrong_numbers,
        address_requests,
    } = &target.policies;
    Policy {
        code_valid_ms: millis(*code_validity),
        skip_valid_ms: millis(*skip_validity),
        // A target that has no go-live has always asked for a code.
        go_live_ms: if has_go_live(target) { go_live.0.as_millisecond() } else { 0 },
        tolerance_ms,
        skip_tolerance_ms: tolerance_ms,
        session: span(*session_lifetime),
        offer: span(*skip_offer),
        offer_outlives_leaving: answer(*skip_offer_outlives_leaving),
        skip_is_confirmed: true,
        resume_is_a_password: false,
        newest_supersedes: answer(superseded.map(|what| what == Superseded::Refused)),
        skips_outlive_address_change: answer(skips_after_address_change.map(|what| what == SkipsAfter::Kept)),
        attempt_and_session_apart: answer(*attempt_and_session_apart),
        confirmation: span(*confirmation_validity),
        confirmation_is_bound: answer(*confirmation_is_bound),
        wrong_numbers: wrong_numbers.map(count),
        address_requests: address_requests.map(limit),
        wrong_codes_per_attempt: wrong_codes.map(count),
        wrong_codes: wrong_codes_limit.map(limit),
        mails: mail_limit.map(limit),
    }
}

impl Policy {
    /// The same with what is one way in one portal and another in the next.
    pub(super) fn in_portal(self, target: &Target, portal: Portal) -> Policy {
        Policy {
            skip_is_confirmed: target.knows_in(portal, Step::ConfirmSkip),
            resume_is_a_password: target.takes_new_password(portal, Step::CompleteResume),
            ..self
        }
    }
}

/// Whether there is an instant from which on a code is asked.
pub(super) fn has_go_live(target: &Target) -> bool {
    ["NOTICE-1", "NOTICE-1b"].iter().all(|clause| not_offered(target, clause).is_none())
}

/// Why a clause is none of the target's business, where its profile says so.
pub(super) fn not_offered<'a>(target: &'a Target, clause: &str) -> Option<&'a str> {
    let rule = sekisho_rules::clauses().find(|(_, known)| known.id == clause).map(|(rule, _)| rule.id);
    let ids = [Some(clause), rule].into_iter().flatten();
    ids.filter_map(|id| target.not_applicable.get(&id.to_ascii_lowercase())).map(String::as_str).next()
}

fn answer(declared: Option<bool>) -> Answer {
    match declared {
        Some(true) => Answer::Yes,
        Some(false) => Answer::No,
        None => Answer::Open,
    }
}

fn span(declared: Option<target::Span>) -> Span {
    declared.map_or(Span::UNDECLARED, |declared| Span::exactly(millis(declared)))
}

fn limit(declared: target::Limit) -> Limit {
    Limit { count: count(declared.count), window_ms: millis(declared.window) }
}

fn millis(span: target::Span) -> i64 {
    i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sekisho_simulator::target::{Control, Loading};

    use super::*;

    fn target(change: impl Fn(String) -> String) -> Target {
        let url = "http://127.0.0.1:1/".parse().unwrap();
        let loading = Loading { control: Some(Control { url, token: String::new() }), ..Loading::default() };
        let text = include_str!("../../../profiles/reference.toml").to_owned();
        Target::parse("profile", &change(text), &loading).unwrap()
    }

    #[test]
    fn the_profile_of_the_reference_server_declares_its_policy() {
        let policy = policy_of(&target(|text| text), true);
        assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::reference()));
    }

    #[test]
    fn what_a_profile_does_not_declare_is_left_open() {
        let bare = target(|text| {
            let (before, rest) = text.split_once("[policies]").unwrap();
            let numbers = before.split_once("[numbers]").unwrap().0;
            format!("{numbers}\n[mail]{}", rest.split_once("[mail]").unwrap().1)
        });
        assert_eq!(format!("{:?}", policy_of(&bare, true)), format!("{:?}", Policy::undeclared()));
        let running = policy_of(&bare, false);
        assert_eq!(running.tolerance_ms, 2_000 + SLACK_OF_RUNNING_CLOCKS_MS);
    }
}
