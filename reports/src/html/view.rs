//! What the page shows of the record, in the order in which it shows it.

use super::plot::{self, Plot};
use crate::ReportError;
use crate::digest::{self, Entry, Exhibits, Problem};
use crate::histogram::Latencies;
use crate::record::{
    CheckRow, CheckVerdict, ClauseRow, Level, LoadRecord, RuleRow, RunRecord, StepRow, Verdict, unjudged,
};
use crate::units::{count, counted, latency, percent};

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

/// Checks of a problem that are listed openly; more are folded away.
const MOST_LISTED: usize = 16;
/// Archives that are linked at a problem; more are linked with its checks only.
const MOST_ARCHIVES: usize = 12;

/// What did not pass, with how to see it again.
pub(super) struct ProblemView<'a> {
    /// The id of its place in the page.
    pub(super) id: String,
    pub(super) problem: Problem<'a>,
    /// The portals that all its checks have in common.
    pub(super) portals: Vec<&'a str>,
    pub(super) required: &'a str,
    pub(super) exhibits: Vec<Exhibits<'a>>,
    pub(super) reproduction: String,
}

impl<'a> ProblemView<'a> {
    pub(super) fn check(&self) -> &'a CheckRow {
        self.problem.check()
    }

    /// What had to be seen, where it is one check and says more than its clause.
    pub(super) fn expected(&self) -> &'a str {
        let says_more = !self.problem.is_shared() && self.check().expected != self.required;
        if says_more { &self.check().expected } else { "" }
    }

    /// What the problem is called.
    pub(super) fn title(&self) -> String {
        match self.problem.entries.as_slice() {
            [only] => only.check.id.clone(),
            more => format!("{} for one reason", counted(more.len() as u64, "check")),
        }
    }

    /// The clauses of its checks, each once.
    pub(super) fn clauses(&self) -> String {
        let mut clauses: Vec<&str> = self.problem.entries.iter().map(|entry| entry.check.clause.as_str()).collect();
        clauses.dedup();
        match clauses.as_slice() {
            [first, .., last] if clauses.len() > 3 => format!("{first} … {last}"),
            few => few.join(", "),
        }
    }

    /// The name of a check in the list under a common reason: with its portals where these differ.
    pub(super) fn name(&self, entry: &Entry<'_>) -> String {
        if self.portals.is_empty() { entry.title() } else { entry.check.id.clone() }
    }

    pub(super) fn is_long(&self) -> bool {
        self.problem.entries.len() > MOST_LISTED
    }

    /// Archives that are linked with the checks only, since there are too many to tell apart here.
    pub(super) fn archives_elsewhere(&self) -> Option<usize> {
        let archives = self.exhibits.iter().map(|exhibits| exhibits.archives.len()).sum();
        (archives > MOST_ARCHIVES).then_some(archives)
    }
}

/// What did not pass, with the ids of the places where the page tells it.
pub(super) fn problems<'a>(record: &'a RunRecord, problems: Vec<Problem<'a>>) -> Vec<ProblemView<'a>> {
    let view = |(at, problem): (usize, Problem<'a>)| ProblemView {
        id: format!("problem-{}", at + 1),
        portals: problem.common_portals().unwrap_or_default(),
        required: if problem.is_shared() { "" } else { record.clause_text(&problem.check().clause) },
        exhibits: digest::exhibits(problem.rows()),
        reproduction: record.reproduction(problem.check()),
        problem,
    };
    problems.into_iter().enumerate().map(view).collect()
}

/// A check in the table of its rule, once for all portals on which it says the same.
pub(super) struct EntryView<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) exhibits: Vec<Exhibits<'a>>,
    /// The id of the place where the page tells more, where it did not pass.
    pub(super) problem: Option<String>,
    /// The reason, where it is its own and not one that it shares with other checks.
    pub(super) reason: &'a str,
}

