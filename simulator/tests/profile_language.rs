//! What a profile can say of a request, put together on a page that stands there: the words of the language, one by one.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use sekisho_rules::Portal;
use sekisho_simulator::browser::{Answer, Body, Request};
use sekisho_simulator::mailbox::Letter;
use sekisho_simulator::target::{Asking, Loading, Step, Taken, Target, Vars};

const HEAD: &str = r#"
schema = 1
name = "A login"
base = "http://a.test"
portals = ["seeker"]
[mail]
listen = "127.0.0.1:0"
code = 'code: ([\d\s<>/bnsp&;-]+)'
MAIL
[client]
origins = ["http://sso.test"]
[skip]
cookie = "skip"
session_cookie = "sid"
[accounts]
source = "numbered"
address = "user{number:5}@a.test"
password = "pass-{number:5}"
last = 9
[screens]
my-page = { selector = "h1" }
"#;

fn target(steps: &str) -> Target {
    target_with("", steps)
}

fn target_with(mail: &str, steps: &str) -> Target {
    let text = format!("{}{steps}", HEAD.replace("MAIL", mail));
    Target::parse("target.toml", &text, &Loading::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn page_at(url: &str, html: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
    Answer {
        status: 200,
        headers,
        body: Bytes::from(html.to_owned()),
        url: url.parse().unwrap(),
        redirects: Vec::new(),
        cookies: Vec::new(),
        duration_us: 0,
    }
}

fn page(html: &str) -> Answer {
    page_at("http://a.test/in", html)
}

fn vars() -> Vars<'static> {
    Vars { address: "a@b.test", password: "secret", code: "012345", ..Vars::default() }
}

fn fields(request: Request) -> Vec<(String, String)> {
    match request.body {
        Body::Form(fields) => fields,
        other => panic!("{other:?} is no form"),
    }
}

fn named<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
}

const SIX_FIELDS: &str = "<form method=post><input type=hidden name='otp[]' value=kept><input name='otp[]'><input name='otp[]'>\
    <input name='otp[]'><input name='otp[]'><input name='otp[]'><input name='otp[]'></form>";

#[test]
fn a_code_is_typed_into_six_fields_of_one_name() {
    let target = target(
        r#"
        [steps.submit-code]
        form = "form"
        fill = { "otp[]" = ["{code:1}", "{code:2}", "{code:3}", "{code:4}", "{code:5}", "{code:6}"] }
        "#,
    );
    let open = page(SIX_FIELDS);
    let sent = |code: &str| {
        let asking = Asking::on(Portal::Seeker, Step::SubmitCode, Vars { code, ..vars() }, Some(&open));
        let fields = fields(target.request(&asking).unwrap());
        named(&fields, "otp[]").join("|")
    };
    assert_eq!(sent("012345"), "kept|0|1|2|3|4|5");
    // A code that is too long stays too long, and one that is too short leaves fields empty.
    assert_eq!(sent("0123459"), "kept|0|1|2|3|4|59");
    assert_eq!(sent("０1"), "kept|０|1||||");
    assert_eq!(sent(""), "kept||||||");

    let six = page("<form method=post><input name='otp[]'><input name='otp[]'></form>");
    let error = target.request(&Asking::on(Portal::Seeker, Step::SubmitCode, vars(), Some(&six))).unwrap_err();
    assert!(error.to_string().contains("2 fields `otp[]` to type into, but 6 values"), "{error}");
}

#[test]
fn one_value_for_several_fields_of_one_name_is_refused() {
    let target = target(
        r#"
        [steps.submit-code]
        form = "form"
        fill = { "otp[]" = "{code}" }
        "#,
    );
    let open = page(SIX_FIELDS);
    let error = target.request(&Asking::on(Portal::Seeker, Step::SubmitCode, vars(), Some(&open))).unwrap_err();
    assert!(error.to_string().contains("6 fields `otp[]`: give a list"), "{error}");
    // A hidden field beside the one that is seen is no second one.
    let open = page("<form method=post><input type=hidden name='otp[]' value=0><input name='otp[]'></form>");
    let sent = target.request(&Asking::on(Portal::Seeker, Step::SubmitCode, vars(), Some(&open))).unwrap();
    assert_eq!(named(&fields(sent), "otp[]"), ["0", "012345"]);
}

