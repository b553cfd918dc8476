//! The run record: what a run was, what it found and what that adds up to. Data and arithmetic only; nothing here
//! renders, and nothing here touches a file except [`RunRecord::read`].

mod exit;
mod load;
mod rows;
mod verdict;

use std::path::Path;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use exit::{ExitCode, exit_code};
pub use load::{
    BrokenOffRow, Health, HealthVerdict, IntervalRow, LoadRecord, MailFigures, StepRow, ThresholdRow, ThresholdVerdict,
    ViolationRow,
};
pub use rows::{CheckRow, ClauseRow, DeadWaiver, RuleRow, RuleText, rule_texts};
pub use verdict::{CheckVerdict, Level, Verdict, roll_up, unjudged, worst};

use crate::ReportError;

/// The version of the record's schema that this crate writes and reads.
pub const SCHEMA: u32 = 1;

/// Everything there is to say about a run. Made by [`RunRecord::judge`], so that its verdicts follow from its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Version of this schema: 1.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: u32,
    /// Version of the tool that wrote the record.
    pub tool_version: String,
    /// The command line, as a shell would take it.
    pub command: String,
    /// The seed that everything random was drawn from.
    pub seed: String,
    /// Begin of the run, wall clock, RFC 3339.
    pub started_at: String,
    /// End of the run, wall clock, RFC 3339.
    pub finished_at: String,
    /// What was tested.
    pub target: TargetInfo,
    /// What the judged levels, and the load where there was one, add up to.
    pub verdict: Verdict,
    /// The levels that `verdict` and the exit code judge.
    pub levels: Vec<Level>,
    /// What each level adds up to, judged or not.
    pub verdicts: LevelVerdicts,
    /// Whether the user ended the run before it was over.
    pub interrupted: bool,
    /// One row for each rule and level.
    pub rules: Vec<RuleRow>,
    /// One row for each check, and for each portal where it runs per portal.
    pub checks: Vec<CheckRow>,
    /// Waivers that should be removed.
    pub dead_waivers: Vec<DeadWaiver>,
    /// What the reader has to know beside the figures, e.g. that passwords were hashed cheaply.
    pub notes: Vec<String>,
    /// The load run, where there was one.
    pub load: Option<LoadRecord>,
}

/// What was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetInfo {
    /// Name that the profile gives.
    pub name: String,
    /// SHA-256 of the profile's bytes, in hexadecimal.
    pub profile_sha256: String,
    /// What the target's clock was left at, where the run moved it and could not put it back.
    pub clock_left_at: Option<String>,
    /// The profile as `--target` named it; none for the embedded server.
    #[serde(default)]
    pub profile: Option<String>,
    /// The defect that `--defect` gave the embedded server; none where it is the right one, or a target of somebody's own.
    #[serde(default)]
    pub defect: Option<String>,
    /// The `--account-offset` with which another run takes accounts that this one did not: some of those it used may have another password
    /// now, or a skip. None where accounts are made as they are needed.
    #[serde(default)]
    pub next_account_offset: Option<u32>,
}

/// What each level adds up to. Inconclusive also where no check of the level was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelVerdicts {
    /// Of what the source states.
    pub must: Verdict,
    /// Of what follows from the source.
    pub derived: Verdict,
    /// Of good practice beyond the source.
    pub baseline: Verdict,
}

impl LevelVerdicts {
    /// The verdict of `level`.
    pub fn of(&self, level: Level) -> Verdict {
        match level {
            Level::Must => self.must,
            Level::Derived => self.derived,
            Level::Baseline => self.baseline,
        }
    }
}

/// A run as it was observed, before anything is added up.
#[derive(Debug, Clone)]
pub struct Run {
    /// The command line, as a shell would take it.
    pub command: String,
    /// The seed that everything random was drawn from.
    pub seed: String,
    /// Begin of the run, wall clock.
    pub started_at: SystemTime,
    /// End of the run, wall clock.
    pub finished_at: SystemTime,
    /// What was tested.
    pub target: TargetInfo,
    /// The levels to judge.
    pub levels: Vec<Level>,
    /// Whether the user ended the run before it was over.
    pub interrupted: bool,
    /// What the rules ask, in the order in which they are reported.
    pub rules: Vec<RuleText>,
    /// What was checked.
    pub checks: Vec<CheckRow>,
    /// Waivers that should be removed.
    pub dead_waivers: Vec<DeadWaiver>,
    /// What the reader has to know beside the figures.
    pub notes: Vec<String>,
    /// The load run, where there was one.
    pub load: Option<LoadRecord>,
}

impl RunRecord {
    /// Adds up what was observed. A violation under load counts as a failure of its rule and level.
    pub fn judge(run: Run) -> RunRecord {
        let (checks, load) = (&run.checks, run.load.as_ref());
        let level = |level| roll_up(findings(checks, load).filter(|f| f.level == level).map(|f| f.verdict));
        let verdicts = LevelVerdicts {
            must: level(Level::Must),
            derived: level(Level::Derived),
            baseline: level(Level::Baseline),
        };
        // A level of which the target offers nothing is not in doubt.
        let offered = |check: &CheckRow| check.verdict != CheckVerdict::NotApplicable;
        let judged =
            run.levels.iter().filter(|level| checks.iter().any(|check| check.level == **level && offered(check)));
        let mut verdict =
            worst(judged.map(|level| verdicts.of(*level)).chain(load.map(|load| load.verdict(&run.levels))));
        if run.interrupted {
            verdict = verdict.max(Verdict::Inconclusive);
        }
        let rules = complete(run.rules, checks).into_iter().map(|text| judge_rule(text, checks, load)).collect();
        RunRecord {
            schema: SCHEMA,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: run.command,
            seed: run.seed,
            started_at: timestamp(run.started_at),
            finished_at: timestamp(run.finished_at),
            target: run.target,
            verdict,
            levels: run.levels,
            verdicts,
            interrupted: run.interrupted,
            rules,
            checks: run.checks,
            dead_waivers: run.dead_waivers,
            notes: run.notes,
            load: run.load,
        }
    }

