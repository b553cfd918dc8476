//! NOTICE-2, all three portals: one is forgotten.

use sekisho_server::core::Portal;
use sekisho_server::decisions::SignInContext;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["NOTICE-2":
    "", "notice2-one-portal-never-asks",
        "The portal of those who pass information on never asks for a code." => OnePortalNeverAsks;
];

struct OnePortalNeverAsks;

impl Decisions for OnePortalNeverAsks {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.account.identity.portal != Portal::Provider && Conforming.code_is_asked(sign_in)
    }
}
