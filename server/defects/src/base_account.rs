//! BASE-ACCOUNT, no enumeration: the sign-in tells who is registered.

use sekisho_server::Decisions;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-ACCOUNT":
    "-1", "base-account-unknown-id-is-told",
        "The sign-in says whether it was the ID or the password that was wrong." => UnknownIdIsTold;
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
