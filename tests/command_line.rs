//! The contract of the command line, end to end: what is printed, what is written, and the exit code.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Sekisho, files_in};

#[test]
fn the_reference_server_conforms_and_the_record_validates() {
    let sekisho = Sekisho::new();
    sekisho.run(&["check", "--level", "must,derived,baseline", "--seed", "11"]).ends_with(0).says("conforms");
    let record = sekisho.record();
    assert_eq!(record["verdict"], "conforms");
    assert_eq!(record["seed"], "11");
    assert_eq!(record["command"], "sekisho check --level 'must,derived,baseline' --seed 11");
    let schema: serde_json::Value = serde_json::from_str(include_str!("../reports/schema/run.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&record).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");

    let checks = record["checks"].as_array().unwrap();
    for scenario in sekisho_scenarios::scenarios() {
        let runs_along = scenario.company == sekisho_scenarios::Company::Everything;
        for id in scenario.checks {
            assert_eq!(checks.iter().any(|check| check["id"] == *id), runs_along, "{id}");
        }
    }
    assert!(record["notes"].to_string().contains("--statistical"), "what was left out is not said");
    let undecided: Vec<_> = checks
        .iter()
        .filter(|check| !["pass", "not-applicable"].contains(&check["verdict"].as_str().unwrap()))
        .collect();
    assert!(undecided.is_empty(), "{undecided:#?}");
    assert_eq!(files_in(&sekisho.report()), ["index.html", "junit.xml", "run.json"]);
}

#[test]
fn a_defect_is_nonconforming_and_leaves_evidence_without_secrets() {
    let sekisho = Sekisho::new();
    let defect = sekisho_defects::defects().iter().find(|defect| defect.rule == "FAQ-03").unwrap().id;
    sekisho
        .run(&["check", "--only", "faq-03", "--defect", defect, "--seed", "5"])
        .ends_with(10)
        .says("FAQ-03")
        .says("--seed 5");
    let record = sekisho.record();
    assert_eq!(record["verdict"], "nonconforming");
    let failed = record["checks"].as_array().unwrap().iter().find(|check| check["verdict"] == "fail").unwrap();
    let evidence = failed["evidence"][0].as_str().unwrap();
    let har: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(sekisho.report().join(evidence)).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert!(entries.len() > 3, "only {} exchanges", entries.len());
    let posted: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry["request"]["postData"]["text"].as_str())
        .filter(|text| text.contains("password="))
        .collect();
    assert!(!posted.is_empty());
    assert!(posted.iter().all(|text| text.contains("password-")), "a password stands in {posted:?}");
}

#[test]
fn evidence_of_all_checks_is_kept_when_asked_for() {
    let sekisho = Sekisho::new();
    sekisho.run(&["check", "--only", "notice-3", "--evidence", "all"]).ends_with(0);
    let evidence = files_in(&sekisho.report().join("evidence"));
    assert!(evidence.iter().any(|name| name.ends_with(".har")), "{evidence:?}");
    assert!(evidence.iter().any(|name| name.ends_with(".eml")), "{evidence:?}");
}

#[test]
fn selections_are_understood_or_refused() {
    let sekisho = Sekisho::new();
    sekisho
        .run(&["check", "--list", "--only", "faq-12"])
        .ends_with(0)
        .says("faq12-resume-ends-the-skip-of-a-lost-browser");
    sekisho.run(&["check", "--only", "faq03-expirx"]).ends_with(2).says("did you mean `faq03-expiry`");
    sekisho.run(&["check", "--only", "base-code", "--level", "must"]).ends_with(3).says("hint:");
    sekisho.run(&["check", "--level", "obligatory"]).ends_with(2);
    sekisho.run(&["check", "--defect", "faq03-no-such-defect"]).ends_with(2).says("did you mean");
}

