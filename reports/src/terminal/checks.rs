//! The rules and their checks.

use anstyle::Style;

use super::layout::{Align, Cell, Page, table};
use super::{BAD, DIM, DOUBTFUL, GOOD, style_of};
use crate::record::{CheckRow, CheckVerdict, Level, RunRecord, Verdict};
use crate::units::counted;

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
    text += &(page.paint(DIM, "✓ conforms  ✗ nonconforming  ? inconclusive  · no check ran") + "\n");
    let checks = counted(record.checks.len() as u64, "check");
    let unseen = if all > ids.len() {
        format!("; {} not looked at", counted((all - ids.len()) as u64, "rule"))
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
        Some(rule) if of_rule().any(|check| check.level == level) => mark(rule.verdict),
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

/// Each check that failed, was in doubt or is waived, with all that is known about it.
pub(super) fn not_passed(page: Page, record: &RunRecord) -> String {
    let of = |verdict| record.checks.iter().filter(move |check| check.verdict == verdict);
    let told = of(CheckVerdict::Fail).chain(of(CheckVerdict::Inconclusive)).chain(of(CheckVerdict::Waived));
    told.map(|check| block(page, record, check)).collect::<Vec<_>>().join("\n")
}

fn block(page: Page, record: &RunRecord, check: &CheckRow) -> String {
    let title = format!("{} {}", check.verdict.mark(), check.title());
    let mut text = page.paint(style_of_check(check.verdict).bold(), &title) + "\n";
    let rule = format!("{}, {}: {}", check.clause, check.level, check.verdict);
    let lines = [
        ("rule", rule.as_str()),
        ("required", record.clause_text(&check.clause)),
        ("expected", &check.expected),
        ("observed", &check.observed),
        ("reason", &check.reason),
    ];
    for (label, line) in lines.into_iter().filter(|(_, line)| !line.is_empty()) {
        text += &page.paragraph(&format!("  {label:<11}"), line);
    }
    for path in &check.evidence {
        text += &format!("  {:<11}{path}\n", "evidence");
    }
    text + &page.command(&format!("  {:<11}", "reproduce"), &record.reproduction(check))
}

/// The checks that could not be run, under the reasons why.
pub(super) fn not_judged_by_us(page: Page, record: &RunRecord) -> String {
    let mut groups: Vec<(CheckVerdict, &str, Vec<&CheckRow>)> = Vec::new();
    for verdict in [CheckVerdict::Skipped, CheckVerdict::NotApplicable] {
        for check in record.checks.iter().filter(|check| check.verdict == verdict) {
            match groups.iter_mut().find(|(of, reason, _)| *of == verdict && *reason == check.reason) {
                Some((_, _, checks)) => checks.push(check),
                None => groups.push((verdict, &check.reason, vec![check])),
            }
        }
    }
    let mut text = String::new();
    for (verdict, reason, checks) in groups {
        text += &page.paragraph(&format!("{} {}: ", verdict.mark(), verdict.counted()), reason);
        for check in checks {
            text += &page.paragraph(&format!("  {:<11}", check.clause), &check.title());
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
