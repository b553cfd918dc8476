//! The shortest story that still contradicts the same clause: whole stretches are left out first, then single steps.
//!
//! Each try is a story of its own on fresh accounts, so as many as run side by side are tried at once. Proptest's own way down the value
//! tree tries one at a time and cannot leave a step out of the middle of a scene, so it is not used here.

use futures::stream::{self, StreamExt};

use super::tale::Tale;
use super::tell::Contradicted;
use crate::oracle::Action;

/// The most stories that are told to shorten one.
const MAX_TRIES: usize = 600;

/// Leaves out of a story all that the same contradiction does not need.
pub(super) async fn shortest<F, R>(found: Contradicted, usual_begin_ms: i64, jobs: usize, tell: F) -> Contradicted
where
    F: Fn(Tale) -> R,
    R: Future<Output = Option<Contradicted>>,
{
    let mut best = found;
    let mut tries = 0;
    let mut stretch = best.tale.steps.len() / 2;
    while stretch > 0 && tries < MAX_TRIES {
        let mut shorter = without_stretches(&best.tale, stretch);
        if best.tale.begins_ms != usual_begin_ms {
            // A story that begins in no particular moment tells less, and so more.
            let usual = shorter.iter().map(|tale| Tale { begins_ms: usual_begin_ms, ..tale.clone() });
            shorter = usual.collect::<Vec<_>>().into_iter().chain(shorter).collect();
        }
        tries += shorter.len();
        let told: Vec<Option<Contradicted>> =
            stream::iter(shorter.into_iter().map(&tell)).buffer_unordered(jobs.max(1)).collect().await;
        let same = told.into_iter().flatten().filter(|again| again.contradiction.rule == best.contradiction.rule);
        match same.min_by_key(|again| (again.tale.steps.len(), again.tale.begins_ms != usual_begin_ms)) {
            Some(shorter) if shorter.tale.steps.len() < best.tale.steps.len() => {
                best = shorter;
                stretch = stretch.min(best.tale.steps.len() / 2).max(usize::from(best.tale.steps.len() > 1));
            }
            _ => stretch /= 2,
        }
    }
    best
}

/// The story without each stretch of so many steps, the last step excepted: it is the one that contradicts.
fn without_stretches(tale: &Tale, stretch: usize) -> Vec<Tale> {
    let last = tale.steps.len().saturating_sub(1);
    let starts = (0..last).step_by(stretch.max(1));
    starts
        .map(|start| {
            let end = (start + stretch).min(last);
            let steps: Vec<Action> = [&tale.steps[..start], &tale.steps[end..]].concat();
            Tale { steps, ..*tale }
        })
        .collect()
}
