//! Targets that misbehave in any way a target can: against each the command line ends in time and within bounds of memory, concludes
//! nothing, and says what happened.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "hostile_targets/pages.rs"]
mod pages;
#[path = "hostile_targets/rows.rs"]
mod rows;
#[path = "hostile_targets/server.rs"]
mod server;
mod support;

use std::net::TcpListener;
use std::sync::Mutex;

use rows::{Row, rows};
use support::{Outcome, Sekisho, profile_for, replace};

/// How many runs go on side by side.
const SIDE_BY_SIDE: usize = 4;
/// How much memory a run may have, in KiB: several times what it needs, and less than a run that keeps everything would take.
const MEMORY_KIB: usize = 1_500_000;
/// How long a run may take, in seconds, on a machine that is busy with other things.
const PATIENCE_S: usize = 120;
/// How large the record of a run may be. In bytes.
const MAX_RECORD_BYTES: u64 = 4 * 1024 * 1024;
/// What is checked: the ways in, the skip, and what is absent.
const CHECKED: [&str; 8] = ["--only", "faq-01", "--only", "faq-06", "--only", "faq-14", "--only", "notice-2"];

#[test]
fn every_hostile_target_ends_in_doubt_and_is_named() {
    let table = rows();
    assert!(table.len() >= 60, "only {} targets", table.len());
    let left = Mutex::new(table.iter());
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some(row) = left.lock().unwrap().next() else { break };
                    if let Err(fault) = try_row(row) {
                        faults.lock().unwrap().push(format!("a target that {}: {fault}", row.name));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), table.len(), faults.join("\n"));
}

fn try_row(row: &Row) -> Result<(), String> {
    let address = server::start(row.target.clone());
    let profile = profile_for(&format!("{}://{address}", row.scheme));
    let profile = replace(&profile, "portals = [\"seeker\", \"employer\", \"provider\"]", "portals = [\"employer\"]");
    let patience = if row.patient { "30s" } else { "800ms" };
    let limits = format!("[limits]\nconnect_patience = \"{patience}\"\nanswer_patience = \"{patience}\"\n\n[numbers]");
    let profile = replace(&profile, "[numbers]", &limits);
    let profile = row.edits.iter().fold(profile, |profile, (from, to)| replace(&profile, from, to));
    judge(row.says, &run(&profile))
}

/// Checks the target of a profile in a process that is bounded by the system.
fn run(profile: &str) -> (Outcome, Sekisho) {
    let sekisho = Sekisho::new();
    sekisho.file("target.toml", profile);
    let command = sekisho.command();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY_KIB}; exec timeout {PATIENCE_S} \"$@\""))
        .arg("sh")
        .arg(command.get_program())
        .args(["check", "--target", "target.toml", "--jobs", "4"])
        .args(CHECKED)
        .current_dir(sekisho.dir.path())
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env_remove("RUST_LOG")
        // An arena for each thread would take most of the memory for nothing.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    (Outcome::of(output), sekisho)
}

fn judge(says: &str, (outcome, sekisho): &(Outcome, Sekisho)) -> Result<(), String> {
    if outcome.code != Some(12) || outcome.stderr.contains("panicked") {
        return Err(format!("ended with {:?}\n{}\n{}", outcome.code, outcome.stdout, outcome.stderr));
    }
    let size = std::fs::metadata(sekisho.report().join("run.json")).unwrap().len();
    if size > MAX_RECORD_BYTES {
        return Err(format!("its record has {size} bytes"));
    }
    let record = sekisho.record();
    let checks = record["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().filter(|check| check["verdict"] == name).count();
    if of("pass") + of("fail") > 0 || of("inconclusive") == 0 {
        return Err(format!("{} pass, {} fail, {} inconclusive", of("pass"), of("fail"), of("inconclusive")));
    }
    let reasons: Vec<&str> = checks.iter().map(|check| check["reason"].as_str().unwrap()).collect();
    if reasons.contains(&"") {
        return Err("a check gives no reason".to_owned());
    }
    let said = reasons.iter().any(|reason| reason.contains(says));
    if said { Ok(()) } else { Err(format!("no reason says `{says}`, but: {}", reasons[0])) }
}

#[test]
fn a_target_that_is_not_there_is_named() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fault = judge("refused the connection", &run(&profile_for(&format!("http://{nobody}"))));
    assert_eq!(fault, Ok(()));
}

#[test]
fn a_patience_of_nothing_is_refused_and_a_slow_story_is_ended() {
    let sekisho = Sekisho::new();
    let profile = profile_for("http://127.0.0.1:1");
    let with = |limit: &str| replace(&profile, "[numbers]", &format!("[limits]\n{limit}\n\n[numbers]"));
    sekisho.file("target.toml", &with("answer_patience = \"0s\""));
    sekisho.run(&["check", "--target", "target.toml"]).ends_with(2).says("limits.answer_patience");
    let silent = server::start(server::hangs_after(""));
    let slow = with("story_patience = \"200ms\"").replace("http://127.0.0.1:1", &format!("http://{silent}"));
    assert_eq!(judge("the story was not over after 0.2 s", &run(&slow)), Ok(()));
}
