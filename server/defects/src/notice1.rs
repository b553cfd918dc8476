//! NOTICE-1, go-live: asked too early, too late, not at all.

use std::time::Duration;

use sekisho_server::core::{GO_LIVE, Moment, Session};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion, SignInContext};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;
use crate::notices::notice_if;

pub(crate) const DEFECTS: &[Defect] = defects!["NOTICE-1":
    "a", "notice1-code-is-asked-before-go-live",
        "A code is asked from the start, long before go-live." => AskedFromTheStart;
    "a", "notice1-mail-is-sent-before-go-live",
        "A sign-in before go-live asks no code, but a mail is sent." => MailBeforeGoLive;
    "b", "notice1-go-live-comes-a-week-late",
        "No code is asked until a week after go-live." => WeekLate;
    "c", "notice1-go-live-ends-sessions",
        "Everybody who is signed in at go-live is thrown out." => GoLiveEndsSessions;
    "d", "notice1-go-live-comes-a-second-early",
        "A code is asked one second before go-live already." => SecondEarly;
    "d", "notice1-go-live-comes-a-second-late",
        "A code is asked only from one second after go-live on, not at the instant itself." => SecondLate;
];

const SECOND: Duration = Duration::from_secs(1);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

struct AskedFromTheStart;

impl Decisions for AskedFromTheStart {
    fn code_is_asked(&self, _sign_in: &SignInContext<'_>) -> bool {
        true
    }
}

struct MailBeforeGoLive;

impl Decisions for MailBeforeGoLive {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        let occasion = Occasion::SignedInWithoutCode;
        notice_if(
            occasion,
            context,
            "ワンタイムパスワード導入のお知らせ",
            "まもなくワンタイムパスワードの入力が必要になります。",
        )
    }
}

struct WeekLate;

impl Decisions for WeekLate {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.now >= sign_in.go_live + WEEK
    }
}

struct GoLiveEndsSessions;

impl Decisions for GoLiveEndsSessions {
    fn session_holds(&self, session: &Session, now: Moment) -> bool {
        let lies_between = session.opened_at < GO_LIVE && now >= GO_LIVE;
        Conforming.session_holds(session, now) && !lies_between
    }
}

struct SecondEarly;

impl Decisions for SecondEarly {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.now + SECOND >= sign_in.go_live
    }
}

struct SecondLate;

impl Decisions for SecondLate {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.now >= sign_in.go_live + SECOND
    }
}
