//! What the desk tells the metrics.

use std::sync::Arc;
use std::time::Instant;

use super::Desk;
use crate::core::{AttemptEnd, CodeRefusal, Effect, Moment, SignInAnswer, SignInRefusal, SignedIn, TokenHash};
use crate::decisions::Decisions;
use crate::mail::DeliveryError;
use crate::store::Account;
use crate::watch::{CodeForm, Gauges, Living, MailEnd, Metrics, SignInForm};

impl From<&Result<SignInAnswer, SignInRefusal>> for SignInForm {
    fn from(answer: &Result<SignInAnswer, SignInRefusal>) -> Self {
        match answer {
            Ok(SignInAnswer::CodeMailed(_)) => Self::CodeMailed,
            Ok(SignInAnswer::SignedIn(_)) => Self::SignedIn,
            Err(SignInRefusal::WrongPair) => Self::WrongPair,
            Err(SignInRefusal::TooManyWrongCodes) => Self::TooManyWrongCodes,
            Err(SignInRefusal::TooManyMails) => Self::TooManyMails,
            Err(SignInRefusal::MailQueueFull) => Self::MailQueueFull,
            Err(SignInRefusal::PasswordsBusy) => Self::PasswordsBusy,
        }
    }
}

impl From<&Result<SignedIn, CodeRefusal>> for CodeForm {
    fn from(answer: &Result<SignedIn, CodeRefusal>) -> Self {
        match answer {
            Ok(_) => Self::Right,
            Err(CodeRefusal::Wrong) => Self::Wrong,
            Err(CodeRefusal::Ended(AttemptEnd::Over | AttemptEnd::Used)) => Self::Over,
            Err(CodeRefusal::Ended(AttemptEnd::Expired)) => Self::Expired,
            Err(CodeRefusal::Ended(AttemptEnd::TooManyWrongCodes | AttemptEnd::AccountClosed)) => {
                Self::TooManyWrongCodes
            }
            Err(CodeRefusal::Ended(AttemptEnd::Undelivered)) => Self::Undelivered,
        }
    }
}

impl Desk {
    /// What is alive now. This looks at every account, so it blocks for a moment where there are very many.
    pub(crate) fn gauges(&self) -> Gauges {
        let (mut portals, real) = ([Living::default(); 3], self.real_time.now());
        for account in self.store.all() {
            account.look(real, |state, now| {
                let living = &mut portals[state.identity.portal as usize];
                living.accounts += 1;
                living.sessions += state.sessions.iter().filter(|held| self.decisions.session_holds(held, now)).count();
                let is_live = |skip: &&crate::core::Skip| {
                    self.decisions.skip_is_in_time(skip, now) && self.decisions.skip_survives_revocation(skip, state)
                };
                living.skips += state.skips.iter().filter(is_live).count();
            });
        }
        Gauges {
            mail_queue: self.outbox.depth(),
            mail_queue_capacity: self.outbox.capacity(),
            store_is_down: self.store.is_down(),
            portals,
        }
    }
}

/// Counts what an event stated.
pub(super) fn count_facts(effects: &[Effect], metrics: &Metrics) {
    for effect in effects {
        if let Effect::Count(portal, fact) = effect {
            metrics.happened(*portal, *fact);
        }
    }
}

/// A code mail on its way, to be counted when it is settled.
pub(super) struct MailWatch {
    metrics: Arc<Metrics>,
    queued: Instant,
}

impl MailWatch {
    pub(super) fn begin(metrics: Arc<Metrics>) -> Self {
        metrics.code_mail_queued();
        Self { metrics, queued: Instant::now() }
    }

    /// Counts what became of the mail; `is_dead` says that its code signs nobody in any more.
    pub(super) fn settled(&self, result: &Result<(), DeliveryError>, is_dead: bool) {
        let end = match result {
            Ok(()) => MailEnd::Accepted,
            Err(DeliveryError::Refused(_)) => MailEnd::Refused,
            Err(DeliveryError::TryLater(_)) => MailEnd::GivenUp,
        };
        self.metrics.code_mail_settled(end, self.queued.elapsed(), is_dead);
    }

    /// Counts what followed at the account.
    pub(super) fn noted(&self, effects: &[Effect]) {
        count_facts(effects, &self.metrics);
    }
}

/// Whether a code that arrives now comes too late: run out, or superseded by a newer one.
pub(super) fn is_dead(account: &Account, attempt: &TokenHash, real: Moment, decisions: &dyn Decisions) -> bool {
    account.look(real, |state, now| match state.attempt(attempt).zip(state.attempts.back()) {
        None => true,
        Some((attempt, newest)) => {
            let starts = decisions.validity_starts(attempt.issued_at, attempt.last_seen);
            !decisions.code_is_in_time(starts, now) || decisions.attempt_is_superseded(attempt, newest)
        }
    })
}