impl<'a> EntryView<'a> {
    fn of(entry: Entry<'a>, problems: &[ProblemView<'_>]) -> EntryView<'a> {
        let told = |view: &&ProblemView<'_>| view.problem.rows().any(|row| std::ptr::eq(row, entry.check));
        let problem = problems.iter().find(told);
        EntryView {
            problem: problem.map(|view| view.id.clone()),
            reason: if problem.is_some_and(|view| view.problem.is_shared()) { "" } else { &entry.check.reason },
            exhibits: digest::exhibits(entry.rows.iter().copied()),
            entry,
        }
    }

    pub(super) fn check(&self) -> &'a CheckRow {
        self.entry.check
    }

    /// The id of the place that tells a reason which the check shares with others.
    pub(super) fn shared_reason(&self) -> Option<&str> {
        self.problem.as_deref().filter(|_| self.reason != self.check().reason)
    }

    pub(super) fn portals(&self) -> String {
        self.entry.portals().join(", ")
    }

    /// `31 ms`, or from the fastest to the slowest portal: `27–31 ms`.
    pub(super) fn time(&self) -> String {
        let times = || self.entry.rows.iter().map(|row| row.duration_ms);
        match (times().min().unwrap_or(0), times().max().unwrap_or(0)) {
            (least, most) if least == most => format!("{least} ms"),
            (least, most) => format!("{least}–{most} ms"),
        }
    }
}

/// The file's name in a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The text in pieces, and whether a piece stood between backticks and so is literal.
pub(super) fn pieces(text: &str) -> Vec<(bool, &str)> {
    if text.matches('`').count().is_multiple_of(2) {
        let pieces = text.split('`').enumerate().map(|(at, piece)| (at % 2 == 1, piece));
        pieces.filter(|(_, piece)| !piece.is_empty()).collect()
    } else {
        vec![(false, text)]
    }
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

    /// What is said at `level` in place of a verdict where not one of its checks was judged.
    pub(super) fn unjudged(&self, level: &Level) -> Option<CheckVerdict> {
        let of_level = self.clauses.iter().filter(|clause| clause.level == *level).flat_map(|clause| &clause.checks);
        let said = unjudged(of_level.flat_map(|view| &view.entry.rows).map(|check| check.verdict));
        said.filter(|_| self.verdict(level) == Some(Verdict::Inconclusive))
    }

    pub(super) fn counts(&self) -> String {
        let entries = || self.clauses.iter().flat_map(|clause| &clause.checks);
        let checks = || entries().flat_map(|view| &view.entry.rows);
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
    pub(super) checks: Vec<EntryView<'a>>,
    pub(super) not_run: Vec<&'a str>,
}

/// All rules in the order of the record.
pub(super) fn rules<'a>(record: &'a RunRecord, problems: &[ProblemView<'a>]) -> Vec<RuleView<'a>> {
    let mut views: Vec<RuleView<'_>> = Vec::new();
    for row in &record.rules {
        let clauses = row.clauses.iter().map(|clause| clause_view(record, problems, row, clause));
        match views.iter_mut().find(|view| view.id == row.id) {
            Some(view) => {
                view.rows.push(row);
                view.conflict = view.conflict.or(row.conflict.as_deref());
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

fn clause_view<'a>(
    record: &'a RunRecord,
    problems: &[ProblemView<'a>],
    row: &RuleRow,
    clause: &'a ClauseRow,
) -> ClauseView<'a> {
    let checks = || record.checks.iter().filter(|check| check.clause == clause.id && check.level == row.level);
    let not_run = clause.checks.iter().map(String::as_str).filter(|id| !checks().any(|check| check.id == *id));
    ClauseView {
        clause,
        level: row.level,
        not_run: not_run.collect(),
        checks: digest::entries(checks()).into_iter().map(|entry| EntryView::of(entry, problems)).collect(),
    }
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
        let plots = [plot::rates(&load.intervals, load.duration_s), plot::percentiles(&latencies)]
            .into_iter()
            .flatten()
            .collect();
        let (mail, health) = (&load.mail, &load.health);
        Ok(LoadView {
            headlines: vec![
                (count(load.users), "users"),
                (format!("{:.1}/s", load.offered_per_s), "stories begun"),
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
