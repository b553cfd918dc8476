//! Verdicts and how single ones add up. Doubt is never a pass: what was not seen to hold does not count as holding.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReportError;

/// How binding a clause is, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The notice or an FAQ answer says so.
    Must,
    /// Follows from an answer and common sense; the answer does not say it in words.
    Derived,
    /// Good practice from published standards, not in the source.
    Baseline,
}

impl Level {
    /// All levels, the most binding first.
    pub const ALL: [Level; 3] = [Level::Must, Level::Derived, Level::Baseline];
    /// The levels that are judged unless the user chooses others.
    pub const DEFAULT: [Level; 2] = [Level::Must, Level::Derived];

    /// The name used on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Derived => "derived",
            Level::Baseline => "baseline",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        let known = Level::ALL.into_iter().find(|level| level.name() == name);
        known.ok_or_else(|| ReportError::UnknownLevel { name: name.to_owned() })
    }
}

impl From<sekisho_rules::Level> for Level {
    fn from(level: sekisho_rules::Level) -> Self {
        match level {
            sekisho_rules::Level::Must => Level::Must,
            sekisho_rules::Level::Derived => Level::Derived,
            sekisho_rules::Level::Baseline => Level::Baseline,
        }
    }
}

/// What is said about a rule, a level or a whole run. Ordered from best to worst, so that the worst of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Something was seen to hold, and nothing was seen or suspected not to.
    Conforms,
    /// Not enough was seen to say either.
    Inconclusive,
    /// Something was seen not to hold.
    Nonconforming,
}

impl Verdict {
    /// The word used in records and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Conforms => "conforms",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Nonconforming => "nonconforming",
        }
    }

    /// A mark that tells the verdicts apart without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            Verdict::Conforms => "✓",
            Verdict::Inconclusive => "?",
            Verdict::Nonconforming => "✗",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// It was seen to hold.
    Pass,
    /// It was seen not to hold.
    Fail,
    /// The harness or the network kept the check from knowing.
    Inconclusive,
    /// The profile lacks a means that the check needs, e.g. a clock; the reason says which.
    Skipped,
    /// The target does not offer what the check is about.
    NotApplicable,
    /// It does not hold, and the user has declared so, with a reason and an end date.
    Waived,
}

impl CheckVerdict {
    /// All verdicts, in the order in which they are counted for people.
    pub const ALL: [CheckVerdict; 6] = [
        CheckVerdict::Pass,
        CheckVerdict::Fail,
        CheckVerdict::Inconclusive,
        CheckVerdict::Skipped,
        CheckVerdict::NotApplicable,
        CheckVerdict::Waived,
    ];

    /// The word used in records.
    pub const fn name(self) -> &'static str {
        match self {
            CheckVerdict::Pass => "pass",
            CheckVerdict::Fail => "fail",
            CheckVerdict::Inconclusive => "inconclusive",
            CheckVerdict::Skipped => "skipped",
            CheckVerdict::NotApplicable => "not-applicable",
            CheckVerdict::Waived => "waived",
        }
    }

    /// The word used in counts for people, e.g. `3 passed`.
    pub const fn counted(self) -> &'static str {
        match self {
            CheckVerdict::Pass => "passed",
            CheckVerdict::Fail => "failed",
            CheckVerdict::Inconclusive => "inconclusive",
            CheckVerdict::Skipped => "skipped",
            CheckVerdict::NotApplicable => "not applicable",
            CheckVerdict::Waived => "waived",
        }
    }

    /// A mark that tells the verdicts apart without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            CheckVerdict::Pass => "✓",
            CheckVerdict::Fail => "✗",
            CheckVerdict::Inconclusive => "?",
            CheckVerdict::Skipped => "»",
            CheckVerdict::NotApplicable => "–",
            CheckVerdict::Waived => "~",
        }
    }
}

