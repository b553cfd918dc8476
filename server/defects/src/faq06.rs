//! FAQ-06, setting a skip: with less than it takes, or for nothing.

use sekisho_server::core::{Moment, Session, Skip};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion, Step};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;
use crate::notices::notice_if;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-06":
    "a", "faq06-unticked-code-sets-a-skip",
        "A right code sets a skip though the box was left alone." => SetBy(Step::CodeTaken { ticked: false });
    "b", "faq06-confirmed-skip-does-nothing",
        "Nobody is ever skipped, [OK] or not." => NeverSet;
    "b", "faq06-skip-is-spent-by-its-first-use",
        "A skip lets in once." => LetsInOnce;
    "c", "faq06-tick-sets-a-skip-before-it-is-confirmed",
        "The tick alone sets the skip, before [OK]." => SetBy(Step::CodeTaken { ticked: true });
    "c", "faq06-cancel-sets-a-skip",
        "[キャンセル] sets the skip as [OK] does." => SetBy(Step::SkipDeclined);
    "d", "faq06-refused-code-sets-a-skip",
        "A wrong or expired code with the box ticked sets a skip." => SetBy(Step::CodeRefused { ticked: true });
    "e", "faq06-skip-replaces-the-password",
        "A skip lets in whatever the password." => ReplacesPassword;
    "f", "faq06-skipped-sign-in-is-mailed",
        "Each skipped sign-in is told by mail." => SkippedIsMailed;
    "g", "faq06-cautions-are-missing",
        "The confirmation screen comes without its cautions." => NoCautions;
    "h", "faq06-any-session-may-confirm",
        "[OK] counts in every session, whatever code was given." => AnySessionMayConfirm;
];

/// Beside [OK] this step sets a skip too.
struct SetBy(Step);

impl Decisions for SetBy {
    fn sets_skip(&self, step: Step) -> bool {
        step == self.0 || Conforming.sets_skip(step)
    }
}

struct NeverSet;

impl Decisions for NeverSet {
    fn sets_skip(&self, _step: Step) -> bool {
        false
    }
}

struct LetsInOnce;

impl Decisions for LetsInOnce {
    fn skip_expiry_after_use(&self, _skip: &Skip, now: Moment) -> Moment {
        Moment::from_millis(now.millis() - 1)
    }
}

struct ReplacesPassword;

impl Decisions for ReplacesPassword {
    fn password_is_accepted(&self, pair_is_right: bool, skip_lets_in: bool) -> bool {
        pair_is_right || skip_lets_in
    }
}

struct SkippedIsMailed;

impl Decisions for SkippedIsMailed {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        notice_if(
            Occasion::SignedInBySkip,
            context,
            "ログインのお知らせ",
            "ワンタイムパスワードを省略してログインしました。",
        )
    }
}

struct NoCautions;

impl Decisions for NoCautions {
    fn shows_skip_cautions(&self) -> bool {
        false
    }
}

struct AnySessionMayConfirm;

impl Decisions for AnySessionMayConfirm {
    fn skip_may_be_confirmed(&self, session: Option<&Session>, _now: Moment) -> bool {
        session.is_some()
    }
}
