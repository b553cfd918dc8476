//! FAQ-07, no limit of browsers: there is one.

use sekisho_server::Decisions;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-07":
    "a", "faq07-64th-browser-evicts-the-first",
        "An account holds 63 skips; one more ends the oldest." => AtMost(63);
    "a", "faq07-new-skip-ends-the-others",
        "An account holds one skip; the next browser takes it over." => AtMost(1);
];

/// An account holds at most so many skips.
struct AtMost(usize);

impl Decisions for AtMost {
    fn skip_is_kept_beside(&self, newer: usize) -> bool {
        newer < self.0
    }
}
