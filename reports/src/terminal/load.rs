//! The figures of a load run.

use anstyle::Style;

use super::layout::{Align, Cell, Page, table};
use super::{BAD, DOUBTFUL, GOOD};
use crate::record::{HealthVerdict, LoadRecord, ThresholdVerdict};
use crate::units::{count, counted, latency, percent, stories};

pub(super) fn summary(page: Page, load: &LoadRecord) -> String {
    let title = format!("Load: {}, {}, {:.1} s", load.mix, counted(load.users, "user"), load.duration_s);
    let mut text = page.paint(Style::new().bold(), &title) + "\n";
    let rates = format!(
        "{}, {:.1}/s; stories begun {:.1}/s",
        counted(load.sign_ins, "sign-in"),
        load.completed_per_s,
        load.offered_per_s
    );
    text += &page.paragraph("  ", &rates);
    text += &steps(page, load);
    let mail = &load.mail;
    let mails = format!(
        "{} awaited, {} accepted, {} never came, {} dead on arrival",
        count(mail.awaited),
        count(mail.accepted),
        count(mail.never_came),
        count(mail.dead_on_arrival)
    );
    text += &page.paragraph("  Mail       ", &mails);
    let latencies = format!("until it came: p50 {}, p99 {}", latency(mail.p50_us), latency(mail.p99_us));
    text += &page.paragraph("             ", &latencies);
    text += &health(page, load);
    text += &goals(page, load);
    text += &violations(page, load);
    text + &broken_off(page, load)
}

fn steps(page: Page, load: &LoadRecord) -> String {
    let head = ["Step", "Count", "Errors", "p50", "p90", "p99", "p99.9", "Max"];
    let mut rows = vec![head.map(|text| Cell { text: text.to_owned(), style: Style::new().bold() }).to_vec()];
    for step in &load.steps {
        let errors = Cell { text: count(step.errors), style: if step.errors > 0 { BAD } else { Style::new() } };
        let mut row = vec![Cell::plain(step.name.as_str()), Cell::plain(count(step.count)), errors];
        let latencies = [step.p50_us, step.p90_us, step.p99_us, step.p999_us, step.max_us];
        row.extend(latencies.map(|latency_us| Cell::plain(latency(latency_us))));
        rows.push(row);
    }
    use Align::{Left, Right};
    table(page, "  ", &[Left, Right, Right, Right, Right, Right, Right, Right], &rows)
}

fn health(page: Page, load: &LoadRecord) -> String {
    let health = &load.health;
    let memory = health.peak_memory_bytes.map(|bytes| format!(", peak memory {} MiB", bytes.div_ceil(1 << 20)));
    let memory = memory.unwrap_or_default();
    let figures = format!("lag p99 {}, cpu {}{memory}", latency(health.lag_p99_us), percent(health.cpu));
    match health.verdict {
        HealthVerdict::Valid => page.paragraph("  Generator  ", &format!("✓ valid: {figures}")),
        HealthVerdict::Invalid => {
            let text = format!("? invalid, so the figures do not count: {} ({figures})", health.reason);
            page.paint(DOUBTFUL, page.paragraph("  Generator  ", &text).trim_end()) + "\n"
        }
    }
}

fn goals(page: Page, load: &LoadRecord) -> String {
    let mut text = String::new();
    for (at, goal) in load.thresholds.iter().enumerate() {
        let style = match goal.verdict {
            ThresholdVerdict::Met => GOOD,
            ThresholdVerdict::Missed => BAD,
            ThresholdVerdict::Unknown => DOUBTFUL,
        };
        let observed = if goal.observed.is_empty() { "nothing was measured" } else { &goal.observed };
        let line = format!("{} {} {}: {observed}", goal.verdict.mark(), goal.verdict.name(), goal.expression);
        let head = if at == 0 { "  Goals      " } else { "             " };
        text += &(page.paint(style, page.paragraph(head, &line).trim_end()) + "\n");
    }
    text
}

fn violations(page: Page, load: &LoadRecord) -> String {
    if load.violations.is_empty() {
        return "  Violations none\n".to_owned();
    }
    let mut text = String::new();
    for (at, row) in load.violations.iter().enumerate() {
        let times = counted(row.count, "time");
        let line = format!("✗ {} ({}, {}) {times}: {}", row.check, row.rule, row.level, row.example);
        let head = if at == 0 { "  Violations " } else { "             " };
        text += &(page.paint(BAD, page.paragraph(head, &line).trim_end()) + "\n");
    }
    text
}

fn broken_off(page: Page, load: &LoadRecord) -> String {
    let mut text = String::new();
    for (at, row) in load.broken_off.iter().enumerate() {
        let head = if at == 0 { "  Broken off " } else { "             " };
        let line = page.paragraph(head, &format!("? {}: {}", stories(row.count), row.cause));
        text += &(page.paint(DOUBTFUL, line.trim_end()) + "\n");
    }
    text
}
