//! BASE-LOAD, under load: one user's screen shown to another.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekisho_server::Decisions;
use sekisho_server::core::{Identity, Portal};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-LOAD":
    "-2", "base-load-page-of-whoever-looked-before",
        "A page is taken from a cache that knows the portal but not the user." => LookedBefore::default();
];

/// The name last shown at each portal.
#[derive(Default)]
struct LookedBefore(Mutex<HashMap<Portal, String>>);

impl Decisions for LookedBefore {
    fn name_shown(&self, account: &Identity) -> String {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(account.portal, account.name.clone()).unwrap_or_else(|| account.name.clone())
    }
}
