//! Faults of a mail host, by recipient: refusing, delaying, losing and doubling mail on purpose.
//!
//! What is drawn depends on the seed, the address and how many mails that address has had, and on nothing else: the
//! same run meets the same delays however its connections interleave.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;

/// No mail is held back longer; a longer delay is cut to it.
pub const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The addresses whose mails are counted. Beyond it each mail of a new address counts as its first.
const MAX_COUNTED_ADDRESSES: usize = 1_000_000;

/// What the sink does wrong with the mail of an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Answers 550 to RCPT: the mailbox does not exist.
    Refuse,
    /// Answers 451 to RCPT: a greylisting or an overloaded host.
    TryLater {
        /// How many tries of each address are put off before one is taken; `None` puts all off.
        times: Option<u32>,
    },
    /// Holds the answers to RCPT and to the end of the data back for this long each. The mail itself does not wait for
    /// the answer to its end.
    Slow(Duration),
    /// Never answers RCPT. The connection stays open until the client leaves or the session's time is over.
    Stall,
    /// Accepts the mail with 250 and loses it.
    DropAfterAccept,
    /// Delivers the mail more than once.
    Duplicate {
        /// How many mails arrive beside the first.
        extra: u16,
    },
    /// Accepts the mail at once and lets it arrive later.
    Delay(Delay),
    /// Lets later mails overtake earlier ones: the first, third, fifth … mail of an address arrive this much later,
    /// the others at once.
    Reorder(Duration),
}

/// How long a mail is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Always as long.
    Constant(Duration),
    /// Any time between the two, each equally likely.
    Uniform(Duration, Duration),
    /// Exponentially distributed with this mean: mostly short, now and then long.
    Exponential(Duration),
}

/// The faults of a running sink, changed at any time. Where several patterns match an address, the exact address goes
/// before patterns, and a pattern set later goes before one set earlier.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    book: Mutex<Book>,
    /// Rung whenever a recipient is refused.
    refusal: Notify,
}

#[derive(Debug, Default)]
struct Book {
    exact: HashMap<String, Fault>,
    globs: Vec<(String, Fault)>,
    tries: Counts,
    refused: Counts,
    mails: Counts,
}

#[derive(Debug, Default)]
struct Counts(HashMap<String, u64>);