    /// Reads a record that was written earlier.
    ///
    /// # Errors
    /// Where the file cannot be read, is no record, or is of another schema.
    pub fn read(path: &Path) -> Result<RunRecord, ReportError> {
        let text = std::fs::read_to_string(path).map_err(|source| ReportError::io("read", path, source))?;
        RunRecord::parse(&text).map_err(|error| error.in_file(path))
    }

    /// Reads a record from JSON.
    ///
    /// # Errors
    /// Where the text is no record, or of another schema.
    pub fn parse(text: &str) -> Result<RunRecord, ReportError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let Versioned { schema } = serde_json::from_str(text).map_err(ReportError::not_a_record)?;
        if schema != SCHEMA {
            return Err(ReportError::UnsupportedSchema { found: schema, supported: SCHEMA });
        }
        serde_json::from_str(text).map_err(ReportError::not_a_record)
    }

    /// The record as JSON, for people and machines.
    ///
    /// # Errors
    /// Where a figure cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|source| ReportError::Render { what: "run.json", source: source.into() })?;
        text.push('\n');
        Ok(text)
    }

    /// How long the run took, in seconds; 0 where its times are none.
    pub fn duration_s(&self) -> f64 {
        let time = |text: &str| text.parse::<jiff::Timestamp>();
        match (time(&self.started_at), time(&self.finished_at)) {
            (Ok(start), Ok(end)) => end.duration_since(start).as_secs_f64(),
            _ => 0.0,
        }
    }

    /// Whether there was anything to see at this level, by a check or by a violation under load; what the target does not offer is nothing.
    pub fn looked_at(&self, level: Level) -> bool {
        findings(&self.checks, self.load.as_ref())
            .any(|finding| finding.level == level && finding.verdict != CheckVerdict::NotApplicable)
    }

    /// The text of a clause; empty where the record does not tell.
    pub fn clause_text(&self, id: &str) -> &str {
        let mut clauses = self.rules.iter().flat_map(|rule| &rule.clauses);
        clauses.find(|clause| clause.id == id).map_or("", |clause| &clause.text)
    }

    /// The command that runs `check` alone, with the same draws against the same target.
    pub fn reproduction(&self, check: &CheckRow) -> String {
        let target = self.target.profile.as_ref().map(|profile| format!(" --target {}", quoted(profile)));
        let defect = self.target.defect.as_ref().map(|defect| format!(" --defect {}", quoted(defect)));
        if check.id.starts_with("explore-") {
            // A story that was drawn lies in the report's folder, beside the evidence.
            let story = format!("explore/{}.json", check.clause.to_ascii_lowercase());
            return format!(
                "sekisho explore{}{} --replay {story}",
                target.unwrap_or_default(),
                defect.unwrap_or_default()
            );
        }
        let level = (!Level::DEFAULT.contains(&check.level)).then(|| format!(" --level {}", check.level));
        let offset = self.target.next_account_offset.map(|offset| format!(" --account-offset {offset}"));
        format!(
            "sekisho check{}{}{} --only {}{} --seed {}",
            target.unwrap_or_default(),
            offset.unwrap_or_default(),
            defect.unwrap_or_default(),
            quoted(&check.id),
            level.unwrap_or_default(),
            quoted(&self.seed)
        )
    }
}

/// A check or a violation under load, seen as the same thing: something that held or did not.
struct Finding<'a> {
    rule: &'a str,
    level: Level,
    verdict: CheckVerdict,
}

fn findings<'a>(checks: &'a [CheckRow], load: Option<&'a LoadRecord>) -> impl Iterator<Item = Finding<'a>> {
    let checked = checks.iter().map(|check| Finding { rule: &check.rule, level: check.level, verdict: check.verdict });
    let violations = load.into_iter().flat_map(|load| &load.violations).filter(|row| row.count > 0);
    checked.chain(violations.map(|row| Finding { rule: &row.rule, level: row.level, verdict: CheckVerdict::Fail }))
}

/// The rules, with a row for each check that none of them lists: what was checked must never be missing from a report.
fn complete(mut rules: Vec<RuleText>, checks: &[CheckRow]) -> Vec<RuleText> {
    for check in checks {
        let place = rules.iter().position(|rule| rule.id == check.rule && rule.level == check.level);
        let place = place.unwrap_or_else(|| {
            let id = check.rule.clone();
            rules.push(RuleText { id, level: check.level, text: String::new(), conflict: None, clauses: Vec::new() });
            rules.len() - 1
        });
        let clauses = &mut rules[place].clauses;
        if !clauses.iter().any(|clause| clause.id == check.clause) {
            let (id, checks) = (check.clause.clone(), vec![check.id.clone()]);
            clauses.push(ClauseRow { id, checks, unobservable_reason: None, text: String::new() });
        }
    }
    rules
}

fn judge_rule(text: RuleText, checks: &[CheckRow], load: Option<&LoadRecord>) -> RuleRow {
    let of_rule = findings(checks, load).filter(|finding| finding.rule == text.id && finding.level == text.level);
    RuleRow {
        verdict: roll_up(of_rule.map(|finding| finding.verdict)),
        id: text.id,
        level: text.level,
        clauses: text.clauses,
        text: text.text,
        conflict: text.conflict,
    }
}

/// RFC 3339 in UTC, to the millisecond. A time that no calendar holds becomes the epoch.
pub(crate) fn timestamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

/// `word` as a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=+@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
