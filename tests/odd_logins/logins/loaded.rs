//! Load on logins that have not what every story needs: what cannot be told is said before anybody tries.

use crate::bases::PAGES;
use crate::odd::Odd;
use crate::row::{Row, load};

const PLAIN: Row = Row::of("pages", Odd::PLAIN, PAGES, "");

#[test]
fn what_cannot_be_told_is_left_out_of_the_mix() {
    let (outcome, record) = load(&PLAIN, "mixed");
    assert_eq!(outcome.code, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    for story in ["expired-code", "lapsed-skip"] {
        outcome.says(&format!("Left out of the mix, nobody lived it: `{story}`: it lets time pass"));
    }
    let load = &record.unwrap()["load"];
    assert!(load["sign_ins"].as_u64().unwrap() >= 20, "{load}");
    let steps: Vec<&str> = load["steps"].as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert!(steps.contains(&"complete-resume"), "nobody ended the skips: {steps:?}");
    assert_eq!(load["broken_off"].as_array().unwrap().len(), 0, "{load}");
}

#[test]
fn a_story_that_cannot_be_told_is_refused() {
    let row = Row { without: &["steps.open-code-entry"], ..PLAIN };
    for (row, mix, why) in [
        (&PLAIN, "lapsed-skip", "it lets time pass"),
        (&row, "deleted-mail", "the profile has no step `open-code-entry`"),
    ] {
        let (outcome, record) = load(row, mix);
        outcome.ends_with(2).says(why).says("nobody was sent there");
        assert!(record.is_none(), "{mix} was begun");
    }
}

/// The clock of all begins before go-live, when nobody is asked for a code.
#[test]
fn nobody_begins_before_go_live() {
    let early = Row { profile: "[clock]\nstarts_at = \"2025-08-12T19:00:00Z\"\n", ..PLAIN };
    let early = Row { odd: Odd { goes_live: true, ..Odd::PLAIN }, ..early };
    let (outcome, record) = load(&early, "first-sign-in");
    assert_eq!(outcome.code, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    let load = &record.unwrap()["load"];
    assert_eq!(load["broken_off"].as_array().unwrap().len(), 0, "{load}");
    assert_eq!(load["mail"]["accepted"], 20, "{load}");
}
