//! Random bad input with every route, over the wire: whatever comes, no answer is a failure of ours, and the server goes
//! on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::AsyncWriteExt;

use crate::browser::Browser;
use crate::raw::{connect, hear, statuses};
use crate::world::World;
use serde_json::json;

const ADDRESS: &str = "hanako@example.test";
/// How many requests are tried.
const CASES: u32 = 600;

/// Counts the panics of the whole process, caught or not; those that another test here causes on purpose stay out.
static PANICS: LazyLock<Arc<AtomicUsize>> = LazyLock::new(|| {
    let count = Arc::new(AtomicUsize::new(0));
    let (counting, before) = (count.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        let is_on_purpose = panic.location().is_some_and(|place| place.file().ends_with("pressure.rs"));
        counting.fetch_add(usize::from(!is_on_purpose), Ordering::SeqCst);
        before(panic);
    }));
    count
});

/// What is sent: a request's bytes, apart from the cookies of whoever sends it.
#[derive(Clone, Debug)]
struct Bad {
    method: &'static str,
    path: String,
    /// Whether the sender is signed in.
    signed_in: bool,
    cookies: Vec<u8>,
    content_type: String,
    body: Vec<u8>,
}

fn paths() -> impl Strategy<Value = String> {
    let places = [
        "",
        "sign-in",
        "code",
        "skip",
        "my-page",
        "settings",
        "settings/skip",
        "settings/skip/resume",
        "settings/skip/resume/complete",
        "settings/address",
        "settings/address/confirm",
        "settings/accounts",
        "settings/password",
        "sign-out",
    ];
    let portal = prop_oneof![9 => prop::sample::select(vec!["seeker", "employer", "provider"]), 1 => Just("nobody")];
    let query =
        prop_oneof![3 => Just(String::new()), 1 => "\\?[ -\"$-~]{0,40}".prop_map(|text| text.replace(' ', "+"))];
    let known = (portal, prop::sample::select(places.to_vec()), query)
        .prop_map(|(portal, place, query)| format!("/{portal}/{place}{query}"));
    prop_oneof![8 => known, 1 => Just("/".to_owned()), 1 => "/[!-\"$-~]{0,60}"]
}

/// A field's value of every kind that nobody types.
fn values() -> impl Strategy<Value = Vec<u8>> {
    let percent = |text: String| {
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string().into_bytes()
    };
    prop_oneof![
        Just(Vec::new()),
        "[0-9]{6}".prop_map(String::into_bytes),
        "[０-９]{6}".prop_map(percent),
        "\\PC{0,30}".prop_map(percent),
        "[\\x00-\\x1f\\x7f\\u{85}\\u{2028}\\u{feff}]{1,8}".prop_map(percent),
        (1usize..9000).prop_map(|length| vec![b'9'; length]),
        prop::sample::select(vec!["null", "undefined", "NaN", "-1", "[]", "{}", "true", "on", "ok", "cancel", "1e309"])
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::sample::select(vec![
            "%",
            "%%",
            "%f",
            "%zz",
            "%ff",
            "%c0%80",
            "%ed%a0%80",
            "%00",
            "%0d%0aBcc:%20x@y.test",
            "a@b%0aTo:c@d",
            "%3Cscript%3E",
            "'%20OR%201=1",
            "../../etc/passwd",
            "%25%25",
            "hanako@example.test",
            "%22@%22@example.test",
            "@",
            "a@",
            "@b",
            "a@b",
            "%E3%81%82@%E3%81%82.test",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn forms() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec![
        "address",
        "password",
        "code",
        "csrf",
        "skip",
        "decision",
        "number",
        "name",
        "password_again",
        "current",
        "new",
        "again",
        "code[]",
        "code[0]",
        "__proto__",
        "",
        "%63ode",
        "CODE",
    ]);
    let field = (names, values()).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat()).boxed();
    prop_oneof![
        6 => prop::collection::vec(field.clone(), 0..8).prop_map(|fields| fields.join(&b'&')),
        1 => field.prop_map(|field| [&field[..], b"&", &field].concat()),
        1 => (30usize..80).prop_map(|count| (0..count).map(|n| format!("f{n}=1")).collect::<Vec<_>>().join("&").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..2000),
        1 => Just(b"a=".iter().chain([b'1'; 17_000].iter()).copied().collect()),
    ]
}

fn bodies() -> impl Strategy<Value = (String, Vec<u8>)> {
    let form = "application/x-www-form-urlencoded";
    let json = prop::sample::select(vec![
        r#"{"code":null}"#,
        r#"{"code":["1","2"]}"#,
        r#"{"code":{"a":1}}"#,
        "null",
        "[[[[[[[[",
        "{",
        "\"\\ud800\"",
        "1e999",
    ]);
    let multipart = forms().prop_map(|body| {
        let head = b"--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n";
        ("multipart/form-data; boundary=b".to_owned(), [head, &body[..], b"\r\n--b--\r\n"].concat())
    });
    let types = prop::sample::select(vec![
        form,
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded;charset=shift_jis",
        "text/plain",
        "",
        ";",
        "a/b; c=\"",
        "application/xml",
    ]);
    prop_oneof![
        6 => forms().prop_map(move |body| (form.to_owned(), body)),
        1 => json.prop_map(|text| ("application/json".to_owned(), text.as_bytes().to_vec())),
        1 => multipart,
        1 => (types, forms()).prop_map(|(kind, body)| (kind.to_owned(), body)),
    ]
}

fn cookies() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec![
        "session-seeker",
        "attempt-seeker",
        "browser",
        "skip-0000000000000000",
        "session-employer",
        "skip-",
        "",
        "=",
        "__Host-session-seeker",
        "$Version",
    ]);
    // Header values cannot hold control characters other than a tab; those are tried as malformed HTTP.
    let value = prop::collection::vec(prop_oneof![Just(9u8), 32u8..127, 128u8..=255], 0..60);
    let cookie = (names, value).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat());
    prop_oneof![
        3 => Just(Vec::new()),
        4 => prop::collection::vec(cookie, 1..6).prop_map(|cookies| cookies.join(&b"; "[..])),
        1 => (100usize..900).prop_map(|count| (0..count).map(|n| format!("c{n}=v")).collect::<Vec<_>>().join("; ").into_bytes()),
    ]
}

