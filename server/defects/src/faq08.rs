//! FAQ-08, 90 days per browser: too short, too long, prolonged, or not per browser.

use std::time::Duration;

use sekisho_server::core::{AccountState, Cookie, Moment, SKIP_VALID, Skip, SkipCheck, TokenHash};
use sekisho_server::decisions::Step;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-08":
    "a", "faq08-skip-dies-a-second-too-soon",
        "The skip does not skip in the last second of its 90 days." => SecondTooShort;
    "b", "faq08-known-browser-is-never-asked-again",
        "A browser that ever set a skip is known by its other cookie, and never asked again." => KnownBrowser;
    "c", "faq08-setting-again-gives-no-more-days",
        "The 90 days run from the oldest code that the account remembers, so setting the skip again gives no more." => NoMoreDays;
    "d", "faq08-each-use-gives-another-90-days",
        "Each use of the skip starts its 90 days anew." => Sliding;
    "e", "faq08-one-skip-lets-every-browser-in",
        "One browser's skip lets in all browsers of the account." => EveryBrowser;
    "f", "faq08-skip-lives-one-second-too-long",
        "The server lets a kept cookie in for one second after the 90 days." => SecondTooLong;
    "f", "faq08-cookie-alone-ends-the-skip",
        "Only the browser ends the skip, by deleting its cookie." => CookieAlone;
    "g", "faq08-unticked-sign-in-ends-the-skips",
        "A code given with the box unticked ends the skips of all browsers." => UntickedEndsSkips;
];

const SECOND: Duration = Duration::from_secs(1);

struct SecondTooShort;

impl Decisions for SecondTooShort {
    fn skip_is_in_time(&self, skip: &Skip, now: Moment) -> bool {
        now + SECOND < skip.expires_at
    }
}

struct KnownBrowser;

impl Decisions for KnownBrowser {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let is_known = |cookie: &Cookie| cookie.name == "browser" && has_set_a_skip(check.account, &cookie.value);
        Conforming.skip_lets_in(check) || check.cookies.iter().any(is_known)
    }
}

fn has_set_a_skip(account: &AccountState, browser: &str) -> bool {
    let tag = TokenHash::of(browser);
    account.skips.iter().any(|skip| skip.browser == tag && Conforming.skip_survives_revocation(skip, account))
}

struct NoMoreDays;

impl Decisions for NoMoreDays {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let oldest = check.account.attempts.front();
        Conforming.skip_lets_in(check) && oldest.is_none_or(|attempt| check.now <= attempt.issued_at + SKIP_VALID)
    }
}

struct Sliding;

impl Decisions for Sliding {
    fn skip_expiry_after_use(&self, _skip: &Skip, now: Moment) -> Moment {
        now + SKIP_VALID
    }
}

struct EveryBrowser;

impl Decisions for EveryBrowser {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let of_any_browser = |skip| Conforming.skip_lets_in(&SkipCheck { skip: Some(skip), ..*check });
        check.account.skips.iter().any(of_any_browser)
    }
}

struct SecondTooLong;

impl Decisions for SecondTooLong {
    fn skip_is_in_time(&self, skip: &Skip, now: Moment) -> bool {
        now <= skip.expires_at + SECOND
    }
}

struct CookieAlone;

impl Decisions for CookieAlone {
    fn skip_is_in_time(&self, _skip: &Skip, _now: Moment) -> bool {
        true
    }
}

struct UntickedEndsSkips;

impl Decisions for UntickedEndsSkips {
    fn revokes_skips(&self, step: Step) -> bool {
        step == (Step::CodeTaken { ticked: false }) || Conforming.revokes_skips(step)
    }
}
