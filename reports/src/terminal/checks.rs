//! The rules and their checks.

use anstyle::Style;

use super::layout::{Align, Cell, Page, table};
use super::{BAD, DIM, DOUBTFUL, GOOD, style_of};
use crate::digest::{Entry, Problem, bracketed, entries, exhibits};
use crate::record::{CheckRow, CheckVerdict, Level, RunRecord, Verdict, unjudged};
use crate::units::counted;

/// Checks that are listed under a common reason; of more, only the clauses are told.
const MOST_LISTED: usize = 16;

/// Rules that are named where they were not looked at; of more, only the number is told.
const MOST_NAMED: usize = 8;

/// One row for each rule that was looked at, one for all together, what the marks mean, and the count of checks.
pub(super) fn table_of_rules(page: Page, record: &RunRecord) -> String {
    let mut ids: Vec<&str> = Vec::new();
    let rules = record.rules.iter().map(|rule| rule.id.as_str());
    for id in rules.chain(record.checks.iter().map(|check| check.rule.as_str())) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let all = ids.len();
    ids.retain(|id| record.checks.iter().any(|check| check.rule == *id));
    if ids.is_empty() {
        return String::new();
    }
    let head = ["Rule", "Must", "Derived", "Baseline", "Checks", "Subject"];
    let mut rows = vec![head.map(|text| Cell { text: text.to_owned(), style: Style::new().bold() }).to_vec()];
    rows.extend(ids.iter().map(|id| rule_row(record, id)));
    let mut total = vec![Cell::plain("All")];
    total.extend(Level::ALL.map(|level| match record.looked_at(level) {
        true => mark(record.verdicts.of(level)),
        false => absent(),
    }));
    rows.push(total);
    use Align::{Center, Left};
    let mut text = table(page, "", &[Left, Center, Center, Center, Left, Left], &rows);
    // Two lines: one would be wider than the narrowest terminal.
    for legend in ["✓ conforms  ✗ nonconforming  ? inconclusive", "» skipped  – not applicable  · no check ran"]
    {
        text += &(page.paint(DIM, legend) + "\n");
    }
    let checks = counted(record.checks.len() as u64, "check");
    let unseen = if all > ids.len() {
        let rules = record.rules.iter().map(|rule| rule.id.as_str());
        let mut names: Vec<&str> = rules.filter(|id| !ids.contains(id)).collect();
        names.dedup();
        let told = if names.len() <= MOST_NAMED { format!(" ({})", names.join(", ")) } else { String::new() };
        format!("; {} not looked at{told}", counted((all - ids.len()) as u64, "rule"))
    } else {
        String::new()
    };
    text + &page.paragraph("", &format!("{checks}: {}{unseen}", counts(record.checks.iter())))
}

fn rule_row(record: &RunRecord, id: &str) -> Vec<Cell> {
    let of_rule = || record.checks.iter().filter(|check| check.rule == id);
    let rows = || record.rules.iter().filter(|rule| rule.id == id);
    let mut cells = vec![Cell::plain(id)];
    cells.extend(Level::ALL.map(|level| match rows().find(|rule| rule.level == level) {
        Some(rule) if of_rule().any(|check| check.level == level) => {
            let of_level = of_rule().filter(|check| check.level == level).map(|check| check.verdict);
            match unjudged(of_level).filter(|_| rule.verdict == Verdict::Inconclusive) {
                Some(said) => Cell { text: said.mark().to_owned(), style: DIM },
                None => mark(rule.verdict),
            }
        }
        _ => absent(),
    }));
    cells.push(Cell::plain(counts(of_rule())));
    cells.push(Cell { text: rows().next().map_or(String::new(), |rule| rule.text.clone()), style: DIM });
    cells
}

fn mark(verdict: Verdict) -> Cell {
    Cell { text: verdict.mark().to_owned(), style: style_of(verdict) }
}

fn absent() -> Cell {
    Cell { text: "·".to_owned(), style: DIM }
}

/// `3 passed, 1 failed`.
fn counts<'a>(checks: impl Iterator<Item = &'a CheckRow> + Clone) -> String {
    let count = |verdict| checks.clone().filter(|check| check.verdict == verdict).count();
    let by_verdict = CheckVerdict::ALL.map(|verdict| (count(verdict), verdict.counted()));
    let told =
        by_verdict.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    told.collect::<Vec<_>>().join(", ")
}

