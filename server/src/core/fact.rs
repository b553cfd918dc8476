//! Facts worth counting: what operators watch. They change nothing; an event states them as effects, so that what is counted is what
//! happened, exactly and once.

use super::account::AccountState;
use super::attempt::{Attempt, Delivery};
use super::expiry;
use super::{Effect, Turn};

/// Something that happened at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A sign-in was completed.
    SignedIn(Way),
    /// An attempt came to its end.
    AttemptEnded(Ending),
    /// A wrong code was given that counts towards the limits.
    WrongCode,
    /// A skip was set.
    SkipSet,
    /// All skips were ended.
    SkipsRevoked,
}

/// How somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the code.
    Code,
    /// By a skip.
    Skip,
    /// Without either, before go-live.
    BeforeGoLive,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the right code.
    SignedIn,
    /// By a newer attempt, while it could still have been finished.
    Superseded,
    /// Its code ran out; that is noticed when the next attempt begins.
    Expired,
    /// By wrong codes.
    TooManyWrongCodes,
    /// Its mail could not be delivered.
    Undelivered,
}

impl Turn<'_> {
    /// States a fact about this account.
    pub(super) fn count(&mut self, state: &AccountState, fact: Fact) {
        self.effect(Effect::Count(state.identity.portal, fact));
    }
}

/// Whether an attempt has ended for good by something that was counted as it happened.
pub(super) fn has_ended(attempt: &Attempt, turn: &Turn<'_>) -> bool {
    attempt.used || turn.decisions.wrong_codes_end_attempt(attempt) || attempt.delivery == Delivery::Refused
}

/// States how the newest attempt ends, now that another one begins.
pub(super) fn count_followed(state: &AccountState, turn: &mut Turn<'_>) {
    let Some(newest) = state.attempts.back().filter(|attempt| !has_ended(attempt, turn)) else { return };
    let has_expired = expiry::has_expired(newest, turn.now, turn.decisions);
    turn.count(state, Fact::AttemptEnded(if has_expired { Ending::Expired } else { Ending::Superseded }));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Bench, MINUTE};
    use super::super::{MailSettled, WRONG_CODES_PER_ATTEMPT};
    use super::*;

    fn endings(bench: &Bench) -> Vec<Ending> {
        let ending = |effect: &Effect| match effect {
            Effect::Count(_, Fact::AttemptEnded(ending)) => Some(*ending),
            _ => None,
        };
        bench.effects.iter().filter_map(ending).collect()
    }

    #[test]
    fn every_attempt_ends_once_whatever_follows() {
        let mut bench = Bench::new();
        let signed_in = bench.start("pc");
        bench.submit("pc", &signed_in.attempt, &signed_in.code, false).unwrap();
        let guessed = bench.start("pc");
        let wrong = bench.other_than(&guessed.code);
        for _ in 0..WRONG_CODES_PER_ATTEMPT + 2 {
            bench.submit("pc", &guessed.attempt, &wrong, false).unwrap_err();
        }
        let undelivered = bench.start("pc");
        let refused = MailSettled { attempt: undelivered.attempt.hash(), delivery: Delivery::Refused };
        bench.happen(refused);
        bench.start("pc");
        bench.start("pc");
        bench.now = bench.now + MINUTE * 31;
        bench.start("pc");
        let expected =
            [Ending::SignedIn, Ending::TooManyWrongCodes, Ending::Undelivered, Ending::Superseded, Ending::Expired];
        assert_eq!(endings(&bench), expected);
    }

    #[test]
    fn each_way_in_is_told_apart() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        bench.sign_in("home").unwrap();
        bench.sign_in("pc").unwrap();
        let facts: Vec<Fact> = bench
            .effects
            .iter()
            .filter_map(|effect| if let Effect::Count(_, fact) = effect { Some(*fact) } else { None })
            .filter(|fact| !matches!(fact, Fact::AttemptEnded(_)))
            .collect();
        assert_eq!(facts, [Fact::SignedIn(Way::Code), Fact::SkipSet, Fact::SignedIn(Way::Skip)]);
    }
}
