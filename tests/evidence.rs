//! A failure can be seen again: by the command that the report prints, and in its evidence, which holds every exchange in order and no
//! secret. What was not judged says why.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{Sekisho, files_in, profile_for};

/// The commands that a report prints to see its failures again, as words.
fn reproductions(stdout: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut lines = stdout.lines();
    while let Some(line) = lines.next() {
        let Some(mut command) = line.trim().strip_prefix("reproduce").map(|rest| rest.trim().to_owned()) else {
            continue;
        };
        while let Some(begun) = command.strip_suffix('\\') {
            command = format!("{begun}{}", lines.next().unwrap().trim());
        }
        found.push(shlex::split(&command).unwrap());
    }
    found
}

fn failed(record: &Value) -> Vec<&Value> {
    record["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail").collect()
}

#[test]
fn the_printed_command_shows_the_failure_again() {
    let first = Sekisho::new();
    let defect = "faq13-status-shows-a-count";
    let outcome = first.run(&["check", "--only", "faq-13", "--defect", defect, "--seed", "5"]);
    let commands = reproductions(&outcome.ends_with(10).says("required").says("expected").says("observed").stdout);
    assert!(!commands.is_empty(), "no command is printed:\n{}", outcome.stdout);
    let record = first.record();
    let seen = failed(&record)[0].clone();
    for words in commands {
        assert_eq!(words[..2], ["sekisho", "check"], "{words:?}");
        let again = Sekisho::new();
        let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        again.run(&words).ends_with(10);
        let record = again.record();
        assert_eq!(record["seed"], "5");
        for check in failed(&record) {
            for key in ["id", "rule", "expected", "observed"] {
                assert_eq!(check[key], seen[key], "{key}");
            }
        }
    }
}

