//! Health and metrics: readable by what Prometheus reads, and moved by what happens, by exactly so much.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Method;
use prometheus_parse::{Scrape, Value};
use serde_json::json;

use crate::browser::Browser;
use crate::raw::{connect, hear, say};
use crate::world::{PASSWORD, World};

const ADDRESS: &str = "hanako@example.test";

/// The samples of a scrape, by name and labels as text.
type Samples = BTreeMap<String, f64>;

async fn ask(world: &World, path: &str) -> crate::browser::Seen {
    let mut browser = Browser::open(world.server.control_address().unwrap()).await;
    browser.send(Method::GET, path, &[], Bytes::new()).await
}

async fn exposition(world: &World) -> String {
    let seen = ask(world, "/metrics").await;
    assert_eq!((seen.status.as_u16(), seen.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    seen.body
}

async fn samples(world: &World) -> Samples {
    let text = exposition(world).await;
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let mut samples = Samples::new();
    for sample in scrape.samples {
        // The parser gives a histogram once as a whole and once more by these.
        if sample.metric.ends_with("_seconds_sum") || sample.metric.ends_with("_seconds_count") {
            continue;
        }
        let mut labels: Vec<_> = sample.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        labels.sort();
        let name = format!("{}{{{}}}", sample.metric, labels.join(","));
        match sample.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => samples.insert(name, value),
            Value::Histogram(buckets) => samples.insert(name, buckets.last().unwrap().count),
            Value::Summary(_) => panic!("{name} is a summary"),
        };
    }
    samples
}

/// What has changed between two scrapes among the metrics of the login itself.
fn changes(before: &Samples, after: &Samples, ignored: &[&str]) -> BTreeMap<String, f64> {
    let is_ignored = |name: &str| ignored.iter().any(|part| name.starts_with(part));
    after
        .iter()
        .filter(|(name, _)| !is_ignored(name))
        .map(|(name, value)| (name.clone(), value - before.get(name).copied().unwrap_or_default()))
        .filter(|(_, by)| *by != 0.0)
        .collect()
}

#[tokio::test]
async fn health_says_ok_without_a_token() {
    let world = World::start().await;
    let seen = ask(&world, "/healthz").await;
    assert_eq!(seen.status, 200);
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(
        (&body["status"], &body["store"]["state"], &body["mail_queue"]["state"]),
        (&json!("ok"), &json!("ok"), &json!("ok"))
    );
    let mut portals = world.browser().await;
    for path in ["/healthz", "/metrics"] {
        assert_eq!(portals.get(path).await.status, 404, "users are told nothing");
        let mut control = Browser::open(world.server.control_address().unwrap()).await;
        let refused = control.send(Method::POST, path, &[], Bytes::new()).await;
        assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "GET, HEAD"));
    }
}

#[tokio::test]
async fn health_says_that_the_mail_queue_is_full() {
    let world =
        World::start_with(std::sync::Arc::new(sekisho_server::Conforming), |config| config.mail_queue = 0).await;
    let body: serde_json::Value = serde_json::from_str(&ask(&world, "/healthz").await.body).unwrap();
    assert_eq!(body["mail_queue"], json!({ "state": "full", "mails": 0, "capacity": 0 }));
}

