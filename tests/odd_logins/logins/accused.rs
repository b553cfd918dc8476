//! Which checks fail of a login that is wrong in one point: those that are about it, and none that only rest on it.

use std::collections::BTreeMap;

use crate::bases::PAGES;
use crate::odd::{Flaws, Odd};
use crate::row::{Row, run};

const FLAWS: [(&str, Flaws); 9] = [
    ("ignores skips", Flaws { ignores_skips: true, ..Flaws::NONE }),
    ("always sets a skip", Flaws { always_sets_a_skip: true, ..Flaws::NONE }),
    ("needs no cookie once it was skipped", Flaws { needs_no_cookie: true, ..Flaws::NONE }),
    ("ends no skip", Flaws { ends_no_skip: true, ..Flaws::NONE }),
    ("skips never end", Flaws { skips_never_end: true, ..Flaws::NONE }),
    ("codes never end", Flaws { codes_never_end: true, ..Flaws::NONE }),
    ("takes codes again", Flaws { takes_codes_again: true, ..Flaws::NONE }),
    ("always says none", Flaws { says_none: true, ..Flaws::NONE }),
    ("ends no session", Flaws { ends_no_session: true, ..Flaws::NONE }),
];

#[test]
fn nobody_is_accused_of_what_they_do_right() {
    let row = Row::of("nothing odd", Odd::PLAIN, PAGES, "");
    let failing = |flaws: Flaws| -> Vec<String> {
        let verdicts = run(&row, flaws, &["*"]).verdicts();
        verdicts.into_iter().filter(|(_, (verdict, _))| verdict == "fail").map(|(id, _)| id).collect()
    };
    let always = failing(Flaws::NONE);
    let by_flaw: BTreeMap<&str, Vec<String>> = FLAWS
        .into_iter()
        .map(|(name, flaws)| (name, failing(flaws).into_iter().filter(|id| !always.contains(id)).collect()))
        .collect();
    insta::assert_json_snapshot!("accused", by_flaw);
}
