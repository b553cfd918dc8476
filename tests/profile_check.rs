//! `sekisho profile check` and `new`, end to end against the reference server: a right profile, and one that is wrong in one place.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;
use support::{Outcome, Sekisho, Serving, profile_for, replace};

/// The reference server, and a profile for it with a port for its mail.
struct Place {
    sekisho: Sekisho,
    server: Serving,
    profile: String,
}

impl Place {
    fn open() -> Place {
        let sekisho = Sekisho::new();
        // A port that was free a moment ago: the server must know it before the walk listens there.
        let mail = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let server = Serving::start(&sekisho, &["--accounts", "20", "--cheap-passwords", "--smtp", &mail]);
        let profile = profile_for(&server.address);
        let profile = replace(&profile, "listen = \"127.0.0.1:0\"", &format!("listen = \"{mail}\""));
        let profile = replace(&profile, "mail_patience = \"300ms\"", "mail_patience = \"5s\"");
        Place { sekisho, server, profile: replace(&profile, "last = 500", "last = 20") }
    }

    /// Walks by the profile with some parts replaced.
    fn walk(&self, edits: &[(&str, &str)], args: &[&str]) -> Outcome {
        let profile = edits.iter().fold(self.profile.clone(), |text, (from, to)| replace(&text, from, to));
        self.sekisho.file("target.toml", &profile);
        self.sekisho.run(&[&["profile", "check", "target.toml", "--seed", "7"], args].concat())
    }
}

/// The text without what differs from run to run.
fn settled(place: &Place, text: &str) -> String {
    text.replace(&place.server.address, "http://target")
}

fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("profile_check/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(r"cookie-[^ ]*-\d+", "COOKIE");
    settings.add_filter(r"skip-[0-9a-f]{16}", "skip-ID");
    settings.add_filter(r"\b(csrf|code|password)-\d+", "$1-N");
    settings
}

#[test]
fn a_right_profile_is_walked_to_its_end() {
    let place = Place::open();
    let outcome = place.walk(&[], &[]);
    outcome.ends_with(0).says("steps as expected");
    snapshots().bind(|| insta::assert_snapshot!("right", settled(&place, &outcome.stdout)));
    // The password was given back: the same account can walk again.
    place.walk(&[], &["--format", "json", "--account-offset", "0"]).ends_with(0);
}

