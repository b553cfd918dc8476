//! BASE-CODE, superseded codes: not what is declared.

use sekisho_server::Decisions;
use sekisho_server::core::Attempt;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-CODE":
    "-11", "base-code-superseded-attempt-goes-on",
        "The code of an older attempt still signs in after a newer one was begun." => GoesOn;
];

struct GoesOn;

impl Decisions for GoesOn {
    fn attempt_is_superseded(&self, _attempt: &Attempt, _newest: &Attempt) -> bool {
        false
    }
}
