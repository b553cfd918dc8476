//! Proves the checks: every faulty target must be caught by a check of its own rule, and the right one must pass everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sekisho_reports::record::{CheckVerdict, Verdict, roll_up};
use sekisho_rules::Level;
use sekisho_simulator::world::World;
use serde::Serialize;

use crate::check::{self, Keep};
use crate::select::Selection;

/// Makes targets: the right one, and one for each defect. The command line wires the reference server in, so that this crate
/// knows no server.
#[async_trait]
pub trait Targets: Send + Sync {
    /// What can be wrong with a target.
    fn defects(&self) -> Vec<Defect>;

    /// Starts a target: the right one, or one with this defect.
    ///
    /// # Errors
    /// When it does not start; the text is for people.
    async fn start(&self, defect: Option<&str>) -> Result<Box<dyn RunningTarget>, String>;
}

/// A target that runs.
#[async_trait]
pub trait RunningTarget: Send + Sync {
    /// The world with this target in it.
    fn world(&self) -> Arc<World>;

    /// Ends it.
    async fn stop(self: Box<Self>);
}

/// A way for a target to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Its id, e.g. `faq03-a-second-too-long`.
    pub id: String,
    /// The rule it breaks, e.g. `FAQ-03`.
    pub rule: String,
    /// The clause it breaks, e.g. `FAQ-03b`.
    pub clause: String,
    /// What it does wrong, in a sentence.
    pub about: String,
}

/// What the selftest found. Its JSON form is what `selftest --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The right target.
    pub clean: Clean,
    /// Each defect.
    pub defects: Vec<DefectOutcome>,
    /// Each check, and how many defects it caught.
    pub checks: Vec<CheckOutcome>,
    /// How long it took, in milliseconds.
    pub wall_ms: u64,
}

/// How the right target fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clean {
    /// Over all levels.
    pub verdict: Verdict,
    /// Checks that did not pass though they should have, each with portal, verdict and reason.
    pub false_alarms: Vec<String>,
}

/// How one defect fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefectOutcome {
    /// Its id.
    pub id: String,
    /// The rule it breaks.
    pub rule: String,
    /// What it does wrong.
    pub about: String,
    /// Whether a check of its own rule failed.
    pub caught: bool,
    /// The checks of its own rule that failed.
    pub caught_by: Vec<String>,
    /// Checks of other rules that failed too: what breaks one rule may break another in its train.
    pub also_failed: Vec<String>,
    /// Why the target could not be tried, if so.
    pub error: Option<String>,
}

/// How one check fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckOutcome {
    /// Its id.
    pub id: String,
    /// How many defects of its own rule it caught.
    pub kills: usize,
}

impl Outcome {
    /// Whether every defect was caught and the right target raised no alarm.
    pub fn is_sound(&self) -> bool {
        self.clean.verdict == Verdict::Conforms
            && self.clean.false_alarms.is_empty()
            && self.defects.iter().all(|defect| defect.caught)
    }
}

/// How much is run against a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The checks of its own rule: enough to know whether it is caught.
    OwnRule,
    /// Everything that was selected: shows what fails in its train.
    Everything,
}

/// Runs the selection against the right target and, as far as `scope` says, against every defect in turn; `done` hears of each.
///
/// # Errors
/// When the right target does not start.
pub async fn run(
    targets: &dyn Targets,
    selection: &Selection,
    scope: Scope,
    jobs: usize,
    mut done: impl FnMut(&DefectOutcome),
) -> Result<Outcome, String> {
    let begun = Instant::now();
    let clean = clean(targets, selection, jobs).await?;
    let mut defects = Vec::new();
    for defect in targets.defects() {
        // What only statistics can show is looked for by these alone.
        let statistical = Selection::statistical(std::slice::from_ref(&defect.clause), &Level::ALL).ok();
        let outcome = match (&statistical, scope) {
            (Some(apart), _) => try_defect(targets, &defect, apart, 1).await,
            (None, Scope::OwnRule) => try_defect(targets, &defect, &selection.of_rule(&defect.rule), jobs).await,
            (None, Scope::Everything) => try_defect(targets, &defect, selection, jobs).await,
        };
        done(&outcome);
        defects.push(outcome);
    }
    let mut kills: BTreeMap<&str, usize> = selection.checks().map(|check| (check, 0)).collect();
    for check in defects.iter().flat_map(|defect| &defect.caught_by) {
        *kills.entry(check).or_default() += 1;
    }
    let checks = sekisho_rules::check_ids()
        .filter_map(|id| kills.get(id).map(|kills| CheckOutcome { id: id.to_owned(), kills: *kills }))
        .collect();
    Ok(Outcome { clean, defects, checks, wall_ms: millis(begun.elapsed()) })
}

async fn clean(targets: &dyn Targets, selection: &Selection, jobs: usize) -> Result<Clean, String> {
    let target = targets.start(None).await?;
    let told = check::run(&target.world(), selection, jobs, Keep::Unexplained, |_| ()).await;
    target.stop().await;
    let rows: Vec<_> = told.iter().flat_map(|told| &told.rows).collect();
    let alarms = rows.iter().filter(|row| !matches!(row.verdict, CheckVerdict::Pass | CheckVerdict::NotApplicable));
    let false_alarms =
        alarms.map(|row| format!("{}: {} {} {}", row.title(), row.verdict, row.observed, row.reason)).collect();
    Ok(Clean { verdict: roll_up(rows.iter().map(|row| row.verdict)), false_alarms })
}

async fn try_defect(targets: &dyn Targets, defect: &Defect, selection: &Selection, jobs: usize) -> DefectOutcome {
    let mut outcome = DefectOutcome {
        id: defect.id.clone(),
        rule: defect.rule.clone(),
        about: defect.about.clone(),
        caught: false,
        caught_by: Vec::new(),
        also_failed: Vec::new(),
        error: None,
    };
    let target = match targets.start(Some(&defect.id)).await {
        Ok(target) => target,
        Err(error) => return DefectOutcome { error: Some(error), ..outcome },
    };
    let told = check::run(&target.world(), selection, jobs, Keep::Unexplained, |_| ()).await;
    target.stop().await;
    for row in told.iter().flat_map(|told| &told.rows).filter(|row| row.verdict == CheckVerdict::Fail) {
        let list = if row.rule == defect.rule { &mut outcome.caught_by } else { &mut outcome.also_failed };
        if !list.contains(&row.id) {
            list.push(row.id.clone());
        }
    }
    outcome.caught = !outcome.caught_by.is_empty();
    outcome
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
