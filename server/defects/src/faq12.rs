//! FAQ-12, resume ends every skip: too few, too early, too late, or not for good.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sekisho_server::core::{AccountState, Page, Skip, SkipCheck, Standing, TokenHash};
use sekisho_server::decisions::{PageContext, Step};
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-12":
    "a", "faq12-lost-browser-keeps-its-skip",
        "The resume ends the skip of the acting browser only, and the lost one keeps its own." => OthersKeepTheirs;
    "b", "faq12-only-the-oldest-skip-ends",
        "The resume ends the oldest skip and leaves the others." => OnlyTheOldest;
    "b", "faq12-acting-browser-keeps-its-skip",
        "The resume ends the skips of all browsers but the acting one." => ActingKeeps;
    "b", "faq12-browsers-signed-in-keep-their-skips",
        "The resume spares the skips of browsers that are signed in at that moment." => SignedInKeep;
    "c", "faq12-first-button-ends-the-skips",
        "The first button ends the skips, before [完了]." => FirstButton;
    "c", "faq12-completion-does-nothing",
        "[完了] ends no skip." => CompletionDoesNothing;
    "d", "faq12-revocation-is-forgotten-after-a-day",
        "A revoked cookie skips again a day later." => ForgottenAfterADay;
    "e", "faq12-new-skip-brings-the-old-ones-back",
        "A skip that is set after the resume brings the revoked ones back." => NewBringsBack;
    "e", "faq12-no-skip-works-after-a-resume",
        "A skip that is set after the resume does not skip." => NoneAfterwards;
    "f", "faq12-skips-are-offered-one-by-one",
        "The skip settings list the skips with a button each." => OneByOne;
    "g", "faq12-resume-opens-half-signed-in",
        "The resume can be reached with the password alone." => ResumeOpensEarly;
    "h", "faq12-resume-takes-effect-a-minute-later",
        "For a minute after [完了] was answered the old cookies still skip." => MinuteLater;
    "h", "faq12-every-second-look-is-at-a-stale-replica",
        "Every second look at a skip is at a replica that has not heard of the resume." => StaleReplica::default();
    "h", "faq12-browsers-just-let-in-are-let-in-again",
        "That a skip let its browser in is remembered for a second, in which a resume goes unnoticed." => JustLetIn::default();
];

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long ago the last revocation was, if there was one.
fn since_revocation(check: &SkipCheck<'_>) -> Option<Duration> {
    check.account.revocation.as_ref().map(|revocation| check.now.since(revocation.at))
}

/// Whether the browser shows a skip that is in time, revoked or not.
fn shows_skip_in_time(check: &SkipCheck<'_>) -> bool {
    check.skip.is_some_and(|skip| Conforming.skip_is_in_time(skip, check.now))
}

struct OthersKeepTheirs;

impl Decisions for OthersKeepTheirs {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        Conforming.skip_survives_revocation(skip, account)
            || account.revocation.as_ref().is_some_and(|revocation| revocation.browser != skip.browser)
    }
}

struct OnlyTheOldest;

impl Decisions for OnlyTheOldest {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        Conforming.skip_survives_revocation(skip, account)
            || account.skips.first().is_some_and(|oldest| oldest.key != skip.key)
    }
}

struct ActingKeeps;

impl Decisions for ActingKeeps {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        Conforming.skip_survives_revocation(skip, account)
            || account.revocation.as_ref().is_some_and(|revocation| revocation.browser == skip.browser)
    }
}

struct SignedInKeep;

impl Decisions for SignedInKeep {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        let was_signed_in = account.revocation.as_ref().is_some_and(|revocation| {
            let of_browser = account.sessions.iter().filter(|session| session.browser == skip.browser);
            of_browser.into_iter().any(|session| Conforming.session_holds(session, revocation.at))
        });
        Conforming.skip_survives_revocation(skip, account) || was_signed_in
    }
}

struct FirstButton;

impl Decisions for FirstButton {
    fn revokes_skips(&self, step: Step) -> bool {
        step == Step::ResumeOpened || Conforming.revokes_skips(step)
    }
}

struct CompletionDoesNothing;

impl Decisions for CompletionDoesNothing {
    fn revokes_skips(&self, _step: Step) -> bool {
        false
    }
}

struct ForgottenAfterADay;

impl Decisions for ForgottenAfterADay {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let is_forgotten = since_revocation(check).is_some_and(|span| span > DAY);
        Conforming.skip_lets_in(check) || is_forgotten && shows_skip_in_time(check)
    }

    /// Setting a skip drops those that survive no more; what is to come back must not be dropped.
    fn skip_survives_revocation(&self, _skip: &Skip, _account: &AccountState) -> bool {
        true
    }
}

struct NewBringsBack;

impl Decisions for NewBringsBack {
    /// The newest skip decides for all; while one is being set there is none to decide, and none is dropped.
    fn skip_survives_revocation(&self, _skip: &Skip, account: &AccountState) -> bool {
        account.skips.last().is_none_or(|newest| Conforming.skip_survives_revocation(newest, account))
    }
}

struct NoneAfterwards;

impl Decisions for NoneAfterwards {
    fn skip_survives_revocation(&self, _skip: &Skip, account: &AccountState) -> bool {
        account.revocation.is_none()
    }
}

struct OneByOne;

impl Decisions for OneByOne {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match (page.screen, page.account) {
            (Some(Screen::SkipSettings), Some(account)) => {
                let button = "<form method=\"post\"><button type=\"submit\">この端末の省略を解除する</button></form>";
                button.repeat(account.skips.len())
            }
            _ => String::new(),
        }
    }
}

struct ResumeOpensEarly;

impl Decisions for ResumeOpensEarly {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        Conforming.page_opens(page, standing) || (page, standing) == (Page::Resume, Standing::HalfSignedIn)
    }
}

struct MinuteLater;

impl Decisions for MinuteLater {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let is_recent = since_revocation(check).is_some_and(|span| span < MINUTE);
        Conforming.skip_lets_in(check) || is_recent && shows_skip_in_time(check)
    }
}

#[derive(Default)]
struct StaleReplica {
    looks: AtomicUsize,
}

impl Decisions for StaleReplica {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        Conforming.skip_survives_revocation(skip, account)
            || self.looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }
}

/// How long it is remembered that a skip let its browser in. Real time: a race has no other.
const REMEMBERED: Duration = Duration::from_secs(1);

#[derive(Default)]
struct JustLetIn {
    /// When each skip let its browser in by right.
    let_in: Mutex<HashMap<TokenHash, Instant>>,
}

impl Decisions for JustLetIn {
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        let mut let_in = self.let_in.lock().unwrap_or_else(PoisonError::into_inner);
        if Conforming.skip_survives_revocation(skip, account) {
            let_in.insert(skip.key, Instant::now());
            return true;
        }
        let_in.get(&skip.key).is_some_and(|at| at.elapsed() < REMEMBERED)
    }
}
