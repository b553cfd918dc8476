//! What a selftest found: the kill matrix, and whether it proves the checks.

use std::collections::BTreeMap;

use sekisho_reports::record::{CheckRow, CheckVerdict, Verdict};
use sekisho_rules::Level;
use serde::Serialize;

use super::Defect;
use super::seek::Explored;

/// What the selftest found. Its JSON form is what `selftest --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The right target.
    pub clean: Clean,
    /// Each defect.
    pub defects: Vec<DefectOutcome>,
    /// Each check, and how many defects it caught.
    pub checks: Vec<CheckOutcome>,
    /// How the stories that nobody wrote fared; absent where none were told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explored: Option<ExploredSum>,
    /// Whether every defect there is was tried: only then a check that caught none is a fault.
    pub complete: bool,
    /// How long it took, in milliseconds.
    pub wall_ms: u64,
}

/// How the right target fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clean {
    /// Over all levels and seeds.
    pub verdict: Verdict,
    /// The seeds it was tried with.
    pub seeds: Vec<u64>,
    /// Checks that did not pass though they should have, each with portal, verdict, reason and seed.
    pub false_alarms: Vec<String>,
}

/// How one defect fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefectOutcome {
    /// Its id.
    pub id: String,
    /// The rule it breaks.
    pub rule: String,
    /// The clause it breaks.
    pub clause: String,
    /// What it does wrong.
    pub about: String,
    /// Whether a check of its own rule failed.
    pub caught: bool,
    /// The checks of its own rule that failed.
    pub caught_by: Vec<String>,
    /// Checks of other rules that failed too: what breaks one rule may break another in its train.
    pub also_failed: Vec<AlsoFailed>,
    /// Whether which checks catch it differs from run to run.
    pub varies: bool,
    /// What the stories that nobody wrote made of it; absent where none were told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explored: Option<Explored>,
    /// Why the target could not be tried, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A check of another rule that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlsoFailed {
    /// Its id.
    pub check: String,
    /// Its level.
    pub level: sekisho_reports::record::Level,
    /// Why the defect breaks that rule too, where that is stated.
    pub reason: Option<String>,
}

/// How one check fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckOutcome {
    /// Its id.
    pub id: String,
    /// How many defects of its own rule it caught.
    pub kills: usize,
    /// Whether the right target was judged by it: one that is reported only, or that the target does not offer, can catch nothing.
    pub judged: bool,
}

/// How the stories that nobody wrote fared, over all defects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExploredSum {
    /// Defects in the reach of the steps.
    pub in_reach: usize,
    /// Those of them that were found.
    pub found: usize,
    /// How many stories each had at the most.
    pub cases: u32,
}

impl ExploredSum {
    /// The least part of the defects in reach that must be found, in percent.
    pub const LEAST_PERCENT: usize = 90;

    /// Whether enough were found.
    pub fn suffices(&self) -> bool {
        self.found * 100 >= self.in_reach * Self::LEAST_PERCENT
    }
}

impl Outcome {
    /// Whether the checks are proven: the right target raised no alarm, every defect was caught by its own rule, every check caught
    /// one, no other rule's must-check failed without a stated reason, and the invented stories found enough.
    pub fn is_sound(&self) -> bool {
        self.clean.verdict == Verdict::Conforms
            && self.clean.false_alarms.is_empty()
            && self.defects.iter().all(|defect| defect.caught)
            && self.unexplained().next().is_none()
            && self.idle_checks().next().is_none()
            && self.explored.as_ref().is_none_or(ExploredSum::suffices)
    }

    /// Must-checks of other rules that failed without a stated reason, each with its defect.
    pub fn unexplained(&self) -> impl Iterator<Item = (&DefectOutcome, &AlsoFailed)> {
        let must = sekisho_reports::record::Level::from(Level::Must);
        self.defects
            .iter()
            .flat_map(|defect| defect.also_failed.iter().map(move |failed| (defect, failed)))
            .filter(move |(_, failed)| failed.level == must && failed.reason.is_none())
    }

    /// Checks that judge the right target but caught no defect, where all defects were tried.
    pub fn idle_checks(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.checks.iter().filter(|check| self.complete && check.judged && check.kills == 0)
    }
}

impl DefectOutcome {
    pub(super) fn new(defect: &Defect) -> DefectOutcome {
        DefectOutcome {
            id: defect.id.clone(),
            rule: defect.rule.clone(),
            clause: defect.clause.clone(),
            about: defect.about.clone(),
            caught: false,
            caught_by: Vec::new(),
            also_failed: Vec::new(),
            varies: defect.varies,
            explored: None,
            error: None,
        }
    }

    /// Takes in a row of a run against the defect.
    pub(super) fn note(&mut self, defect: &Defect, row: &CheckRow) {
        if row.verdict != CheckVerdict::Fail {
            return;
        }
        if row.rule == defect.rule {
            if !self.caught_by.contains(&row.id) {
                self.caught_by.push(row.id.clone());
            }
            self.caught = true;
        } else if !self.also_failed.iter().any(|failed| failed.check == row.id) {
            let reason = defect.train.iter().find(|train| train.rule == row.rule).map(|train| train.reason.clone());
            self.also_failed.push(AlsoFailed { check: row.id.clone(), level: row.level, reason });
        }
    }
}

/// How many defects of its own rule each check caught.
pub(super) fn checks(defects: &[DefectOutcome], judged: &BTreeMap<&'static str, bool>) -> Vec<CheckOutcome> {
    let mut kills: BTreeMap<&str, usize> = BTreeMap::new();
    for check in defects.iter().flat_map(|defect| &defect.caught_by) {
        *kills.entry(check).or_default() += 1;
    }
    let outcome = |id: &'static str| {
        let judged = *judged.get(id)?;
        Some(CheckOutcome { id: id.to_owned(), kills: kills.get(id).copied().unwrap_or(0), judged })
    };
    sekisho_rules::check_ids().filter_map(outcome).collect()
}
