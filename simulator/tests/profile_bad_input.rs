//! What is wrong with a profile is said with line and key before anything is sent: one row a mistake.
#![allow(clippy::unwrap_used)]

use sekisho_simulator::target::{Control, Examined, Loading, Target};

const REFERENCE: &str = include_str!("../../profiles/reference.toml");

fn examine(text: &str) -> Examined {
    let control = Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: String::new() };
    Target::examine_text("target.toml", text, &Loading { control: Some(control), ..Loading::default() })
}

/// What is changed in the reference profile, the text by which the line of the mistake is found in the changed one, the key where one is
/// named, and a part of the message.
struct Row(&'static str, &'static str, &'static str, &'static str, &'static str);

const SIGN_OUT: &str = "[steps.sign-out]\nform = \"form#sign-out\"";
const SUBMIT_CODE: &str = "fill = { code = \"{code}\" }\ntick_skip = \"skip\"";

const ROWS: &[Row] = &[
    // Of the wrong type, unknown, missing.
    Row("name = \"Sekisho reference server\"", "name = 7", "name = 7", "name", "a text in quotes"),
    Row(
        "wrong_codes = 5",
        "wrong_codes = \"five\"",
        "wrong_codes = \"five\"",
        "numbers.wrong_codes",
        "a whole number, without quotes",
    ),
    Row("quiet_time = \"25ms\"", "quiet_time = \"a while\"", "a while", "numbers.quiet_time", "a length of time"),
    Row("mail_patience", "mail_patiense", "mail_patiense", "numbers.mail_patiense", "did you mean `mail_patience`"),
    Row(
        "tick_skip = \"skip\"",
        "tik_skip = \"skip\"",
        "tik_skip",
        "steps.submit-code.tik_skip",
        "did you mean `tick_skip`",
    ),
    Row("[steps.sign-out]", "[steps.sign-off]", "[steps.sign-off]", "steps.sign-off", "did you mean `sign-out`"),
    Row("cookies-off = ", "cookie-off = ", "cookie-off = ", "screens.cookie-off", "did you mean `cookies-off`"),
    Row(
        "{ title = \"各種設定 |\", status = 200 }",
        "{ titel = \"各種設定 |\" }",
        "titel",
        "screens.settings.titel",
        "did you mean `title`",
    ),
    Row("session_cookie = ", "# ", "[skip]", "skip.session_cookie", "nothing says what keeps somebody signed in"),
    Row("schema = 1", "schema = 2", "schema = 2", "schema", "only version 1"),
    Row("base = \"http://127.0.0.1:8080\"", "base = \"ftp://a.test\"", "ftp://", "base", "must begin with `http://`"),
    Row("portals = [\"seeker\", ", "portals = [\"seekers\", ", "portals = ", "portals", "is no portal"),
    Row("portals = [\"seeker\", \"employer\", \"provider\"]", "portals = []", "portals = ", "portals", "at least one"),
    Row(
        "[mail]\n",
        "[in_portal.nowhere]\nbase = \"http://a.test\"\n[mail]\n",
        "[in_portal.nowhere]",
        "in_portal.nowhere",
        "not among `portals`",
    ),
    Row("http://127.0.0.1:8080\"", "http://127.0.0.1:8080/app\"", "/app", "base", "it has no path"),
    Row("http://127.0.0.1:8080\"", "http://u:p@127.0.0.1:8080\"", "u:p@", "base", "it holds a user"),
    // Numbers with which nothing could be judged.
    Row("browsers_tried = 64", "browsers_tried = 1", "browsers_tried = 1", "numbers.browsers_tried", "less than 2"),
    Row("code_validity = \"30m\"", "code_validity = \"0s\"", "code_validity = ", "numbers.code_validity", "never good"),
    Row("tolerance = \"0s\"", "tolerance = \"15m\"", "tolerance = \"15m\"", "numbers.tolerance", "leaves nothing"),
    Row(
        "mail_patience = \"10s\"",
        "mail_patience = \"0s\"",
        "mail_patience = ",
        "numbers.mail_patience",
        "no mail can come",
    ),
    Row("wrong_codes = 5", "wrong_codes = 0", "wrong_codes = 0", "numbers.wrong_codes", "leave it out"),
    Row(
        "mail_limit = { count = 100, window = \"1h\" }",
        "mail_limit = { count = 0, window = \"1h\" }",
        "mail_limit = ",
        "numbers.mail_limit",
        "more than 0",
    ),
    // Marks that fit everything, or nothing.
    Row(
        "limited = [{ status = 429 }]",
        "limited = [{ status = [] }]",
        "limited = ",
        "screens.limited",
        "fits every page",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = [{ text = \"\" }]",
        "limited = ",
        "screens.limited",
        "fits every page",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = [{ status = 4290 }]",
        "limited = ",
        "screens.limited",
        "no status code",
    ),
    // A name that is there already.
    Row("[mail]\n", "[values]\ncode = \"x\"\n[mail]\n", "code = \"x\"", "values.code", "a placeholder already"),
    // A secret where none may stand is not repeated.
    Row(
        "[mail]\n",
        "[secrets]\npw = \"hunter2pass\"\n[mail]\n",
        "pw = \"hunter2pass\"",
        "secrets.pw",
        "never stands in a profile",
    ),
    Row(
        "[mail]\n",
        "[client]\nheaders = { authorization = \"Basic dTpw\" }\n[mail]\n",
        "headers = {",
        "client.headers.authorization",
        "write `{secret:NAME}` here",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nform = \"form#sign-out\"\nheaders = { Authorization = \"Bearer hunter2\" }",
        "headers = {",
        "steps.sign-out.headers.Authorization",
        "write `{secret:NAME}` here",
    ),
    Row(
        "[mail]\n",
        "[client]\nproxy = \"http://user:hunter2@127.0.0.1:1\"\n[mail]\n",
        "proxy = ",
        "client.proxy",
        "write `{secret:NAME}` here",
    ),
    Row(
        "listen = \"127.0.0.1:2525\"",
        "source = \"mailpit\"\nurl = \"http://127.0.0.1:1\"\nusername = \"u\"\npassword = \"hunter2\"",
        "password = \"hunter2\"",
        "mail.password",
        "write `{secret:NAME}` here",
    ),
    // Files of certificates are read at once.
    Row(
        "[mail]\n",
        "[tls]\nca_file = \"nowhere.pem\"\n[mail]\n",
        "ca_file = ",
        "tls.ca_file",
        "cannot read `nowhere.pem`",
    ),
    Row(
        "[mail]\n",
        "[tls]\nca_file = \"Cargo.toml\"\n[mail]\n",
        "ca_file = ",
        "tls.ca_file",
        "there is no certificate in it",
    ),
    Row(
        "listen = \"127.0.0.1:2525\"",
        "listen = \"127.0.0.1:2525\"\ntls = \"implicit\"\ncertificate = \"nowhere.pem\"\nkey = \"nowhere.key\"",
        "certificate = ",
        "mail.certificate",
        "cannot read `nowhere.pem`",
    ),
    // Requests.
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nform = \"form\"\nget = \"/out\"",
        "[steps.sign-out]",
        "steps.sign-out",
        "exactly one of",
    ),
    Row(SIGN_OUT, "[steps.sign-out]\nheaders = {}", "[steps.sign-out]", "steps.sign-out", "exactly one of"),
    Row(SIGN_OUT, "[steps.sign-out]\npath = \"/out\"", "[steps.sign-out]", "steps.sign-out.method", "needs a `method`"),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\npath = \"/out\"\nmethod = \"post\"",
        "method = \"post\"",
        "steps.sign-out.method",
        "there are GET, POST",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\npath = \"/out\"\nmethod = \"POST\"\njson = {}\nfields = { a = \"b\" }",
        "json = {}",
        "steps.sign-out",
        "either `fields` or `json`",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/out\"\nfill = { a = \"b\" }",
        "[steps.sign-out]",
        "steps.sign-out.fill",
        "with `form` only",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nform = \"form\"\nmethod = \"POST\"",
        "[steps.sign-out]",
        "steps.sign-out.method",
        "with `path` only",
    ),
    Row(SIGN_OUT, "[steps]\nsign-out = []", "sign-out = []", "steps.sign-out", "no request in it"),
    Row(
        SIGN_OUT,
        "[[steps.sign-out]]\nget = \"/a\"\nmain = true\n[[steps.sign-out]]\nget = \"/b\"\nmain = true",
        "[[steps.sign-out]]",
        "steps.sign-out",
        "only one request can be `main`",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\npath = \"/o\"\nmethod = \"POST\"\njson = { at = 2025-08-13 }",
        "json = {",
        "steps.sign-out.json.at",
        "no dates",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\nheaders = { cookie = \"a=b\" }",
        "headers = {",
        "steps.sign-out.headers.cookie",
        "cannot be set",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\nheaders = { \"a b\" = \"c\" }",
        "headers = {",
        "steps.sign-out.headers.a b",
        "no name of a header field",
    ),
    Row(
        SUBMIT_CODE,
        "fill = { code = \"{code}\" }\nwith_skip = { skip = true }",
        "[steps.submit-code]",
        "steps.submit-code.with_skip.skip",
        "a text in quotes",
    ),
    Row(
        "press = { name = \"decision\", value = \"ok\" }",
        "press = { value = \"ok\" }",
        "press = { value",
        "steps.confirm-skip.press",
        "a button is named by",
    ),
    Row("form = \"form#resume\"", "form = \"form[\"", "form = \"form[\"", "steps.resume.form", "not a CSS selector"),
    // Values taken from answers.
    Row(
        "session_cookie = ",
        "session_values = [\"access\"]\nsession_cookie = ",
        "session_values = ",
        "skip.session_values",
        "no step takes a value `access`",
    ),
    Row(
        SUBMIT_CODE,
        "fill = { code = \"{code?}\" }",
        "{code?}",
        "steps.submit-code.fill.code",
        "`{code}` is never missing",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { regex = \"x\" } }",
        "take = {",
        "steps.sign-out.take.a",
        "needs a group",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { json = \"b.c\" } }",
        "take = {",
        "steps.sign-out.take.a",
        "did you mean `/b/c`",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { code = { json = \"/c\" } }",
        "take = {",
        "steps.sign-out.take.code",
        "is there already",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = {} }",
        "take = {",
        "steps.sign-out.take.a",
        "exactly one of",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { json = \"/a\", attribute = \"b\" } }",
        "take = {",
        "steps.sign-out.take.a",
        "with `selector` only",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { header = \"x\", in_address = true } }",
        "take = {",
        "steps.sign-out.take.a",
        "with `regex` only",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { header = \"x y\" } }",
        "take = {",
        "steps.sign-out.take.a",
        "no name of a header",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { regex = \"(x)\", where = { \"/b\" = 1 } } }",
        "take = {",
        "steps.sign-out.take.a",
        "with `json` only",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { json = \"/a\", then = \"/b\" } }",
        "take = {",
        "steps.sign-out.take.a",
        "with `where` only",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nget = \"/o\"\ntake = { a = { json = \"/a\", where = { b = 1 } } }",
        "take = {",
        "steps.sign-out.take.a.where",
        "did you mean `/b`",
    ),
    // Characters of the code, lists, selectors in place of names.
    Row(
        SUBMIT_CODE,
        "fill = { code = \"{code:0}\" }",
        "{code:0}",
        "steps.submit-code.fill.code",
        "`{code:1}` is the first",
    ),
    Row(
        SUBMIT_CODE,
        "fill = { code = [] }",
        "fill = { code = []",
        "steps.submit-code.fill.code",
        "no value in the list",
    ),
    Row(
        SUBMIT_CODE,
        "fill = { \"css:input\" = [\"{code:1}\", \"{code:2}\"] }",
        "css:input",
        "steps.submit-code.fill.css:input",
        "names one control",
    ),
    Row(
        SUBMIT_CODE,
        "fill = { \"css:##\" = \"{code}\" }",
        "css:##",
        "steps.submit-code.fill.css:##",
        "not a CSS selector",
    ),
    Row(SUBMIT_CODE, "tick = [\"css:##\"]", "tick = [", "steps.submit-code.tick", "not a CSS selector"),
    Row(
        "press = { name = \"decision\", value = \"ok\" }",
        "press = { name = \"decision\", css = \"button\" }",
        "press = { name",
        "steps.confirm-skip.press",
        "or by `css`",
    ),
    Row(
        SIGN_OUT,
        "[steps.sign-out]\nmethod = \"POST\"\npath = \"/graphql\"\njson = { query = \"mutation { signOut { ok } }\" }",
        "json = {",
        "steps.sign-out.json.query",
        "a brace itself is written twice",
    ),
    // The door before the login.
    Row("[mail]\n", "[client]\nusername = \"staging\"\n[mail]\n", "username = ", "client.username", "belong together"),
    Row(
        "[mail]\n",
        "[client]\nusername = \"staging\"\npassword = \"hunter2\"\n[mail]\n",
        "password = \"hunter2\"",
        "client.password",
        "write `{secret:NAME}` here",
    ),
    Row(
        "part = \"text\"",
        "part = \"text\"\ncode_without = \"(\"",
        "code_without",
        "mail.code_without",
        "no regular expression",
    ),
    // A form needs the page that it stands on.
    Row(
        "[steps.open-address-change]\nget = \"/{portal}/settings/address\"\n",
        "",
        "[steps.submit-address]",
        "steps.submit-address",
        "write `method` and `path` in place of `form`",
    ),
    // Placeholders, values, secrets.
    Row(
        "{address}\", password",
        "{adress}\", password",
        "{adress}",
        "steps.submit-password.fill.address",
        "did you mean `address`",
    ),
    Row(
        "get = \"/{portal}/code\"",
        "get = \"/{portal/code\"",
        "{portal/code",
        "steps.open-code-entry.get",
        "brace stands alone",
    ),
    Row("[mail]\n", "[values]\na = \"{b}\"\nb = \"{a}\"\n[mail]\n", "a = \"{b}\"", "values.a", "turn in a circle"),
    Row("[mail]\n", "[values]\na = \"{nothing}\"\n[mail]\n", "a = \"{nothing}\"", "values.a", "is not known here"),
    Row(
        "[mail]\n",
        "[secrets]\nt = { env = \"SEKISHO_TEST_NOT_SET\" }\n[mail]\n",
        "SEKISHO_TEST_NOT_SET",
        "secrets.t",
        "export it before the run",
    ),
    Row("[mail]\n", "[secrets]\nt = { file = \"no/such/file\" }\n[mail]\n", "no/such/file", "secrets.t", "cannot read"),
    Row(
        "[mail]\n",
        "[secrets]\nt = { env = \"A\", file = \"b\" }\n[mail]\n",
        "env = \"A\"",
        "secrets.t",
        "either `env` or `file`",
    ),
    Row("[mail]\n", "[secrets]\nt = {}\n[mail]\n", "t = {}", "secrets.t", "where the secret comes from"),
    Row(
        "get = \"/{portal}/code\"",
        "get = \"/{secret:t}\"",
        "{secret:t}",
        "steps.open-code-entry.get",
        "`[secrets]` does not define",
    ),
    // Marks.
    Row("limited = [{ status = 429 }]", "limited = []", "limited = []", "screens.limited", "no mark in it"),
    Row("limited = [{ status = 429 }]", "limited = [{}]", "limited = [{}]", "screens.limited", "fit every page"),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { selector = \"##\" }",
        "limited = {",
        "screens.limited",
        "not a CSS selector",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { json = { at = \"a\", is = 1 } }",
        "limited = {",
        "screens.limited",
        "no JSON pointer",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { json = { at = \"/a\" } }",
        "limited = {",
        "screens.limited",
        "needs `is`, `kind` or `matches`",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { json = { at = \"/a\", matches = \"(\" } }",
        "limited = {",
        "screens.limited",
        "no regular expression",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { header = { name = \"a b\" } }",
        "limited = {",
        "screens.limited",
        "no name of a header field",
    ),
    Row(
        "limited = [{ status = 429 }]",
        "limited = { after = \"sign-off\" }",
        "limited = {",
        "screens.limited.after",
        "did you mean `sign-out`",
    ),
    // Mail and skip.
    Row("part = \"text\"", "part = \"body\"", "part = \"body\"", "mail.part", "unknown variant `body`"),
    Row("listen = \"127.0.0.1:2525\"", "listen = \"localhost\"", "listen = ", "mail.listen", "no address with a port"),
    Row(r"：(\d{6})\b'", r"：\d{6}\b'", "code = '", "mail.code", "needs a group"),
    Row("(__Host-)?skip", "(__Host-?skip", "cookie = '", "skip.cookie", "no regular expression"),
    Row(
        "some = \"あり\", none = \"なし\"",
        "some = \"あり\"",
        "status = {",
        "skip.status",
        "either `none` or `none_if`",
    ),
    Row("selector = \"#skip-status\", ", "", "status = {", "skip.status.some", "needs `selector` or `json`"),
    Row(
        "selector = \"#skip-status\", ",
        "selector = \"#a\", json = \"/b\", ",
        "status = {",
        "skip.status",
        "not by both",
    ),
    Row("cautions = \"#cautions\"", "cautions = \"#\"", "cautions = ", "skip.cautions", "not a CSS selector"),
    // What belongs together.
    Row(
        "address = \"{new_address}\" }\n\n[steps.confirm",
        "address = \"a@b.test\" }\n\n[steps.confirm",
        "[steps.submit-address]",
        "steps.submit-address",
        "filled with `{new_address}`",
    ),
    Row(
        "[accounts]\nsource = \"control\"",
        "[accounts]\nsource = \"numbered\"",
        "source = \"numbered\"",
        "accounts",
        "need `address` and `password`",
    ),
    Row(
        "[accounts]\nsource = \"control\"",
        "[accounts]\nsource = \"numbered\"\naddress = \"a@b.test\"\npassword = \"p\"\nlast = 9",
        "address = \"a@b.test\"",
        "accounts.address",
        "every account would be the same",
    ),
    Row(
        "[clock]\n",
        "[not_applicable]\n\"FAQ-99\" = \"none\"\n[clock]\n",
        "FAQ-99",
        "not_applicable.FAQ-99",
        "`sekisho rules` lists them",
    ),
    Row(
        "[clock]\n",
        "[limits]\nanswer_patience = \"0s\"\n[clock]\n",
        "answer_patience",
        "limits.answer_patience",
        "no time to wait",
    ),
];

#[test]
fn each_mistake_is_told_with_line_and_key() {
    let mut faults = Vec::new();
    for Row(from, to, place, key, message) in ROWS {
        if place.is_empty() {
            continue;
        }
        assert!(REFERENCE.contains(from), "the profile no longer has {from}");
        let text = REFERENCE.replacen(from, to, 1);
        let line = text.lines().position(|line| line.contains(place)).unwrap() + 1;
        let examined = examine(&text);
        let told = examined.problems.iter().any(|problem| {
            problem.place().is_some_and(|(at, column)| at == line && column > 0)
                && problem.key() == Some(*key).filter(|key| !key.is_empty())
                && problem.to_string().contains(message)
        });
        if !told || examined.target.is_some() {
            let all: Vec<String> = examined.problems.iter().map(ToString::to_string).collect();
            faults.push(format!("{to}: wanted line {line}, `{key}`, `{message}`, but was told {all:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_reference_profile_gives_no_reason_to_complain() {
    let examined = examine(REFERENCE);
    assert!(examined.target.is_some());
    assert_eq!(examined.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(examined.advice, Vec::new());
}

/// A value that is put in where it may be missing is put in, and one that keeps somebody signed in has its use too.
#[test]
fn what_is_put_in_in_other_ways_is_not_called_unused() {
    for (take, used) in [("access", "headers = { Authorization = \"Bearer {access?}\" }"), ("kept", "")] {
        let text = REFERENCE
            .replacen(SIGN_OUT, &format!("{SIGN_OUT}\n{used}\ntake = {{ {take} = {{ json = \"/a\" }} }}"), 1)
            .replacen(
                "session_cookie = ",
                "session_values = [\"kept\"]\nsession_cookie = ",
                usize::from(take == "kept"),
            );
        let examined = examine(&text);
        assert!(examined.problems.is_empty(), "{:?}", examined.problems);
        assert_eq!(examined.advice, Vec::new());
    }
}

/// Where values from answers keep somebody signed in, no cookie needs to.
#[test]
fn a_session_without_a_cookie_needs_none_named() {
    let line = REFERENCE.lines().find(|line| line.starts_with("session_cookie = ")).unwrap();
    let text = REFERENCE.replacen(line, "session_values = [\"kept\"]", 1);
    let text = text.replacen(SIGN_OUT, &format!("{SIGN_OUT}\ntake = {{ kept = {{ json = \"/a\" }} }}"), 1);
    let examined = examine(&text);
    assert_eq!(examined.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(!examined.target.unwrap().is_session_cookie("sid"));
}

/// Somebody who writes a profile sees all their mistakes at once, and none that only follows from another.
#[test]
fn all_mistakes_are_told_at_once() {
    let edits = [
        ("portals = [\"seeker\", ", "portals = [\"seekers\", "),
        ("form#resume\"", "form##\""),
        (r"：(\d{6})\b'", r"：\d{6}\b'"),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let keys: Vec<String> =
        examine(&text).problems.iter().filter_map(|problem| problem.key().map(str::to_owned)).collect();
    assert_eq!(keys, ["portals", "mail.code", "steps.resume.form"]);

    let edits = [
        ("portals =", "portalz ="),
        ("wrong_codes = 5", "wrong_codes = \"x\""),
        ("[steps.sign-out]", "[steps.sign-off]"),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let told: Vec<String> = examine(&text).problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for (told, part) in told.iter().zip(["portalz", "a whole number", "sign-off"]) {
        assert!(told.contains(part), "{told}");
    }

    // What makes no sense is told beside what is malformed, unless it may only follow from that.
    let edits = [
        ("wrong_codes = 5", "wrong_codes = \"x\""),
        ("browsers_tried = 64", "browsers_tried = 1"),
        ("limited = [{ status = 429 }]", "limited = [{ statis = 429 }]"),
        ("form#resume\"", "form##\""),
    ];
    let text = edits.iter().fold(REFERENCE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let keys: Vec<String> =
        examine(&text).problems.iter().filter_map(|problem| problem.key().map(str::to_owned)).collect();
    assert_eq!(keys, ["numbers.wrong_codes", "screens.limited.statis", "steps.resume.form"]);

    let told: Vec<String> =
        examine("schema = \nname = \"x\" y\n[a]\n").problems.iter().map(ToString::to_string).collect();
    assert!(told.len() > 1 && told[0].contains("line 1"), "{told:#?}");
}

#[test]
fn what_may_not_be_meant_is_advised() {
    let advised = |from: &str, to: &str| {
        assert!(REFERENCE.contains(from), "the profile no longer has {from}");
        let examined = examine(&REFERENCE.replacen(from, to, 1));
        assert!(examined.problems.is_empty(), "{:?}", examined.problems);
        examined.advice.into_iter().map(|advice| format!("{}: {}", advice.key, advice.message)).collect::<Vec<_>>()
    };
    for (from, to, wanted) in [
        ("\"seeker\", \"employer\"", "\"seeker\", \"seeker\"", "portals: `seeker` stands twice"),
        ("my-page = [", "limited = [{ status = 429 }]\n#", "screens.my-page: without this screen"),
        (
            "settings = [{ title = \"各種設定 |\", status = 200 }]",
            "",
            "steps.open-settings: there is no `screens.settings`",
        ),
        ("tick_skip = \"skip\"", "", "steps.submit-code: nothing in it depends"),
        (
            "status = { selector = \"#skip-status\", some = \"あり\", none = \"なし\" }",
            "",
            "steps.open-skip-settings: there is no `skip.status`",
        ),
        ("[steps.resume]\nform = \"form#resume\"", "", "steps.complete-resume: it is only done after"),
        ("[steps.open-my-page]\nget = \"/{portal}/my-page\"", "", "steps.open-my-page: without this step"),
        (
            "limited = [{ status = 429 }]",
            "limited = [{ title = \"ログイン |\", status = 429 }]",
            "screens.limited: mark 1 can never count",
        ),
        ("[mail]\n", "[values]\nunused = \"a\"\n[mail]\n", "values.unused: nothing puts in"),
        (
            "[mail]\n",
            "[client]\nheaders = { X-Api-Key = \"hunter2\" }\n[mail]\n",
            "client.headers.X-Api-Key: if this is a secret",
        ),
        (
            "[steps.sign-out]\n",
            "[steps.sign-out]\nheaders = { X-Auth-Token = \"hunter2\" }\n",
            "steps.sign-out.headers.X-Auth-Token: if this is a secret",
        ),
        (
            "[steps.sign-out]\n",
            "[steps.sign-out]\ntake = { unused = { json = \"/a\" } }\n",
            "steps.sign-out.take.unused: nothing puts in",
        ),
        (
            "[mail]\n",
            "[client]\nheaders = { X-Requested-With = \"XMLHttpRequest\" }\n[mail]\n",
            "client.headers.X-Requested-With: if the target knows requests of its own pages by it",
        ),
    ] {
        let from_is_limited = from.starts_with("my-page");
        let all = if from_is_limited {
            let cut = REFERENCE.replacen("limited = [{ status = 429 }]\n", "", 1);
            let examined = examine(&cut.replacen(from, to, 1));
            examined.advice.into_iter().map(|advice| format!("{}: {}", advice.key, advice.message)).collect()
        } else {
            advised(from, to)
        };
        assert!(all.iter().any(|advice| advice.starts_with(wanted)), "{to}: {all:#?}");
    }
}
