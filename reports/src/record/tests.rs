#![allow(clippy::unwrap_used)]

use super::*;
use crate::fixtures::{check, clean_run, eventful_run, go_live, load, run};
use proptest::prelude::*;
use proptest::sample::select;

fn any_checks() -> impl Strategy<Value = Vec<CheckRow>> {
    let row = (select(Level::ALL.to_vec()), select(CheckVerdict::ALL.to_vec()));
    prop::collection::vec(row.prop_map(|(level, verdict)| check("FAQ-01", "x", level, verdict)), 0..10)
}

proptest! {
    #[test]
    fn adding_a_failure_never_improves_verdict_or_exit_code(checks in any_checks(), level in select(Level::ALL.to_vec())) {
        let before = RunRecord::judge(run(Vec::new(), checks.clone(), None));
        let failed = check("FAQ-01", "y", level, CheckVerdict::Fail);
        let after = RunRecord::judge(run(Vec::new(), checks.into_iter().chain([failed]).collect(), None));
        prop_assert!(after.verdict >= before.verdict || before.checks.is_empty());
        prop_assert!(exit_code(&after) != ExitCode::Success || exit_code(&before) == ExitCode::Success);
        prop_assert_eq!(after.verdict == Verdict::Nonconforming || !Level::DEFAULT.contains(&level), true);
    }

    #[test]
    fn success_means_that_a_judged_level_passed_and_nothing_was_in_doubt(checks in any_checks()) {
        let record = RunRecord::judge(run(Vec::new(), checks, None));
        if exit_code(&record) == ExitCode::Success {
            let judged: Vec<_> = record.checks.iter().filter(|check| record.levels.contains(&check.level)).collect();
            prop_assert!(judged.iter().any(|check| check.verdict == CheckVerdict::Pass));
            let bad = |check: &&CheckRow| matches!(check.verdict, CheckVerdict::Fail | CheckVerdict::Inconclusive);
            prop_assert!(!judged.iter().any(bad));
        }
    }

    #[test]
    fn an_interrupted_run_never_conforms(checks in any_checks()) {
        let mut run = run(Vec::new(), checks, Some(load()));
        run.interrupted = true;
        let record = RunRecord::judge(run);
        prop_assert_ne!(record.verdict, Verdict::Conforms);
        prop_assert_eq!(exit_code(&record), ExitCode::Interrupted);
    }
}

fn code_of(change: impl FnOnce(&mut Run)) -> ExitCode {
    let mut run = clean_run();
    change(&mut run);
    exit_code(&RunRecord::judge(run))
}

#[test]
fn each_exit_code_has_a_run_that_deserves_it() {
    let goals = |verdicts: &[ThresholdVerdict]| {
        let row = |verdict: &ThresholdVerdict| ThresholdRow {
            expression: "sign_in.p99 < 1s".into(),
            observed: String::new(),
            verdict: *verdict,
        };
        Some(LoadRecord { violations: Vec::new(), thresholds: verdicts.iter().map(row).collect(), ..load() })
    };
    assert_eq!(code_of(|_| {}), ExitCode::Success);
    assert_eq!(code_of(|run| run.checks.clear()), ExitCode::NothingSelected);
    assert_eq!(code_of(|run| run.checks[0].verdict = CheckVerdict::Fail), ExitCode::Nonconforming);
    assert_eq!(code_of(|run| run.checks[0].verdict = CheckVerdict::Inconclusive), ExitCode::Inconclusive);
    assert_eq!(code_of(|run| run.checks[2].verdict = CheckVerdict::Skipped), ExitCode::Inconclusive);
    assert_eq!(code_of(|run| run.load = goals(&[ThresholdVerdict::Met])), ExitCode::Success);
    assert_eq!(code_of(|run| run.load = goals(&[ThresholdVerdict::Missed])), ExitCode::ThresholdMissed);
    let unknown = [ThresholdVerdict::Missed, ThresholdVerdict::Unknown];
    assert_eq!(code_of(|run| run.load = goals(&unknown)), ExitCode::Inconclusive);
    let waiver = DeadWaiver { check: "faq06-*".into(), reason: "over".into() };
    assert_eq!(code_of(|run| run.dead_waivers.push(waiver)), ExitCode::Nonconforming);
    assert_eq!(code_of(|run| run.interrupted = true), ExitCode::Interrupted);
}

#[test]
fn a_level_that_was_not_run_does_not_weigh_on_the_others() {
    let only_must = vec![check("FAQ-03", "x", Level::Must, CheckVerdict::Pass)];
    let record = RunRecord::judge(run(Vec::new(), only_must, None));
    assert_eq!(record.verdict, Verdict::Conforms);
    assert_eq!(record.verdicts.derived, Verdict::Inconclusive);
}

