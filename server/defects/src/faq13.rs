//! FAQ-13, status of the skips: wrong, or more than あり and なし.

use sekisho_server::core::{AccountState, Moment, Skip, SkipCheck};
use sekisho_server::decisions::PageContext;
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-13":
    "a", "faq13-status-is-some-without-a-skip",
        "The status is あり though there has never been a skip." => AlwaysSome;
    "b", "faq13-status-is-some-only-from-two-on",
        "A single skip does not show: あり comes with the second." => FromTwoOn;
    "c", "faq13-status-shows-a-count",
        "The skip settings say in how many browsers a skip is set." => Count;
    "d", "faq13-status-stays-some-after-resume",
        "Revoked skips still count for the status, though they skip no more." => RevokedCount;
    "e", "faq13-status-stays-some-after-expiry",
        "Lapsed skips still count for the status, though they skip no more." => LapsedCount;
    "f", "faq13-status-is-of-this-browser-only",
        "The status is なし in a browser that holds no skip itself." => ThisBrowserOnly;
];

struct AlwaysSome;

impl Decisions for AlwaysSome {
    fn skip_status(&self, account: &AccountState, _live: usize, live_in_this_browser: bool) -> String {
        Conforming.skip_status(account, 1, live_in_this_browser)
    }
}

struct FromTwoOn;

impl Decisions for FromTwoOn {
    fn skip_status(&self, account: &AccountState, live: usize, live_in_this_browser: bool) -> String {
        Conforming.skip_status(account, live.saturating_sub(1), live_in_this_browser)
    }
}

struct Count;

impl Decisions for Count {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match (page.screen, page.account) {
            (Some(Screen::SkipSettings), Some(account)) => {
                format!("<p>省略している端末・ブラウザ：{}台</p>", account.skips.len())
            }
            _ => String::new(),
        }
    }
}

struct RevokedCount;

impl Decisions for RevokedCount {
    fn skip_survives_revocation(&self, _skip: &Skip, _account: &AccountState) -> bool {
        true
    }

    /// Who is let in is judged rightly (FAQ-12).
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        Conforming.skip_lets_in(check)
    }
}

struct LapsedCount;

impl Decisions for LapsedCount {
    fn skip_is_in_time(&self, _skip: &Skip, _now: Moment) -> bool {
        true
    }

    /// Who is let in is judged rightly (FAQ-08).
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        Conforming.skip_lets_in(check)
    }
}

struct ThisBrowserOnly;

impl Decisions for ThisBrowserOnly {
    fn skip_status(&self, account: &AccountState, _live: usize, live_in_this_browser: bool) -> String {
        Conforming.skip_status(account, usize::from(live_in_this_browser), live_in_this_browser)
    }
}
