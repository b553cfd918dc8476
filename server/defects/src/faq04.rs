//! FAQ-04, mail deleted: what was abandoned lets in, or stands in the way.

use sekisho_server::core::{AccountState, Attempt, CODE_VALID, Code, Page, Standing};
use sekisho_server::decisions::SignInContext;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-04":
    "a", "faq04-only-the-deleted-code-is-taken",
        "As long as the first code could still be valid, starting over mails codes that do not work." => OnlyTheFirstCode;
    "b", "faq04-empty-code-is-taken",
        "An abandoned attempt lets in whoever leaves the code empty." => EmptyCode;
    "b", "faq04-starting-over-needs-no-code",
        "Who has abandoned an attempt is signed in by the password alone the next time." => SecondPasswordSuffices;
    "b", "faq04-skip-settings-open-to-an-abandoned-attempt",
        "An abandoned attempt opens the skip settings." => SkipSettingsOpen;
    "c", "faq04-three-abandoned-attempts-spoil-the-next",
        "After three abandoned attempts the right code is refused." => ThreeSpoilTheNext;
    "c", "faq04-three-mails-lock-the-account-out",
        "After three mails within the hour no more are sent, and nobody gets in." => ThreeMails;
];

/// How many abandoned attempts or mails the faulty servers put up with.
const PATIENCE: usize = 3;

struct OnlyTheFirstCode;

impl Decisions for OnlyTheFirstCode {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        let is_open = |earlier: &&Attempt| !earlier.used && attempt.issued_at <= earlier.issued_at + CODE_VALID;
        let first = account.attempts.iter().find(is_open).unwrap_or(attempt);
        Code::parse(typed).is_some_and(|code| code.matches(&first.code))
    }
}

struct EmptyCode;

impl Decisions for EmptyCode {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        typed.is_empty() || Conforming.code_is_right(typed, attempt, account)
    }
}

struct SecondPasswordSuffices;

impl Decisions for SecondPasswordSuffices {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.account.attempts.back().is_none_or(|attempt| attempt.used) && Conforming.code_is_asked(sign_in)
    }
}

struct SkipSettingsOpen;

impl Decisions for SkipSettingsOpen {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        Conforming.page_opens(page, standing) || (page, standing) == (Page::SkipSettings, Standing::HalfSignedIn)
    }
}

struct ThreeSpoilTheNext;

impl Decisions for ThreeSpoilTheNext {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        let abandoned = account.attempts.iter().filter(|other| !other.used && other.token != attempt.token).count();
        abandoned < PATIENCE && Conforming.code_is_right(typed, attempt, account)
    }
}

struct ThreeMails;

impl Decisions for ThreeMails {
    fn code_mails_are_used_up(&self, mailed_within_the_hour: usize) -> bool {
        mailed_within_the_hour >= PATIENCE
    }
}
