//! What the suite says of a foreign system, held against a snapshot and against the explanations of its failures.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::explained::Explained;
use crate::support::Sekisho;
use crate::system::{System, scripts};

/// How many people sign in under load.
const USERS: usize = 20;

/// A system and one of its profiles.
pub struct Case {
    /// Name of the profile in `profiles/`, and of the snapshot.
    pub profile: &'static str,
    /// Folder of the system.
    pub system: &'static str,
    /// File in that folder that explains the failures.
    pub explained: &'static str,
    /// How many accounts it is given: all that the profile names.
    pub accounts: usize,
}

/// Checks the system at all levels. Every verdict must be the known one, and every failure explained.
pub fn judge(case: &Case) {
    let sekisho = Sekisho::new();
    let system = System::start(case.system, case.accounts, sekisho.dir.path());
    sekisho.file("target.toml", &profile_for(case, &system));
    let outcome = sekisho.run(&["check", "--target", "target.toml", "--level", "must,derived,baseline", "--seed", "1"]);
    assert!(matches!(outcome.code, Some(0 | 10 | 12)), "{}", outcome.stderr);
    let record = sekisho.record();
    let rows = record["checks"].as_array().unwrap();
    assert!(rows.len() > 100, "only {} checks", rows.len());
    let explained = Explained::read(&scripts().join(case.system).join(case.explained));
    let failed: BTreeSet<&str> =
        rows.iter().filter(|row| row["verdict"] == "fail").map(|row| row["id"].as_str().unwrap()).collect();
    // The snapshot first: it shows everything at once.
    snapshot(case, &lines(rows, &explained));
    let gaps = explained.gaps(&failed);
    assert!(gaps.is_empty(), "{}:\n{}", case.profile, gaps.join("\n"));
}

/// Has some people sign in at once. Nobody may be kept out, and no rule broken.
pub fn load(case: &Case) {
    let sekisho = Sekisho::new();
    let system = System::start(case.system, case.accounts, sekisho.dir.path());
    sekisho.file("target.toml", &profile_for(case, &system));
    let users = USERS.to_string();
    let outcome = sekisho.run(&["load", "first-sign-in", "--target", "target.toml", "--users", &users, "--seed", "1"]);
    let load = &sekisho.record()["load"];
    assert_eq!(load["violations"], serde_json::json!([]), "{}", outcome.stderr);
    assert_eq!(load["sign_ins"], USERS, "{}", outcome.stderr);
    let errors: u64 = load["steps"].as_array().unwrap().iter().map(|step| step["errors"].as_u64().unwrap()).sum();
    assert_eq!(errors, 0, "{}", outcome.stderr);
}

/// The profile as it is published, with the addresses and the file of this very system.
fn profile_for(case: &Case, system: &System) -> String {
    let path = scripts().join("../../profiles").join(format!("{}.toml", case.profile));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    let text = with_value(&text, "", "base", &system.base);
    let text = with_value(&text, "mail", "listen", &system.smtp);
    with_value(&text, "clock", "file", system.clock.to_str().unwrap())
}

/// The text with another value for a key that must stand there once, on a line of its own.
fn with_value(text: &str, table: &str, key: &str, value: &str) -> String {
    let (mut inside, mut found) = (String::new(), 0);
    let replaced: String = text
        .lines()
        .map(|line| {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                name.clone_into(&mut inside);
            }
            let is_wanted = inside == table && line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
            found += usize::from(is_wanted);
            if is_wanted { format!("{key} = {value:?}\n") } else { format!("{line}\n") }
        })
        .collect();
    assert_eq!(found, 1, "the profile has `{key}` in `[{table}]` {found} times");
    replaced
}

/// One line for each check, and above them how often each verdict was given.
fn lines(rows: &[Value], explained: &Explained) -> String {
    let mut text = String::new();
    for row in rows {
        let (id, reason) = (row["id"].as_str().unwrap(), row["reason"].as_str().unwrap());
        // A race decides between the two; a doubt, or a check that was left out, is another thing.
        let verdict = match row["verdict"].as_str().unwrap() {
            "pass" | "fail" if explained.varies(id) => "varies",
            verdict => verdict,
        };
        let reason = if verdict == "varies" { "" } else { reason.lines().next().unwrap_or_default() };
        writeln!(text, "{}", format!("{verdict:<14} {id}  {reason}").trim_end()).unwrap();
    }
    text
}

fn snapshot(case: &Case, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(scripts().join(case.system));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // Which account a story got, and how far it was, differs from run to run.
    settings.add_filter(r"user\d{5}@", "user[number]@");
    settings.add_filter(r"\b\d+(\.\d+)? ?(s|ms)\b", "[time]");
    settings.bind(|| insta::assert_snapshot!(case.profile, text));
}
