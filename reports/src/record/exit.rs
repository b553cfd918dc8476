//! What the process tells its caller.

use super::RunRecord;
use super::load::ThresholdVerdict;
use super::verdict::Verdict;

/// The exit codes of the command line. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// The target conforms and every goal was met.
    Success = 0,
    /// An error of our own.
    Internal = 1,
    /// The command line, a profile or the environment (e.g. a port in use) is at fault.
    Usage = 2,
    /// The selection holds no check.
    NothingSelected = 3,
    /// A rule is broken, or a waiver is dead.
    Nonconforming = 10,
    /// A goal of a load run was missed.
    ThresholdMissed = 11,
    /// Nothing can be concluded, or the measurement is invalid.
    Inconclusive = 12,
    /// The user interrupted the run.
    Interrupted = 130,
}

impl ExitCode {
    /// All codes, the one that wins over all others first.
    pub const PRECEDENCE: [ExitCode; 8] = [
        ExitCode::Interrupted,
        ExitCode::Internal,
        ExitCode::Usage,
        ExitCode::NothingSelected,
        ExitCode::Nonconforming,
        ExitCode::Inconclusive,
        ExitCode::ThresholdMissed,
        ExitCode::Success,
    ];

    /// The one of `codes` that the caller must hear of; success where there is none.
    pub fn foremost(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
        codes.into_iter().min_by_key(|code| code.rank()).unwrap_or(ExitCode::Success)
    }

    fn rank(self) -> usize {
        ExitCode::PRECEDENCE.iter().position(|code| *code == self).unwrap_or(ExitCode::PRECEDENCE.len())
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        std::process::ExitCode::from(code as u8)
    }
}

/// The exit code that a run deserves, for the levels it was to judge.
pub fn exit_code(record: &RunRecord) -> ExitCode {
    let thresholds = || record.load.iter().flat_map(|load| &load.thresholds).map(|row| row.verdict);
    let holds = [
        (record.interrupted, ExitCode::Interrupted),
        (record.checks.is_empty() && record.load.is_none(), ExitCode::NothingSelected),
        (record.verdict == Verdict::Nonconforming || !record.dead_waivers.is_empty(), ExitCode::Nonconforming),
        (record.verdict == Verdict::Inconclusive, ExitCode::Inconclusive),
        (thresholds().any(|verdict| verdict == ThresholdVerdict::Unknown), ExitCode::Inconclusive),
        (thresholds().any(|verdict| verdict == ThresholdVerdict::Missed), ExitCode::ThresholdMissed),
    ];
    ExitCode::foremost(holds.into_iter().filter_map(|(holds, code)| holds.then_some(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_names_every_code_in_the_published_order() {
        assert_eq!(ExitCode::PRECEDENCE.map(|code| code as u8), [130, 1, 2, 3, 10, 12, 11, 0]);
        for (at, code) in ExitCode::PRECEDENCE.into_iter().enumerate() {
            assert_eq!(ExitCode::foremost(ExitCode::PRECEDENCE.into_iter().skip(at).rev()), code);
        }
        assert_eq!(ExitCode::foremost([]), ExitCode::Success);
    }
}
