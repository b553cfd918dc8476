//! What happens when something is wrong with what a user gives, or with the target: a clear message, the right exit code, and the
//! report of what was measured till then.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use support::{Outcome, Sekisho, Serving, profile_for, replace};

/// Listens and answers every connection with these bytes.
fn target_that_answers(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(bytes);
        }
    });
    address
}

#[test]
fn a_port_in_use_is_a_usage_error() {
    let sekisho = Sekisho::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    sekisho.run(&["serve", "--listen", &address]).ends_with(2).says(&address).says("in use");
    sekisho.run(&["sink", "--smtp", &address]).ends_with(2).says(&address).says("in use");
    let profile =
        replace(&profile_for("http://127.0.0.1:1"), "listen = \"127.0.0.1:0\"", &format!("listen = \"{address}\""));
    sekisho.file("target.toml", &profile);
    sekisho.run(&["check", "--target", "target.toml"]).ends_with(2).says("in use");
}

#[test]
fn a_profile_that_cannot_be_used_is_named_with_line_and_key() {
    let good = profile_for("http://127.0.0.1:1");
    let line = |needle: &str| format!("line {}", good.lines().position(|line| line.contains(needle)).unwrap() + 1);
    let below = |needle: &str| format!("line {}", good.lines().position(|line| line.contains(needle)).unwrap() + 2);
    let cases: [(&str, &str, String, &str); 19] = [
        ("portals =", "portalz =", line("portals ="), "did you mean `portals`"),
        ("code_validity = \"30m\"", "code_validity = \"soon\"", line("code_validity"), "a length of time"),
        ("browsers_tried = 64", "browsers_tried = \"many\"", line("browsers_tried"), "a text stands where"),
        (r"(\d{6})", r"(\d{6}", line("code = '"), "mail.code"),
        (r"(\d{6})\b", r"\d{6}", line("code = '"), "group"),
        ("form#sign-in", "form##", line("form#sign-in"), "steps.submit-password"),
        ("{address}\", password", "{adress}\", password", line("fill = { address"), "{adress}"),
        ("\"seeker\", ", "\"seekers\", ", line("portals ="), "`seekers` is no portal"),
        ("http://127.0.0.1:1", "127.0.0.1", line("base ="), "base"),
        ("last = 500", "last = 0", line("last = 500"), "`last` (0) lies before `first` (1)"),
        ("[steps.sign-out]", "[steps.sign-aut]", line("[steps.sign-out]"), "did you mean `sign-out`"),
        (r"確認番号：(\d{6})", r"確認番号：\d{6}", line("confirmation = '"), "mail.confirmation"),
        (r"confirmation = '確認番号：(\d{6})\b'", "# none", line("[steps.confirm-address]"), "no `mail.confirmation`"),
        ("{new_address}", "{new_adress}", line("{new_address}"), "{new_adress}"),
        ("\"{new_address}\"", "\"a@b.test\"", line("[steps.submit-address]"), "filled with `{new_address}`"),
        ("\"{number}\"", "\"123456\"", line("[steps.confirm-address]"), "filled with `{number}`"),
        ("[office]\ndriver = \"none\"", "[office]\ndriver = \"control\"", line("[office]"), "drive the office with"),
        ("[clock]\n", "[clock]\nscope = \"global\"\n", below("[clock]"), "without a `driver`"),
        ("[clock]\n", "[clock]\nfrozen = true\n", below("[clock]"), "for a clock with `scope = \"global\"`"),
    ];
    for (from, to, place, message) in cases {
        let sekisho = Sekisho::new();
        sekisho.file("target.toml", &replace(&good, from, to));
        sekisho.run(&["check", "--target", "target.toml"]).ends_with(2).says("target.toml").says(&place).says(message);
        assert!(!sekisho.report().exists(), "a report was written for {to}");
    }
}

