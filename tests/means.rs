//! The target's own means on the command line: what puts it in its first state, and the accounts that there are.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::TcpListener;

use support::{Sekisho, files_in, profile_for, replace};

/// A target at which nobody listens, with what the profile says beside.
fn unreachable(more: &str) -> (Sekisho, String) {
    let sekisho = Sekisho::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let profile = format!("{}\n{more}\n", profile_for(&format!("http://{address}")));
    sekisho.file("target.toml", &profile);
    (sekisho, profile)
}

const COMMANDS: [&[&str]; 3] = [
    &["check", "--only", "faq-02"],
    &["load", "first-sign-in", "--users", "2", "--ramp", "1"],
    &["explore", "--cases", "2"],
];

fn run(sekisho: &Sekisho, args: &[&str], more: &[&str]) -> support::Outcome {
    sekisho.run(&[args, &["--target", "target.toml"], more].concat())
}

#[test]
fn a_target_is_reset_once_before_each_run() {
    let (sekisho, _) = unreachable("[reset]\ncommand = [\"sh\", \"-c\", \"echo reset >> told\"]");
    for (place, args) in COMMANDS.iter().enumerate() {
        run(&sekisho, args, &[]).ends_with(12);
        let told = std::fs::read_to_string(sekisho.dir.path().join("told")).unwrap();
        assert_eq!(told.lines().count(), place + 1, "{args:?}");
    }
}

#[test]
fn a_reset_that_fails_ends_the_run_before_it_begins() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let hooks = [
        ("command = [\"sh\", \"-c\", \"echo no database >&2; exit 4\"]", "exit code 4: no database"),
        ("command = [\"sleep\", \"60\"]\npatience = \"200ms\"", "was not done within 0.2 s"),
        ("request = { url = \"http://127.0.0.1:1/reset\" }", "POST /reset"),
    ];
    for (hook, says) in hooks {
        let sekisho = Sekisho::new();
        let profile = profile_for(&format!("http://{}", listener.local_addr().unwrap()));
        sekisho.file("target.toml", &format!("{profile}\n[reset]\n{hook}\n"));
        for args in COMMANDS {
            run(&sekisho, args, &[]).ends_with(2).says("was not reset").says(says).says("hint:");
        }
        assert!(!sekisho.report().exists());
    }
    assert!(listener.accept().is_err(), "the login was asked for something");
}

#[test]
fn a_reset_that_makes_no_sense_is_named_with_line_and_key() {
    let cases = [
        ("", 0, "`command` or `request` must say"),
        ("command = [\"true\"]\nrequest = { url = \"/\" }", 2, "either `command` or `request`"),
        ("command = [\"./nothing-here\"]", 1, "no program `./nothing-here`"),
        ("command = [\"true\", \"{address}\"]", 1, "`{address}` is not known here"),
        ("command = [\"true\"]\npatience = \"0s\"", 2, "no time to wait"),
        ("comand = [\"true\"]", 1, "did you mean `command`"),
    ];
    for (hook, below, says) in cases {
        let (sekisho, profile) = unreachable(&format!("[reset]\n{hook}"));
        let header = profile.lines().position(|line| line == "[reset]").unwrap() + 1;
        run(&sekisho, COMMANDS[0], &[]).ends_with(2).says(&format!("line {},", header + below)).says(says);
    }
}

/// A run that would end half way for want of accounts does not begin, and resets nothing.
#[test]
fn too_few_accounts_are_told_before_anything_is_done() {
    let (sekisho, profile) = unreachable("[reset]\ncommand = [\"sh\", \"-c\", \"echo reset >> told\"]");
    let place = format!("line {},", profile.lines().position(|line| line == "last = 500").unwrap() + 1);
    let too_few = |args: &[&str], says: &str| {
        run(&sekisho, args, &[])
            .ends_with(2)
            .says(&place)
            .says("`accounts.last`")
            .says(says)
            .says("hint: raise `last`, lower the offset");
    };
    too_few(&["check", "--account-offset", "499"], "and there are 1");
    too_few(&["check", "--only", "faq-02", "--account-offset", "5000"], "and there are 0");
    too_few(&["load", "mixed", "--users", "501"], "501 accounts are needed at least in all portals together");
    assert!(!files_in(sekisho.dir.path()).contains(&"told".to_owned()));
    run(&sekisho, &["check", "--only", "faq-02", "--account-offset", "480"], &[]).ends_with(12);

    sekisho.file("accounts.csv", "address,password\na@a.test,p\nb@a.test,p\nb@a.test,q\n");
    let numbered = "source = \"numbered\"\naddress = \"user{number:5}@example.test\"\npassword = \"password-{number:5}\"\nlast = 500";
    sekisho.file("target.toml", &replace(&profile, numbered, "source = \"csv\"\nfile = \"accounts.csv\""));
    run(&sekisho, COMMANDS[0], &[]).ends_with(2).says("accounts.csv`, line 4").says("stands in line 3 already");
    sekisho.file("accounts.csv", "address,password\na@a.test,p\nb@a.test,p\n");
    run(&sekisho, COMMANDS[0], &[]).ends_with(2).says("`accounts.file`").says("and there are 2");
    run(&sekisho, COMMANDS[1], &[]).ends_with(12);
}

#[test]
fn an_offset_without_accounts_that_exist_is_a_usage_error() {
    let sekisho = Sekisho::new();
    sekisho.run(&["check", "--account-offset", "3"]).ends_with(2).says("--target");
    sekisho.file("target.toml", include_str!("../profiles/reference.toml"));
    let mut command = sekisho.command();
    let args = ["check", "--target", "target.toml", "--account-offset", "3"];
    let outcome = support::Outcome::of(command.env("SEKISHO_CONTROL_TOKEN", "t").args(args).output().unwrap());
    outcome.ends_with(2).says("`accounts.source`").says("leave the option out");
}
