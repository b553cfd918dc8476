//! A target whose mails arrive in a Mailpit that others run: here `sekisho sink --http`, which speaks its API.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use support::{Outcome, Sekisho, replace};

const TOKEN: &str = "token-of-the-mail-test";

/// A command that runs until the test is over, and the addresses it told.
struct Running {
    child: Child,
    addresses: Vec<String>,
}

impl Running {
    /// Starts it and reads the addresses behind these beginnings of lines, in their order.
    fn start(sekisho: &Sekisho, args: &[&str], beginnings: &[&str]) -> Running {
        let mut command = sekisho.command();
        let mut child = command.env("SEKISHO_CONTROL_TOKEN", TOKEN).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut addresses = Vec::new();
        for beginning in beginnings {
            let mut line = String::new();
            while !line.starts_with(beginning) {
                line.clear();
                assert_ne!(output.read_line(&mut line).unwrap(), 0, "no line `{beginning}…`");
            }
            addresses.push(line[beginning.len()..].trim().trim_end_matches('/').to_owned());
        }
        // Whatever it says later must find a reader.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Running { child, addresses }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_target_whose_mails_arrive_in_a_mailpit_conforms_and_refused_mail_is_skipped_with_the_reason() {
    let sekisho = Sekisho::new();
    let sink = Running::start(
        &sekisho,
        &["sink", "--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0"],
        &["SMTP on ", "inbox on "],
    );
    let [smtp, inbox] = &sink.addresses[..] else { panic!("{:?}", sink.addresses) };
    let serve = ["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--cheap-passwords", "--smtp", smtp];
    let server = Running::start(&sekisho, &serve, &["portals on ", "control on "]);
    let profile = include_str!("../profiles/reference.toml");
    let profile = replace(profile, "http://127.0.0.1:8080", &server.addresses[0]);
    let profile = replace(&profile, "http://127.0.0.1:8081", &server.addresses[1]);
    let profile = replace(&profile, "token_env = \"SEKISHO_CONTROL_TOKEN\"", "token_env = \"MAIL_TEST_TOKEN\"");
    let mailpit = |url: &str| {
        let source = format!("source = \"mailpit\"\nurl = \"{url}\"\npoll = \"20ms\"");
        replace(&profile, "listen = \"127.0.0.1:2525\"", &source)
    };
    let check = |profile: &str| {
        sekisho.file("target.toml", profile);
        let mut command = sekisho.command();
        command.env("MAIL_TEST_TOKEN", TOKEN).args(["check", "--target", "target.toml", "--only", "faq-01"]);
        Outcome::of(command.args(["--only", "faq-04", "--only", "faq-05"]).output().unwrap())
    };
    let outcome = check(&mailpit(inbox));
    let record = sekisho.record();
    let checks = record["checks"].as_array().unwrap();
    assert!(checks.len() > 15, "{}\n{}", outcome.stdout, outcome.stderr);
    let (skipped, others): (Vec<_>, Vec<_>) =
        checks.iter().partition(|check| check["id"].as_str().unwrap().starts_with("faq05-refused-mail"));
    assert!(!skipped.is_empty());
    for check in skipped {
        assert_eq!(check["verdict"], "skipped", "{check}");
        assert!(check["reason"].as_str().unwrap().contains("our own sink"), "{check}");
    }
    for check in others {
        assert_eq!(check["verdict"], "pass", "{check}");
    }

    // A Mailpit that is down says nothing about the target.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&mailpit(&format!("http://{free}"))).ends_with(12).says("the mailbox cannot be asked");
    let verdicts: Vec<String> =
        sekisho.record()["checks"].as_array().unwrap().iter().map(|check| check["verdict"].to_string()).collect();
    assert!(verdicts.iter().all(|verdict| verdict != "\"fail\"" && verdict != "\"pass\""), "{verdicts:?}");
}
