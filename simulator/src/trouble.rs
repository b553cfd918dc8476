//! Why a story could not be told to its end.

use crate::account::AccountError;
use crate::browser::NetworkError;
use crate::clock::ClockError;
use crate::mailbox::MailboxError;
use crate::office::OfficeError;
use crate::target::{DriverError, Step};

/// Why a story ended early. None of these is a judgement on the target: doubt is never a pass and never a failure.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer came.
    #[error("step `{step}`: {error}")]
    Network {
        /// The step.
        step: Step,
        /// What happened instead.
        error: NetworkError,
    },
    /// The answer fits no screen of the profile.
    #[error("step `{step}`: the answer fits no screen of the profile ({seen}, {place})")]
    Unrecognised {
        /// The step.
        step: Step,
        /// Status and title, and what is odd about the answer.
        seen: String,
        /// Path of the final address; all of it where it is not the target's.
        place: String,
    },
    /// A story took longer than the profile gives it.
    #[error("the story was not over after {} s (`limits.story_patience`)", limit.as_secs_f64())]
    TookTooLong {
        /// The limit.
        limit: std::time::Duration,
    },
    /// A step that only prepares the ground led elsewhere.
    #[error("step `{step}` should have led to `{wanted}`, but showed {seen}")]
    Astray {
        /// The step.
        step: Step,
        /// What was wanted.
        wanted: String,
        /// What was seen.
        seen: String,
    },
    /// What was seen is neither what must hold nor its opposite.
    #[error("{check}: `{wanted}` should have been seen, but the answer was {seen}")]
    Doubt {
        /// The check that could not be judged.
        check: &'static str,
        /// What was wanted.
        wanted: String,
        /// What was seen.
        seen: String,
    },
    /// An answer came so late that its instant says nothing about the boundary it was to probe.
    #[error(
        "{what}: the clock ran {} too far while it was probed, so that the answer says nothing; `numbers.probe_room` gives slow targets more room",
        so_far(*.late)
    )]
    Late {
        /// What was probed.
        what: String,
        /// How far beyond the last instant at which it would have counted, in seconds.
        late: f64,
    },
    /// A control arm did not succeed, so the refusal it should give meaning to means nothing.
    #[error("the control arm failed: {0}")]
    ControlArm(String),
    /// Profile and page do not fit each other.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The mail that a story waits for never came.
    #[error("no {kind} mail for `{address}` came within {seconds:.1} s{}", unfit(*.others, .kind))]
    NoMail {
        /// What should have stood in it: a code, or the number that confirms an address.
        kind: &'static str,
        /// Where it should have come.
        address: String,
        /// How long it was waited for.
        seconds: f64,
        /// How many other mails came meanwhile.
        others: usize,
    },
    /// The mailbox could not be read.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The clock could not be moved.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The office did nothing.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// There was no account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The profile lacks a means that the story needs.
    #[error("{0}")]
    Means(String),
    /// The target does not offer what the story is about, as its profile says by leaving it out.
    #[error("{0}")]
    NotOffered(String),
    /// A judgement went against the target, and what follows in the story would mean nothing.
    #[error("an earlier judgement of the story went against the target: {0}")]
    Judged(String),
    /// The run was interrupted.
    #[error("the run was interrupted")]
    Interrupted,
}

impl Trouble {
    /// The cause without what differs from person to person, so that the same cause can be counted.
    pub fn summary(&self) -> String {
        match self {
            Trouble::NoMail { kind, seconds, others, .. } => {
                format!("no {kind} mail came within {seconds:.1} s{}", unfit(*others, kind))
            }
            Trouble::Late { what, .. } => format!("{what}: probed too late"),
            other => other.to_string(),
        }
    }

    /// Whether the profile lacks a means: the check is skipped rather than inconclusive.
    pub fn is_missing_means(&self) -> bool {
        matches!(
            self,
            Trouble::Means(_)
                | Trouble::Driver(DriverError::StepMissing(_))
                | Trouble::Clock(
                    ClockError::NoMeans | ClockError::Global | ClockError::Past { .. } | ClockError::TooLong { .. }
                )
                | Trouble::Office(OfficeError::NoMeans)
                | Trouble::Account(
                    AccountError::NoMeans(_) | AccountError::UsedUp { .. } | AccountError::NoPair { .. }
                )
        )
    }
}

/// A length of time that may be too short to be told in milliseconds.
fn so_far(seconds: f64) -> String {
    const LEAST: f64 = 0.001;
    if seconds < LEAST { "less than 0.001 s".to_owned() } else { format!("{seconds:.3} s") }
}

/// Says that mails came which were not the one: then it may be the profile that looks for something else.
fn unfit(others: usize, kind: &str) -> String {
    let key = if kind == "code" { "mail.code" } else { "mail.confirmation" };
    match others {
        0 => String::new(),
        1 => format!(", but a mail that `{key}` does not match"),
        _ => format!(", but {others} mails that `{key}` does not match"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_probe_names_the_key_that_gives_it_more_room() {
        let late = |late| Trouble::Late { what: "the end of the code".to_owned(), late }.to_string();
        assert!(late(0.000_2).contains("ran less than 0.001 s too far"), "{}", late(0.000_2));
        assert!(late(1.5).contains("ran 1.500 s too far") && late(1.5).contains("`numbers.probe_room`"));
    }
}
