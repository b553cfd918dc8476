//! Whether stories that nobody wrote find a defect by themselves.

use std::sync::Arc;

use sekisho_simulator::world::World;
use serde::Serialize;

use super::Defect;
use super::outcome::{DefectOutcome, ExploredSum};

/// What the invented stories made of a defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explored {
    /// Whether a story contradicted the rules.
    pub found: bool,
    /// The clause it contradicted first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// How many stories were told.
    pub stories: u32,
    /// How many steps they had.
    pub steps: u64,
    /// Why the steps of the stories cannot show the defect, if so; then none was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_reach: Option<String>,
}

pub(super) async fn seek(_world: &Arc<World>, _defect: &Defect, _seed: u64, _cases: u32) -> Explored {
    Explored { found: false, clause: None, stories: 0, steps: 0, out_of_reach: None }
}

/// Adds up how many of the defects in reach were found.
pub(super) fn sum(defects: &[DefectOutcome], cases: u32) -> ExploredSum {
    let in_reach = || {
        defects.iter().filter_map(|defect| defect.explored.as_ref()).filter(|explored| explored.out_of_reach.is_none())
    };
    ExploredSum { in_reach: in_reach().count(), found: in_reach().filter(|explored| explored.found).count(), cases }
}
