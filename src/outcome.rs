//! From what was found to the record, the report on disk, the table on stdout and the exit code.

use std::io::IsTerminal;
use std::path::Path;
use std::time::SystemTime;

use sekisho_reports::record::{
    CheckRow, CheckVerdict, ExitCode, Level, LoadRecord, Run, RunRecord, exit_code, rule_texts,
};
use sekisho_reports::terminal::{self, TerminalOptions};
use sekisho_reports::{Evidence, Scrubber, annotations};
use sekisho_scenarios::check::Told;
use sekisho_scenarios::{Company, Expectations, scenarios};

use crate::cli::{EvidenceKept, Format};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::venue::Venue;

/// GitHub Actions sets it to `true`; its runner reads workflow commands from stderr too, which leaves stdout to the data.
const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";

/// A run while it goes on: what its record will say about it.
pub(crate) struct Underway {
    command: String,
    seed: u64,
    started_at: SystemTime,
    levels: Vec<Level>,
}

/// What a run found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) told: Vec<Told>,
    pub(crate) load: Option<LoadRecord>,
    /// Which failures are waived.
    pub(crate) expectations: Expectations,
    /// What a reader of the record must know, beside what the venue says.
    pub(crate) notes: Vec<String>,
}

/// Where and how the outcome is shown.
pub(crate) struct Showing<'a> {
    pub(crate) report_dir: &'a Path,
    pub(crate) evidence: EvidenceKept,
    pub(crate) format: Format,
}

impl Underway {
    /// A run that begins now. Its report must have a place: nobody should wait for a run whose report cannot be written.
    pub(crate) fn begin(seed: u64, levels: &[sekisho_rules::Level], report_dir: &Path) -> Result<Underway, CliError> {
        sekisho_reports::claim(report_dir)?;
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let words = std::iter::once("sekisho").chain(arguments.iter().map(String::as_str));
        let command = shlex::try_join(words).map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(Underway {
            command,
            seed,
            started_at: SystemTime::now(),
            levels: levels.iter().map(|level| (*level).into()).collect(),
        })
    }

    /// Ends the run: record, report, table, exit code.
    pub(crate) fn end(
        self,
        venue: &Venue,
        found: Found,
        interrupt: &Interrupt,
        showing: &Showing<'_>,
    ) -> Result<ExitCode, CliError> {
        let mut scrubber = Scrubber::new();
        for (kind, secret) in found.told.iter().flat_map(|told| &told.kept.secrets) {
            scrubber.learn(kind, secret);
        }
        // Also where no story kept any: an error of a load run may repeat an address.
        for secret in &venue.world.target.secrets {
            scrubber.learn("secret", secret);
        }
        let evidence: Vec<Evidence> = found.told.iter().filter_map(|told| evidence(told, showing.evidence)).collect();
        let mut checks: Vec<CheckRow> = found.told.into_iter().flat_map(|told| told.rows).collect();
        let dead_waivers = found.expectations.apply(&mut checks, jiff::Zoned::now().date());
        let left_out = left_out(&checks);
        let record = RunRecord::judge(Run {
            command: self.command,
            seed: self.seed.to_string(),
            started_at: self.started_at,
            finished_at: SystemTime::now(),
            target: venue.target_info(),
            levels: self.levels,
            interrupted: interrupt.heard(),
            rules: rule_texts(sekisho_rules::rules()),
            checks,
            dead_waivers,
            notes: [venue.notes(), left_out, found.notes].concat(),
            load: found.load,
        });
        let record = sekisho_reports::write_report(showing.report_dir, &record, &evidence, &scrubber)?;
        show(&record, Some(showing.report_dir), showing.format)?;
        if std::env::var_os(GITHUB_ACTIONS).is_some_and(|value| value == "true") {
            anstream::eprint!("{}", annotations::render(&record));
        }
        Ok(exit_code(&record))
    }
}

/// Says that the statistical checks of the baseline were left out, where others of it ran and none of these.
fn left_out(checks: &[CheckRow]) -> Vec<String> {
    let statistical = || scenarios().filter(|scenario| scenario.company == Company::Statistical);
    let ran = checks.iter().any(|row| statistical().any(|scenario| scenario.checks.contains(&row.id.as_str())));
    let count: usize = statistical().map(|scenario| scenario.checks.len()).sum();
    let note =
        || format!("{count} checks of the baseline decide by statistics and run apart: `sekisho check --statistical`.");
    if checks.iter().any(|row| row.level == Level::Baseline) && !ran { vec![note()] } else { Vec::new() }
}

/// Writes a record to stdout.
pub(crate) fn show(record: &RunRecord, report_dir: Option<&Path>, format: Format) -> Result<(), CliError> {
    if format == Format::Json {
        anstream::print!("{}", record.to_json()?);
        return Ok(());
    }
    // Whether colour is shown is decided by the stream (NO_COLOR, no terminal): it strips what should not be seen.
    let color = std::io::stdout().is_terminal();
    anstream::print!("{}", terminal::render(record, TerminalOptions { color, width: 100, report_dir }));
    Ok(())
}

fn evidence(told: &Told, kept: EvidenceKept) -> Option<Evidence> {
    let unexplained = |verdict| matches!(verdict, CheckVerdict::Fail | CheckVerdict::Inconclusive);
    let wanted = |verdict| kept == EvidenceKept::All || unexplained(verdict);
    let checks: Vec<String> = told.rows.iter().filter(|row| wanted(row.verdict)).map(|row| row.id.clone()).collect();
    (!checks.is_empty()).then(|| Evidence {
        story: told.scenario.to_owned(),
        checks,
        portal: Some(told.portal.name().to_owned()),
        exchanges: told.kept.exchanges.clone(),
        mails: told.kept.mails.clone(),
    })
}
