//! What the page shows of the record, in the order in which it shows it.

use super::plot::{self, Plot};
use crate::ReportError;
use crate::histogram::Latencies;
use crate::record::{CheckRow, CheckVerdict, ClauseRow, Level, LoadRecord, RuleRow, RunRecord, StepRow, Verdict};
use crate::units::{count, latency, percent};

/// The verdict of one level.
pub(super) struct LevelView {
    pub(super) level: Level,
    /// `None` where nothing of the level was looked at.
    pub(super) verdict: Option<Verdict>,
    pub(super) judged: bool,
    pub(super) about: &'static str,
}

impl LevelView {
    pub(super) fn of(record: &RunRecord, level: Level) -> LevelView {
        let about = match level {
            Level::Must => "What the notice or an FAQ answer states.",
            Level::Derived => "What follows from an answer, though it does not say so in words.",
            Level::Baseline => "Good practice from published standards, beyond the notice and the FAQ.",
        };
        let verdict = record.looked_at(level).then(|| record.verdicts.of(level));
        LevelView { level, verdict, judged: record.levels.contains(&level), about }
    }
}

/// A check that did not pass, with how to see it again.
pub(super) struct Problem<'a> {
    pub(super) check: &'a CheckRow,
    pub(super) required: &'a str,
    pub(super) reproduction: String,
}

/// The checks that failed, were in doubt or are waived, in this order.
pub(super) fn problems(record: &RunRecord) -> Vec<Problem<'_>> {
    let of = |verdict| record.checks.iter().filter(move |check| check.verdict == verdict);
    let all = of(CheckVerdict::Fail).chain(of(CheckVerdict::Inconclusive)).chain(of(CheckVerdict::Waived));
    let problem = |check| Problem {
        check,
        required: record.clause_text(&check.clause),
        reproduction: record.reproduction(check),
    };
    all.map(problem).collect()
}

/// A rule, with its rows of all levels.
pub(super) struct RuleView<'a> {
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    pub(super) conflict: Option<&'a str>,
    pub(super) rows: Vec<&'a RuleRow>,
    pub(super) clauses: Vec<ClauseView<'a>>,
}

impl RuleView<'_> {
    /// The verdict at `level`, where a check of that level ran or a violation was seen.
    pub(super) fn verdict(&self, level: &Level) -> Option<Verdict> {
        let row = self.rows.iter().find(|row| row.level == *level)?;
        let ran = self.clauses.iter().any(|clause| clause.level == *level && !clause.checks.is_empty());
        (ran || row.verdict == Verdict::Nonconforming).then_some(row.verdict)
    }

    pub(super) fn counts(&self) -> String {
        let checks = || self.clauses.iter().flat_map(|clause| &clause.checks);
        let count = |verdict| checks().filter(|check| check.verdict == verdict).count();
        let told = CheckVerdict::ALL.map(|verdict| (count(verdict), verdict.counted()));
        let told = told.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// A clause, with the checks that ran and the names of those that did not.
pub(super) struct ClauseView<'a> {
    pub(super) clause: &'a ClauseRow,
    pub(super) level: Level,
    pub(super) checks: Vec<&'a CheckRow>,
    pub(super) not_run: Vec<&'a str>,
}

/// All rules in the order of the record.
pub(super) fn rules(record: &RunRecord) -> Vec<RuleView<'_>> {
    let mut views: Vec<RuleView<'_>> = Vec::new();
    for row in &record.rules {
        let clauses = row.clauses.iter().map(|clause| clause_view(record, row, clause));
        match views.iter_mut().find(|view| view.id == row.id) {
            Some(view) => {
                view.rows.push(row);
                view.clauses.extend(clauses);
            }
            None => views.push(RuleView {
                id: &row.id,
                text: &row.text,
                conflict: row.conflict.as_deref(),
                rows: vec![row],
                clauses: clauses.collect(),
            }),
        }
    }
    views
}

fn clause_view<'a>(record: &'a RunRecord, row: &RuleRow, clause: &'a ClauseRow) -> ClauseView<'a> {
    let checks: Vec<&CheckRow> =
        record.checks.iter().filter(|check| check.clause == clause.id && check.level == row.level).collect();
    let ran = |id: &str| checks.iter().any(|check| check.id == id);
    let not_run = clause.checks.iter().map(String::as_str).filter(|id| !ran(id)).collect();
    ClauseView { clause, level: row.level, not_run, checks }
}

/// The load run.
pub(super) struct LoadView<'a> {
    pub(super) load: &'a LoadRecord,
    pub(super) headlines: Vec<(String, &'static str)>,
    pub(super) mail: Vec<(&'static str, String)>,
    pub(super) steps: Vec<StepView<'a>>,
    pub(super) plots: Vec<Plot>,
    pub(super) lag: String,
    pub(super) cpu: String,
}

/// The figures of a step as text.
pub(super) struct StepView<'a> {
    pub(super) name: &'a str,
    pub(super) figures: [String; 7],
}

impl<'a> LoadView<'a> {
    pub(super) fn of(load: &'a LoadRecord) -> Result<LoadView<'a>, ReportError> {
        let latencies: Vec<(&str, Latencies)> = load
            .steps
            .iter()
            .map(|step| Ok((step.name.as_str(), Latencies::of_step(step)?)))
            .collect::<Result<_, ReportError>>()?;
        let plots = [plot::rates(&load.intervals), plot::percentiles(&latencies)].into_iter().flatten().collect();
        let (mail, health) = (&load.mail, &load.health);
        Ok(LoadView {
            headlines: vec![
                (count(load.users), "users"),
                (format!("{:.1}/s", load.offered_per_s), "sign-ins offered"),
                (format!("{:.1}/s", load.completed_per_s), "sign-ins completed"),
                (count(load.sign_ins), "sign-ins in all"),
                (format!("{:.1} s", load.duration_s), "length of the run"),
            ],
            mail: vec![
                ("awaited", count(mail.awaited)),
                ("accepted", count(mail.accepted)),
                ("never came", count(mail.never_came)),
                ("dead on arrival", count(mail.dead_on_arrival)),
                ("median wait", latency(mail.p50_us)),
                ("99th percentile of the wait", latency(mail.p99_us)),
            ],
            steps: load.steps.iter().map(step_view).collect(),
            plots,
            lag: latency(health.lag_p99_us),
            cpu: percent(health.cpu),
            load,
        })
    }
}

fn step_view(step: &StepRow) -> StepView<'_> {
    let figures = [
        count(step.count),
        count(step.errors),
        latency(step.p50_us),
        latency(step.p90_us),
        latency(step.p99_us),
        latency(step.p999_us),
        latency(step.max_us),
    ];
    StepView { name: &step.name, figures }
}