#[test]
fn characters_of_the_code_stand_in_json_and_in_fields_of_ones_own() {
    let target = target(
        r#"
        [steps.submit-code]
        method = "POST"
        path = "/code"
        json = { digits = ["{code:1}", "{code:2}"], first = { "$number" = "{code:1}" } }
        [steps.submit-password]
        method = "POST"
        path = "/in"
        fields = { "who[]" = ["{address}", "{password}"] }
        "#,
    );
    let request = |step| target.request(&Asking::on(Portal::Seeker, step, vars(), None)).unwrap();
    let Body::Json(sent) = request(Step::SubmitCode).body else { panic!("no JSON") };
    assert_eq!(sent, serde_json::json!({ "digits": ["0", "12345"], "first": 0 }));
    assert_eq!(named(&fields(request(Step::SubmitPassword)), "who[]"), ["a@b.test", "secret"]);
}

const NEW_NAMES: &str = "<div><form id=f method=post><input name=j7:id><input type=password name=j7:pw>\
    <input type=checkbox name=j7:stay class=stay checked><input type=checkbox name=j7:skip class=skip>\
    <input type=radio name=j7:kind value=a><input type=radio name=j7:kind value=b>\
    <select name=j7:lang><option value=ja selected>J<option value=en>E</select>\
    <button type=button>?</button><button name=j7:no class=no>No</button><button name=j7:go class=go value=1>Go</button></form>\
    <template><form><input type=password name=not></form></template><input form=f type=tel name=j7:tel></div>";

#[test]
fn fields_boxes_and_buttons_are_named_by_selectors_where_names_change() {
    let target = target(
        r#"
        [steps.submit-password]
        form = "form:has(input[type=password])"
        fill = { "css:input[name$=id]" = "{address}", "css:[type=password]" = "{password}", "css:input[type=radio]" = "b", "css:select" = "en", "css:input[type=tel]" = "1" }
        untick = ["css:.stay"]
        tick_skip = "css:.skip"
        press = { css = "button.go" }
        "#,
    );
    let open = page(NEW_NAMES);
    let asking = Asking::on(Portal::Seeker, Step::SubmitPassword, vars(), Some(&open));
    let sent = |skip| fields(target.request(&Asking { skip, ..asking }).unwrap());
    let expected = [
        ("j7:id", "a@b.test"),
        ("j7:pw", "secret"),
        ("j7:skip", "on"),
        ("j7:kind", "b"),
        ("j7:lang", "en"),
        ("j7:tel", "1"),
        ("j7:go", "1"),
    ];
    let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(sent(true), expected);
    assert_eq!(named(&sent(false), "j7:skip"), Vec::<&str>::new());
}

#[test]
fn a_selector_names_one_control_or_says_that_it_does_not() {
    let said = |with: &str| {
        let target = target(&format!("[steps.submit-password]\nform = \"form#f\"\n{with}\n"));
        let open = page(NEW_NAMES);
        let asked = target.request(&Asking::on(Portal::Seeker, Step::SubmitPassword, vars(), Some(&open)));
        asked.unwrap_err().to_string()
    };
    for (with, told) in [
        ("fill = { \"css:input.none\" = \"{password}\" }", "no field `input.none`"),
        ("fill = { \"css:input\" = \"{password}\" }", "fields `input`"),
        ("fill = { \"css:select\" = \"{password}\" }", "does not offer `secret`"),
        ("fill = { \"css:.stay\" = \"{password}\" }", "no field `.stay`"),
        ("tick = [\"css:[type=checkbox]\"]", "2 check boxes"),
        ("tick = [\"css:[type=password]\"]", "0 check boxes"),
        ("press = { css = \"button\" }", "2 buttons"),
    ] {
        let error = said(with);
        assert!(error.contains(told), "{with}: {error}");
    }
}

#[test]
fn an_address_from_an_answer_is_opened_as_it_stands_and_only_where_it_is_the_targets() {
    let target = target(
        r#"
        [steps.open-sign-in]
        get = "/in"
        take = { next = { json = "/next" } }
        [steps.open-my-page]
        get = "{next}"
        [steps.open-settings]
        get = "/go/{next}"
        [steps.open-skip-settings]
        get = "{next?}"
        [steps.sign-out]
        method = "POST"
        path = "{next}"
        "#,
    );
    let open = page_at("http://a.test/deep/in?x=1", "");
    let url = |step, next: &str| {
        let taken = Taken::from([("next".to_owned(), next.to_owned())]);
        let asking = Asking { taken: &taken, ..Asking::on(Portal::Seeker, step, vars(), Some(&open)) };
        target.request(&asking).map(|request| request.url.to_string()).map_err(|error| error.to_string())
    };
    for step in [Step::OpenMyPage, Step::SignOut] {
        for (next, to) in [
            ("/home?a=b&c=%20d#e", "http://a.test/home?a=b&c=%20d#e"),
            ("step2", "http://a.test/deep/step2"),
            ("http://a.test/x", "http://a.test/x"),
            ("http://sso.test/x?y", "http://sso.test/x?y"),
        ] {
            assert_eq!(url(step, next).as_deref(), Ok(to), "{next}");
        }
        for foreign in
            ["http://evil.test/x", "//evil.test/", "https://a.test/", "javascript:alert(1)", "http://a.test:81/"]
        {
            let error = url(step, foreign).unwrap_err();
            assert!(error.contains("`client.origins`"), "{foreign}: {error}");
        }
    }
    assert_eq!(url(Step::OpenSkipSettings, "/home?a=b").as_deref(), Ok("http://a.test/home?a=b"));
    let nothing = Asking::on(Portal::Seeker, Step::OpenSkipSettings, vars(), Some(&open));
    assert_eq!(target.request(&nothing).unwrap().url.as_str(), "http://a.test/", "nothing was taken");
    // Beside other text it is a part of a path, as before.
    assert_eq!(url(Step::OpenSettings, "a/b").as_deref(), Ok("http://a.test/go/a%2Fb"));
}