impl fmt::Display for CheckVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Adds up single checks: one failure makes it nonconforming; else one doubt, or not a single pass, makes it
/// inconclusive. Skipped, not applicable and waived checks count neither way.
pub fn roll_up(checks: impl IntoIterator<Item = CheckVerdict>) -> Verdict {
    let (mut passed, mut doubted) = (false, false);
    for check in checks {
        match check {
            CheckVerdict::Fail => return Verdict::Nonconforming,
            CheckVerdict::Inconclusive => doubted = true,
            CheckVerdict::Pass => passed = true,
            CheckVerdict::Skipped | CheckVerdict::NotApplicable | CheckVerdict::Waived => {}
        }
    }
    if passed && !doubted { Verdict::Conforms } else { Verdict::Inconclusive }
}

/// What is said of checks of which not one was judged, because the target does not offer what they are about, or the profile lacks a
/// means: that, and not a doubt. `None` where any was judged, or there is none.
pub fn unjudged(checks: impl IntoIterator<Item = CheckVerdict>) -> Option<CheckVerdict> {
    let mut said = None;
    for check in checks {
        said = match (check, said) {
            (CheckVerdict::Skipped, _) | (CheckVerdict::NotApplicable, Some(CheckVerdict::Skipped)) => {
                Some(CheckVerdict::Skipped)
            }
            (CheckVerdict::NotApplicable, _) => Some(CheckVerdict::NotApplicable),
            _ => return None,
        };
    }
    said
}

/// Adds up verdicts: the worst of them; of none at all, inconclusive.
pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().max().unwrap_or(Verdict::Inconclusive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn checks() -> impl Strategy<Value = Vec<CheckVerdict>> {
        proptest::collection::vec(select(CheckVerdict::ALL.to_vec()), 0..12)
    }

    proptest! {
        #[test]
        fn a_failure_is_always_nonconforming(mut checks in checks(), at in any::<prop::sample::Index>()) {
            checks.insert(at.index(checks.len() + 1), CheckVerdict::Fail);
            prop_assert_eq!(roll_up(checks), Verdict::Nonconforming);
        }

        #[test]
        fn doubt_is_never_a_pass(mut checks in checks(), at in any::<prop::sample::Index>()) {
            checks.insert(at.index(checks.len() + 1), CheckVerdict::Inconclusive);
            prop_assert_ne!(roll_up(checks), Verdict::Conforms);
        }

        #[test]
        fn nothing_conforms_without_a_pass(checks in checks()) {
            let verdict = roll_up(checks.iter().copied().filter(|check| *check != CheckVerdict::Pass));
            prop_assert_ne!(verdict, Verdict::Conforms);
        }

        #[test]
        fn a_failure_or_a_doubt_never_improves(checks in checks(), added in select(vec![CheckVerdict::Fail, CheckVerdict::Inconclusive])) {
            let before = roll_up(checks.iter().copied());
            prop_assert!(roll_up(checks.into_iter().chain([added])) >= before);
        }

        #[test]
        fn what_counts_neither_way_changes_nothing(
            checks in checks(),
            added in select(vec![CheckVerdict::Skipped, CheckVerdict::NotApplicable, CheckVerdict::Waived]),
        ) {
            let before = roll_up(checks.iter().copied());
            prop_assert_eq!(roll_up(checks.into_iter().chain([added])), before);
        }

        #[test]
        fn order_does_not_matter(checks in checks()) {
            prop_assert_eq!(roll_up(checks.iter().copied()), roll_up(checks.iter().rev().copied()));
        }
    }

    #[test]
    fn names_are_those_of_the_record() {
        for verdict in CheckVerdict::ALL {
            assert_eq!(serde_json::to_value(verdict).ok(), Some(verdict.name().into()));
        }
        for verdict in [Verdict::Conforms, Verdict::Inconclusive, Verdict::Nonconforming] {
            assert_eq!(serde_json::to_value(verdict).ok(), Some(verdict.name().into()));
        }
        for level in Level::ALL {
            assert_eq!(serde_json::to_value(level).ok(), Some(level.name().into()));
            assert_eq!(level.name().parse::<Level>().ok(), Some(level));
        }
        assert!("obligatory".parse::<Level>().is_err());
    }
}
