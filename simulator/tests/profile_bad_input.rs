//! What is wrong with a profile is said with line and key before anything is sent: one row a mistake.
#![allow(clippy::unwrap_used)]

#[path = "profile_bad_input/rows.rs"]
mod rows;

use rows::{ROWS, Row, SIGN_OUT};
use sekisho_simulator::target::{Control, Examined, Loading, Target};

const REFERENCE: &str = include_str!("../../profiles/reference.toml");

fn examine(text: &str) -> Examined {
    let control = Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: String::new() };
    Target::examine_text("target.toml", text, &Loading { control: Some(control), ..Loading::default() })
}

#[test]
fn each_mistake_is_told_with_line_and_key() {
    let mut faults = Vec::new();
    for Row(from, to, place, key, message) in ROWS {
        if place.is_empty() {
            continue;
        }
        assert!(REFERENCE.contains(from), "the profile no longer has {from}");
        let text = REFERENCE.replacen(from, to, 1);
        let line = text.lines().position(|line| line.contains(place)).unwrap() + 1;
        let examined = examine(&text);
        let told = examined.problems.iter().any(|problem| {
            problem.place().is_some_and(|(at, column)| at == line && column > 0)
                && problem.key() == Some(*key).filter(|key| !key.is_empty())
                && problem.to_string().contains(message)
        });
        if !told || examined.target.is_some() {
            let all: Vec<String> = examined.problems.iter().map(ToString::to_string).collect();
            faults.push(format!("{to}: wanted line {line}, `{key}`, `{message}`, but was told {all:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_reference_profile_gives_no_reason_to_complain() {
    let examined = examine(REFERENCE);
    assert!(examined.target.is_some());
    assert_eq!(examined.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(examined.advice, Vec::new());
}

/// A value that is put in where it may be missing is put in, and one that keeps somebody signed in has its use too.
#[test]
fn what_is_put_in_in_other_ways_is_not_called_unused() {
    for (take, used) in [("access", "headers = { Authorization = \"Bearer {access?}\" }"), ("kept", "")] {
        let text = REFERENCE
            .replacen(SIGN_OUT, &format!("{SIGN_OUT}\n{used}\ntake = {{ {take} = {{ json = \"/a\" }} }}"), 1)
            .replacen(
                "session_cookie = ",
                "session_values = [\"kept\"]\nsession_cookie = ",
                usize::from(take == "kept"),
            );
        let examined = examine(&text);
        assert!(examined.problems.is_empty(), "{:?}", examined.problems);
        assert_eq!(examined.advice, Vec::new());
    }
}

/// Where values from answers keep somebody signed in, no cookie needs to.
#[test]
fn a_session_without_a_cookie_needs_none_named() {
    let line = REFERENCE.lines().find(|line| line.starts_with("session_cookie = ")).unwrap();
    let text = REFERENCE.replacen(line, "session_values = [\"kept\"]", 1);
    let text = text.replacen(SIGN_OUT, &format!("{SIGN_OUT}\ntake = {{ kept = {{ json = \"/a\" }} }}"), 1);
    let examined = examine(&text);
    assert_eq!(examined.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(!examined.target.unwrap().is_session_cookie("sid"));
}

/// Somebody who writes a profile sees all their mistakes at once, and none that only follows from another.
#[test]
fn all_mistakes_are_told_at_once() {
    let edits = [
        ("portals = [\"seeker\", ", "portals = [\"seekers\", "),
        ("form#resume\"", "form##\""),
        (r"：(\d{6})\b'", r"：\d{6}\b'"),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let keys: Vec<String> =
        examine(&text).problems.iter().filter_map(|problem| problem.key().map(str::to_owned)).collect();
    assert_eq!(keys, ["portals", "mail.code", "steps.resume.form"]);

    let edits = [
        ("portals =", "portalz ="),
        ("wrong_codes = 5", "wrong_codes = \"x\""),
        ("[steps.sign-out]", "[steps.sign-off]"),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let told: Vec<String> = examine(&text).problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for (told, part) in told.iter().zip(["portalz", "a whole number", "sign-off"]) {
        assert!(told.contains(part), "{told}");
    }

    // What makes no sense is told beside what is malformed, unless it may only follow from that.
    let edits = [
        ("wrong_codes = 5", "wrong_codes = \"x\""),
        ("browsers_tried = 64", "browsers_tried = 1"),
        ("limited = [{ status = 429 }]", "limited = [{ statis = 429 }]"),
        ("form#resume\"", "form##\""),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let keys: Vec<String> =
        examine(&text).problems.iter().filter_map(|problem| problem.key().map(str::to_owned)).collect();
    assert_eq!(keys, ["numbers.wrong_codes", "screens.limited.statis", "steps.resume.form"]);

    let told: Vec<String> =
        examine("schema = \nname = \"x\" y\n[a]\n").problems.iter().map(ToString::to_string).collect();
    assert!(told.len() > 1 && told[0].contains("line 1"), "{told:#?}");
}

#[test]
fn what_may_not_be_meant_is_advised() {
    let advised = |from: &str, to: &str| {
        assert!(REFERENCE.contains(from), "the profile no longer has {from}");
        let examined = examine(&REFERENCE.replacen(from, to, 1));
        assert!(examined.problems.is_empty(), "{:?}", examined.problems);
        examined.advice.into_iter().map(|advice| format!("{}: {}", advice.key, advice.message)).collect::<Vec<_>>()
    };
    for (from, to, wanted) in [
        ("\"seeker\", \"employer\"", "\"seeker\", \"seeker\"", "portals: `seeker` stands twice"),
        ("my-page = [", "limited = [{ status = 429 }]\n#", "screens.my-page: without this screen"),
        (
            "settings = [{ title = \"各種設定 |\", status = 200 }]",
            "",
            "steps.open-settings: there is no `screens.settings`",
        ),
        ("tick_skip = \"skip\"", "", "steps.submit-code: nothing in it depends"),
        (
            "status = { selector = \"#skip-status\", some = \"あり\", none = \"なし\" }",
            "",
            "steps.open-skip-settings: there is no `skip.status`",
        ),
        ("[steps.resume]\nform = \"form#resume\"", "", "steps.complete-resume: it is only done after"),
        ("[steps.open-my-page]\nget = \"/{portal}/my-page\"", "", "steps.open-my-page: without this step"),
        (
            "limited = [{ status = 429 }]",
            "limited = [{ title = \"ログイン |\", status = 429 }]",
            "screens.limited: mark 1 can never count",
        ),
        ("[mail]\n", "[values]\nunused = \"a\"\n[mail]\n", "values.unused: nothing puts in"),
        (
            "[mail]\n",
            "[client]\nheaders = { X-Api-Key = \"hunter2\" }\n[mail]\n",
            "client.headers.X-Api-Key: if this is a secret",
        ),
        (
            "[steps.sign-out]\n",
            "[steps.sign-out]\nheaders = { X-Auth-Token = \"hunter2\" }\n",
            "steps.sign-out.headers.X-Auth-Token: if this is a secret",
        ),
        (
            "[steps.sign-out]\n",
            "[steps.sign-out]\ntake = { unused = { json = \"/a\" } }\n",
            "steps.sign-out.take.unused: nothing puts in",
        ),
        (
            "[mail]\n",
            "[client]\nheaders = { X-Requested-With = \"XMLHttpRequest\" }\n[mail]\n",
            "client.headers.X-Requested-With: if the target knows requests of its own pages by it",
        ),
    ] {
        let from_is_limited = from.starts_with("my-page");
        let all = if from_is_limited {
            let cut = REFERENCE.replacen("limited = [{ status = 429 }]\n", "", 1);
            let examined = examine(&cut.replacen(from, to, 1));
            examined.advice.into_iter().map(|advice| format!("{}: {}", advice.key, advice.message)).collect()
        } else {
            advised(from, to)
        };
        assert!(all.iter().any(|advice| advice.starts_with(wanted)), "{to}: {all:#?}");
    }
}