#[tokio::test]
async fn the_exposition_keeps_to_the_text_format_and_its_conventions() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.set_skip(&mut browser, "seeker", ADDRESS).await;
    let text = exposition(&world).await;
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    let (mut helped, mut typed, mut seen) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(helped.insert(name) && help.ends_with('.'), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name) && typed.insert(name, kind).is_none(), "{line}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(name.starts_with("sekisho_") || name.starts_with("process_"), "{line}");
            assert!(!["_ms", "_us", "_kb", "_percent"].iter().any(|unit| name.ends_with(unit)), "base units: {line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value == "+Inf" || value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            assert!(seen.insert(series), "twice: {line}");
            let name = series.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let kind = typed.get(name).or_else(|| family.and_then(|family| typed.get(family)));
            assert!(kind.is_some(), "no type: {line}");
            assert!(!series.contains('@') && series.len() < 200, "a label's values are bounded: {line}");
        }
    }
    for name in ["sekisho_http_requests_total", "sekisho_build_info", "process_resident_memory_bytes"] {
        assert!(typed.contains_key(name), "{name}");
    }
    let buckets: Vec<f64> = text
        .lines()
        .filter(|line| line.starts_with("sekisho_code_mail_delivery_seconds_bucket"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect();
    assert!(buckets.len() > 5 && buckets.is_sorted() && *buckets.last().unwrap() == 1.0, "{buckets:?}");
}

#[tokio::test]
async fn a_known_flow_moves_the_right_counters_by_exactly_so_much() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    world.account("employer", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let before = samples(&world).await;
    // A wrong password, a wrong code, a sign-in with a skip, one by it, one that supersedes another, and the end of the skip.
    browser.get("/seeker/sign-in").await;
    browser.post("/seeker/sign-in", &[("address", ADDRESS), ("password", "wrong")]).await;
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
    let code = world.postbox.code(ADDRESS).await;
    browser.get("/seeker/code").await;
    let wrong = if code == "123456" { "654321" } else { "123456" };
    browser.post("/seeker/code", &[("code", wrong)]).await;
    browser.post("/seeker/code", &[("code", &code), ("skip", "on")]).await.leads_to("/seeker/skip");
    browser.get("/seeker/skip").await;
    browser.post("/seeker/skip", &[("decision", "ok")]).await.leads_to("/seeker/my-page");
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    browser.get("/seeker/settings/skip/resume").await;
    browser.post("/seeker/settings/skip/resume/complete", &[]).await;
    let mut other = world.browser().await;
    world.give_password(&mut other, "employer", ADDRESS).await.leads_to("/employer/code");
    world.postbox.code(ADDRESS).await;
    world.sign_in(&mut other, "employer", ADDRESS, false).await.leads_to("/employer/my-page");
    settled(&world, 3.0).await;
    let expected: BTreeMap<String, f64> = [
        ("sekisho_sign_in_forms_total{outcome=wrong_pair,portal=seeker}", 1.0),
        ("sekisho_sign_in_forms_total{outcome=code_mailed,portal=seeker}", 1.0),
        ("sekisho_sign_in_forms_total{outcome=signed_in,portal=seeker}", 1.0),
        ("sekisho_sign_in_forms_total{outcome=code_mailed,portal=employer}", 2.0),
        ("sekisho_code_forms_total{outcome=wrong,portal=seeker}", 1.0),
        ("sekisho_code_forms_total{outcome=right,portal=seeker}", 1.0),
        ("sekisho_code_forms_total{outcome=right,portal=employer}", 1.0),
        ("sekisho_sign_ins_total{portal=seeker,way=code}", 1.0),
        ("sekisho_sign_ins_total{portal=seeker,way=skip}", 1.0),
        ("sekisho_sign_ins_total{portal=employer,way=code}", 1.0),
        ("sekisho_attempts_ended_total{portal=seeker,reason=signed_in}", 1.0),
        ("sekisho_attempts_ended_total{portal=employer,reason=signed_in}", 1.0),
        ("sekisho_attempts_ended_total{portal=employer,reason=superseded}", 1.0),
        ("sekisho_wrong_codes_total{portal=seeker}", 1.0),
        ("sekisho_skips_set_total{portal=seeker}", 1.0),
        ("sekisho_skip_revocations_total{portal=seeker}", 1.0),
        ("sekisho_code_mails_queued_total{}", 3.0),
        ("sekisho_code_mails_total{outcome=accepted}", 3.0),
        ("sekisho_mail_tries_total{outcome=accepted}", 3.0),
        ("sekisho_code_mail_delivery_seconds{}", 3.0),
        ("sekisho_mail_try_duration_seconds{}", 3.0),
        ("sekisho_password_check_duration_seconds{}", 5.0),
        ("sekisho_live_sessions{portal=seeker}", 1.0),
        ("sekisho_live_sessions{portal=employer}", 1.0),
    ]
    .into_iter()
    .map(|(name, by)| (name.to_owned(), by))
    .collect();
    let after = samples(&world).await;
    let ignored = ["process_", "sekisho_http_", "sekisho_open_connections"];
    assert_eq!(changes(&before, &after, &ignored), expected);
    let requests = changes(&before, &after, &["process_", "sekisho_http_request_duration"]);
    let requests = |route: &str, method: &str, status: &str| {
        let name = format!("sekisho_http_requests_total{{method={method},route={route},status={status}}}");
        requests.get(&name).copied().unwrap_or_default()
    };
    assert_eq!(requests("/:portal/sign-in", "GET", "2xx"), 5.0);
    assert_eq!(requests("/:portal/sign-in", "POST", "3xx"), 4.0);
    assert_eq!(requests("/:portal/sign-in", "POST", "4xx"), 1.0);
    assert_eq!(requests("/:portal/code", "POST", "3xx"), 2.0);
    assert_eq!(requests("/:portal/code", "POST", "4xx"), 1.0);
}

/// Waits till a sample has a value; connections end in tasks of their own.
async fn comes_to(world: &World, name: &str, value: f64) {
    let wait = async {
        while samples(world).await.get(name) != Some(&value) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), wait).await;
    assert!(waited.is_ok(), "{name} is not {value} but {:?}", samples(world).await.get(name));
}

