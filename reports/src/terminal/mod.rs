//! The record as the text that a person reads when the run is over. Whether there are colours, the caller decides.

mod checks;
mod layout;
mod load;

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::digest;
use crate::record::{CheckVerdict, Level, RunRecord, Verdict};
use layout::Page;
use unicode_width::UnicodeWidthStr;

/// The widest text that is written, in columns: what fits every window and every ticket.
const WIDEST: usize = 100;
/// The narrowest text that is written, in columns: the figures of a load need them.
const NARROWEST: usize = 80;

/// How the text is to be written.
#[derive(Debug, Clone, Copy)]
pub struct TerminalOptions<'a> {
    /// Whether to paint with ANSI sequences.
    pub color: bool,
    /// Columns that the terminal has; between 80 and 100 of them are used.
    pub width: usize,
    /// Where the report was written, if it was.
    pub report_dir: Option<&'a Path>,
}

/// The record as text: a table of the rules, what did not pass, the load, and the verdict in the last line.
pub fn render(record: &RunRecord, options: TerminalOptions<'_>) -> String {
    let page = Page { color: options.color, width: options.width.clamp(NARROWEST, WIDEST) };
    let mut sections = vec![head(page, record)];
    let problems = digest::problems(record);
    let nothing_was_judged = digest::nothing_was_judged(record, &problems);
    if nothing_was_judged {
        sections.push(checks::nothing_judged(page, record, &problems));
    }
    sections.push(checks::table_of_rules(page, record));
    if !nothing_was_judged {
        sections.push(checks::not_passed(page, record, &problems));
    }
    sections.push(checks::not_judged_by_us(page, record));
    sections.extend(record.load.as_ref().map(|load| load::summary(page, load)));
    sections.push(remarks(page, record));
    sections.push(verdict_line(page, record, options.report_dir));
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

fn head(page: Page, record: &RunRecord) -> String {
    let title = format!("Sekisho {}: {}", record.tool_version, record.target.name);
    let mut text = page.paint(Style::new().bold(), &title) + "\n";
    text += &page.command("", &record.command);
    text += &page
        .paint(DIM, &format!("seed {}, started {}, took {:.1} s", record.seed, record.started_at, record.duration_s()));
    text + "\n"
}

fn remarks(page: Page, record: &RunRecord) -> String {
    let mut text = String::new();
    for note in &record.notes {
        text += &page.paragraph("Note: ", note);
    }
    text += &little_judged(page, record);
    for (rule, conflict) in digest::conflicts(record) {
        text += &page.paragraph("Conflict: ", &format!("{rule}: {conflict}"));
    }
    for waiver in &record.dead_waivers {
        text += &page.paragraph("Dead waiver: ", &format!("`{}`: {}", waiver.check, waiver.reason));
    }
    if let Some(time) = &record.target.clock_left_at {
        text += &page.paragraph("Clock: ", &format!("the target's clock was left at {time}"));
    }
    if record.interrupted {
        text += "Interrupted: the figures cover what was done until then\n";
    }
    text
}

/// What was skipped counts neither way: a verdict on little must not look like one on all.
fn little_judged(page: Page, record: &RunRecord) -> String {
    let count = |wanted: fn(CheckVerdict) -> bool| record.checks.iter().filter(|check| wanted(check.verdict)).count();
    let offered = count(|verdict| verdict != CheckVerdict::NotApplicable);
    let skipped = count(|verdict| verdict == CheckVerdict::Skipped);
    if skipped * 2 <= offered {
        return String::new();
    }
    let judged = offered - skipped;
    page.paragraph(
        "Note: ",
        &format!("only {judged} of {offered} checks were judged; the others were skipped for want of a means"),
    )
}

fn verdict_line(page: Page, record: &RunRecord, report_dir: Option<&Path>) -> String {
    let level = |level: &Level| {
        if record.looked_at(*level) {
            let verdict = record.verdicts.of(*level);
            format!("{level} {} {verdict}", verdict.mark())
        } else {
            format!("{level} · not looked at")
        }
    };
    let levels = record.levels.iter().map(level).collect::<Vec<_>>().join(", ");
    let plain = format!("{} {}", record.verdict.mark(), record.verdict);
    let report = report_dir.map_or(String::new(), |dir| format!("Report: {}", dir.join("index.html").display()));
    // Nothing nonconforming was seen, and yet the exit code says so.
    let dead = !record.dead_waivers.is_empty() && record.verdict != Verdict::Nonconforming;
    let but = if dead { ", but a dead waiver fails the run" } else { "" };
    let width = format!("Verdict: {plain} ({levels}){but}. {report}").width();
    let gap = match report.as_str() {
        "" => "",
        _ if width > page.width => "\n",
        _ => ". ",
    };
    format!("Verdict: {} ({levels}){but}{gap}{report}\n", page.paint(style_of(record.verdict).bold(), &plain))
}

const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

fn style_of(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Conforms => GOOD,
        Verdict::Inconclusive => DOUBTFUL,
        Verdict::Nonconforming => BAD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{clean_run, eventful_run, load, refused_run, run};
    use crate::record::{DeadWaiver, Run, RunRecord};

    fn shown(run: Run, color: bool, width: usize) -> String {
        let mut record = RunRecord::judge(run);
        record.tool_version = "0.1.0".to_owned();
        render(&record, TerminalOptions { color, width, report_dir: Some(Path::new("sekisho-report")) })
    }

    #[test]
    fn a_clean_run_is_short() {
        insta::assert_snapshot!(shown(clean_run(), false, 100));
    }

    #[test]
    fn an_eventful_run_says_what_where_and_how_to_see_it_again() {
        insta::assert_snapshot!(shown(eventful_run(), false, 100));
    }

    #[test]
    fn a_dead_waiver_is_no_green_end() {
        let mut dead = clean_run();
        dead.dead_waivers.push(DeadWaiver { check: "faq13-*".to_owned(), reason: "passes now".to_owned() });
        let text = shown(dead, false, 100);
        assert!(text.contains("Verdict: ✓ conforms") && text.contains("but a dead waiver fails the run"), "{text}");
        assert!(!shown(clean_run(), false, 100).contains("dead waiver"));
    }

    #[test]
    fn a_target_that_is_not_there_is_said_once() {
        insta::assert_snapshot!(shown(refused_run(), false, 100));
    }

    #[test]
    fn a_load_without_checks_shows_figures_only() {
        insta::assert_snapshot!(shown(run(Vec::new(), Vec::new(), Some(load())), false, 100));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 93, 100, 200] {
            for line in shown(eventful_run(), false, width).lines() {
                assert!(line.width() <= width.min(100), "{} columns: {line}", line.width());
            }
        }
    }

    #[test]
    fn colours_add_nothing_but_colours() {
        let colored = shown(eventful_run(), true, 100);
        assert!(colored.contains('\u{1b}'));
        let mut plain = String::new();
        let mut in_sequence = false;
        for c in colored.chars() {
            match (in_sequence, c) {
                (false, '\u{1b}') => in_sequence = true,
                (true, 'm') => in_sequence = false,
                (true, _) => {}
                (false, c) => plain.push(c),
            }
        }
        assert_eq!(plain, shown(eventful_run(), false, 100));
    }
}
