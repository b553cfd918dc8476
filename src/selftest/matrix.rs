//! The kill matrix for people: on the terminal, and as the page that is kept in the docs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use sekisho_scenarios::selftest::{DefectOutcome, Outcome};
use serde_json::Value;

use crate::cli::Format;
use crate::error::CliError;
use crate::table;

/// The files that `--save` writes.
const PAGE: &str = "kill-matrix.md";
const DATA: &str = "kill-matrix.json";

/// Prints the matrix and what is wrong with it.
pub(super) fn print(outcome: &Outcome, format: Format) {
    anstream::println!("{}", defects(outcome, format));
    anstream::print!("{}", faults(outcome));
    anstream::println!("{}", summary(outcome));
    anstream::println!("{:.1} s", outcome.wall_ms as f64 / 1000.0);
}

/// Writes the matrix as a page and as JSON, without what differs from run to run.
pub(super) fn save(outcome: &Outcome, folder: &Path) -> Result<(), CliError> {
    let data =
        serde_json::to_string_pretty(&lasting(outcome)).map_err(|error| CliError::Internal(error.to_string()))?;
    for (name, text) in [(PAGE, page(outcome)), (DATA, data + "\n")] {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .map_err(|error| CliError::Usage(format!("`{}` cannot be written: {error}", path.display())))?;
    }
    Ok(())
}

/// Reads a matrix that was kept.
pub(super) fn kept(path: &Path) -> Result<Value, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("the matrix in `{shown}` cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| CliError::Usage(format!("`{shown}` holds no matrix: {error}")))
}