const OPEN: &str = "sekisho_open_connections{}";
const MADE_ROOM: &str = "sekisho_connections_closed_total{reason=made_room}";
const OVERDUE: &str = "sekisho_connections_closed_total{reason=overdue}";
const HANDSHAKES_FAILED: &str = "sekisho_tls_handshakes_failed_total{}";

#[tokio::test]
async fn connections_are_counted_and_so_are_those_that_made_room() {
    let conforming = std::sync::Arc::new(sekisho_server::Conforming);
    let world = World::start_with(conforming, |config| config.limits.connections = 2).await;
    let before = samples(&world).await;
    let shown = |name: &str| before[name];
    assert_eq!(shown("sekisho_open_connections_limit{}"), 2.0);
    assert_eq!((shown(OPEN), shown(MADE_ROOM), shown(OVERDUE)), (0.0, 0.0, 0.0), "operators are not counted");
    let mut first = connect(&world).await;
    let second = connect(&world).await;
    comes_to(&world, OPEN, 2.0).await;
    let third = connect(&world).await;
    assert_eq!(hear(&mut first).await, "");
    comes_to(&world, MADE_ROOM, 1.0).await;
    comes_to(&world, OPEN, 2.0).await;
    drop((second, third));
    comes_to(&world, OPEN, 0.0).await;
    assert_eq!(samples(&world).await[OVERDUE], 0.0);
}

#[tokio::test]
async fn overdue_connections_and_failed_handshakes_are_counted() {
    let conforming = std::sync::Arc::new(sekisho_server::Conforming);
    let world = World::start_with(conforming, |config| {
        config.limits.idle_time = std::time::Duration::from_millis(200);
        config.tls = Some(sekisho_server::Certificate::SelfMade);
    })
    .await;
    say(&world, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03").await;
    comes_to(&world, HANDSHAKES_FAILED, 1.0).await;
    // Plain HTTP is told so and is no failure.
    assert!(say(&world, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    comes_to(&world, OPEN, 0.0).await;
    assert_eq!((samples(&world).await[HANDSHAKES_FAILED], samples(&world).await[MADE_ROOM]), (1.0, 0.0));

    let plain = World::start_with(std::sync::Arc::new(sekisho_server::Conforming), |config| {
        config.limits.idle_time = std::time::Duration::from_millis(200);
    })
    .await;
    let mut idle = connect(&plain).await;
    assert_eq!(hear(&mut idle).await, "");
    comes_to(&plain, OVERDUE, 1.0).await;
}

/// A mail is settled by another task than the one that signs in.
async fn settled(world: &World, mails: f64) {
    let wait = async {
        while samples(world).await.get("sekisho_code_mails_total{outcome=accepted}") != Some(&mails) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.expect("the mails are settled");
}

#[tokio::test]
async fn strangers_cannot_add_series() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for number in 0..20 {
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        browser.send(method, &format!("/nothing-{number}"), &[], Bytes::new()).await;
        browser.get(&format!("/nobody-{number}/sign-in")).await;
        browser.post("/seeker/sign-in", &[("address", &format!("u{number}@a.test")), ("password", PASSWORD)]).await;
    }
    let samples = samples(&world).await;
    let of_requests: Vec<_> = samples.iter().filter(|(name, _)| name.starts_with("sekisho_http_requests")).collect();
    assert!(of_requests.len() <= 4, "{of_requests:?}");
    assert_eq!(samples["sekisho_http_requests_total{method=other,route=other,status=4xx}"], 20.0);
}
