//! Proves the checks: every faulty target must be caught by a check of its own rule, and the right one must pass everything.
//!
//! What comes of it is the kill matrix, defects against checks. This crate knows no server: it is given a factory of targets.

mod outcome;
mod seek;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use sekisho_reports::record::{CheckRow, CheckVerdict, roll_up};
use sekisho_rules::{Level, Portal};
use sekisho_simulator::world::World;

use crate::check::{self, Keep};
use crate::scenario::Scenario;
use crate::select::Selection;

pub use outcome::{AlsoFailed, CheckOutcome, Clean, DefectOutcome, ExploredSum, Outcome};
pub use seek::Explored;

/// Makes targets: the right one, and one for each defect. The command line wires the reference server in, so that this crate
/// knows no server.
#[async_trait]
pub trait Targets: Send + Sync {
    /// What can be wrong with a target.
    fn defects(&self) -> Vec<Defect>;

    /// Whether the run was interrupted: what was not tried by now is not tried any more.
    fn interrupted(&self) -> bool;

    /// Starts a target: the right one, or one with this defect. The seed draws its people.
    ///
    /// # Errors
    /// When it does not start; the text is for people.
    async fn start(&self, defect: Option<&str>, seed: u64) -> Result<Box<dyn RunningTarget>, String>;
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
    /// Which other rules it breaks in its train, and why.
    pub train: Vec<Train>,
    /// Whether it shows by real time only, so that which checks catch it differs from run to run.
    pub varies: bool,
    /// Why the steps of invented stories cannot show it, if so.
    pub out_of_reach: Option<String>,
    /// The rule that an invented story contradicts by it: its own, or a neighbouring one that forbids the same.
    pub shows_as: String,
}

/// A rule that a defect of another rule breaks too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// The rule, e.g. `FAQ-06`.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// How much is run against a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The checks of its own rule: enough to know whether it is caught.
    OwnRule,
    /// Those of all other rules of the source too: shows what fails in its train. They run in one portal.
    Everything,
}

/// What a selftest shall do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which checks.
    pub selection: Selection,
    /// How much of them is run against a defect.
    pub scope: Scope,
    /// Draws the people of every target; the right one is tried with this seed and the next ones.
    pub seed: u64,
    /// With how many seeds the right target is tried.
    pub clean_seeds: u64,
    /// How many stories run side by side.
    pub jobs: usize,
    /// How many invented stories each defect in their reach has to hide through, if any are told.
    pub cases: Option<u32>,
    /// Whether the defects that are tried are all there are.
    pub complete: bool,
}

/// How many faulty targets run at once: most of the time of those that mail nothing is spent waiting for the mail.
const TARGETS_AT_ONCE: usize = 4;

/// Runs the checks against the right target and, as far as the plan says, against every defect; `done` hears of each as it ends.
///
/// # Errors
/// When the right target does not start.
pub async fn run(targets: &dyn Targets, plan: &Plan, mut done: impl FnMut(&DefectOutcome)) -> Result<Outcome, String> {
    let begun = Instant::now();
    let (clean, judged) = clean(targets, plan).await?;
    let defects = targets.defects();
    // What only statistics can show is looked for last, while nothing else goes on.
    let (apart, beside): (Vec<_>, Vec<_>) =
        defects.iter().enumerate().partition(|(_, defect)| statistical(defect).is_some());
    let mut outcomes = Vec::with_capacity(defects.len());
    for (group, at_once) in [(beside, TARGETS_AT_ONCE), (apart, 1)] {
        let trying = group.into_iter().map(async |(place, defect)| (place, try_defect(targets, defect, plan).await));
        let mut trying = stream::iter(trying).buffer_unordered(at_once);
        while let Some((place, outcome)) = trying.next().await {
            // What an interruption cut short says nothing.
            if targets.interrupted() {
                break;
            }
            done(&outcome);
            outcomes.push((place, outcome));
        }
    }
    outcomes.sort_by_key(|(place, _)| *place);
    let defects: Vec<DefectOutcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    Ok(Outcome {
        clean,
        checks: outcome::checks(&defects, &judged),
        explored: plan.cases.map(|cases| seek::sum(&defects, cases)),
        defects,
        complete: plan.complete && !targets.interrupted(),
        wall_ms: millis(begun.elapsed()),
    })
}