/// What is wrong in a table of its own, put at the end of a good profile.
#[test]
fn a_client_that_cannot_be_is_named_with_line_and_key_and_without_its_secrets() {
    let good = profile_for("http://127.0.0.1:1");
    let first_line = good.lines().count() + 2;
    let secret = "[secrets]\np = { env = \"SEKISHO_TEST_SECRET\" }\n[client]\n";
    for (client, line, key, message) in [
        ("headers = { Host = \"x\" }", 3, "client.headers.Host", "follows from each request"),
        ("headers = { Transfer-Encoding = \"x\" }", 3, "client.headers.Transfer-Encoding", "belongs to a connection"),
        ("headers = { cookie = \"x\" }", 3, "client.headers.cookie", "keep cookies themselves"),
        ("headers = { User-Agent = \"x\" }", 3, "client.headers.User-Agent", "use `client.user_agents`"),
        ("headers = { \"a b\" = \"x\" }", 3, "client.headers.a b", "no name of a header field"),
        ("headers = { X-Key = \"{secret:p}\\n\" }", 3, "client.headers.X-Key", "visible ASCII"),
        ("headers = { X-Key = \"{secret:q}\" }", 3, "client.headers.X-Key", "did you mean"),
        ("headers = { X-Key = \"{address}\" }", 3, "client.headers.X-Key", "{address}"),
        ("proxy = \"https://u:{secret:p}@proxy.test:1\"", 3, "client.proxy", "spoken to by `http://`"),
        ("proxy = \"http://u:{secret:p}@proxy.test\"", 3, "client.proxy", "port is missing"),
        ("proxy = \"proxy.test:3128\"", 3, "client.proxy", "spoken to by `http://`"),
        ("origins = [\"https://a.test/path\"]", 3, "client.origins", "leave out what follows"),
        ("user_agents = { phone = \"電話\" }", 3, "client.user_agents.phone", "visible ASCII"),
        ("user_agents = { phones = \"x\" }", 3, "column", "did you mean `phone`"),
    ] {
        let sekisho = Sekisho::new();
        sekisho.file("target.toml", &format!("{good}\n{secret}{client}\n"));
        let mut command = sekisho.command();
        command.env("SEKISHO_TEST_SECRET", "hidden-value").args(["check", "--target", "target.toml"]);
        let outcome = Outcome::of(command.output().unwrap());
        outcome.ends_with(2).says(&format!("line {}", first_line + line)).says(key).says(message);
        assert!(!outcome.stderr.contains("hidden-value"), "{}", outcome.stderr);
    }
}

#[test]
fn mail_keys_that_do_not_fit_their_source_are_named_with_line_and_remedy() {
    let good = profile_for("http://127.0.0.1:1");
    let listen = "listen = \"127.0.0.1:0\"";
    let line = good.lines().position(|line| line == listen).unwrap() + 1;
    for (mail, below, key, message) in [
        ("", None, "mail.listen", "`source = \"mailpit\"` says that mails arrive elsewhere"),
        ("source = \"mailpit\"", None, "mail.url", "e.g. `url = "),
        ("source = \"mailbox\"", Some(0), "column", "`sink`"),
        ("source = \"mailpit\"\nurl = \"127.0.0.1\"", Some(1), "mail.url", "no address"),
        ("source = \"mailpit\"\nurl = \"http://a:b@h.test\"", Some(1), "mail.url", "`username` and `password`"),
        (
            "source = \"mailpit\"\nurl = \"http://h.test\"\nlisten = \"127.0.0.1:0\"",
            Some(2),
            "mail.listen",
            "for `source = \"sink\"`",
        ),
        (
            "source = \"mailpit\"\nurl = \"http://h.test\"\ntls = \"starttls\"",
            Some(2),
            "mail.tls",
            "for `source = \"sink\"`",
        ),
        ("source = \"mailpit\"\nurl = \"http://h.test\"\npoll = \"1ms\"", Some(2), "mail.poll", "every 10 ms"),
        (
            "source = \"mailpit\"\nurl = \"http://h.test\"\nusername = \"a\"",
            Some(2),
            "mail.username",
            "belong together",
        ),
        (
            "source = \"mailpit\"\nurl = \"http://h.test\"\nheaders = { Host = \"a\" }",
            Some(2),
            "mail.headers.Host",
            "cannot be given",
        ),
        ("listen = \"127.0.0.1:0\"\npoll = \"1s\"", Some(1), "mail.poll", "for `source = \"mailpit\"`"),
        ("listen = \"127.0.0.1:0\"\nkey = \"k.pem\"", Some(1), "mail.certificate", "belong together"),
        (
            "listen = \"127.0.0.1:0\"\nkey = \"k.pem\"\ncertificate = \"c.pem\"",
            Some(2),
            "mail.certificate",
            "`tls = \"starttls\"`",
        ),
    ] {
        let sekisho = Sekisho::new();
        sekisho.file("target.toml", &replace(&good, listen, mail));
        let outcome = sekisho.run(&["check", "--target", "target.toml"]);
        // Where a key is missing, the line is that of its table.
        let place = below.map_or(line - 1, |below: usize| line + below);
        outcome.ends_with(2).says(&format!("line {place},")).says(key).says(message);
    }
    let sekisho = Sekisho::new();
    let tls = "listen = \"127.0.0.1:0\"\ntls = \"implicit\"\nkey = \"k.pem\"\ncertificate = \"c.pem\"";
    sekisho.file("target.toml", &replace(&good, listen, tls));
    sekisho.run(&["check", "--target", "target.toml"]).ends_with(2).says("c.pem").says("hint:");
}

