//! FAQ-16, skips apart: the skips of two accounts touch each other.

use sekisho_server::core::{AccountState, Identity, Moment, SkipCheck, Slot, Token};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;
use crate::memory::Memory;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-16":
    "a", "faq16-main-skip-skips-the-additional-account",
        "A browser that shows the main account's skip cookie is let in to the additional account." => MainSkipLetsIn;
    "b", "faq16-two-skips-in-one-browser-cancel-each-other",
        "A browser that shows the skip cookies of two accounts is let in to neither." => TwoCancelEachOther;
    "c", "faq16-resume-of-the-main-account-reaches-the-additional",
        "The resume of a main account ends the skips of its additional account too." => ResumeReachesAdditional;
    "c", "faq16-resume-of-the-main-account-ends-the-additional-ones-skips-instead",
        "The resume of a main account that has an additional one ends the skips of that one and not its own." => ResumeHitsAdditional;
    "d", "faq16-another-accounts-cookie-is-taken",
        "The value of any account's skip cookie is taken for one's own." => AnothersCookie::default();
];

struct MainSkipLetsIn;

impl Decisions for MainSkipLetsIn {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let account = &check.account.identity;
        let main = account.main.as_ref().map(|main| Identity { slot: main.slot, ..account.clone() });
        let name = main.map(|main| Conforming.skip_cookie_name(&main));
        Conforming.skip_lets_in(check) || check.cookies.iter().any(|cookie| Some(&cookie.name) == name.as_ref())
    }
}

struct TwoCancelEachOther;

impl Decisions for TwoCancelEachOther {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let shown = check.cookies.iter().filter(|cookie| cookie.name.starts_with("skip-")).count();
        shown < 2 && Conforming.skip_lets_in(check)
    }
}

struct ResumeReachesAdditional;

impl Decisions for ResumeReachesAdditional {
    fn revocation_reaches(&self, acting: &Identity, additional: &[Slot]) -> Vec<Slot> {
        [Conforming.revocation_reaches(acting, additional), additional.to_vec()].concat()
    }
}

struct ResumeHitsAdditional;

impl Decisions for ResumeHitsAdditional {
    fn revocation_reaches(&self, acting: &Identity, additional: &[Slot]) -> Vec<Slot> {
        if additional.is_empty() { Conforming.revocation_reaches(acting, additional) } else { additional.to_vec() }
    }
}

#[derive(Default)]
struct AnothersCookie {
    /// The account of each value that was given out.
    issued: Memory,
}

impl Decisions for AnothersCookie {
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        let account = &check.account.identity;
        let name = Conforming.skip_cookie_name(account);
        let mut own = check.cookies.iter().filter(|cookie| cookie.name == name);
        Conforming.skip_lets_in(check) || own.any(|cookie| self.issued.is_anothers(&cookie.value, account.slot))
    }

    /// Asked whenever a skip is set: here the values are heard.
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, account: &AccountState) -> String {
        let value = Conforming.skip_cookie_value(id, expires_at, account);
        self.issued.note(value.as_str(), account.identity.slot);
        value
    }
}
