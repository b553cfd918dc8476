//! One clock for all accounts: the whole suite in one pass of time, with the same rows and verdicts as with a clock for each account,
//! and every boundary as sharp.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::{Outcome, Sekisho, replace};

/// Verdict and reason of every check in every portal.
type Rows = BTreeMap<(String, String), (String, String)>;

fn rows(clock: &str, seed: &str, code: i32) -> Rows {
    let sekisho = Sekisho::new();
    sekisho
        .run(&["check", "--level", "must,derived,baseline", "--clock", clock, "--seed", seed, "--jobs", "8"])
        .ends_with(code);
    let record = sekisho.record();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = record["checks"].as_array().unwrap().iter();
    rows.map(|row| ((text(row, "id"), text(row, "portal")), (text(row, "verdict"), text(row, "reason")))).collect()
}

#[test]
fn the_whole_suite_agrees_under_both_clocks() {
    let own = rows("account", "1", 0);
    assert!(own.len() > 250, "only {} rows", own.len());
    for seed in ["1", "2", "3"] {
        assert_eq!(rows("global", seed, 0), own, "seed {seed}");
    }
}

/// A clock that runs is as precise as the answers are quick: where one is slow the check is left open, never judged.
#[test]
fn on_a_clock_that_runs_nothing_is_judged_too_late() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["check", "--clock", "global-running", "--seed", "4", "--jobs", "8"]);
    assert!([Some(0), Some(12)].contains(&outcome.code), "{}\n{}", outcome.stdout, outcome.stderr);
    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    let open = rows.iter().filter(|row| !["pass", "not-applicable"].contains(&row["verdict"].as_str().unwrap()));
    let unexplained: Vec<_> =
        open.filter(|row| !row["reason"].as_str().unwrap().contains("while it was probed")).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(rows.iter().any(|row| row["verdict"] == "pass"));
}

#[test]
fn every_boundary_is_as_sharp_on_one_clock() {
    let sekisho = Sekisho::new();
    let boundaries = "notice1-*,notice4-number-lives-one-second-too-long,faq03-code-*,faq03-seconds-are-not-counted,\
                      faq03-looking-extends-the-30-minutes,faq08-skip-*,faq08-setting-again-gives-no-more-days,\
                      faq08-each-use-gives-another-90-days,faq08-cookie-alone-ends-the-skip,\
                      faq08-unticked-sign-in-ends-the-skips,faq13-*";
    let outcome = sekisho
        .run(&["selftest", "--quick", "--clock", "global", "--format", "json", "--seed", "1", "--only", boundaries]);
    let matrix: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(matrix["clean"]["false_alarms"], Value::Array(Vec::new()));
    let defects = matrix["defects"].as_array().unwrap();
    assert!(defects.len() >= 16, "only {} defects", defects.len());
    assert!(defects.iter().all(|defect| defect["caught"] == true));
}

#[test]
fn a_profile_says_whose_clock_it_is_and_cannot_be_told_otherwise() {
    Sekisho::new().run(&["check", "--target", "target.toml", "--clock", "global"]).ends_with(2).says("--clock");
}

const TOKEN: &str = "token-of-the-clock-test";

/// `sekisho serve` with a control listener on free ports, ended with the test.
struct Serving {
    child: Child,
    portals: String,
    control: String,
}

