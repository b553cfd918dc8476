//! BASE-ACCOUNT, no enumeration: the sign-in tells who is registered, in words, by its length, or by its time.

use sekisho_server::decisions::PageContext;
use sekisho_server::{Decisions, Screen};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-ACCOUNT":
    "-1", "base-account-unknown-id-is-told",
        "The sign-in says whether it was the ID or the password that was wrong." => UnknownIdIsTold;
    "-2", "base-account-answer-is-longer-for-a-known-id",
        "The answer to a wrong password has a remark in its source, that to an unknown ID has none." => RemarkForKnownIds;
    "-3", "base-account-unknown-id-is-answered-sooner",
        "The password is not worked on where nobody has the ID." => AnsweredSooner;
];

struct UnknownIdIsTold;

impl Decisions for UnknownIdIsTold {
    fn wrong_pair_text(&self, id_is_known: bool) -> &'static str {
        if id_is_known {
            "パスワードが正しくありません。"
        } else {
            "このIDは登録されていません。"
        }
    }
}

struct RemarkForKnownIds;

impl Decisions for RemarkForKnownIds {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match (page.screen, page.account) {
            (Some(Screen::SignIn), Some(_)) => "<!-- retry -->".to_owned(),
            _ => String::new(),
        }
    }
}

struct AnsweredSooner;

impl Decisions for AnsweredSooner {
    fn works_on_passwords_of_unknown_ids(&self) -> bool {
        false
    }
}