#[test]
fn the_hosts_own_password_is_sent_as_the_host_asks_for_it_and_stays_out_of_reports() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("door.secret"), "open sesame\n").unwrap();
    let text = HEAD.replace("MAIL", "").replace(
        "[client]",
        "[secrets]\ndoor = { file = \"door.secret\" }\n[client]\nusername = \"staging\"\npassword = \"{secret:door}\"",
    );
    let loading = Loading { folder: Some(folder.to_owned()), ..Loading::default() };
    let target = Target::parse("target.toml", &format!("{text}[steps]"), &loading).unwrap();
    let sent = "c3RhZ2luZzpvcGVuIHNlc2FtZQ==";
    let own: Vec<_> =
        target.client.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(own, [("authorization", format!("Basic {sent}").as_str())]);
    assert!(target.secrets.contains(&sent.to_owned()) && target.secrets.contains(&"open sesame".to_owned()));
    assert!(target.client.headers[0].1.is_sensitive());
    let twice = text.replace("username = ", "headers = { Authorization = \"Bearer {secret:door}\" }\nusername = ");
    let error = Target::parse("target.toml", &format!("{twice}[steps]"), &loading).unwrap_err().to_string();
    assert!(error.contains("has an `Authorization` already"), "{error}");
}

#[test]
fn a_code_that_is_shown_in_groups_is_typed_without_them() {
    let letter =
        |text: &str, html: &str| Letter { text: text.to_owned(), html: Some(html.to_owned()), ..Letter::default() };
    let target = target_with(r"code_without = '[\s-]'", "[steps]");
    for shown in ["123 456", "123\u{a0}456", "12-34-56", "123456"] {
        assert_eq!(target.code_in(&letter(&format!("code: {shown}"), "")).as_deref(), Some("123456"), "{shown}");
    }
    let shown = letter("code: 123-456", "");
    assert_eq!(target.code_in(&shown).as_deref(), Some("123456"));
    assert_eq!(target.as_written(&shown, "123456").as_deref(), Some("123-456"));
    assert_eq!(target.as_written(&letter("code: 123456", ""), "123456"), None);
    assert_eq!(target.code_stands_in(&shown), "code: 123456");
    assert_eq!(target.code_in(&letter("code: - -", "")), None, "nothing is left of it");

    let html = target_with("part = \"html\"\ncode_without = '<[^>]*>|&nbsp;'", "[steps]");
    let shown = letter("", "<p>code: <b>1</b><b>2</b><b>3</b>&nbsp;<b>4</b><b>5</b><b>6</b></p>");
    assert_eq!(html.code_in(&shown).as_deref(), Some("123456"));
    assert!(html.code_stands_in(&shown).contains("123456"), "{}", html.code_stands_in(&shown));
}

#[test]
fn the_request_that_a_step_is_about_is_the_last_that_is_always_sent() {
    let target = target(
        r#"
        [[steps.open-my-page]]
        get = "/home"
        as = "script"
        [[steps.open-my-page]]
        get = "/refresh"
        as = "script"
        if_page = { status = 401 }
        [[steps.sign-out]]
        get = "/home"
        [[steps.sign-out]]
        get = "/out"
        "#,
    );
    let request = |step| target.request(&Asking::on(Portal::Seeker, step, vars(), None));
    assert_eq!(request(Step::OpenMyPage).unwrap().url.path(), "/home");
    let error = request(Step::SignOut).unwrap_err().to_string();
    assert!(error.contains("write `main = true` on it"), "{error}");
}
