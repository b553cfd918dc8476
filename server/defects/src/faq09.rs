//! FAQ-09, nothing tells the remaining days: something does.

use std::time::Duration;

use sekisho_server::core::{AccountState, Moment, Skip};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion, PageContext};
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;
use crate::notices::notice;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-09":
    "a", "faq09-skip-settings-show-the-remaining-days",
        "The skip settings say how many days are left." => DaysOnSkipSettings;
    "a", "faq09-my-page-holds-the-expiry-in-an-attribute",
        "My Page tells the instant of expiry in an attribute that nobody sees." => ExpiryInAttribute;
    "b", "faq09-expiry-is-announced-by-mail",
        "In the last week a mail says that the skip is about to end." => MailInLastWeek;
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The account's newest skip, if it is live.
fn live_skip(account: Option<&AccountState>, now: Moment) -> Option<&Skip> {
    account.and_then(|account| account.skips.last()).filter(|skip| Conforming.skip_is_in_time(skip, now))
}

struct DaysOnSkipSettings;

impl Decisions for DaysOnSkipSettings {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match live_skip(page.account, page.now) {
            Some(skip) if page.screen == Some(Screen::SkipSettings) => {
                format!("<p>有効期間は残り{}日です。</p>", skip.expires_at.since(page.now).as_secs() / DAY.as_secs())
            }
            _ => String::new(),
        }
    }
}

struct ExpiryInAttribute;

impl Decisions for ExpiryInAttribute {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match live_skip(page.account, page.now) {
            Some(skip) if page.screen == Some(Screen::MyPage) => {
                format!("<div hidden data-skip-ends=\"{}\"></div>", skip.expires_at.seconds())
            }
            _ => String::new(),
        }
    }
}

struct MailInLastWeek;

impl Decisions for MailInLastWeek {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        let skip = live_skip(context.account, context.now)?;
        let ends_soon = skip.expires_at <= context.now + 7 * DAY;
        (context.occasion == Occasion::TimePassed && ends_soon)
            .then(|| notice(context, "省略設定の有効期間のお知らせ", "省略設定の有効期間がまもなく終わります。"))
    }
}