/// What is answered to a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reception {
    Accept { pause: Duration },
    Refuse,
    TryLater,
    Stall,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Faults { seed, book: Mutex::default(), refusal: Notify::new() }
    }

    /// Gives a fault to an address, or to all that a pattern matches: `*` stands for any characters. Case does not
    /// matter. Replaces what was set for the same pattern. Tries and refusals are counted from the start again.
    pub fn set(&self, pattern: &str, fault: Fault) {
        let pattern = pattern.trim().to_ascii_lowercase();
        let mut book = self.book();
        book.remove(&pattern);
        book.tries.0.retain(|address, _| !matches(&pattern, address));
        book.refused.0.retain(|address, _| !matches(&pattern, address));
        if pattern.contains('*') {
            book.globs.push((pattern, fault));
        } else {
            book.exact.insert(pattern, fault);
        }
    }

    /// Takes the fault of this pattern away. Returns whether there was one.
    pub fn clear(&self, pattern: &str) -> bool {
        self.book().remove(&pattern.trim().to_ascii_lowercase())
    }

    /// Takes all faults away.
    pub fn clear_all(&self) {
        let mut book = self.book();
        book.exact.clear();
        book.globs.clear();
    }

    /// Waits until mail to this very address was refused by [`Fault::Refuse`], since the fault was set; `false` where
    /// `patience` is over first.
    pub async fn refused(&self, address: &str, patience: Duration) -> bool {
        let address = address.trim().to_ascii_lowercase();
        let seen = async {
            loop {
                // Hears every ring from its creation on, so a refusal between the look and the `await` is not missed.
                let refusal = self.refusal.notified();
                if self.book().refused.0.contains_key(&address) {
                    return;
                }
                refusal.await;
            }
        };
        tokio::time::timeout(patience, seen).await.is_ok()
    }

    /// What is to be answered to a recipient.
    pub(super) fn reception(&self, address: &str) -> Reception {
        let address = address.to_ascii_lowercase();
        let mut book = self.book();
        match book.fault(&address) {
            Some(Fault::Refuse) => {
                book.refused.next(&address);
                self.refusal.notify_waiters();
                Reception::Refuse
            }
            Some(Fault::TryLater { times: None }) => Reception::TryLater,
            Some(Fault::TryLater { times: Some(times) }) if book.tries.next(&address) < u64::from(times) => {
                Reception::TryLater
            }
            Some(Fault::Slow(pause)) => Reception::Accept { pause: pause.min(MAX_DELAY) },
            Some(Fault::Stall) => Reception::Stall,
            _ => Reception::Accept { pause: Duration::ZERO },
        }
    }

    /// How long the answer to the end of a mail is held back for one of its recipients.
    pub(super) fn pause_at_end(&self, address: &str) -> Duration {
        match self.book().fault(&address.to_ascii_lowercase()) {
            Some(Fault::Slow(pause)) => pause.min(MAX_DELAY),
            _ => Duration::ZERO,
        }
    }

    /// How long each copy of a mail is on its way to an address: one that arrives at once, unless a fault says
    /// otherwise; none for a mail that gets lost.
    pub(super) fn journeys(&self, address: &str) -> Vec<Duration> {
        let address = address.to_ascii_lowercase();
        let mut book = self.book();
        match book.fault(&address) {
            Some(Fault::DropAfterAccept) => Vec::new(),
            Some(Fault::Duplicate { extra }) => vec![Duration::ZERO; usize::from(extra) + 1],
            Some(Fault::Delay(delay)) => {
                let number = book.mails.next(&address);
                drop(book);
                vec![delay.draw(self.draw(&address, number)).min(MAX_DELAY)]
            }
            Some(Fault::Reorder(time)) if book.mails.next(&address).is_multiple_of(2) => vec![time.min(MAX_DELAY)],
            _ => vec![Duration::ZERO],
        }
    }

    /// A number in [0, 1) for the mail of this number to this address.
    fn draw(&self, address: &str, number: u64) -> f64 {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ fnv1a(address.as_bytes()));
        random.set_stream(number);
        random.random()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delay {
    fn draw(self, random: f64) -> Duration {
        match self {
            Delay::Constant(time) => time,
            Delay::Uniform(one, other) => {
                let (short, long) = (one.min(other), one.max(other));
                short + (long - short).mul_f64(random)
            }
            // 1 - random lies in (0, 1], so the logarithm is finite: at most 37 times the mean.
            Delay::Exponential(mean) => mean.min(MAX_DELAY).mul_f64(-(1.0 - random).ln()),
        }
    }
}

impl Book {
    fn fault(&self, address: &str) -> Option<Fault> {
        let glob = || self.globs.iter().rev().find(|(pattern, _)| matches(pattern, address)).map(|(_, fault)| fault);
        self.exact.get(address).or_else(glob).copied()
    }

    fn remove(&mut self, pattern: &str) -> bool {
        let before = self.globs.len();
        self.globs.retain(|(other, _)| other != pattern);
        self.exact.remove(pattern).is_some() || self.globs.len() < before
    }
}

impl Counts {
    /// How many there were before this one.
    fn next(&mut self, address: &str) -> u64 {
        if let Some(count) = self.0.get_mut(address) {
            *count += 1;
            return *count - 1;
        }
        if self.0.len() < MAX_COUNTED_ADDRESSES {
            self.0.insert(address.to_owned(), 1);
        }
        0
    }
}

/// Whether a pattern with `*` for any characters matches the whole address.
fn matches(pattern: &str, address: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|start| address.strip_prefix(start)) else { return false };
    let Some(end) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(end)
}

