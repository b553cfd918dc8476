//! FAQ-10, cookie deleted: not asked again, not settable again, or others are drawn in.

use sekisho_server::core::SkipCheck;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-10":
    "a", "faq10-cleared-browser-is-still-let-in",
        "Where several browsers hold a skip, one that shows no cookie is taken for one of them." => TakenForAnother;
    "b", "faq10-skip-set-again-is-not-honoured",
        "Only the first two skips of an account are honoured, so one that is set again beside them does nothing." => OnlyTheFirstTwo;
    "c", "faq10-open-attempt-suspends-the-other-browsers",
        "As long as a code is awaited in one browser, the skips of all others do not skip." => OpenAttemptSuspends;
    "d", "faq10-skip-needs-the-session-cookie",
        "A skip skips only beside the cookie of an earlier session." => NeedsSessionCookie;
];

struct TakenForAnother;

impl Decisions for TakenForAnother {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let others = &check.account.skips;
        let skip = check.skip.or(if others.len() > 1 { others.last() } else { None });
        Conforming.skip_lets_in(&SkipCheck { skip, ..*check })
    }
}

struct OnlyTheFirstTwo;

impl Decisions for OnlyTheFirstTwo {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let honoured = check.account.skips.iter().take(2);
        let is_honoured = check.skip.is_some_and(|shown| honoured.into_iter().any(|skip| skip.key == shown.key));
        is_honoured && Conforming.skip_lets_in(check)
    }
}

struct OpenAttemptSuspends;

impl Decisions for OpenAttemptSuspends {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let is_awaited = check.account.attempts.back().is_some_and(|attempt| !attempt.used);
        !is_awaited && Conforming.skip_lets_in(check)
    }
}

struct NeedsSessionCookie;

impl Decisions for NeedsSessionCookie {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let has_session = check.cookies.iter().any(|cookie| cookie.name.starts_with("session-"));
        has_session && Conforming.skip_lets_in(check)
    }
}
