//! BASE-COOKIE, attributes of cookies: open to scripts, to other sites and hosts, or kept too long.

use std::time::Duration;

use sekisho_server::decisions::{CookieAttributes, CookieKind};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-COOKIE":
    "-1", "base-cookie-of-the-session-is-open-to-scripts",
        "The session cookie is not HttpOnly." => Altered(OPEN_TO_SCRIPTS);
    "-1", "base-cookie-goes-along-from-other-sites",
        "The skip cookie is SameSite=None." => Altered(FROM_OTHER_SITES);
    "-1", "base-cookie-goes-to-a-whole-domain",
        "The session cookie names a Domain." => Altered(WHOLE_DOMAIN);
    "-2", "base-cookie-of-the-skip-is-kept-for-a-year",
        "The browser keeps the skip cookie for a year." => Altered(KEPT_FOR_A_YEAR);
    "-3", "base-cookie-has-no-path",
        "The cookies are set without a path." => Altered(NO_PATH);
    "-4", "base-cookie-goes-over-plain-http",
        "On https the cookies are not Secure." => Altered(OVER_PLAIN_HTTP);
    "-5", "base-cookie-bears-no-host-prefix",
        "On https the cookies do not bear the __Host- prefix." => Altered(NO_HOST_PREFIX);
];

/// What is altered of the attributes of a kind of cookie.
type Alteration = fn(CookieKind, CookieAttributes) -> CookieAttributes;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const OPEN_TO_SCRIPTS: Alteration = |kind, right| CookieAttributes { http_only: kind != CookieKind::Session, ..right };
/// Browsers do not keep such a cookie on plain http: without the session's nobody could sign in to see it.
const FROM_OTHER_SITES: Alteration = |kind, right| match kind {
    CookieKind::Skip => CookieAttributes { same_site: cookie::SameSite::None, ..right },
    _ => right,
};
/// The address that the embedded server listens on: browsers keep a cookie for no other.
const WHOLE_DOMAIN: Alteration = |kind, right| match kind {
    CookieKind::Session => CookieAttributes { domain: Some("127.0.0.1".to_owned()), ..right },
    _ => right,
};
const KEPT_FOR_A_YEAR: Alteration = |_, right| CookieAttributes { max_age: right.max_age.map(|_| YEAR), ..right };
const NO_PATH: Alteration = |_, right| CookieAttributes { path: "", ..right };
/// A cookie with the prefix would not be kept at all.
const OVER_PLAIN_HTTP: Alteration = |_, right| CookieAttributes { secure: false, host_prefix: false, ..right };
const NO_HOST_PREFIX: Alteration = |_, right| CookieAttributes { host_prefix: false, ..right };

struct Altered(Alteration);

impl Decisions for Altered {
    fn cookie_attributes(&self, kind: CookieKind, https: bool) -> CookieAttributes {
        (self.0)(kind, Conforming.cookie_attributes(kind, https))
    }
}
