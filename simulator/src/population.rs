//! People who do not exist: names, addresses and passwords, drawn from a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use fake::Fake;
use fake::faker::name::raw::{FirstName, LastName};
use fake::locales::JA_JP;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The particulars of one person, before they have an account anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// Family name and given name.
    pub name: String,
    /// Part of an address before the `@`; distinct within a run, and in another run too.
    pub mailbox: String,
    /// A password.
    pub password: String,
}

/// Draws people. The same seed draws the same people in the same order.
#[derive(Debug)]
pub struct Population {
    seed: u64,
    run: String,
    drawn: AtomicU64,
}

impl Population {
    /// A population for a run. `run` keeps the addresses of two runs with one seed apart.
    pub fn new(seed: u64, run: impl Into<String>) -> Population {
        Population { seed, run: run.into(), drawn: AtomicU64::new(0) }
    }

    /// The next person.
    pub fn draw(&self) -> Particulars {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        let family: String = LastName(JA_JP).fake_with_rng(&mut rng);
        let given: String = FirstName(JA_JP).fake_with_rng(&mut rng);
        let password: String =
            (0..16).map(|_| char::from(PASSWORD_LETTERS[rng.random_range(0..PASSWORD_LETTERS.len())])).collect();
        Particulars { name: format!("{family} {given}"), mailbox: format!("p{number:06}.{}", self.run), password }
    }
}

/// No letters that people or forms could take for others.
const PASSWORD_LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_draws_the_same_people() {
        let (one, two) = (Population::new(7, "r"), Population::new(7, "r"));
        for _ in 0..20 {
            assert_eq!(one.draw(), two.draw());
        }
        assert_ne!(Population::new(8, "r").draw().password, Population::new(7, "r").draw().password);
    }

    #[test]
    fn names_are_japanese_and_mailboxes_distinct() {
        let population = Population::new(1, "run");
        let people: Vec<_> = (0..500).map(|_| population.draw()).collect();
        assert!(people.iter().all(|person| person.name.chars().any(|c| c > '\u{3000}')));
        assert_eq!(people.iter().map(|person| &person.mailbox).collect::<HashSet<_>>().len(), 500);
    }
}