/// FNV-1a, 64 bits: the same in every build, unlike the standard library's hash.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCEPT: Reception = Reception::Accept { pause: Duration::ZERO };
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pattern_matches_the_whole_address() {
        for (pattern, address, expected) in [
            ("a@b", "a@b", true),
            ("a@b", "a@bc", false),
            ("*", "", true),
            ("*@b", "a@b", true),
            ("*@b", "a@bc", false),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("dead-*@*.jp", "dead-1@x.jp", true),
            ("dead-*@*.jp", "dead-1@x.com", false),
            ("**", "ab", true),
        ] {
            assert_eq!(matches(pattern, address), expected, "{pattern} {address}");
        }
    }

    #[test]
    fn exact_address_goes_before_patterns_and_later_before_earlier() {
        let faults = Faults::new(1);
        faults.set("*@example.jp", Fault::Refuse);
        faults.set("*a@example.jp", Fault::Stall);
        faults.set("Aa@Example.jp", Fault::TryLater { times: None });
        assert_eq!(faults.reception("b@example.jp"), Reception::Refuse);
        assert_eq!(faults.reception("ba@example.jp"), Reception::Stall);
        assert_eq!(faults.reception("aA@example.jp"), Reception::TryLater);
        assert_eq!(faults.reception("b@example.com"), ACCEPT);
        assert!(faults.clear("aa@example.jp") && !faults.clear("aa@example.jp"));
        assert_eq!(faults.reception("aa@example.jp"), Reception::Stall);
        faults.clear_all();
        assert_eq!(faults.reception("aa@example.jp"), ACCEPT);
    }

    #[test]
    fn tries_are_counted_per_address_and_anew_when_set_again() {
        let faults = Faults::new(1);
        for _ in 0..2 {
            faults.set("*", Fault::TryLater { times: Some(2) });
            for address in ["a@x", "b@x"] {
                let answers = [(); 4].map(|()| faults.reception(address));
                assert_eq!(answers, [Reception::TryLater, Reception::TryLater, ACCEPT, ACCEPT]);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_refusal_hears_of_its_address_only() {
        let faults = Faults::new(1);
        faults.set("*", Fault::Refuse);
        let refused = |address: &'static str| faults.refused(address, SECOND);
        let (a, b, _) = tokio::join!(refused("A@x"), refused("b@x"), async {
            tokio::task::yield_now().await;
            faults.reception("a@x")
        });
        assert_eq!((a, b), (true, false));
        assert!(refused("a@x").await, "told afterwards, too");
        faults.set("*", Fault::Refuse);
        assert!(!refused("a@x").await, "set anew, nothing was refused yet");
    }

    #[test]
    fn journeys_follow_the_fault() {
        let faults = Faults::new(1);
        assert_eq!(faults.journeys("a@x"), [Duration::ZERO]);
        faults.set("a@x", Fault::DropAfterAccept);
        assert!(faults.journeys("a@x").is_empty());
        faults.set("a@x", Fault::Duplicate { extra: 2 });
        assert_eq!(faults.journeys("a@x"), [Duration::ZERO; 3]);
        faults.set("a@x", Fault::Delay(Delay::Constant(SECOND)));
        assert_eq!(faults.journeys("a@x"), [SECOND]);
        faults.set("b@x", Fault::Reorder(SECOND));
        let reordered = [(); 4].map(|()| faults.journeys("b@x"));
        assert_eq!(reordered, [[SECOND], [Duration::ZERO], [SECOND], [Duration::ZERO]]);
        faults.set("c@x", Fault::Delay(Delay::Constant(Duration::MAX)));
        assert_eq!(faults.journeys("c@x"), [MAX_DELAY]);
    }

    #[test]
    fn draws_depend_on_seed_address_and_number_only() {
        let delays = |seed, order: [&str; 4]| {
            let faults = Faults::new(seed);
            faults.set("*", Fault::Delay(Delay::Exponential(SECOND)));
            let mut drawn = order.map(|address| (address.to_owned(), faults.journeys(address)));
            drawn.sort_by(|one, other| one.0.cmp(&other.0));
            drawn
        };
        let one = delays(7, ["a@x", "b@x", "a@x", "b@x"]);
        assert_eq!(one, delays(7, ["b@x", "b@x", "a@x", "a@x"]));
        assert_ne!(one, delays(8, ["a@x", "b@x", "a@x", "b@x"]));
        assert_ne!(one[0].1, one[1].1, "mails of one address differ");
        assert_ne!(one[0].1, one[2].1, "addresses differ");
    }

    proptest! {
        #[test]
        fn delays_lie_where_they_should(seed: u64, short in 0_u64..1000, long in 1000_u64..2000) {
            let (short, long) = (Duration::from_millis(short), Duration::from_millis(long));
            let faults = Faults::new(seed);
            let mean_of_many = |delay| {
                faults.set("*", Fault::Delay(delay));
                let drawn: Vec<Duration> = (0..400).map(|_| faults.journeys("a@x")[0]).collect();
                (drawn.iter().sum::<Duration>() / 400, drawn)
            };
            let (_, uniform) = mean_of_many(Delay::Uniform(long, short));
            prop_assert!(uniform.iter().all(|delay| (short..=long).contains(delay)));
            let (mean, _) = mean_of_many(Delay::Exponential(long));
            // The mean of 400 deviates by 5 % of itself; six times that is out of reach.
            prop_assert!((mean.as_secs_f64() / long.as_secs_f64() - 1.0).abs() < 0.3, "{mean:?} of {long:?}");
        }
    }
}
