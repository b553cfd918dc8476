//! The shortest story that still contradicts the same clause: whole stretches are left out first, then single steps.
//!
//! Each try is a story of its own on fresh accounts, so the tries of a round go on side by side, and what can be left out one by one is then
//! left out together. Proptest's own way down the value tree tries one at a time, and cannot leave a step out of the middle of a scene.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};

use super::tale::Tale;
use super::tell::Contradicted;

/// The most stories that are told to shorten one.
const MAX_TRIES: usize = 240;

/// Leaves out of a story all that the same contradiction does not need.
pub(super) async fn shortest<F, R>(found: Contradicted, usual_begin_ms: i64, jobs: usize, tell: F) -> Contradicted
where
    F: Fn(Tale) -> R,
    R: Future<Output = Option<Contradicted>>,
{
    let mut tries = Tries { tell, rule: found.contradiction.rule, jobs: jobs.max(1), left: MAX_TRIES };
    let mut best = tries.at_the_usual_time(found, usual_begin_ms).await;
    let mut stretch = best.tale.steps.len() / 2;
    while stretch > 0 && tries.left > 0 {
        match tries.round(&best, stretch).await {
            Some(shorter) => {
                best = shorter;
                stretch = stretch.min(best.tale.steps.len() / 2).max(1);
            }
            None => stretch /= 2,
        }
    }
    tries.at_the_usual_time(best, usual_begin_ms).await
}

struct Tries<F> {
    tell: F,
    rule: &'static str,
    jobs: usize,
    left: usize,
}

impl<F, R> Tries<F>
where
    F: Fn(Tale) -> R,
    R: Future<Output = Option<Contradicted>>,
{
    /// A story that begins in no particular moment tells less, and so more.
    async fn at_the_usual_time(&mut self, story: Contradicted, usual_begin_ms: i64) -> Contradicted {
        if story.tale.begins_ms == usual_begin_ms {
            return story;
        }
        let usual = Tale { begins_ms: usual_begin_ms, ..story.tale.clone() };
        let mut told = self.tell_all(vec![usual]).await;
        told.pop().flatten().unwrap_or(story)
    }

    /// Tries to leave out each stretch of so many steps, then all together that could be left out alone; gives the shortest.
    async fn round(&mut self, best: &Contradicted, stretch: usize) -> Option<Contradicted> {
        // The last step is the one that contradicts.
        let last = best.tale.steps.len().saturating_sub(1);
        let stretches: Vec<_> = (0..last).step_by(stretch).map(|start| start..(start + stretch).min(last)).collect();
        let shorter = stretches.iter().map(|left_out| without(&best.tale, &left_out.clone().collect())).collect();
        let told = self.tell_all(shorter).await;
        let needless: Vec<_> = stretches.iter().zip(&told).filter(|(_, told)| told.is_some()).collect();
        let together: BTreeSet<usize> = needless.iter().flat_map(|(left_out, _)| (*left_out).clone()).collect();
        let mut found: Vec<Contradicted> = Vec::new();
        if needless.len() > 1 {
            found.extend(self.tell_all(vec![without(&best.tale, &together)]).await.into_iter().flatten());
        }
        found.extend(told.into_iter().flatten());
        found.into_iter().min_by_key(|told| told.tale.steps.len())
    }

    /// Tells stories side by side, as many as are left; those that contradict another clause, or none, are nothing.
    async fn tell_all(&mut self, mut tales: Vec<Tale>) -> Vec<Option<Contradicted>> {
        tales.truncate(self.left);
        self.left -= tales.len();
        let told: Vec<_> = stream::iter(tales.into_iter().map(&self.tell)).buffered(self.jobs).collect().await;
        told.into_iter().map(|told| told.filter(|told| told.contradiction.rule == self.rule)).collect()
    }
}

/// The story without the steps in these places.
fn without(tale: &Tale, places: &BTreeSet<usize>) -> Tale {
    let kept = tale.steps.iter().enumerate().filter(|(place, _)| !places.contains(place));
    Tale { steps: kept.map(|(_, step)| *step).collect(), ..*tale }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use sekisho_rules::Portal;

    use super::*;
    use crate::oracle::{Action, Contradiction, Screen, Seen};

    /// A target that is wrong once it has seen these waits in this order.
    fn contradicts(tale: &Tale, needed: &[i64]) -> Option<Contradicted> {
        let mut needed = needed.iter();
        let mut next = needed.next();
        let end = tale.steps.iter().position(|step| {
            if next.is_some_and(|next| *step == Action::Wait(*next)) {
                next = needed.next();
            }
            next.is_none()
        })?;
        let seen = Seen { screen: Screen::Outside, mails: Vec::new() };
        let contradiction = Contradiction { rule: "FAQ-12b", expected: String::new(), seen };
        let tale = Tale { steps: tale.steps[..=end].to_vec(), ..tale.clone() };
        Some(Contradicted { tale, contradiction, person: String::new(), must_recur: false })
    }

    #[tokio::test]
    async fn only_what_is_needed_is_left_within_the_tries() {
        for needed in [vec![59], vec![3, 40], vec![0, 1, 2, 31, 58]] {
            let tale = Tale { portal: Portal::Seeker, begins_ms: 5, steps: (0..60).map(Action::Wait).collect() };
            let tries = Cell::new(0);
            let tell = async |tale: Tale| {
                tries.set(tries.get() + 1);
                contradicts(&tale, &needed)
            };
            let short = shortest(contradicts(&tale, &needed).unwrap(), 7, 4, tell).await;
            let steps: Vec<_> = needed.iter().map(|ms| Action::Wait(*ms)).collect();
            assert_eq!((short.tale.steps, short.tale.begins_ms), (steps, 7));
            assert!(tries.get() <= MAX_TRIES, "{} tries", tries.get());
        }
    }

    #[tokio::test]
    async fn a_story_that_never_recurs_stays_as_it_is() {
        let tale = Tale { portal: Portal::Seeker, begins_ms: 7, steps: (0..60).map(Action::Wait).collect() };
        let found = contradicts(&tale, &[59]).unwrap();
        let short = shortest(found.clone(), 7, 4, async |_: Tale| None).await;
        assert_eq!(short.tale, found.tale);
    }
}