#[test]
fn limits_and_hosts_that_make_no_sense_are_named() {
    let good = profile_for("http://127.0.0.1:1");
    for (from, to, message) in [
        ("portals =", "also_authorized = [\"b.test\"]\nportals =", "`authorized_by` must say who"),
        ("portals =", "authorized_by = \"me\"\nalso_authorized = [\"http://b.test\"]\nportals =", "without scheme"),
        ("[clock]\n", "[limits]\nper_second = 0\n[clock]\n", "nonzero"),
        ("[clock]\n", "[limits]\nin_flight = -1\n[clock]\n", "nonzero"),
    ] {
        let sekisho = Sekisho::new();
        sekisho.file("target.toml", &replace(&good, from, to));
        sekisho.run(&["check", "--target", "target.toml"]).ends_with(2).says("line").says(message);
    }
}

#[test]
fn a_profile_that_is_not_there_or_lacks_its_secret_is_a_usage_error() {
    let sekisho = Sekisho::new();
    sekisho.run(&["check", "--target", "nowhere.toml"]).ends_with(2).says("nowhere.toml").says("hint:");
    sekisho.file("reference.toml", include_str!("../profiles/reference.toml"));
    sekisho.run(&["check", "--target", "reference.toml"]).ends_with(2).says("SEKISHO_CONTROL_TOKEN");
}

#[test]
fn an_unreachable_target_is_inconclusive() {
    let sekisho = Sekisho::new();
    // A port that was free a moment ago and that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let profile = sekisho.profile(&format!("http://{address}"));
    sekisho.run(&["check", "--target", &profile]).ends_with(12).says("refused the connection");
    let record = sekisho.record();
    assert_eq!(record["verdict"], "inconclusive");
    assert!(
        record["checks"]
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["verdict"] != "pass" && check["verdict"] != "fail")
    );
    sekisho
        .run(&["load", "mixed", "--users", "5", "--ramp", "1", "--target", &profile])
        .ends_with(12)
        .says("refused the connection");
}