#[test]
fn every_step_that_can_be_undone_is_walked() {
    let place = Place::open();
    let outcome = place.walk(&[("\"seeker\", \"employer\", \"provider\"", "\"employer\"")], &["--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    let walked: Vec<&str> =
        report["walk"]["stops"].as_array().unwrap().iter().map(|stop| stop["step"].as_str().unwrap()).collect();
    for step in sekisho_simulator::target::Step::ALL {
        let undone = ["submit-address", "confirm-address", "submit-additional-account"].contains(&step.name());
        assert_ne!(walked.contains(&step.name()), undone, "{step}: {walked:?}");
    }
    assert!(walked.contains(&"mail"));
    assert!(!outcome.stdout.contains("password-00001"), "a password stands in it");
}

#[test]
fn without_the_skip_the_walk_is_shorter_and_as_good() {
    let place = Place::open();
    let outcome = place.walk(&[], &["--no-tick", "--account-offset", "3", "--portal", "provider"]);
    outcome.ends_with(0).says("user00004@example.test").says("portal provider");
    assert!(!outcome.stdout.contains("confirm-skip"), "{}", outcome.stdout);
}

#[test]
fn a_profile_that_is_wrong_in_one_place_is_told_what_would_help() {
    let place = Place::open();
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 11] = [
        (
            "wrong_title",
            &[("{ title = \"ワンタイムパスワード入力画面 |\" }", "{ title = \"ワンタイムパスワードの入力 |\" }")],
            &[
                "not recognised",
                "`screens.code-entry`, mark 1",
                "and should begin with `ワンタイムパスワードの入力 |`",
                "to `screens.code-entry`",
            ],
        ),
        (
            "wrong_form",
            &[("form#code-entry", "form#code")],
            &[
                "not sent",
                "the page has no form `form#code`",
                "form form#code-entry",
                "set `form` to one of these: \"form#code-entry\"",
            ],
        ),
        (
            "wrong_mail",
            &[(r"code = 'ワンタイムパスワード：(\d{6})\b'", r"code = 'Your code: (\d{6})\b'")],
            &["no code", "`mail.code` finds nothing", "ワンタイムパスワード：######"],
        ),
        (
            "wrong_field",
            &[("fill = { code = \"{code}\" }", "fill = { cod = \"{code}\" }")],
            &["no field `cod`", "did you mean `code`"],
        ),
        (
            "wrong_box",
            &[("tick_skip = \"skip\"", "tick_skip = \"skipp\"")],
            &["check boxes `skipp`", "did you mean `skip`"],
        ),
        (
            "wrong_button",
            &[("value = \"ok\"", "value = \"yes\"")],
            &["buttons `decision=yes`", "name `decision`, value `ok`"],
        ),
        (
            "wrong_cookie",
            &[("cookie = '(__Host-)?skip-[0-9a-f]{16}'", "cookie = 'trusted'")],
            &["incomplete", "no cookie that `skip.cookie` matches; it holds", "make `skip.cookie` match"],
        ),
        (
            "wrong_status",
            &[("selector = \"#skip-status\"", "selector = \"#no-such-place\"")],
            &["`skip.status` finds neither"],
        ),
        (
            "wrong_page",
            &[("get = \"/{portal}/my-page\"", "get = \"/{portal}/settings\"")],
            &["other screen", "the page counts as `settings`, not as `my-page`"],
        ),
        (
            "wide_cookie",
            &[("cookie = '(__Host-)?skip-[0-9a-f]{16}'", "cookie = '.*'")],
            &["incomplete", "is matched by `skip.cookie` and by `skip.session_cookie`"],
        ),
        (
            "wrong_password",
            &[("password = \"password-{number:5}\"", "password = \"another-{number:5}\"")],
            &["other screen", "is the password in `[accounts]` right", "`--account-offset` takes another"],
        ),
    ];
    for (place_in_offset, (name, edits, hints)) in cases.into_iter().enumerate() {
        let patience = ("mail_patience = \"5s\"", "mail_patience = \"2s\"");
        let edits: Vec<_> = edits.iter().copied().chain([patience]).collect();
        let outcome = place.walk(&edits, &["--account-offset", &place_in_offset.to_string()]);
        outcome.ends_with(12).says("not as expected:");
        for hint in hints {
            outcome.says(hint);
        }
        if ["wrong_title", "wrong_form", "wrong_mail"].contains(&name) {
            snapshots().bind(|| insta::assert_snapshot!(name, settled(&place, &outcome.stdout)));
        }
    }
}

/// A report that names the offset takes nobody's word for it: the run it recommends has accounts that this one did not use.
#[test]
fn a_run_says_which_accounts_the_next_one_takes() {
    let place = Place::open();
    place.sekisho.file("target.toml", &place.profile);
    let check = |offset: &str| -> u64 {
        let args = ["check", "--target", "target.toml", "--only", "faq02-a-desktop*", "--account-offset", offset];
        place.sekisho.run(&args).ends_with(0).says("--account-offset");
        let record = place.sekisho.record();
        record["target"]["next_account_offset"].as_u64().unwrap()
    };
    let offset = check("0");
    assert!(offset >= 3, "a story in three portals used {offset} accounts");
    let next = check(&offset.to_string());
    assert!(next > offset && next <= 2 * offset, "{offset}, then {next}");
}

/// Stories that no portal of the target tells have rows, and so has a screen that says nothing of cookies.
#[test]
fn what_a_profile_leaves_out_is_skipped_and_said() {
    let place = Place::open();
    let profile = replace(&place.profile, "\"seeker\", \"employer\", \"provider\"", "\"seeker\"");
    let mark = profile.lines().find(|line| line.starts_with("cookies-off = ")).unwrap().to_owned();
    place.sekisho.file("target.toml", &replace(&profile, &mark, ""));
    let args = ["check", "--target", "target.toml", "--only", "faq-14,faq-15,faq-16", "--level", "must,derived"];
    place.sekisho.run(&args).ends_with(12).says("were judged; the others were skipped");
    let record = place.sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["verdict"] == "skipped"), "{rows:#?}");
    let reason = |rule: &str| {
        let row = rows.iter().find(|row| row["rule"] == rule).unwrap_or_else(|| panic!("no row of {rule}"));
        row["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("FAQ-14").contains("`screens.cookies-off`"), "{}", reason("FAQ-14"));
    for rule in ["FAQ-15", "FAQ-16"] {
        assert!(reason(rule).contains("`employer` only"), "{}", reason(rule));
    }
}

#[test]
fn an_invalid_profile_is_told_everything_and_nothing_is_sent() {
    let sekisho = Sekisho::new();
    let profile = replace(&profile_for("http://127.0.0.1:1"), "form#resume\"", "form##\"");
    let profile = replace(&profile, "\"seeker\", ", "\"seekers\", ");
    sekisho.file("target.toml", &profile);
    let outcome = sekisho.run(&["profile", "check", "target.toml"]);
    outcome.ends_with(2).says("target.toml: 2 problems").says("`steps.resume.form`").says("`portals`");
    sekisho.run(&["profile", "check", "nowhere.toml"]).ends_with(2).says("cannot read");
    let outcome = sekisho.run(&["profile", "check", "target.toml", "--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.ends_with(2).stdout).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 2);
    assert!(report["problems"][0]["line"].as_u64().unwrap() > 1);
}

#[test]
fn offline_nothing_is_sent_and_what_is_missing_is_said() {
    let sekisho = Sekisho::new();
    let profile = replace(
        &profile_for("http://127.0.0.1:1"),
        "[steps.cancel-skip]\nform = \"form#skip-confirmation\"\npress = { name = \"decision\", value = \"cancel\" }\n",
        "",
    );
    sekisho.file("target.toml", &profile);
    sekisho
        .run(&["profile", "check", "target.toml", "--offline"])
        .ends_with(0)
        .says("the profile is valid")
        .says("without the step `cancel-skip`");
    sekisho
        .run(&["profile", "check", "target.toml", "--offline", "--portal", "nobody"])
        .ends_with(2)
        .says("is no portal");
    sekisho
        .run(&["profile", "check", "target.toml", "--offline", "--account-offset", "500"])
        .ends_with(2)
        .says("lower the offset");
}

#[test]
fn a_target_that_is_not_there_is_told_as_such() {
    let sekisho = Sekisho::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let profile = sekisho.profile(&format!("http://{address}"));
    sekisho.run(&["profile", "check", &profile]).ends_with(12).says("no answer").says("is the target running");
    sekisho.run(&["profile", "new", &format!("http://{address}/")]).ends_with(12).says("could not be fetched");
}

#[test]
fn a_draft_of_the_sign_in_page_can_be_read_and_its_sign_in_walked() {
    let place = Place::open();
    let url = format!("{}/seeker/sign-in", place.server.address);
    place.sekisho.run(&["profile", "new", &url, "--output", "draft.toml"]).ends_with(0).says("wrote draft.toml");
    place.sekisho.run(&["profile", "check", "draft.toml", "--offline"]).ends_with(0).says("the profile is valid");
    let draft = std::fs::read_to_string(place.sekisho.dir.path().join("draft.toml")).unwrap();
    assert!(draft.contains("form = \"form#sign-in\""), "{draft}");
    assert!(draft.contains("fill = { \"address\" = \"{address}\", \"password\" = \"{password}\" }"), "{draft}");
    snapshots().bind(|| insta::assert_snapshot!("draft", settled(&place, &draft)));
    place.sekisho.run(&["profile", "new", &url, "--output", "draft.toml"]).ends_with(2).says("exists already");
    place.sekisho.run(&["profile", "new", &url, "--output", "draft.toml", "--force"]).ends_with(0);
    for wrong in ["ftp://a.test/", "a.test/login"] {
        place.sekisho.run(&["profile", "new", wrong]).ends_with(2).says("must begin with").says("hint:");
    }

    // Without an address it asks for one, and what it writes is the same.
    let answered = |line: &str| {
        let mut asking = place.sekisho.command();
        asking.args(["profile", "new"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut asking = asking.spawn().unwrap();
        asking.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let outcome = Outcome::of(asking.wait_with_output().unwrap());
        outcome.says("Address of the sign-in page:");
        outcome
    };
    assert_eq!(answered(&format!("  {url}\n")).ends_with(0).stdout, draft);
    answered("").ends_with(2).says("no address was given");
    answered("nonsense\n").ends_with(2).says("must begin with");
}

#[test]
fn the_help_says_what_the_commands_do() {
    let sekisho = Sekisho::new();
    for (name, command) in [("help_check", "check"), ("help_new", "new")] {
        let outcome = sekisho.run(&["profile", command, "--help"]);
        snapshots().bind(|| insta::assert_snapshot!(name, outcome.ends_with(0).stdout));
    }
}
