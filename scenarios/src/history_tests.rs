//! Histories that can be explained and others that cannot.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use CodeOp::{Right, Wrong};
use CodeRet::{AskedAgain, Over, SignedIn};
use SkipsOp::{Resume, SignIn};
use SkipsRet::{AskedForCode, Done, Skipped};

use super::*;

/// What is done, when it is begun, and when it is answered and how; in milliseconds.
type Line<Op, Ret> = (Op, u64, Option<(u64, Ret)>);

/// Operations by different actors.
fn history<Op: Copy, Ret: Copy>(operations: &[Line<Op, Ret>]) -> Vec<Operation<Op, Ret>> {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let operation = |(actor, (op, begun, answered)): (usize, &Line<Op, Ret>)| Operation {
        actor,
        op: *op,
        begun: at(*begun),
        answered: answered.map(|(ms, ret)| (at(ms), ret)),
    };
    operations.iter().enumerate().map(operation).collect()
}

fn of_skips(operations: &[Line<SkipsOp, SkipsRet>]) -> Finding {
    let history = history(operations);
    judge(&Skips::default(), &history, Skips::suspicions(&history))
}

fn of_code(limit: u32, operations: &[Line<CodeOp, CodeRet>]) -> Finding {
    let history = history(operations);
    let code = OneCode::new(limit);
    judge(&code, &history, code.suspicions(&history))
}

#[test]
fn what_overlaps_the_resume_may_go_either_way() {
    let early = (SignIn, 0, Some((1, Skipped)));
    let resume = (Resume, 2, Some((10, Done)));
    let skipped = (SignIn, 5, Some((30, Skipped)));
    let asked = (SignIn, 3, Some((9, AskedForCode)));
    let late = (SignIn, 11, Some((12, AskedForCode)));
    assert_eq!(of_skips(&[early, resume, skipped, asked, late]), Finding::Linearizable);
}

#[test]
fn a_stale_read_after_the_answered_resume_is_rejected() {
    let fine = (SignIn, 11, Some((15, AskedForCode)));
    let found = of_skips(&[fine, (Resume, 2, Some((10, Done))), (SignIn, 11, Some((12, Skipped))), fine]);
    assert_eq!(found, Finding::Violated(vec![1, 2]));
}

#[test]
fn a_skip_after_somebody_was_asked_is_rejected() {
    let resume = (Resume, 0, Some((100, Done)));
    let found = of_skips(&[(SignIn, 1, Some((5, AskedForCode))), resume, (SignIn, 6, Some((9, Skipped)))]);
    assert_eq!(found, Finding::Violated(vec![1, 0, 2]));
}

#[test]
fn a_code_asked_before_any_resume_is_rejected() {
    let found = of_skips(&[(SignIn, 1, Some((5, AskedForCode))), (Resume, 6, Some((9, Done)))]);
    assert_eq!(found, Finding::Violated(vec![1, 0]));
}

#[test]
fn a_resume_without_an_answer_may_have_happened_at_any_later_time_or_never() {
    let resume = (Resume, 2, None);
    let (skipped, asked) = ((SignIn, 50, Some((60, Skipped))), (SignIn, 70, Some((80, AskedForCode))));
    assert_eq!(of_skips(&[resume, skipped, asked]), Finding::Linearizable);
    assert_eq!(of_skips(&[resume, skipped]), Finding::Linearizable);
    let back_again = (SignIn, 90, Some((95, Skipped)));
    assert!(matches!(of_skips(&[resume, skipped, asked, back_again]), Finding::Violated(_)));
    let too_early = (SignIn, 0, Some((1, AskedForCode)));
    assert!(matches!(of_skips(&[resume, too_early]), Finding::Violated(_)), "not before it was begun");
}

#[test]
fn a_sign_in_without_an_answer_is_no_evidence() {
    let found = of_skips(&[(SignIn, 20, None), (Resume, 2, Some((10, Done))), (SignIn, 11, Some((12, AskedForCode)))]);
    assert_eq!(found, Finding::Linearizable);
}

#[test]
fn a_code_signs_in_once_however_many_overlap() {
    let mut all = vec![(Right, 0, Some((50, Over))); 49];
    all.push((Right, 1, Some((40, SignedIn))));
    assert_eq!(of_code(5, &all), Finding::Linearizable);
    all[7] = (Right, 0, Some((50, SignedIn)));
    assert_eq!(of_code(5, &all), Finding::Violated(vec![7, 49]));
}

#[test]
fn a_submission_without_an_answer_may_have_used_the_code() {
    assert_eq!(of_code(5, &[(Right, 0, None), (Right, 0, Some((9, Over)))]), Finding::Linearizable);
    assert!(matches!(of_code(5, &[(Right, 10, None), (Right, 0, Some((9, Over)))]), Finding::Violated(_)));
    let twice = [(Right, 0, None), (Right, 0, Some((9, SignedIn))), (Right, 10, Some((11, SignedIn)))];
    assert_eq!(of_code(5, &twice), Finding::Violated(vec![1, 2]));
}

#[test]
fn guesses_that_are_looked_at_are_as_many_as_the_limit_at_most() {
    let again = (Wrong, 0, Some((50, AskedAgain)));
    let over = (Wrong, 0, Some((50, Over)));
    let right = |answer| (Right, 60, Some((70, answer)));
    let of = |looked_at: usize, ended: usize, then| {
        of_code(5, &[vec![again; looked_at], vec![over; ended], vec![right(then)]].concat())
    };
    assert_eq!(of(4, 16, Over), Finding::Linearizable, "the fifth is told that it was the last");
    assert_eq!(of(5, 15, Over), Finding::Linearizable, "or is not");
    assert_eq!(of(6, 14, Over), Finding::Violated((0..6).collect()));
    assert_eq!(of(20, 0, SignedIn), Finding::Violated((0..6).collect()));
    assert!(matches!(of(5, 0, SignedIn), Finding::Violated(_)), "the right code after five wrong ones");
    assert_eq!(of(3, 0, SignedIn), Finding::Linearizable);
    assert!(matches!(of(3, 0, Over), Finding::Violated(_)), "three wrong codes end nothing");
}

#[test]
fn a_search_that_takes_too_long_leaves_doubt() {
    let mut all = vec![(Wrong, 0, Some((50, AskedAgain))); 12];
    all.push((Right, 60, Some((70, Over))));
    let history = history(&all);
    assert_eq!(judge(&OneCode::new(13), &history, []), Finding::Undecided);
}
