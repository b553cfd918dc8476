//! The part of the record about a load run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verdict::{Level, Verdict};

/// What a load run offered, what came through and how fast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadRecord {
    /// Name of the mix, e.g. `launch`.
    pub mix: String,
    /// Simulated users that took part.
    pub users: u64,
    /// Stories begun per second, over the whole run; a story has no, one or several sign-ins.
    pub offered_per_s: f64,
    /// Sign-ins completed per second, over the whole run.
    pub completed_per_s: f64,
    /// Sign-ins that ended on My Page.
    pub sign_ins: u64,
    /// Length of the run in seconds.
    #[serde(default)]
    pub duration_s: f64,
    /// Latencies by step of the journey.
    pub steps: Vec<StepRow>,
    /// What happened in each second of the run.
    pub intervals: Vec<IntervalRow>,
    /// What became of the mails.
    pub mail: MailFigures,
    /// Rules that were seen broken under load.
    pub violations: Vec<ViolationRow>,
    /// Why stories broke off before they could judge, and how often: doubt, so any of them makes the run inconclusive.
    #[serde(default)]
    pub broken_off: Vec<BrokenOffRow>,
    /// The goals set for the run.
    pub thresholds: Vec<ThresholdRow>,
    /// Whether the generator itself kept up, and so whether the figures mean anything.
    pub health: Health,
}

/// Latencies of one step, in microseconds, counted from its intended start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepRow {
    /// Name of the step, e.g. `submit_code`; `sign_in` is the whole journey.
    pub name: String,
    /// Values in the histogram.
    pub count: u64,
    /// Times the step did not come to its end; these are not in the histogram.
    pub errors: u64,
    /// Median, in microseconds.
    pub p50_us: u64,
    /// 90th percentile, in microseconds.
    pub p90_us: u64,
    /// 99th percentile, in microseconds.
    pub p99_us: u64,
    /// 99.9th percentile, in microseconds.
    pub p999_us: u64,
    /// Largest value, in microseconds.
    pub max_us: u64,
    /// All values: an HdrHistogram of microseconds with three significant digits, V2 encoding, base64.
    pub histogram: String,
}

/// One second of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct IntervalRow {
    /// Seconds since the start of the run, at the beginning of this one.
    pub second: u64,
    /// Stories begun.
    pub begun: u64,
    /// Sign-ins that reached My Page.
    pub sign_ins: u64,
    /// Stories that broke off.
    pub errors: u64,
    /// Mails that the sink accepted.
    pub mails: u64,
}

/// What became of the mails of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MailFigures {
    /// Mails that the sink accepted.
    pub accepted: u64,
    /// Mails that somebody waited for.
    pub awaited: u64,
    /// Awaited mails that did not come in time.
    pub never_came: u64,
    /// Mails that came after their code had expired.
    pub dead_on_arrival: u64,
    /// Median time from the request to the mail, in microseconds.
    pub p50_us: u64,
    /// 99th percentile of that time, in microseconds.
    pub p99_us: u64,
}

/// A rule that was seen broken under load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ViolationRow {
    /// Id of the check whose assertion failed.
    pub check: String,
    /// How often.
    pub count: u64,
    /// One occurrence, for people.
    pub example: String,
    /// Id of the rule that the check decides.
    pub rule: String,
    /// Level of its clause.
    pub level: Level,
}

/// A goal, and whether it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdRow {
    /// The goal as it was given, e.g. `sign_in.p99 < 800ms`.
    pub expression: String,
    /// What was measured, with its unit; empty where nothing was.
    pub observed: String,
    /// Whether it was met.
    pub verdict: ThresholdVerdict,
}

/// Whether a goal was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThresholdVerdict {
    /// What was measured lies on the right side.
    Met,
    /// What was measured lies on the wrong side.
    Missed,
    /// Nothing was measured.
    Unknown,
}

impl ThresholdVerdict {
    /// The word used in records and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            ThresholdVerdict::Met => "met",
            ThresholdVerdict::Missed => "missed",
            ThresholdVerdict::Unknown => "unknown",
        }
    }

    /// A mark that tells the verdicts apart without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            ThresholdVerdict::Met => "✓",
            ThresholdVerdict::Missed => "✗",
            ThresholdVerdict::Unknown => "?",
        }
    }
}

/// How the generator itself fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether the figures can be trusted.
    pub verdict: HealthVerdict,
    /// 99th percentile of how late the generator's own timers fired, in microseconds.
    pub lag_p99_us: u64,
    /// Share of the machine's processors that the generator used, from 0 to 1.
    pub cpu: f64,
    /// Why the figures cannot be trusted; empty where they can.
    #[serde(default)]
    pub reason: String,
    /// The most memory the generator's process held so far, in bytes; `None` where the system does not tell.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
}

/// Whether a measurement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthVerdict {
    /// The generator kept up: the figures are the target's.
    Valid,
    /// The generator was overloaded: the figures may be its own.
    Invalid,
}

impl HealthVerdict {
    /// The word used in records and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            HealthVerdict::Valid => "valid",
            HealthVerdict::Invalid => "invalid",
        }
    }

    /// A mark that tells the verdicts apart without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            HealthVerdict::Valid => "✓",
            HealthVerdict::Invalid => "?",
        }
    }
}

/// One reason why stories broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BrokenOffRow {
    /// What kept them from going on, e.g. a code that never came.
    pub cause: String,
    /// How many stories.
    pub count: u64,
}

impl LoadRecord {
    /// What the run says about the rules of `levels`: a violation is nonconforming; an overloaded generator, a
    /// story that broke off, or not a single sign-in is inconclusive.
    pub fn verdict(&self, levels: &[Level]) -> Verdict {
        let broken = self.violations.iter().any(|row| row.count > 0 && levels.contains(&row.level));
        if broken {
            Verdict::Nonconforming
        } else if self.health.verdict == HealthVerdict::Invalid || self.sign_ins == 0 || !self.broken_off.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Conforms
        }
    }
}
