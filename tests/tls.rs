//! The reference server over TLS, from the command line: checked as a stranger would check it, with the certificate it wrote.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use support::{Sekisho, replace};

const TOKEN: &str = "token-of-the-tls-test";

/// `sekisho serve` with TLS on free ports, ended with the test.
struct Serving {
    child: Child,
    portals: String,
    control: String,
    said: String,
}

impl Serving {
    fn start(sekisho: &Sekisho, smtp: &str, args: &[&str]) -> Serving {
        let common =
            ["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--cheap-passwords", "--smtp", smtp];
        let mut child = sekisho
            .command()
            .env("SEKISHO_CONTROL_TOKEN", TOKEN)
            .args(common)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        let mut address_after = |beginning: &str| {
            let line =
                lines.by_ref().inspect(|line| said += &format!("{line}\n")).find(|line| line.starts_with(beginning));
            let line = line.unwrap_or_else(|| panic!("no line `{beginning}…`"));
            line[beginning.len()..].trim_end_matches('/').to_owned()
        };
        let (portals, control) = (address_after("portals on "), address_after("control on "));
        Serving { child, portals, control, said }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn a_server_with_a_certificate_of_its_own_conforms_over_https() {
    let sekisho = Sekisho::new();
    let mail = free_port();
    let server = Serving::start(&sekisho, &mail, &["--tls-save", "certificate.pem"]);
    assert!(server.portals.starts_with("https://127.0.0.1:"), "{}", server.portals);
    assert!(server.said.contains("certificate made for this start, SHA-256 "), "{}", server.said);
    assert!(server.said.contains("certificate saved to certificate.pem"), "{}", server.said);

    let profile = replace(
        include_str!("../profiles/reference.toml"),
        "base = \"http://127.0.0.1:8080\"",
        &format!("base = \"{}\"", server.portals),
    );
    let profile = replace(&profile, "listen = \"127.0.0.1:2525\"", &format!("listen = \"{mail}\""));
    let profile = replace(&profile, "http://127.0.0.1:8081", &server.control);
    let profile = replace(&profile, "token_env = \"SEKISHO_CONTROL_TOKEN\"", "token_env = \"TLS_TEST_TOKEN\"");
    sekisho.file("target.toml", &format!("{profile}\n[tls]\nca_file = \"certificate.pem\"\n"));
    let checked = sekisho
        .command()
        .env("TLS_TEST_TOKEN", TOKEN)
        .args(["check", "--target", "target.toml", "--level", "must,derived,baseline"])
        .output()
        .unwrap();
    support::Outcome::of(checked).ends_with(0);
    let record = sekisho.record();
    let checks = record["checks"].as_array().unwrap();
    assert!(checks.iter().filter(|check| check["verdict"] == "pass").count() > 50, "{}", checks.len());
    // What plain http has no place for is looked at here.
    for id in ["base-cookie-is-secure-on-https", "base-cookie-host-prefix-is-used-on-https"] {
        let verdicts: Vec<_> = checks.iter().filter(|check| check["id"] == id).map(|check| &check["verdict"]).collect();
        assert_eq!(verdicts, ["pass", "pass", "pass"], "{id}");
    }

    // A draft is made over the same TLS, and says what to trust.
    let sign_in = format!("{}/seeker/sign-in", server.portals);
    sekisho.run(&["profile", "new", &sign_in]).ends_with(12).says("`--ca-file`");
    sekisho.run(&["profile", "new", &sign_in, "--ca-file", "none.pem"]).ends_with(2).says("none.pem");
    let trusting = ["profile", "new", &sign_in, "--ca-file", "certificate.pem", "--output", "draft.toml"];
    sekisho.run(&trusting).ends_with(0).says("wrote draft.toml");
    sekisho.run(&["profile", "check", "draft.toml", "--offline"]).ends_with(0);
    let draft = std::fs::read_to_string(sekisho.dir.path().join("draft.toml")).unwrap();
    assert!(draft.contains("[tls]\nca_file = \"certificate.pem\"\n"), "{draft}");

    // Who does not trust the certificate gets nowhere, and is not told that the login is at fault.
    sekisho.file("target.toml", &profile);
    let checked = sekisho
        .command()
        .env("TLS_TEST_TOKEN", TOKEN)
        .args(["check", "--target", "target.toml", "--only", "faq-01"])
        .output()
        .unwrap();
    support::Outcome::of(checked).ends_with(12);
}

#[test]
fn a_certificate_that_cannot_be_used_is_a_usage_error() {
    let sekisho = Sekisho::new();
    sekisho.file("empty.pem", "");
    let serve = |args: &[&str]| sekisho.run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
    serve(&["--tls-cert", "empty.pem"]).ends_with(2).says("--tls-key");
    serve(&["--tls-cert", "missing.pem", "--tls-key", "missing.key"]).ends_with(2).says("missing.pem").says("hint:");
    serve(&["--tls-cert", "empty.pem", "--tls-key", "empty.pem"]).ends_with(2).says("no certificate");
    serve(&["--tls-save", "nowhere/certificate.pem"]).ends_with(2).says("nowhere/certificate.pem").says("hint:");
}
