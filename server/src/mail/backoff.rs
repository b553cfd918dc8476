//! How long is waited before a mail is tried again.

use std::time::Duration;

/// The pause after the first try: a host that is merely busy is past it soon.
pub const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a host that comes back has its mails within this time.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pauses of one mail, each twice as long as the one before. Half of each is left to chance, so that the mails which
/// failed together do not come again together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST_PAUSE }
    }

    /// The next pause. `chance` is between 0 and 1.
    pub(super) fn pause(&mut self, chance: f64) -> Duration {
        let pause = self.next;
        self.next = LONGEST_PAUSE.min(pause * 2);
        pause.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_grow_up_to_their_bound(chances in prop::collection::vec(0.0..1.0_f64, 1..40)) {
            let mut backoff = Backoff::new();
            let mut full = FIRST_PAUSE;
            for chance in chances {
                let pause = backoff.pause(chance);
                prop_assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
                full = LONGEST_PAUSE.min(full * 2);
            }
        }
    }
}