fn bad() -> impl Strategy<Value = Bad> {
    let methods =
        prop_oneof![6 => Just("POST"), 2 => Just("GET"), 1 => prop::sample::select(vec!["HEAD", "PUT", "OPTIONS"])];
    (methods, paths(), any::<bool>(), cookies(), bodies()).prop_map(
        |(method, path, signed_in, cookies, (content_type, body))| Bad {
            method,
            path,
            signed_in,
            cookies,
            content_type,
            body,
        },
    )
}

/// Sends it with the token of a page that was really shown where the body has none, so that it gets past that gate.
async fn send(world: &World, bad: &Bad, signed_in: &Browser) -> String {
    let held: Vec<String> = signed_in.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = match bad.signed_in {
        true => [held.join("; ").as_bytes(), b"; ", &bad.cookies].concat(),
        false => bad.cookies.clone(),
    };
    let has_token =
        bad.body.windows(5).any(|part| part == b"csrf=") || !bad.content_type.starts_with("application/x-www");
    let token = if has_token { String::new() } else { format!("&csrf={}", signed_in.csrf()) };
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
        bad.method,
        bad.path,
        world.server.address(),
        bad.content_type,
        bad.body.len() + token.len()
    );
    let request = [head.as_bytes(), b"Cookie: ", &cookies, b"\r\n\r\n", &bad.body, token.as_bytes()].concat();
    let mut stream = connect(world).await;
    let _ = stream.write_all(&request).await;
    hear(&mut stream).await
}

#[test]
fn whatever_comes_is_answered_without_a_failure_of_ours() {
    let panics = PANICS.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (world, signed_in) = runtime.block_on(async {
        let world = World::start().await;
        world.account("seeker", ADDRESS, json!({})).await;
        let mut browser = world.browser().await;
        world.sign_in(&mut browser, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
        browser.get("/seeker/my-page").await.is(200, "マイページ");
        (world, browser)
    });
    let signed_in = std::cell::RefCell::new(signed_in);
    let (answered, let_in) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    runner
        .run(&bad(), |bad| {
            let heard = runtime.block_on(send(&world, &bad, &signed_in.borrow()));
            let statuses = statuses(heard.split("\r\n\r\n").next().unwrap_or_default());
            prop_assert_eq!(statuses.len(), 1, "{}", heard);
            prop_assert!(statuses[0] < 500 || statuses[0] == 503 && heard.contains("retry-after"), "{}", heard);
            prop_assert!(!heard.to_lowercase().contains("panicked"));
            answered.set(answered.get() + 1);
            let_in.set(let_in.get() + usize::from(bad.signed_in && statuses[0] < 400));
            // Some of it is what a user may do, such as signing out.
            if bad.path.contains("sign-out") {
                signed_in.replace(runtime.block_on(async {
                    let mut browser = world.browser().await;
                    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
                    browser.get("/seeker/my-page").await;
                    browser
                }));
            }
            Ok(())
        })
        .unwrap();
    assert!(answered.get() >= CASES && let_in.get() > 20, "{} answered, {} let in", answered.get(), let_in.get());
    assert_eq!(panics.load(Ordering::SeqCst), 0);
    assert_eq!(world.server.panics(), 0);
    // The server works as before: another user signs in.
    runtime.block_on(async {
        world.account("provider", "control@example.test", json!({})).await;
        let mut browser = world.browser().await;
        world.sign_in(&mut browser, "provider", "control@example.test", false).await.leads_to("/provider/my-page");
        browser.get("/provider/my-page").await.is(200, "マイページ");
    });
}