#[test]
fn a_known_deviation_is_waived_till_its_day_and_a_dead_waiver_fails_the_run() {
    let sekisho = Sekisho::new();
    let broken = ["check", "--defect", "faq13-status-shows-a-count", "--only", "faq-13", "--expect", "waivers.toml"];
    let waive = |check: &str, until: &str| {
        let text = format!(
            "[[waiver]]\ncheck = \"{check}\"\nreason = \"mended in release 4\"\nowner = \"login team\"\nuntil = {until}\n"
        );
        std::fs::write(sekisho.dir.path().join("waivers.toml"), text).unwrap();
    };
    waive("faq13-many-*", "9999-12-31");
    sekisho.run(&broken).ends_with(0).says("mended in release 4, login team");
    let waived = sekisho.record()["checks"].as_array().unwrap().iter().filter(|row| row["verdict"] == "waived").count();
    assert_eq!(waived, 3, "one in each portal");
    waive("faq13-*", "2025-08-13");
    sekisho.run(&broken).ends_with(10).says("its last day was 2025-08-13");
    waive("faq13-*", "9999-12-31");
    sekisho.run(&["check", "--only", "faq-13", "--expect", "waivers.toml"]).ends_with(10).says("passes now");
    waive("faq13-one-of-many", "9999-12-31");
    sekisho.run(&broken).ends_with(2).says("line 1: no check is called");
    sekisho.run(&["check", "--expect", "no-such-file.toml"]).ends_with(2).says("cannot be read");
}

#[test]
fn what_is_not_built_says_so() {
    let sekisho = Sekisho::new();
    let commands: [&[&str]; 4] = [
        &["report", "compare", "a", "b"],
        &["report", "merge", "a", "b"],
        &["load", "launch"],
        &["load", "mixed", "--rate", "10"],
    ];
    for command in commands {
        sekisho.run(command).ends_with(2).says("not built yet");
    }
    assert!(files_in(sekisho.dir.path()).is_empty(), "something was written");
}

#[test]
fn the_table_of_rules_names_everything_that_belongs_together() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["rules", "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(rows.len(), sekisho_rules::clauses().count());
    let row = rows.iter().find(|row| row["id"] == "FAQ-12b").unwrap();
    for part in ["text", "text_ja"] {
        assert!(!row[part].as_str().unwrap().is_empty());
    }
    for part in ["checks", "scenarios", "defects"] {
        assert!(!row[part].as_array().unwrap().is_empty(), "{part}");
    }
    sekisho.run(&["rules"]).ends_with(0).says("FAQ-12b");
    sekisho.run(&["rules", "--format", "markdown"]).ends_with(0).says("| FAQ-12b");
}

#[test]
fn json_on_stdout_is_nothing_but_the_record() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["load", "first-sign-in", "--users", "20", "--ramp", "1", "--format", "json"]);
    let record: serde_json::Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(record, sekisho.record());
    assert_eq!(record["load"]["sign_ins"], 20);
    assert_eq!(record["load"]["mail"]["accepted"], 20);
}

#[test]
fn load_counts_violations_of_a_defective_server_like_the_check_does() {
    // The same story, the same assertion: what `check` fails, `load` counts.
    let sekisho = Sekisho::new();
    sekisho.run(&["load", "revoke-all", "--users", "6", "--ramp", "1"]).ends_with(0);
    let load = &sekisho.record()["load"];
    assert_eq!(load["violations"].as_array().unwrap().len(), 0);
    assert_eq!(load["broken_off"].as_array().unwrap().len(), 0);
    assert!(load["sign_ins"].as_u64().unwrap() >= 6 * 7, "{load}");
}

#[test]
fn a_record_can_be_shown_again() {
    let sekisho = Sekisho::new();
    sekisho.run(&["check", "--only", "notice-3"]).ends_with(0);
    sekisho.run(&["report", "show", "sekisho-report"]).ends_with(0).says("NOTICE-3");
    sekisho.run(&["report", "show", "nowhere/run.json"]).ends_with(2);
}

#[test]
fn a_folder_with_foreign_files_is_left_alone() {
    let sekisho = Sekisho::new();
    std::fs::create_dir(sekisho.report()).unwrap();
    std::fs::write(sekisho.report().join("thesis.txt"), "mine").unwrap();
    sekisho.run(&["check", "--only", "notice-3"]).ends_with(2).says("holds files but no report of ours");
    assert_eq!(files_in(&sekisho.report()), ["thesis.txt"]);
}
