//! What the target declares: durations, limits, and what it does where the source leaves it to the target.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::text::{Instant, Span};

/// Durations and limits the target declares; the defaults are those of the source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Numbers {
    /// How long a code is good from its issue (FAQ-03).
    pub code_validity: Span,
    /// How long a skip is good from `OK` (FAQ-08).
    pub skip_validity: Span,
    /// How far from a boundary nothing is judged, on either side.
    pub tolerance: Span,
    /// The same for the end of a skip, where it differs: a target may count calendar days.
    pub skip_tolerance: Option<Span>,
    /// How much further off than that a boundary is probed, in the target's time: where its clock runs, the answer has to come before it. On a
    /// clock that runs and a target that is slow, `1s` may be too short; the check is inconclusive then, and says so.
    pub probe_room: Span,
    /// How long the number that confirms a new address is good, where the target declares it (NOTICE-4).
    pub confirmation_validity: Option<Span>,
    /// The first instant at which a code is asked (NOTICE-1).
    pub go_live: Instant,
    /// How many browsers hold a skip at once where "no limit" is tried (FAQ-07).
    pub browsers_tried: usize,
    /// How many codes are counted where it is tried whether they are evenly spread (statistical checks).
    pub codes_sampled: usize,
    /// After how many wrong codes an attempt is over. Where neither this nor `code_cooldown` is declared, 100 are tried: whoever takes the
    /// right code then has no limit (NIST SP 800-63B-4 section 3.2.2).
    pub wrong_codes: Option<u32>,
    /// How many wrong codes one account has in a window, over all its attempts.
    pub wrong_codes_limit: Option<Limit>,
    /// How many code mails one address gets in a window. Where neither this nor `mail_cooldown` is declared, 100 are tried: whoever mails
    /// more at once has no limit.
    pub mail_limit: Option<Limit>,
    /// For how long after a code mail the target sends no other to the same address, in silence: nobody asks sooner.
    pub mail_cooldown: Option<Span>,
    /// Whether a code that is accepted ends that cool-down.
    pub mail_cooldown_ends_with_code: bool,
    /// For how long after a wrong code the target refuses every code, the right one too: nobody tries sooner.
    pub code_cooldown: Option<Cooldown>,
    /// How long, of real time, a mail that is not wanted is still waited for after the control mail came.
    pub quiet_time: Span,
    /// How long, of real time, a mail is waited for before it counts as never come.
    pub mail_patience: Span,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            code_validity: Span(Duration::from_secs(30 * 60)),
            skip_validity: Span(Duration::from_secs(90 * 24 * 3600)),
            tolerance: Span(Duration::from_secs(2)),
            skip_tolerance: None,
            probe_room: Span(Duration::from_secs(1)),
            confirmation_validity: None,
            go_live: Instant(jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_755_032_400)),
            browsers_tried: 64,
            codes_sampled: 10_000,
            wrong_codes: None,
            wrong_codes_limit: None,
            mail_limit: None,
            mail_cooldown: None,
            mail_cooldown_ends_with_code: false,
            code_cooldown: None,
            quiet_time: Span(Duration::from_secs(2)),
            mail_patience: Span(Duration::from_secs(30)),
        }
    }
}

/// How long the harness waits, in real time, before it gives up and says so, and how hard it may press the target. None of them
/// decides whether a target conforms.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// For a connection: resolving the name, connecting and TLS together.
    pub connect_patience: Span,
    /// For one answer, from the first byte sent to the last byte received; each redirect is an answer of its own.
    pub answer_patience: Span,
    /// For one story of a check as a whole: a target that is slow at every step must not hold a run up for hours.
    pub story_patience: Span,
    /// Requests at once to the target's own origins, in `check`, `load` and `explore`; no limit by default. What a request waits for
    /// its place is not counted as the target's time, except towards `story_patience`; the report says how much it was.
    pub in_flight: Option<NonZeroU32>,
    /// Requests per second to the target's own origins, evenly spaced, redirects included; no limit by default. Waiting is counted as
    /// for `in_flight`.
    pub per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect_patience: Span(Duration::from_secs(10)),
            answer_patience: Span(Duration::from_secs(30)),
            story_patience: Span(Duration::from_secs(15 * 60)),
            in_flight: None,
            per_second: None,
        }
    }
}

/// For how long codes are refused after wrong ones.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// After the first wrong code.
    pub first: Span,
    /// How many times longer after each further one in a row; 1 where it stays the same.
    #[serde(default = "one")]
    pub factor: u32,
}

const fn one() -> u32 {
    1
}

impl Cooldown {
    /// After so many wrong codes in a row; at most a day.
    pub fn after(self, wrong_codes: u32) -> Duration {
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        let factor = self.factor.checked_pow(wrong_codes.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.0.checked_mul(factor).map_or(LONGEST, |cooldown| cooldown.min(LONGEST))
    }
}

/// So many in so long.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Span,
}

/// What the target does where the source leaves it to the target; what is not declared is not judged.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// What becomes of a code once a newer one was mailed for the account.
    pub superseded: Option<Superseded>,
    /// What another password does to the skips.
    pub skips_after_password_change: Option<SkipsAfter>,
    /// What another address does to the skips.
    pub skips_after_address_change: Option<SkipsAfter>,
    /// How long a session lasts.
    pub session_lifetime: Option<Span>,
    /// How long after the right code `OK` on the skip confirmation screen still sets the skip.
    pub skip_offer: Option<Span>,
    /// Whether `OK` still sets it on a page that was kept open while the browser went elsewhere.
    pub skip_offer_outlives_leaving: Option<bool>,
    /// Whether a browser's open attempt and its session leave each other alone: a sign-in that begins does not end the session, and
    /// signing out or being let in by a skip does not end the attempt.
    pub attempt_and_session_apart: Option<bool>,
    /// How long the number that confirms a new address is good.
    pub confirmation_validity: Option<Span>,
    /// Whether that number is good only in the session that asked for it.
    pub confirmation_is_bound: Option<bool>,
    /// How many wrong numbers end a change of the address.
    pub wrong_numbers: Option<u32>,
    /// How often an account may ask for another address in a window.
    pub address_requests: Option<Limit>,
}

/// What becomes of a code once a newer one was mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Superseded {
    /// It is refused.
    Refused,
    /// It still signs in, in its own attempt.
    Accepted,
}

/// What becomes of the skips of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkipsAfter {
    /// They go on.
    Kept,
    /// All of them end.
    Ended,
}