#[test]
fn a_target_that_answers_nonsense_is_inconclusive() {
    let answers: [(&[u8], &str); 4] = [
        (b"what do you want?\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "fits no screen"),
        (b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n", "fits no screen"),
        (b"", "closed the connection"),
    ];
    for (answer, message) in answers {
        let sekisho = Sekisho::new();
        let profile = sekisho.profile(&format!("http://{}", target_that_answers(answer)));
        sekisho.run(&["check", "--target", &profile]).ends_with(12).says(message);
        let record = sekisho.record();
        let verdicts: Vec<_> =
            record["checks"].as_array().unwrap().iter().map(|check| check["verdict"].clone()).collect();
        assert!(!verdicts.is_empty() && !verdicts.contains(&"pass".into()), "{verdicts:?}");
    }
}

#[test]
fn a_mail_that_never_comes_is_inconclusive() {
    let sekisho = Sekisho::new();
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = Serving::start(&sekisho, &["--accounts", "500", "--cheap-passwords", "--smtp", &nowhere]);
    let profile = sekisho.profile(&server.address);
    sekisho.run(&["check", "--only", "faq-01", "--target", &profile]).ends_with(12).says("no code mail for");
    let record = sekisho.record();
    assert!(record["checks"].as_array().unwrap().iter().all(|check| check["verdict"] != "fail"));
}

#[test]
fn an_unknown_id_suggests_the_nearest_and_an_empty_selection_is_never_a_success() {
    let sekisho = Sekisho::new();
    let unknown = [
        ("faq12-resume-ends-the-skip-of-every-browsers", "faq12-resume-ends-the-skip-of-every-browser"),
        ("faq-13x", "FAQ-13"),
        ("notice-9", "NOTICE-"),
        ("faq03-expiri", "faq03-expiry"),
    ];
    for (id, nearest) in unknown {
        let asked = sekisho.run(&["check", "--only", id]);
        asked.ends_with(2).says(&format!("nothing is called `{id}`")).says("did you mean").says(nearest);
    }
    // One id that exists does not make up for one that does not.
    sekisho.run(&["check", "--only", "faq-03", "--only", "faq-99"]).ends_with(2).says("faq-99");
    sekisho.run(&["check", "--only", "no-such-*"]).ends_with(2).says("nothing is called `no-such-*`");
    sekisho.run(&["check", "--only", "faq03-[", "--list"]).ends_with(2).says("is no pattern");
    sekisho.run(&["check", "--only", "faq-03", "--level", "baseline"]).ends_with(3).says("--level");
    sekisho.run(&["check", "--only", "base-code", "--list"]).ends_with(3).says("hint:");
    assert!(!sekisho.report().exists(), "a report was written");
}

#[test]
fn waivers_that_contradict_each_other_or_name_nothing_are_a_usage_error() {
    let sekisho = Sekisho::new();
    let waiver = |check: &str, more: &str| {
        format!("[[waiver]]\ncheck = \"{check}\"\nreason = \"r\"\nowner = \"o\"\nuntil = 9999-12-31\n{more}\n")
    };
    let cases = [
        (waiver("faq03-*", "") + &waiver("faq03-code-is-refused-after-30-minutes", ""), "lines 1 and 7"),
        (waiver("faq*", "portal = \"seeker\"") + &waiver("faq03-*", ""), "lines 1 and 7"),
        (waiver("faq03-code-is-refused-after-30-minute", ""), "did you mean `faq03-code-is-refused-after-30-minutes`"),
        (waiver("faq03-*", "portal = \"seekers\""), "seekers"),
        (waiver("faq03-*", "until = 2027-01-01"), "duplicate key"),
        ("[[waiver]]\n".to_owned(), "missing field"),
        ("\u{0}".to_owned(), "waivers.toml"),
    ];
    for (text, message) in cases {
        sekisho.file("waivers.toml", &text);
        sekisho.run(&["check", "--only", "faq-03", "--expect", "waivers.toml"]).ends_with(2).says(message);
        assert!(!sekisho.report().exists(), "a report was written for {message}");
    }
}

#[test]
fn a_host_elsewhere_is_not_loaded_without_permission() {
    let sekisho = Sekisho::new();
    // 192.0.2.0/24 is reserved for documentation; nothing is sent to it.
    let profile = sekisho.profile("http://192.0.2.1");
    sekisho.run(&["load", "mixed", "--target", &profile]).ends_with(2).says("authorized_by");
    // A portal may be elsewhere when the others are here.
    let text =
        format!("{}\n[in_portal.seeker]\nbase = \"http://192.0.2.1\"\n", support::profile_for("http://127.0.0.1:1"));
    sekisho.file("portal.toml", &text);
    sekisho.run(&["load", "mixed", "--target", "portal.toml"]).ends_with(2).says("`192.0.2.1` is not on this machine");
}

#[test]
fn ctrl_c_writes_what_was_measured_and_exits_130() {
    let sekisho = Sekisho::new();
    let mut child = sekisho
        .command()
        .args(["load", "mixed", "--users", "20000", "--ramp", "1000", "--seed", "3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A line of progress says that something was measured.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("users done") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended without a line of progress");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    Outcome::of(child.wait_with_output().unwrap()).ends_with(130);
    let record = sekisho.record();
    assert_eq!(record["interrupted"], true);
    assert_ne!(record["verdict"], "conforms");
    assert!(record["load"]["sign_ins"].as_u64().unwrap() > 0, "nothing was measured");
}

#[test]
fn a_server_that_cannot_keep_its_state_or_its_certificate_does_not_start() {
    let sekisho = Sekisho::new();
    let at = |name: &str| sekisho.dir.path().join(name).display().to_string();
    std::fs::write(at("notes.txt"), "shopping list\n".repeat(1000)).unwrap();
    let serve = |options: &[&str]| {
        let all = [&["serve", "--listen", "127.0.0.1:0", "--no-inbox", "--accounts", "0"], options].concat();
        sekisho.run(&all)
    };
    serve(&["--store", "disk"]).ends_with(2).says("disk").says("hint:");
    serve(&["--store", &format!("sqlite:{}", at("notes.txt"))]).ends_with(2).says("notes.txt");
    serve(&["--store", &format!("sqlite:{}", at("no/such/folder/store.db"))]).ends_with(2).says("store.db");
    serve(&["--store", &format!("sqlite:{}", sekisho.dir.path().display())]).ends_with(2).says("is a folder");
    serve(&["--tls-cert", &at("none.pem"), "--tls-key", &at("none.pem")]).ends_with(2).says("none.pem");
    serve(&["--tls-cert", &at("notes.txt"), "--tls-key", &at("notes.txt")]).ends_with(2).says("notes.txt");
    serve(&["--tls-cert", &at("notes.txt")]).ends_with(2).says("--tls-key");
    for host in ["localhost", ":2525", "127.0.0.1:0", "127.0.0.1:smtp"] {
        sekisho.run(&["serve", "--listen", "127.0.0.1:0", "--smtp", host]).ends_with(2).says("like 127.0.0.1:2525");
    }
    sekisho.run(&["serve", "--accounts", "1000001"]).ends_with(2).says("1000000");
    serve(&["--mail-charset", "shift_jis"]).ends_with(2).says("iso-2022-jp");
    assert_eq!(std::fs::read(at("notes.txt")).unwrap().len(), 14_000, "a file that is not ours is left alone");
}
