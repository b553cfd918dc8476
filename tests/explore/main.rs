//! `sekisho explore`, end to end: the right server holds, faulty ones are found out by stories that nobody wrote, and a story is told
//! again from its file.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod search;
mod venue;

use std::path::PathBuf;

use serde_json::Value;
use support::{Outcome, Sekisho, files_in};

/// Explores the reference server with a defect, as many stories as it takes to meet it.
fn explore(sekisho: &Sekisho, defect: &str) -> Outcome {
    sekisho.run(&["explore", "--defect", defect, "--seed", "1", "--cases", "400"])
}

fn stories(sekisho: &Sekisho) -> Vec<(PathBuf, Value)> {
    let folder = sekisho.report().join("explore");
    let names = files_in(&folder);
    let read = |name: &String| serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    names.iter().map(|name| (folder.join(name), read(name))).collect()
}

#[test]
fn the_right_server_holds_in_every_story() {
    let sekisho = Sekisho::new();
    sekisho
        .run(&["explore", "--seed", "3", "--cases", "40"])
        .ends_with(0)
        .says("40 stories")
        .says("40 held")
        .says("steps/s");
    let record = sekisho.record();
    assert_eq!((&record["verdict"], &record["seed"]), (&Value::from("conforms"), &Value::from("3")));
    let checks = record["checks"].as_array().unwrap();
    assert!(checks.len() > 20, "steps were judged by {} clauses only", checks.len());
    assert!(checks.iter().all(|check| check["verdict"] == "pass"), "{checks:#?}");
    assert!(!sekisho.report().join("explore").exists(), "a story was saved though all held");
}

#[test]
fn a_story_is_shortened_told_and_told_again() {
    let sekisho = Sekisho::new();
    let defect = "faq12-acting-browser-keeps-its-skip";
    let outcome = explore(&sekisho, defect);
    outcome.ends_with(10).says("completes the resume with [完了] in browser ").says("--replay sekisho-report/explore/");
    assert!(outcome.stdout.contains("Expected ") && outcome.stdout.contains(", saw "), "{}", outcome.stdout);
    let record = sekisho.record();
    let failed = record["checks"].as_array().unwrap().iter().find(|check| check["verdict"] == "fail").unwrap();
    let evidence = failed["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|file| file.as_str().unwrap().ends_with(".har")), "{failed:#}");

    let stories = stories(&sekisho);
    assert!(!stories.is_empty());
    for (file, story) in &stories {
        let steps = story["steps"].as_array().unwrap();
        assert!(steps.len() <= 8, "{story:#}");
        assert!(steps.iter().any(|step| step["do"] == "complete-resume"), "{story:#}");
        let file = file.to_str().unwrap();
        let clause = story["clause"].as_str().unwrap();
        sekisho.run(&["explore", "--replay", file, "--defect", defect]).ends_with(10).says(clause);
        sekisho.run(&["explore", "--replay", file]).ends_with(0).says("The story holds now");
    }
}

#[test]
fn a_file_that_holds_no_story_is_refused() {
    let sekisho = Sekisho::new();
    sekisho.run(&["explore", "--replay", "missing.json"]).ends_with(2).says("cannot be read");
    sekisho.file("broken.json", "{\n \"schema\": 1,\n \"seed\": 7\n}");
    sekisho.run(&["explore", "--replay", "broken.json"]).ends_with(2).says("line 3").says("seed");
    sekisho.file("empty.json", "");
    sekisho.run(&["explore", "--replay", "empty.json"]).ends_with(2).says("line 1");
}

#[test]
fn a_target_that_cannot_be_reached_is_inconclusive() {
    let sekisho = Sekisho::new();
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let profile = sekisho.profile(&format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    sekisho.run(&["explore", "--target", &profile, "--cases", "3"]).ends_with(12).says("No story could be told");
    assert_eq!(sekisho.record()["verdict"], "inconclusive");
}
