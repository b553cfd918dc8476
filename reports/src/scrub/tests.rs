#![allow(clippy::unwrap_used)]

use super::*;
use crate::fixtures::{eventful_run, exchange, mail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::MessageParser;
use proptest::prelude::*;

fn knowing(secrets: &[(&str, &str)]) -> Scrubber {
    let mut scrubber = Scrubber::new();
    for (kind, secret) in secrets {
        scrubber.learn(kind, secret);
    }
    scrubber
}

#[test]
fn equal_secrets_stay_equal_and_kinds_count_apart() {
    let mut scrubber = Scrubber::new();
    assert_eq!(scrubber.learn("code", "012345"), "code-1");
    assert_eq!(scrubber.learn("code", "543210"), "code-2");
    assert_eq!(scrubber.learn("skip-id", "f00dfeedf00dfeed"), "skip-id-1");
    assert_eq!(scrubber.learn("password", "012345"), "code-1");
    assert_eq!(scrubber.learn("code", ""), "");
    assert_eq!(scrubber.text("012345 543210 012345"), "code-1 code-2 code-1");
}

#[test]
fn a_secret_learned_after_a_text_was_scrubbed_is_found_too() {
    let mut scrubber = knowing(&[("code", "012345")]);
    assert_eq!(scrubber.text("012345 hunter2-hunter2"), "code-1 hunter2-hunter2");
    scrubber.learn("password", "hunter2-hunter2");
    assert_eq!(scrubber.text("012345 hunter2-hunter2"), "code-1 password-1");
}

#[test]
fn cookies_and_credentials_are_scrubbed_without_being_told() {
    let mut scrubber = knowing(&[("skip-id", "f00dfeedf00dfeed")]);
    let mut exchange = exchange("012345", "0123456789abcdef");
    exchange.request.url = "http://tester:open@127.0.0.1/".into();
    scrubber.learn_from(&exchange);
    let header = |name, value| scrubber.header(name, value).into_owned();
    let sent = &exchange.request.headers;
    assert_eq!(header("cookie", &sent[1].1), "__Host-session=cookie-session-1; theme=cookie-theme-1");
    assert_eq!(header("authorization", &sent[2].1), "Basic authorization-1");
    assert_eq!(header("authorization", "Bearer never-seen"), "Bearer scrubbed");
    let received = &exchange.answer.as_ref().unwrap().headers[1].1;
    assert_eq!(
        header("set-cookie", received),
        "skip=skip-id-1; Path=/; Expires=Tue, 11 Nov 2025 06:00:00 GMT; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(header("set-cookie", "skip=; Max-Age=0"), "skip=; Max-Age=0");
    assert_eq!(header("location", "/?s=0123456789abcdef"), "/?s=cookie-session-1");
    assert_eq!(header("x-theme", "dark"), "dark");
    assert_eq!(scrubber.url(&exchange.request.url), "http://credentials-1@127.0.0.1/");
}

#[test]
fn anti_forgery_tokens_and_passwords_are_found_in_forms_pages_and_json() {
    let bodies = [
        ("application/x-www-form-urlencoded", "_csrf=tok%2Fen-0123456789"),
        ("text/html; charset=utf-8", "<p><INPUT type=hidden value='tok/en-0123456789' name=\"csrfToken\">"),
        ("text/html", r#"<meta name="csrf-token" content="tok&#x2F;en-0123456789">"#),
        ("application/json", r#"{"a":[{"xsrf":"tok/en-0123456789"}]}"#),
        ("application/json", r#"{"password":"tok/en-0123456789"}"#),
    ];
    for (content_type, body) in bodies {
        let mut scrubber = Scrubber::new();
        let mut exchange = exchange("012345", "0123456789abcdef");
        exchange.request.headers = vec![("content-type".into(), content_type.into())];
        exchange.request.body = body.into();
        exchange.answer = None;
        scrubber.learn_from(&exchange);
        let scrubbed = scrubber.text(body).into_owned();
        assert!(scrubbed.contains("csrf-1") || scrubbed.contains("password-1"), "{scrubbed}");
        assert!(!scrubbed.contains("0123456789"), "{scrubbed}");
    }
}

#[test]
fn a_record_quotes_no_secret() {
    let mut run = eventful_run();
    run.checks[1].observed = "accepted 012345".into();
    run.load.as_mut().unwrap().violations[0].example = "code 012345 twice".into();
    run.command = "sekisho check --only 012345".into();
    let record = knowing(&[("code", "012345")]).record(&RunRecord::judge(run));
    assert!(!record.to_json().unwrap().contains("\"accepted 012345"));
    assert!(!record.to_json().unwrap().contains("012345 twice"));
    assert_eq!(record.command, "sekisho check --only code-1");
}

#[test]
fn a_code_survives_in_no_part_of_a_mail() {
    let scrubber = knowing(&[("code", "012345")]);
    let text = "ワンタイムパスワード：012345\r\n";
    let coded = STANDARD.encode(text);
    let subject = format!("=?UTF-8?B?{}?=", STANDARD.encode("コード 012345"));
    let mails = [
        format!("Subject: code 012345\r\n\r\n{text}"),
        format!("Subject: {subject}\r\nX-Code: =?utf-8?Q?=30=3112345?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n"),
        "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<b>0123=\r\n45</b> =3012345\r\n".to_owned(),
        format!("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>&#48;12345</b>\r\n--b--\r\n"),
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: {subject}\r\n\r\n012345\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n--b--\r\n"),
        format!("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\x01!\r\n"),
    ];
    for source in mails {
        let raw = mail(&source).raw;
        let scrubbed = scrubber.mail(&raw);
        let shown = String::from_utf8(scrubbed.clone()).unwrap();
        let parsed = MessageParser::new().parse(&scrubbed).unwrap();
        let mut texts: Vec<String> =
            parsed.parts.iter().map(|part| String::from_utf8_lossy(part.contents()).into_owned()).collect();
        texts.push(parsed.subject().unwrap_or_default().to_owned());
        texts.push(shown.clone());
        assert!(
            texts.iter().all(|text| !text.contains("012345") && !text.contains("0123=")),
            "{source}\n----\n{shown}"
        );
        assert!(!shown.contains(&coded[20..]), "{source}\n----\n{shown}");
        assert!(
            shown.contains("code-1") || shown.contains("damaged") || texts.iter().any(|text| text.contains("code-1")),
            "{shown}"
        );
        assert!(shown.contains("noreply@example.jp"), "{shown}");
    }
}

#[test]
fn a_scrubbed_mail_is_readable() {
    let scrubber = knowing(&[("code", "012345")]);
    let raw = mail(&format!(
        "Subject: =?UTF-8?B?{}?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode("ワンタイムパスワードのお知らせ"),
        STANDARD.encode("ワンタイムパスワード：012345\r\n有効期限は30分です。\r\n")
    ));
    insta::assert_snapshot!(String::from_utf8(scrubber.mail(&raw.raw)).unwrap().replace('\r', ""), @"
    From: noreply@example.jp
    To: hanako@example.jp
    Subject: ワンタイムパスワードのお知らせ
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 8bit

    ワンタイムパスワード：code-1
    有効期限は30分です。
    ");
}

/// All ways in which a text is written somewhere in an exchange.
fn renderings(text: &str) -> Vec<String> {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;");
    let references: String = text.chars().map(|c| format!("&#x{:x};", c as u32)).collect();
    vec![
        text.to_owned(),
        percent(text),
        form.clone(),
        percent(&form),
        html.clone(),
        percent(&html),
        references,
        serde_json::to_string(text).unwrap(),
        serde_json::to_string(&html).unwrap(),
        STANDARD.encode(format!("x{text}y")),
    ]
}

proptest! {
    #[test]
    fn no_learned_secret_survives_in_any_rendering(
        secrets in prop::collection::vec("[a-zA-Z0-9!-/:-@]{9,24}|[0-9]{6}|パス[あ-ん]{3,6}", 1..6),
        around in "[a-z <>&%=\\\\]{0,12}",
    ) {
        let mut scrubber = Scrubber::new();
        let pseudonyms: Vec<String> = secrets.iter().map(|secret| scrubber.learn("s", secret).to_owned()).collect();
        for (secret, pseudonym) in secrets.iter().zip(pseudonyms) {
            for rendering in renderings(secret) {
                let text = format!("{around} {rendering} {around}");
                let scrubbed = scrubber.text(&text);
                prop_assert!(!scrubbed.contains(rendering.trim_matches('"')), "{} in {}", secret, scrubbed);
                prop_assert!(scrubbed.contains("s-"), "{} for {} in {}", pseudonym, secret, scrubbed);
            }
        }
    }

    #[test]
    fn scrubbing_never_panics_and_leaves_other_texts_alone(text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let scrubber = knowing(&[("code", "987654"), ("password", "correct horse battery")]);
        if !text.contains("987654") {
            prop_assert_eq!(scrubber.text(&text), text.as_str());
        }
        let _ = scrubber.bytes(&bytes);
        let _ = scrubber.mail(&bytes);
        let _ = (scrubber.header("cookie", &text), scrubber.header("set-cookie", &text), scrubber.url(&text));
    }
}
