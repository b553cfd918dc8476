//! BASE-ACCOUNT, another password or address: the skips are not treated as declared.

use sekisho_server::decisions::Step;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-ACCOUNT":
    "-4", "base-account-another-password-ends-the-skips",
        "Another password ends the skips, though they are declared to be kept." => EndsSkips(Step::PasswordChanged);
    "-5", "base-account-another-address-ends-the-skips",
        "Another address ends the skips, though they are declared to be kept." => EndsSkips(Step::AddressChanged);
];

struct EndsSkips(Step);

impl Decisions for EndsSkips {
    fn revokes_skips(&self, step: Step) -> bool {
        step == self.0 || Conforming.revokes_skips(step)
    }
}