/// In what a matrix differs from one that was kept: defects and checks that are there, and which of its own rule catch each. What fails in
/// its train beside may differ from run to run, and so may what catches a defect that shows in real time only.
pub(super) fn differences(kept: &Value, outcome: &Outcome) -> Vec<String> {
    let found = lasting(outcome);
    let caught_by = |matrix: &Value| -> BTreeMap<String, Option<BTreeSet<String>>> {
        let rows = matrix["defects"].as_array().into_iter().flatten();
        let own = |row: &Value| {
            let checks = row["caught_by"].as_array().into_iter().flatten();
            checks.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let fixed = |row: &Value| (row["varies"] != true).then(|| own(row));
        rows.map(|row| (row["id"].as_str().unwrap_or_default().to_owned(), fixed(row))).collect()
    };
    let checks = |matrix: &Value| -> BTreeSet<String> {
        let rows = matrix["checks"].as_array().into_iter().flatten();
        rows.filter_map(|row| row["id"].as_str()).map(str::to_owned).collect()
    };
    let (before, now) = (caught_by(kept), caught_by(&found));
    let ids: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let told = |checks: Option<&Option<BTreeSet<String>>>| match checks {
        None => "not there".to_owned(),
        Some(None) => "one that varies".to_owned(),
        Some(Some(checks)) => checks.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    let of_defects = ids.into_iter().filter(|id| before.get(*id) != now.get(*id));
    let of_defects = of_defects.map(|id| format!("{id}: {}; now {}", told(before.get(id)), told(now.get(id))));
    let (before, now) = (checks(kept), checks(&found));
    let of_checks = before.symmetric_difference(&now).map(|id| format!("the check {id} is in one of them only"));
    of_defects.chain(of_checks).collect()
}

fn page(outcome: &Outcome) -> String {
    let mut text = String::from(
        "# The kill matrix\n\n\
         Every faulty variant of the reference server against every check. A check counts only if it can fail: each defect must be caught \
         by a check of its own rule, and each check must catch a defect. Checks of other rules may fail in the train of a defect; for a \
         check of level `must` the reason is stated. `kill-matrix.json` holds the same as data.\n\n\
         Made by `cargo xtask kill-matrix`; `cargo xtask kill-matrix --check` fails where other checks of its own rule catch a defect.\n\n",
    );
    let _ = write!(text, "{}\n\n## Defects\n\n{}\n", summary(outcome), defects(outcome, Format::Markdown));
    let mut checks = table::table(Format::Markdown, 0);
    checks.set_header(["clause", "check", "defects of its own rule that it catches"]);
    for check in &outcome.checks {
        let clause = sekisho_rules::check(&check.id).map_or("", |(_, clause)| clause.id);
        let kills = if check.judged { check.kills.to_string() } else { "reported, not judged".to_owned() };
        checks.add_row([clause.to_owned(), check.id.clone(), kills]);
    }
    let _ = write!(text, "\n## Checks\n\n{checks}\n");
    unpadded(&text)
}

/// Tables without the blanks that make columns as wide as their widest cell: nobody reads hundreds of columns.
fn unpadded(text: &str) -> String {
    let line = |line: &str| match line.starts_with('|') {
        true if line.contains("|--") => {
            line.split('|').map(|cell| if cell.is_empty() { "" } else { "---" }).collect::<Vec<_>>().join("|")
        }
        true => line.split(" |").map(str::trim_end).collect::<Vec<_>>().join(" |"),
        false => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

/// The same matrix without times, seeds, and how many stories it took.
fn lasting(outcome: &Outcome) -> Value {
    let mut value = serde_json::to_value(outcome).unwrap_or_default();
    if let Some(matrix) = value.as_object_mut() {
        matrix.remove("wall_ms");
    }
    if let Some(clean) = value["clean"].as_object_mut() {
        clean.remove("seeds");
    }
    for defect in value["defects"].as_array_mut().into_iter().flatten() {
        if let Some(explored) = defect.get_mut("explored").and_then(|explored| explored.as_object_mut()) {
            explored.retain(|key, _| matches!(key.as_str(), "found" | "out_of_reach"));
        }
    }
    value
}

fn defects(outcome: &Outcome, format: Format) -> comfy_table::Table {
    let mut table = table::table(format, 120);
    let separator = table::separator(format);
    let mut head = vec!["clause", "defect", "caught by its own rule", "fails in its train"];
    if outcome.explored.is_some() {
        head.push("invented stories");
    }
    table.set_header(head);
    for defect in &outcome.defects {
        let name = match format {
            Format::Markdown => format!("`{}`{separator}{}", defect.id, defect.about),
            Format::Table | Format::Json => defect.id.clone(),
        };
        let mut row = vec![defect.clause.clone(), name, caught(defect, separator), train(defect, separator)];
        if outcome.explored.is_some() {
            row.push(explored(defect).to_owned());
        }
        table.add_row(row);
    }
    table
}

fn caught(defect: &DefectOutcome, separator: &str) -> String {
    match (&defect.error, defect.caught) {
        (Some(error), _) => format!("not tried: {error}"),
        (None, true) => defect.caught_by.join(separator),
        (None, false) => "NOT CAUGHT".to_owned(),
    }
}

/// What else failed, with the reason where one is stated, told once for each.
fn train(defect: &DefectOutcome, separator: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut reasons: Vec<&str> = Vec::new();
    for failed in &defect.also_failed {
        match failed.reason.as_deref() {
            Some(reason) if !reasons.contains(&reason) => {
                reasons.push(reason);
                lines.push(format!("{}: {reason}", failed.check));
            }
            _ => lines.push(failed.check.clone()),
        }
    }
    lines.join(separator)
}

fn explored(defect: &DefectOutcome) -> &'static str {
    match &defect.explored {
        Some(explored) if explored.found => "found",
        Some(explored) if explored.out_of_reach.is_some() => "out of reach",
        Some(_) => "NOT FOUND",
        None => "",
    }
}

fn faults(outcome: &Outcome) -> String {
    let alarms = outcome.clean.false_alarms.iter().map(|alarm| format!("false alarm on the right server: {alarm}"));
    let idle = outcome.idle_checks().map(|check| format!("catches no defect: {}", check.id));
    let unexplained = outcome
        .unexplained()
        .map(|(defect, failed)| format!("{}: {} fails too, and no reason is stated", defect.id, failed.check));
    alarms.chain(idle).chain(unexplained).map(|line| line + "\n").collect()
}

fn summary(outcome: &Outcome) -> String {
    let caught = outcome.defects.iter().filter(|defect| defect.caught).count();
    let seeds = outcome.clean.seeds.len();
    let mut text = format!(
        "{caught} of {} defects caught by a check of their own rule; {} false alarms on the right server{}; {} checks that catch nothing; \
         {} failures of other rules' must-checks without a reason.",
        outcome.defects.len(),
        outcome.clean.false_alarms.len(),
        if seeds > 1 { format!(" over {seeds} seeds") } else { String::new() },
        outcome.idle_checks().count(),
        outcome.unexplained().count(),
    );
    if let Some(sum) = &outcome.explored {
        let _ = write!(
            text,
            " Stories that nobody wrote found {} of the {} defects in their reach, within {} stories each.",
            sum.found, sum.in_reach, sum.cases
        );
    }
    text
}