#[test]
fn the_evidence_of_a_failure_holds_every_exchange_in_order_and_no_secret() {
    let sekisho = Sekisho::new();
    let defect = "faq13-status-shows-a-count";
    sekisho.run(&["check", "--only", "faq-13", "--defect", defect, "--seed", "5"]).ends_with(10);
    let record = sekisho.record();
    let evidence: Vec<&str> =
        failed(&record)[0]["evidence"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(evidence.iter().any(|name| name.ends_with(".har")) && evidence.iter().any(|name| name.ends_with(".eml")));
    let har = evidence.iter().find(|name| name.ends_with(".har")).unwrap();
    let har: Value = serde_json::from_str(&std::fs::read_to_string(sekisho.report().join(har)).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let times: Vec<&str> = entries.iter().map(|entry| entry["startedDateTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let posts: Vec<&Value> = entries.iter().filter(|entry| entry["request"]["method"] == "POST").collect();
    // An onlooker and seven browsers each send a password and a code, and the seven confirm their skip.
    assert!(posts.len() >= 23, "only {} forms were sent", posts.len());

    let (mut secrets, mut cookies) = (0, 0);
    for post in &posts {
        for param in post["request"]["postData"]["params"].as_array().unwrap() {
            let (name, value) = (param["name"].as_str().unwrap(), param["value"].as_str().unwrap());
            if matches!(name, "password" | "code") {
                assert!(value.starts_with(&format!("{name}-")), "{name} stands in clear: {value}");
                secrets += 1;
            }
        }
    }
    for side in ["request", "response"] {
        for cookie in entries.iter().flat_map(|entry| entry[side]["cookies"].as_array().unwrap()) {
            let value = cookie["value"].as_str().unwrap();
            assert!(value.is_empty() || value.contains("cookie-"), "a cookie stands in clear: {cookie}");
            cookies += 1;
        }
    }
    assert!(secrets >= 16 && cookies >= 16, "only {secrets} secrets and {cookies} cookies were looked at");
    let mails = files_in(&sekisho.report().join("evidence")).into_iter().filter(|name| name.ends_with(".eml"));
    let mails: Vec<String> =
        mails.map(|name| std::fs::read_to_string(sekisho.report().join("evidence").join(name)).unwrap()).collect();
    assert!(mails.len() >= 8 && mails.iter().all(|mail| mail.contains("code-")), "{} mails", mails.len());
}

#[test]
fn what_is_skipped_or_not_applicable_says_why() {
    let sekisho = Sekisho::new();
    let text = profile_for("http://127.0.0.1:1") + "\n[not_applicable]\nFAQ-07 = \"one browser only, by contract\"\n";
    sekisho.file("target.toml", &text);
    sekisho.run(&["check", "--target", "target.toml"]).ends_with(12);
    let record = sekisho.record();
    let of = |verdict: &str| -> Vec<&Value> {
        record["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == verdict).collect()
    };
    let (skipped, not_applicable) = (of("skipped"), of("not-applicable"));
    assert!(!skipped.is_empty() && !not_applicable.is_empty());
    assert!(skipped.iter().chain(&not_applicable).all(|check| !check["reason"].as_str().unwrap().is_empty()));
    assert!(not_applicable.iter().any(|check| check["reason"] == "one browser only, by contract"));
    assert!(skipped.iter().any(|check| check["reason"].as_str().unwrap().contains("additional accounts")));
}

/// A target that shows every request's head on its page.
fn mirror() -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 8192];
            let length = connection.read(&mut request).unwrap_or(0);
            let page = format!("<title>鏡</title><pre>{}</pre>", String::from_utf8_lossy(&request[..length]));
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
            let _ = write!(connection, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    address
}

#[test]
fn a_secret_of_the_profile_reaches_the_target_but_no_report() {
    let sekisho = Sekisho::new();
    let client = "[secrets]\nstaging = { env = \"SEKISHO_TEST_SECRET\" }\n[client]\nheaders = { X-Staging-Key = \"{secret:staging}\" }\n";
    sekisho.file("target.toml", &format!("{}\n{client}", profile_for(&format!("http://{}", mirror()))));
    let secret = "staging-8d1f0c";
    let mut command = sekisho.command();
    command.env("SEKISHO_TEST_SECRET", secret);
    command.args([
        "check",
        "--target",
        "target.toml",
        "--only",
        "faq01-the-mailed-code-opens-my-page",
        "--evidence",
        "all",
    ]);
    let outcome = support::Outcome::of(command.output().unwrap());
    outcome.ends_with(12);
    let mut pseudonyms = 0;
    let report = sekisho.report();
    let files = files_in(&report).into_iter().map(|file| report.join(file)).filter(|file| file.is_file());
    let evidence = report.join("evidence");
    for file in files.chain(files_in(&evidence).into_iter().map(|file| evidence.join(file))) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let file = file.display().to_string();
        assert!(!text.contains(secret), "{file}");
        if file.ends_with(".har") {
            // Once in the request and once on the page, where the target shows it.
            assert!(text.to_lowercase().contains("x-staging-key"), "{text}");
            pseudonyms += text.matches("secret-1").count();
        }
    }
    assert!(pseudonyms >= 2, "{pseudonyms}");
    assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
}

#[test]
fn a_load_that_the_profile_holds_back_says_so() {
    let sekisho = Sekisho::new();
    let profile = profile_for(&format!("http://{}", mirror()));
    sekisho.file("target.toml", &support::replace(&profile, "[clock]\n", "[limits]\nper_second = 10\n[clock]\n"));
    sekisho.run(&["load", "first-sign-in", "--users", "20", "--ramp", "1", "--target", "target.toml"]).ends_with(12);
    let record = sekisho.record();
    let notes = record["notes"].as_array().unwrap();
    let held = notes.iter().find(|note| note.as_str().unwrap().contains("Held back by `limits.per_second`")).unwrap();
    assert!(held.as_str().unwrap().contains("requests waited"), "{held}");
    let open = &record["load"]["steps"][0];
    assert_eq!(open["name"], "open-sign-in", "{record}");
}