/// What kept every check from being judged, said once.
pub(super) fn nothing_judged(page: Page, record: &RunRecord, problems: &[Problem<'_>]) -> String {
    let told = problems.iter().map(|problem| {
        let checks = counted(problem.rows().count() as u64, "check");
        let title =
            format!("{} nothing was judged: {checks} came to nothing, all for one reason", problem.verdict.mark());
        let text = page.paint(DOUBTFUL.bold(), &title) + "\n" + &labelled(page, "reason", &problem.check().reason);
        text + &evidence_and_reproduction(page, record, problem)
    });
    told.collect()
}

/// Each check that failed, was in doubt or is waived, with all that is known about it.
pub(super) fn not_passed(page: Page, record: &RunRecord, problems: &[Problem<'_>]) -> String {
    let told = problems.iter().map(|problem| match problem.is_shared() {
        true => shared_block(page, record, problem),
        false => block(page, record, problem),
    });
    told.collect::<Vec<_>>().join("\n")
}

fn block(page: Page, record: &RunRecord, problem: &Problem<'_>) -> String {
    let (check, required) = (problem.check(), record.clause_text(&problem.check().clause));
    let title = format!("{} {}", check.verdict.mark(), problem.first().title());
    let mut text = page.paint(style_of_check(check.verdict).bold(), &title) + "\n";
    text += &labelled(page, "rule", &format!("{}, {}: {}", check.clause, check.level, check.verdict));
    text += &labelled(page, "required", required);
    text += &labelled(page, "expected", if check.expected == required { "" } else { &check.expected });
    text += &labelled(page, "observed", &check.observed);
    text += &labelled(page, "reason", &check.reason);
    text + &evidence_and_reproduction(page, record, problem)
}

/// Checks that came to nothing for one reason: the reason once, and under it the checks.
fn shared_block(page: Page, record: &RunRecord, problem: &Problem<'_>) -> String {
    let common = problem.common_portals();
    let checks = counted(problem.entries.len() as u64, "check");
    let portals = bracketed(common.as_deref().unwrap_or_default());
    let title = format!("{} {checks} {} for one reason{portals}", problem.verdict.mark(), problem.verdict);
    let mut text = page.paint(style_of_check(problem.verdict).bold(), &title) + "\n";
    text += &labelled(page, "reason", &problem.check().reason);
    if problem.entries.len() > MOST_LISTED {
        let mut clauses: Vec<&str> = problem.entries.iter().map(|entry| entry.check.clause.as_str()).collect();
        clauses.dedup();
        text += &labelled(page, "clauses", &clauses.join(", "));
    } else {
        for entry in &problem.entries {
            let title = if common.is_some() { entry.check.id.clone() } else { entry.title() };
            text += &labelled(page, &entry.check.clause, &title);
            if !entry.check.observed.is_empty() {
                text += &labelled(page, "", &format!("until then: {}", entry.check.observed));
            }
        }
    }
    text + &evidence_and_reproduction(page, record, problem)
}

/// The first archive, the number of the others, and the command for the first check.
fn evidence_and_reproduction(page: Page, record: &RunRecord, problem: &Problem<'_>) -> String {
    let exhibits = exhibits(problem.rows());
    let archives: Vec<&str> = exhibits.iter().flat_map(|exhibits| exhibits.archives.iter().copied()).collect();
    let evidence = match archives.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, more @ ..] => format!("{first} (+{} more)", more.len()),
    };
    let text = labelled(page, "evidence", &evidence);
    text + &page.command(&format!("  {:<11}", "reproduce"), &record.reproduction(problem.check()))
}

/// A line of a block, with what follows of it under its beginning; nothing where there is no text.
fn labelled(page: Page, label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { page.paragraph(&format!("  {label:<10} "), text) }
}

/// The checks that could not be run, under the reasons why, and what was seen where there was nothing to judge.
pub(super) fn not_judged_by_us(page: Page, record: &RunRecord) -> String {
    let mut groups: Vec<(CheckVerdict, &str, Vec<Entry<'_>>)> = Vec::new();
    for verdict in [CheckVerdict::Skipped, CheckVerdict::NotApplicable] {
        for entry in entries(record.checks.iter().filter(|check| check.verdict == verdict)) {
            let reason = entry.check.reason.as_str();
            match groups.iter_mut().find(|(of, same, _)| *of == verdict && *same == reason) {
                Some((_, _, entries)) => entries.push(entry),
                None => groups.push((verdict, reason, vec![entry])),
            }
        }
    }
    let mut text = String::new();
    for (verdict, reason, entries) in groups {
        text += &page.paragraph(&format!("{} {}: ", verdict.mark(), verdict.counted()), reason);
        for entry in entries {
            text += &labelled(page, &entry.check.clause, &entry.title());
            if verdict == CheckVerdict::NotApplicable {
                text += &labelled(page, "observed", &entry.check.observed);
            }
        }
    }
    text
}

fn style_of_check(verdict: CheckVerdict) -> Style {
    match verdict {
        CheckVerdict::Pass => GOOD,
        CheckVerdict::Fail => BAD,
        CheckVerdict::Inconclusive | CheckVerdict::Waived => DOUBTFUL,
        CheckVerdict::Skipped | CheckVerdict::NotApplicable => DIM,
    }
}
