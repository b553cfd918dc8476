//! Whether stories that nobody wrote find a defect by themselves.

use std::sync::Arc;

use sekisho_simulator::world::World;
use serde::Serialize;

use super::outcome::{DefectOutcome, ExploredSum};
use super::{Defect, Plan};
use crate::explore::{self, MAX_STEPS, Options};

/// What the invented stories made of a defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explored {
    /// Whether a story contradicted the rules as the defect does.
    pub found: bool,
    /// The clause it contradicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// How many stories were told.
    pub stories: usize,
    /// How many steps they had.
    pub steps: usize,
    /// Why the steps of the stories cannot show the defect; then none was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_reach: Option<String>,
    /// Why no story could be told, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Tells stories until one contradicts the rule that the defect shows as, or there were enough.
pub(super) async fn seek(world: &Arc<World>, defect: &Defect, plan: &Plan, cases: u32) -> Explored {
    let mut explored = Explored {
        found: false,
        clause: None,
        stories: 0,
        steps: 0,
        out_of_reach: defect.out_of_reach.clone(),
        error: None,
    };
    if explored.out_of_reach.is_some() {
        return explored;
    }
    let options = Options { seed: plan.seed, cases: cases as usize, max_steps: MAX_STEPS, jobs: plan.jobs };
    let is_meant = |clause: &str| rule_of(clause) == Some(defect.shows_as.as_str());
    match explore::seek(world, options, &is_meant).await {
        Ok(outcome) => {
            explored.clause = outcome.found.map(|found| found.contradiction.rule.to_owned());
            explored.found = explored.clause.is_some();
            (explored.stories, explored.steps) = (outcome.stories_run, outcome.steps);
        }
        Err(trouble) => explored.error = Some(trouble.to_string()),
    }
    explored
}

fn rule_of(clause: &str) -> Option<&'static str> {
    sekisho_rules::clauses().find(|(_, known)| known.id == clause).map(|(rule, _)| rule.id)
}

/// Adds up how many of the defects in reach were found.
pub(super) fn sum(defects: &[DefectOutcome], cases: u32) -> ExploredSum {
    let in_reach = || {
        defects.iter().filter_map(|defect| defect.explored.as_ref()).filter(|explored| explored.out_of_reach.is_none())
    };
    ExploredSum { in_reach: in_reach().count(), found: in_reach().filter(|explored| explored.found).count(), cases }
}
