//! `sekisho rules`: the table of rules, made from the code.

use comfy_table::Table;
use sekisho_reports::record::ExitCode;
use sekisho_rules::{Clause, Rule};
use sekisho_scenarios::scenarios;
use serde::Serialize;

use crate::cli::{Format, Rules};
use crate::error::CliError;
use crate::table;

/// A clause with everything that belongs to it.
#[derive(Debug, Serialize)]
struct Row {
    id: &'static str,
    level: &'static str,
    text: &'static str,
    text_ja: &'static str,
    checks: Vec<&'static str>,
    scenarios: Vec<&'static str>,
    defects: Vec<&'static str>,
    unobservable_reason: Option<&'static str>,
    source: &'static str,
}

pub(crate) fn rules(options: &Rules) -> Result<ExitCode, CliError> {
    let rows: Vec<Row> = sekisho_rules::clauses().map(|(rule, clause)| row(rule, clause)).collect();
    match options.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&rows).map_err(|error| CliError::Internal(error.to_string()))?;
            anstream::println!("{text}");
        }
        Format::Table | Format::Markdown => anstream::println!("{}", rendered(&rows, options.format)),
    }
    Ok(ExitCode::Success)
}

fn row(rule: &'static Rule, clause: &'static Clause) -> Row {
    let decides =
        |scenario: &&sekisho_scenarios::Scenario| scenario.checks.iter().any(|check| clause.checks().contains(check));
    Row {
        id: clause.id,
        level: clause.level.name(),
        text: clause.text,
        text_ja: clause.text_ja,
        checks: clause.checks().to_vec(),
        scenarios: scenarios().filter(decides).map(|scenario| scenario.id).collect(),
        defects: sekisho_defects::defects()
            .iter()
            .filter(|defect| defect.clause == clause.id)
            .map(|defect| defect.id)
            .collect(),
        unobservable_reason: clause.unobservable_reason(),
        source: clause.source.unwrap_or(rule.source),
    }
}

fn rendered(rows: &[Row], format: Format) -> Table {
    let mut table = table::table(format, 140);
    table.set_header(["clause", "level", "what must hold", "checks", "defects that prove them"]);
    let separator = table::separator(format);
    for row in rows {
        let checks = match row.unobservable_reason {
            Some(reason) => format!("none: {reason}"),
            None => row.checks.join(separator),
        };
        table.add_row([
            row.id.to_owned(),
            row.level.to_owned(),
            row.text.to_owned(),
            checks,
            row.defects.join(separator),
        ]);
    }
    table
}
