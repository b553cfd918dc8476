//! BASE-COOKIE, attributes of cookies: open to scripts, or kept too long.

use std::time::Duration;

use sekisho_server::decisions::{CookieAttributes, CookieKind};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-COOKIE":
    "-1", "base-cookie-of-the-session-is-open-to-scripts",
        "The session cookie is not HttpOnly." => OpenToScripts;
    "-2", "base-cookie-of-the-skip-is-kept-for-a-year",
        "The browser keeps the skip cookie for a year." => KeptForAYear;
];

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

struct OpenToScripts;

impl Decisions for OpenToScripts {
    fn cookie_attributes(&self, kind: CookieKind, https: bool) -> CookieAttributes {
        CookieAttributes { http_only: kind != CookieKind::Session, ..Conforming.cookie_attributes(kind, https) }
    }
}

struct KeptForAYear;

impl Decisions for KeptForAYear {
    fn cookie_attributes(&self, kind: CookieKind, https: bool) -> CookieAttributes {
        let right = Conforming.cookie_attributes(kind, https);
        CookieAttributes { max_age: right.max_age.map(|_| YEAR), ..right }
    }
}