/// Tries the right target with every seed. Says too of each check whether it was judged at all.
async fn clean(targets: &dyn Targets, plan: &Plan) -> Result<(Clean, BTreeMap<&'static str, bool>), String> {
    let mut judged: BTreeMap<&'static str, bool> = plan.selection.checks().map(|check| (check, false)).collect();
    let seeds: Vec<u64> = (0..plan.clean_seeds.max(1)).map(|step| plan.seed.wrapping_add(step)).collect();
    let (mut false_alarms, mut verdicts) = (Vec::new(), Vec::new());
    for seed in seeds.iter().take_while(|_| !targets.interrupted()) {
        let target = targets.start(None, *seed).await?;
        let told = check::run(&target.world(), &plan.selection, plan.jobs, Keep::Unexplained, |_| ()).await;
        target.stop().await;
        if targets.interrupted() {
            break;
        }
        for row in told.iter().flat_map(|told| &told.rows) {
            verdicts.push(row.verdict);
            if !matches!(row.verdict, CheckVerdict::Pass | CheckVerdict::NotApplicable) {
                false_alarms.push(alarm(row, *seed));
            }
            if let Some((_, judged)) = judged.iter_mut().find(|(id, _)| **id == row.id) {
                *judged |= row.verdict != CheckVerdict::NotApplicable;
            }
        }
    }
    // They run apart; what they say of the right target is not asked here.
    if let (true, Ok(apart)) = (plan.complete, Selection::statistical(&[], &Level::ALL)) {
        judged.extend(apart.checks().map(|check| (check, true)));
    }
    Ok((Clean { verdict: roll_up(verdicts), seeds, false_alarms }, judged))
}

/// The checks that show a defect by statistics, if it is of that kind.
fn statistical(defect: &Defect) -> Option<Selection> {
    Selection::statistical(std::slice::from_ref(&defect.clause), &Level::ALL).ok()
}

fn alarm(row: &CheckRow, seed: u64) -> String {
    format!("{}: {} {} {} (seed {seed})", row.title(), row.verdict, row.observed, row.reason)
}

async fn try_defect(targets: &dyn Targets, defect: &Defect, plan: &Plan) -> DefectOutcome {
    let mut outcome = DefectOutcome::new(defect);
    let target = match targets.start(Some(&defect.id), plan.seed).await {
        Ok(target) => target,
        Err(error) => return DefectOutcome { error: Some(error), ..outcome },
    };
    let world = target.world();
    let told = match statistical(defect) {
        Some(apart) => check::run(&world, &apart, 1, Keep::Unexplained, |_| ()).await,
        None => {
            let stories = stories(&world, defect, plan);
            check::run_stories(&world, stories, &plan.selection, plan.jobs, Keep::Unexplained, |_| ()).await
        }
    };
    for row in told.iter().flat_map(|told| &told.rows) {
        outcome.note(defect, row);
    }
    if let Some(cases) = plan.cases {
        outcome.explored = Some(seek::seek(&world, defect, plan, cases).await);
    }
    target.stop().await;
    outcome
}

/// The stories that are told to a faulty target: those of its own rule in every portal. Of the other rules those of the source, in one
/// portal: what the baseline makes of it beside is nobody's question.
fn stories(world: &World, defect: &Defect, plan: &Plan) -> Vec<(&'static Scenario, Portal)> {
    let own = plan.selection.of_rule(&defect.rule);
    let of_source = plan.selection.of_levels(&[Level::Must, Level::Derived]);
    let one = one_portal(world);
    let mut stories = check::plan(world, &plan.selection);
    stories.retain(|(scenario, portal)| {
        let decides = |selection: &Selection| scenario.checks.iter().any(|check| selection.contains(check));
        decides(&own) || plan.scope == Scope::Everything && Some(*portal) == one && decides(&of_source)
    });
    stories
}

/// The portal in which every scenario can be told, where the target has it.
fn one_portal(world: &World) -> Option<Portal> {
    let portals = &world.target.portals;
    portals.iter().copied().find(|portal| *portal == Portal::Employer).or_else(|| portals.first().copied())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
