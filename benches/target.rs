//! The driver's hot path: which screen an answer shows, which code a mail holds, and a form turned into a request.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::SystemTime;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::HeaderMap;
use sekisho_rules::Portal;
use sekisho_simulator::browser::Answer;
use sekisho_simulator::mailbox::{Letter, Mail};
use sekisho_simulator::target::{Asking, Control, Loading, Screen, Step, Target, Vars};

fn target() -> Target {
    let control = Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: String::new() };
    let loading = Loading { control: Some(control), ..Loading::default() };
    Target::parse("reference.toml", include_str!("../profiles/reference.toml"), &loading).unwrap()
}

/// A profile as it is shipped; where its system would listen, and what moves its clock, does not matter here.
fn foreign(name: &str, text: &str) -> Target {
    let clock = std::env::temp_dir().join("sekisho-bench-clock");
    let line = |line: &str| match line.starts_with("file = ") {
        true => format!("file = '{}'", clock.display()),
        false => line.to_owned(),
    };
    let text = text.lines().map(line).collect::<Vec<_>>().join("\n");
    Target::parse(name, &text, &Loading::default()).unwrap()
}

/// A code page of 3 kB that only a hidden field tells from the sign-in page.
fn wizard_page() -> Answer {
    let code_entry = page("ログイン", "/account/login/");
    let html = String::from_utf8(code_entry.body.to_vec()).unwrap();
    let step =
        "<input type=\"hidden\" name=\"login_view-current_step\" value=\"token\"><input name=\"token-otp_token\">";
    Answer { body: Bytes::from(html.replace("<input id=\"code\" name=\"code\">", step)), ..code_entry }
}

/// An answer of a JSON interface that asks for a code.
fn json_answer() -> Answer {
    let body = "{\"meta\":{\"code\":200},\"response\":{\"csrf_token\":\"0123456789abcdef\",\"tf_required\":true,\"tf_state\":\"ready\",\"tf_primary_method\":\"email\"}}";
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    Answer { headers, body: Bytes::from_static(body.as_bytes()), ..page("", "/login") }
}

/// A page as large as the reference server's, with the parts that the driver looks for.
fn page(title: &str, path: &str) -> Answer {
    let filler = "<p>このページは、ログインのための画面です。ご利用の端末とブラウザをご確認ください。</p>".repeat(12);
    let html = format!(
        "<!DOCTYPE html><html lang=\"ja\"><head><meta charset=\"utf-8\"><title>{title} | 求職者マイページ</title></head><body><main><h1>{title}</h1>{filler}\
         <form id=\"code-entry\" method=\"post\" action=\"{path}\"><input type=\"hidden\" name=\"csrf\" value=\"0123456789abcdef0123456789abcdef\">\
         <label for=\"code\">ワンタイムパスワード</label><input id=\"code\" name=\"code\"><input type=\"checkbox\" name=\"skip\" value=\"on\">\
         <button>送信</button></form></main></body></html>"
    );
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("text/html; charset=utf-8"));
    Answer {
        status: 200,
        headers,
        body: Bytes::from(html),
        url: format!("http://127.0.0.1:8080{path}").parse().unwrap(),
        redirects: Vec::new(),
        cookies: Vec::new(),
        duration_us: 0,
    }
}

fn mail() -> Mail {
    let text = "ワンタイムパスワード認証\r\n\r\nワンタイムパスワード：012345\r\n\r\n有効期間は30分です。\r\n";
    let raw = format!(
        "From: no-reply@sekisho.test\r\nTo: somebody@people.sekisho.test\r\nSubject: code\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}"
    );
    Mail {
        sequence: 1,
        received_at: SystemTime::UNIX_EPOCH,
        from: "no-reply@sekisho.test".to_owned(),
        recipients: vec!["somebody@people.sekisho.test".to_owned()],
        raw: raw.into(),
    }
}

fn driver(criterion: &mut Criterion) {
    let target = target();
    let code_entry = page("ワンタイムパスワード入力画面", "/seeker/code");
    assert_eq!(target.recognise(Portal::Seeker, None, &code_entry), Some(Screen::CodeEntry));
    criterion.bench_function("target/recognise a page of 3 kB", |bencher| {
        bencher.iter(|| target.recognise(Portal::Seeker, None, black_box(&code_entry)));
    });
    let django = foreign("django-two-factor.toml", include_str!("../profiles/django-two-factor.toml"));
    let wizard = wizard_page();
    assert_eq!(django.recognise(Portal::Seeker, None, &wizard), Some(Screen::CodeEntry));
    criterion.bench_function("target/recognise a page of 3 kB by selectors", |bencher| {
        bencher.iter(|| django.recognise(Portal::Seeker, None, black_box(&wizard)));
    });
    let flask = foreign("flask-security-json.toml", include_str!("../profiles/flask-security-json.toml"));
    let (json, step) = (json_answer(), Some(Step::SubmitPassword));
    assert_eq!(flask.recognise(Portal::Seeker, step, &json), Some(Screen::CodeEntry));
    criterion.bench_function("target/recognise a JSON answer", |bencher| {
        bencher.iter(|| flask.recognise(Portal::Seeker, step, black_box(&json)));
    });
    let vars = Vars { code: "012345", ..Vars::default() };
    let asking = Asking { skip: true, ..Asking::on(Portal::Seeker, Step::SubmitCode, vars, Some(&code_entry)) };
    assert!(target.request(&asking).is_ok());
    criterion.bench_function("target/fill in the code form of a page of 3 kB", |bencher| {
        bencher.iter(|| target.request(black_box(&asking)));
    });
    let mail = mail();
    assert_eq!(target.code_in(&Letter::parse(&mail)).as_deref(), Some("012345"));
    criterion.bench_function("target/parse a mail and extract its code", |bencher| {
        bencher.iter(|| target.code_in(&Letter::parse(black_box(&mail))));
    });
}

criterion_group!(benches, driver);
criterion_main!(benches);
