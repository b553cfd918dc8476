//! Looking through the mailbox and clearing it up: for an inbox that people and programs see.

use std::sync::Arc;

use super::{Arrivals, Shelf, cost};
use crate::mailbox::{Mail, Mark};

impl Arrivals {
    /// The mails held, the newest first, from the one at `start` on, at most `limit`.
    pub fn newest_first(&self, start: usize, limit: usize) -> Vec<Arc<Mail>> {
        self.shelf().mails.values().rev().skip(start).take(limit).map(|held| Arc::clone(&held.mail)).collect()
    }

    /// The mail with this number, if it is still held.
    pub fn get(&self, sequence: u64) -> Option<Arc<Mail>> {
        self.shelf().mails.get(&sequence).map(|held| Arc::clone(&held.mail))
    }

    /// The number of the oldest mail that is held.
    pub fn oldest(&self) -> Option<u64> {
        self.shelf().mails.keys().next().copied()
    }

    /// Removes mails for all their recipients; what is not held is passed over. Returns how many went.
    pub fn remove(&self, sequences: impl IntoIterator<Item = u64>) -> usize {
        let mut shelf = self.shelf();
        sequences.into_iter().filter(|sequence| shelf.remove(*sequence)).count()
    }

    /// Takes a number that no mail bears, so that positions before and behind this moment can be told apart.
    pub fn pass_over(&self) -> Mark {
        let mut shelf = self.shelf();
        shelf.last_sequence += 1;
        Mark::behind(shelf.last_sequence)
    }

    /// Removes all mails. Returns how many went.
    pub fn clear(&self) -> usize {
        let sequences: Vec<u64> = self.shelf().mails.keys().copied().collect();
        self.remove(sequences)
    }
}

impl Shelf {
    fn remove(&mut self, sequence: u64) -> bool {
        let Some(held) = self.mails.remove(&sequence) else { return false };
        self.held_bytes -= cost(&held.mail);
        for address in &held.addresses {
            if let Some(hole) = self.addresses.get_mut(address) {
                hole.mails.retain(|mail| mail.sequence != sequence);
            }
            self.tidy(address);
        }
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::mailbox::{ArrivalsLimits, Mailbox};

    fn filled() -> Arrivals {
        let arrivals = Arrivals::new(ArrivalsLimits::default());
        for to in ["a@x", "b@x", "a@x", "c@x"] {
            arrivals.deliver(String::new(), vec![to.into(), "all@x".into()], Bytes::from_static(b"text"));
        }
        arrivals
    }

    fn numbers(mails: Vec<Arc<Mail>>) -> Vec<u64> {
        mails.iter().map(|mail| mail.sequence).collect()
    }

    #[tokio::test]
    async fn what_is_held_is_seen_from_the_newest_on() {
        let arrivals = filled();
        assert_eq!(numbers(arrivals.newest_first(0, 10)), [4, 3, 2, 1]);
        assert_eq!(numbers(arrivals.newest_first(1, 2)), [3, 2]);
        assert_eq!(arrivals.get(2).unwrap().recipients, ["b@x", "all@x"]);
        assert_eq!((arrivals.oldest(), arrivals.get(5)), (Some(1), None));
    }

    #[tokio::test]
    async fn a_removed_mail_is_gone_for_everybody_and_its_bytes_are_free() {
        let arrivals = filled();
        assert_eq!(arrivals.remove([1, 1, 99]), 1);
        assert_eq!(numbers(arrivals.all_for("a@x", Mark::START).await.unwrap()), [3]);
        assert_eq!(numbers(arrivals.all_for("all@x", Mark::START).await.unwrap()), [2, 3, 4]);
        assert_eq!(arrivals.clear(), 3);
        let counts = arrivals.counts();
        assert_eq!(
            (counts.held, counts.held_bytes, counts.dropped),
            (0, 0, 0),
            "what was removed on purpose is not missed"
        );
        assert!(arrivals.shelf().addresses.is_empty());
        assert_eq!(arrivals.deliver(String::new(), vec!["a@x".into()], Bytes::new()), 5, "numbers are not used again");
    }
}