impl Serving {
    fn start(sekisho: &Sekisho, smtp: &str) -> Serving {
        let args = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--cheap-passwords", "--smtp", smtp];
        let mut command = sekisho.command();
        command.env("SEKISHO_CONTROL_TOKEN", TOKEN).arg("serve").args(args).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut address_after = |beginning: &str| {
            let line = lines.find(|line| line.starts_with(beginning)).unwrap();
            line[beginning.len()..].trim_end_matches('/').to_owned()
        };
        let (portals, control) = (address_after("portals on "), address_after("control on "));
        Serving { child, portals, control }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The profile of a server, with what stands in it for the driver of its clock.
fn profile(server: &Serving, mail: &str, clock: &str) -> String {
    let profile = replace(include_str!("../profiles/reference.toml"), "http://127.0.0.1:8080", &server.portals);
    let profile = replace(&profile, "http://127.0.0.1:8081", &server.control);
    let profile = replace(&profile, "127.0.0.1:2525", mail);
    replace(&profile, "[clock]\ndriver = \"control\"\n", clock)
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A target's own hook moves the clock of all its accounts, by a request that the profile describes; a second run goes on from there.
#[test]
fn a_hook_of_the_targets_moves_its_clock() {
    let sekisho = Sekisho::new();
    let mail = free_address();
    let server = Serving::start(&sekisho, &mail);
    let hook = format!(
        "[secrets]\ntoken = {{ env = \"SEKISHO_CONTROL_TOKEN\" }}\n\n\
         [clock]\ndriver = \"http\"\nfrozen = true\nsettle = \"10ms\"\n\
         request = {{ url = \"{}/clock\", headers = {{ authorization = \"Bearer {{secret:token}}\" }}, \
         json = {{ accounts = \"all\", advance_ms = \"{{by_ms}}\" }} }}\n",
        server.control
    );
    sekisho.file("target.toml", &profile(&server, &mail, &hook));
    let check = || {
        let mut command = sekisho.command();
        let args = ["check", "--only", "faq03*", "--target", "target.toml", "--seed", "3"];
        command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(args);
        Outcome::of(command.output().unwrap())
    };
    check().ends_with(0);
    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    assert!(rows.len() >= 15 && rows.iter().all(|row| row["verdict"] == "pass"), "{rows:#?}");
    let (began, left_at) = (&record["started_at"], &record["target"]["clock_left_at"]);
    assert!(left_at.as_str().unwrap() > began.as_str().unwrap(), "{left_at}");
    assert!(!record.to_string().contains(TOKEN), "a secret stands in the record");

    // A hook that refuses keeps what needs it from being known: nothing passes for it.
    let profile =
        replace(&std::fs::read_to_string(sekisho.dir.path().join("target.toml")).unwrap(), "/clock\"", "/clocks\"");
    sekisho.file("target.toml", &profile);
    check().ends_with(12).says("POST /clocks").says("404");
}

/// A means that is done and moves nothing: what should have ended is in doubt, and the dry walk says so.
#[test]
fn a_clock_that_stands_makes_nothing_fail() {
    let sekisho = Sekisho::new();
    let mail = free_address();
    let server = Serving::start(&sekisho, &mail);
    let idle = "[clock]\ndriver = \"command\"\ncommand = [\"true\", \"{by_seconds}\"]\n";
    sekisho.file("target.toml", &profile(&server, &mail, idle));
    let run = |args: &[&str]| {
        let mut command = sekisho.command();
        Outcome::of(command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(args).output().unwrap())
    };
    let outcome = run(&["check", "--target", "target.toml", "--seed", "3"]);
    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    let with = |verdict: &str| rows.iter().filter(|row| row["verdict"] == verdict).collect::<Vec<_>>();
    assert_eq!(with("fail"), Vec::<&Value>::new(), "{}", outcome.stdout);
    let late = with("inconclusive");
    let late = late.iter().filter(|row| row["id"] == "faq03-code-is-refused-after-30-minutes").collect::<Vec<_>>();
    assert!(!late.is_empty(), "{}", outcome.stdout);
    for row in late {
        assert!(row["reason"].as_str().unwrap().contains("target's time passes"), "{row:#}");
        assert!(!row["observed"].as_str().unwrap().is_empty(), "{row:#}");
    }
    assert!(with("pass").len() > 100, "{}", outcome.stdout);
    outcome.ends_with(12);
    run(&["profile", "check", "target.toml", "--clock"]).ends_with(12).says("the code still signs in");
}

/// Real time: what would have to wait too long is skipped, and says which key lets it wait longer.
#[test]
fn a_story_that_would_really_wait_too_long_is_skipped() {
    let sekisho = Sekisho::new();
    let mail = free_address();
    let server = Serving::start(&sekisho, &mail);
    sekisho.file("target.toml", &profile(&server, &mail, "[clock]\ndriver = \"wait\"\nlongest_wait = \"1m\"\n"));
    let mut command = sekisho.command();
    let args = ["check", "--only", "faq03-code-*,faq01-*", "--level", "must", "--target", "target.toml"];
    let outcome = Outcome::of(command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(args).output().unwrap());
    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    let (waiting, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["rule"] == "FAQ-03");
    let skipped = |row: &&&Value| {
        row["verdict"] == "skipped" && row["reason"].as_str().unwrap().contains("`clock.longest_wait` is 60 s")
    };
    assert!(waiting.len() >= 3 && waiting.iter().all(|row| skipped(&row)), "{waiting:#?}\n{}", outcome.stderr);
    assert!(others.len() >= 9 && others.iter().all(|row| row["verdict"] == "pass"), "{others:#?}");
}

/// A clock that is past go-live and cannot be put back: what needs an earlier time is skipped and says so, all else is judged.
#[test]
fn a_profile_with_one_clock_is_checked_from_the_present_on() {
    let sekisho = Sekisho::new();
    let mail = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = Serving::start(&sekisho, &mail);
    let profile = replace(include_str!("../profiles/reference.toml"), "http://127.0.0.1:8080", &server.portals);
    let profile = replace(&profile, "http://127.0.0.1:8081", &server.control);
    let profile = replace(&profile, "127.0.0.1:2525", &mail);
    let one_clock = "[clock]\ndriver = \"control\"\nscope = \"global\"\nfrozen = true\n";
    let profile = replace(&profile, "[clock]\ndriver = \"control\"\n", one_clock);
    sekisho.file("target.toml", &profile);
    let mut command = sekisho.command();
    command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(["check", "--target", "target.toml"]);
    let outcome = Outcome::of(command.output().unwrap());

    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    let (before_go_live, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["verdict"] == "skipped");
    assert!(before_go_live.len() >= 9, "{}", outcome.stdout);
    for row in before_go_live {
        assert!(row["reason"].as_str().unwrap().contains("one for all accounts, already shows"), "{row:#}");
        assert!(row["rule"] == "NOTICE-1" || row["rule"] == "NOTICE-4", "{row:#}");
    }
    let undecided: Vec<_> =
        others.iter().filter(|row| row["verdict"] != "pass" && row["verdict"] != "not-applicable").collect();
    assert!(undecided.is_empty() && others.len() > 200, "{undecided:#?}");
    let (began, left_at) = (&record["started_at"], &record["target"]["clock_left_at"]);
    assert!(left_at.as_str().unwrap() > began.as_str().unwrap(), "{left_at}");
}

#[test]
fn one_clock_that_makes_no_sense_is_named_with_its_line() {
    let sekisho = Sekisho::new();
    let reference = include_str!("../profiles/reference.toml");
    let clock = "[clock]\ndriver = \"control\"\n";
    let numbered = "source = \"numbered\"\naddress = \"u{number}@example.test\"\npassword = \"p\"\nlast = 9";
    let global = replace(reference, clock, &format!("{clock}scope = \"global\"\n"));
    let cases = [
        (replace(reference, clock, "[clock]\nscope = \"global\"\n"), "without a `driver`"),
        (replace(reference, clock, &format!("{clock}frozen = true\n")), "for a clock with `scope"),
        (replace(reference, clock, &format!("{clock}starts_at = \"2025-08-13T05:00:00+09:00\"\n")), "for a clock with"),
        (replace(&global, "source = \"control\"", numbered), "`accounts.source` must be `control`"),
        (replace(&global, "scope = \"global\"", "scope = \"world\""), "unknown variant `world`"),
    ];
    for (profile, message) in cases {
        sekisho.file("target.toml", &profile);
        let mut command = sekisho.command();
        command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(["check", "--target", "target.toml"]);
        Outcome::of(command.output().unwrap()).ends_with(2).says("line ").says(message);
    }
}