#[test]
fn a_check_of_a_rule_or_clause_that_nobody_listed_is_in_the_rows() {
    let mut run = clean_run();
    run.checks.push(check("FAQ-15", "x", Level::Must, CheckVerdict::Fail));
    run.checks[0].clause = "FAQ-03z".into();
    let record = RunRecord::judge(run);
    let clauses = |rule: &str| {
        let row = record.rules.iter().find(|row| row.id == rule && row.level == Level::Must).unwrap();
        (row.verdict, row.clauses.iter().map(|clause| clause.id.as_str()).collect::<Vec<_>>())
    };
    assert_eq!(clauses("FAQ-15"), (Verdict::Nonconforming, vec!["FAQ-15a"]));
    assert_eq!(clauses("FAQ-03"), (Verdict::Conforms, vec!["FAQ-03a", "FAQ-03z"]));
}

#[test]
fn the_baseline_weighs_only_where_it_was_chosen() {
    let mut run = clean_run();
    run.checks.push(check("BASE-CODE", "x", Level::Baseline, CheckVerdict::Fail));
    let record = RunRecord::judge(run.clone());
    assert_eq!((record.verdict, record.verdicts.baseline), (Verdict::Conforms, Verdict::Nonconforming));
    run.levels.push(Level::Baseline);
    assert_eq!(RunRecord::judge(run).verdict, Verdict::Nonconforming);
}

#[test]
fn a_violation_under_load_breaks_its_rule_and_level() {
    let mut run = clean_run();
    run.load = Some(load());
    let record = RunRecord::judge(run);
    let row = |level| record.rules.iter().find(|row| row.id == "FAQ-12" && row.level == level).unwrap();
    assert_eq!(row(Level::Must).verdict, Verdict::Nonconforming);
    assert_eq!(row(Level::Derived).verdict, Verdict::Conforms);
    assert_eq!((record.verdicts.must, record.verdict), (Verdict::Nonconforming, Verdict::Nonconforming));
}

#[test]
fn an_overloaded_generator_or_a_load_without_a_sign_in_is_inconclusive() {
    let calm = || LoadRecord { violations: Vec::new(), ..load() };
    assert_eq!(calm().verdict(&Level::DEFAULT), Verdict::Conforms);
    let mut overloaded = calm();
    overloaded.health.verdict = HealthVerdict::Invalid;
    assert_eq!(overloaded.verdict(&Level::DEFAULT), Verdict::Inconclusive);
    assert_eq!(LoadRecord { sign_ins: 0, ..calm() }.verdict(&Level::DEFAULT), Verdict::Inconclusive);
    assert_eq!(load().verdict(&[Level::Baseline]), Verdict::Conforms);
}

#[test]
fn what_is_written_is_read_again() {
    let record = RunRecord::judge(eventful_run());
    assert_eq!(RunRecord::parse(&record.to_json().unwrap()).unwrap(), record);
}

#[test]
fn a_record_of_another_schema_or_no_record_is_refused_with_its_reason() {
    let error = RunRecord::parse(r#"{"schema": 2, "verdict": {}}"#).unwrap_err();
    assert!(matches!(error, ReportError::UnsupportedSchema { found: 2, supported: 1 }), "{error}");
    let error = RunRecord::parse("[]").unwrap_err();
    assert!(error.to_string().starts_with("the text is not a run record"), "{error}");
}

#[test]
fn times_are_rfc_3339() {
    assert_eq!(timestamp(go_live()), "2025-08-12T21:00:00.000Z");
}

#[test]
fn a_reproduction_runs_that_check_with_that_seed() {
    let mut record = RunRecord::judge(eventful_run());
    let first = record.checks[0].clone();
    assert_eq!(
        record.reproduction(&first),
        "sekisho check --target staging.toml --only faq03-code-is-accepted-just-inside-30-minutes --seed 20250813"
    );
    let baseline = record.checks.last().cloned().unwrap();
    record.target.profile = Some("my profiles/it's.toml".into());
    assert_eq!(
        record.reproduction(&baseline),
        r"sekisho check --target 'my profiles/it'\''s.toml' --only base-code-lives-ten-minutes-at-most --level baseline --seed 20250813"
    );
    (record.target.profile, record.target.defect) = (None, Some("faq03-never-expires".into()));
    assert_eq!(
        record.reproduction(&first),
        "sekisho check --defect faq03-never-expires --only faq03-code-is-accepted-just-inside-30-minutes --seed 20250813"
    );
}
