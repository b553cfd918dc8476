//! The table of hostile targets: what each does, and what the reason of an inconclusive check must say about it.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoding_rs::{EUC_JP, SHIFT_JIS};

use crate::pages::{FORM, SIGN_IN, answer, due, html, login, login_in, login_in_utf_16, login_with, page, redirect};
use crate::server::{
    Behaviour, deliver, hangs_after, read_request, repeats, resets_after, says, site, start, trickles,
};

/// A hostile target.
pub struct Row {
    pub name: &'static str,
    /// What some reason must say.
    pub says: &'static str,
    pub target: Behaviour,
    pub scheme: &'static str,
    /// Changes to the profile.
    pub edits: Vec<(&'static str, String)>,
    /// Whether answers are given time: the target is slow to read, not to answer.
    pub patient: bool,
}

fn row(name: &'static str, says: &'static str, target: Behaviour) -> Row {
    Row { name, says, target, scheme: "http", edits: Vec::new(), patient: false }
}

impl Row {
    fn editing(mut self, from: &'static str, to: impl Into<String>) -> Row {
        self.edits.push((from, to.into()));
        self
    }

    fn patient(self) -> Row {
        Row { patient: true, ..self }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const ENDLESS: usize = 1_000_000;
/// What is said where everything was read as it was meant, and the target just never mails.
const READ: &str = "no code mail for";

pub fn rows() -> Vec<Row> {
    [silence(), redirects(), sizes(), not_http(), statuses(), texts(), pages(), cookies(), mails()]
        .into_iter()
        .flatten()
        .collect()
}

fn silence() -> Vec<Row> {
    let (slow, closed) = ("no complete answer", "closed the connection");
    vec![
        row("says nothing", slow, hangs_after("")),
        row("hangs within the head", slow, hangs_after("HTTP/1.1 200 OK\r\nContent-")),
        row("hangs after the head", slow, hangs_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")),
        row("hangs within the body", slow, hangs_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
        row("trickles its answer", slow, trickles(b"HTTP/1.1 200 OK\r\n\r\n")),
        row("closes at once", closed, Arc::new(|_| ())),
        row("resets before it answers", closed, resets_after("")),
        row("resets within the head", closed, resets_after("HTTP/1.1 200 OK\r\nContent-")),
        row("resets within the body", closed, resets_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
        row(
            "drops who sends a password",
            closed,
            Arc::new(|stream| {
                let opened = read_request(stream).is_some_and(|asked| asked.method == "GET");
                if opened && stream.write_all(&html(&page(SIGN_IN, FORM))).is_ok() {
                    let _ = read_request(stream);
                }
            }),
        ),
    ]
}

fn redirects() -> Vec<Row> {
    let (looping, bad) = ("more than 10 redirects in a row", "not an http address");
    let counter = AtomicUsize::new(0);
    let plain = start(resets_after(html("hello")));
    let elsewhere = start(site(|_| html("hello from elsewhere")));
    let away = format!("http://localhost:{}/somewhere", elsewhere.port());
    let form = FORM.replace("action=in", &format!("action={away}"));
    vec![
        row("redirects to itself", looping, site(|asked| redirect(&asked.path))),
        row("redirects in a circle", looping, site(|asked| redirect(if asked.path == "/a" { "/b" } else { "/a" }))),
        row(
            "redirects to ever new addresses",
            looping,
            site(move |_| redirect(&format!("/{}", counter.fetch_add(1, Ordering::Relaxed)))),
        ),
        row(
            "redirects to another host",
            "http://localhost:",
            site({
                let away = away.clone();
                move |_| redirect(&away)
            }),
        ),
        row("redirects to another scheme", "no TLS connection", site(move |_| redirect(&format!("https://{plain}/")))),
        row("redirects to a script", bad, says(redirect("javascript:alert(1)"))),
        row("redirects to a file", bad, says(redirect("file:///etc/passwd"))),
        row("redirects to garbage", bad, says(redirect("http://["))),
        row("redirects nowhere", "a redirect without `Location`", says(answer("302 Found", "", b""))),
        row("has its form sent to another host", "http://localhost:", site(move |_| html(&page(SIGN_IN, &form)))),
    ]
}

fn sizes() -> Vec<Row> {
    let (body, head) = ("the body of the answer of", "the head of the answer of");
    let mebibyte = vec![b'x'; 1024 * 1024];
    let chunk = [b"100000\r\n".as_slice(), &mebibyte, b"\r\n"].concat();
    let coded = |coding: &str| answer("200 OK", &format!("Content-Encoding: {coding}\r\n"), &[0x1f, 0x8b, 8, 0, 0]);
    let fields: String = (0..10_000).map(|n| format!("X-{n}: y\r\n")).collect();
    vec![
        row("sends 100 MiB", body, repeats(format!("{OK}Content-Length: 104857600\r\n\r\n"), mebibyte.clone(), 100)),
        row("sends without end", body, repeats(format!("{OK}\r\n"), mebibyte.clone(), ENDLESS)),
        row("sends chunks without end", body, repeats(CHUNKED, chunk, ENDLESS)),
        row(
            "announces more than it sends",
            "closed the connection",
            says(format!("{OK}Content-Length: 99\r\n\r\nabc")),
        ),
        row("announces less than it sends", "fits no screen", says(format!("{OK}Content-Length: 3\r\n\r\nabcdef"))),
        row("announces a negative length", "not HTTP", says(format!("{OK}Content-Length: -3\r\n\r\nabc"))),
        row(
            "announces two lengths",
            "not HTTP",
            says(format!("{OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")),
        ),
        row("sends a gzip bomb", "coded as `gzip`", says(coded("gzip"))),
        row("sends a deflate bomb", "coded as `deflate`", says(coded("deflate"))),
        row("sends a brotli bomb", "coded as `br`", says(coded("br"))),
        row("sends bombs in bombs", "coded as `gzip, gzip`", says(coded("gzip, gzip"))),
        row("sends an unknown coding", "coded as `x-mystery`", says(coded("x-mystery"))),
        row("sends a chunk of no size", "not HTTP", says(format!("{CHUNKED}zz\r\nabc\r\n0\r\n\r\n"))),
        row("sends a chunk of monstrous size", "not HTTP", says(format!("{CHUNKED}ffffffffffffffffff\r\nabc"))),
        row("sends no last chunk", "closed the connection", says(format!("{CHUNKED}3\r\nabc\r\n"))),
        row("sends a header of 1 MiB", head, repeats(format!("{OK}X-Long: "), mebibyte, 1)),
        row("sends 10,000 headers", head, says(format!("{OK}{fields}\r\n"))),
    ]
}

fn not_http() -> Vec<Row> {
    let not_http = "is not HTTP";
    vec![
        row("speaks HTTP/0.9", not_http, says("<html><title>ログイン | x</title>hello</html>")),
        row("speaks HTTP/2", not_http, says([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100])),
        row("speaks TLS on a plain port", not_http, says([0x15, 3, 1, 0, 2, 2, 70, 0x0d, 0x0a, 0x0d, 0x0a])),
        row("speaks SSH", not_http, says("SSH-2.0-OpenSSH_9.6\r\n\r\n")),
        Row {
            scheme: "https",
            ..row("speaks plainly where TLS is due", "no TLS connection", resets_after(html("hello")))
        },
        row("has NUL in a header", not_http, says(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n".to_vec())),
        row("has a bare CR in a header", not_http, says("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n")),
    ]
}

fn statuses() -> Vec<Row> {
    let always = |status: &str, headers: &str| says(answer(status, headers, b"no"));
    vec![
        row("goes on continuing", "no complete answer", repeats("", "HTTP/1.1 100 Continue\r\n\r\n", 1_000)),
        row("has no content, with content", "status 204", says("HTTP/1.1 204 No Content\r\n\r\n<title>x</title>")),
        row("has status 999", "status 999", always("999 Whatever", "")),
        row("always fails", "status 500", always("500 Internal Server Error", "")),
        row("always limits", "`limited` (status 429)", always("429 Too Many Requests", "")),
        row("asks to come back", "`Retry-After: 120`", always("503 Service Unavailable", "Retry-After: 120\r\n")),
        row("finds nothing", "`refused` (status 404)", always("404 Not Found", "")),
    ]
}

fn texts() -> Vec<Row> {
    let undeclared = "the text is not valid UTF-8";
    let (html_header, sjis, euc) = (
        "Content-Type: text/html\r\n",
        "Content-Type: text/html; charset=Shift_JIS\r\n",
        "Content-Type: text/html; charset=EUC-JP\r\n",
    );
    vec![
        row("writes what is no UTF-8", undeclared, says(answer("200 OK", html_header, b"<title>\xff\xfe\x80</title>"))),
        row("writes Shift_JIS and says so", READ, site(login_in(SHIFT_JIS, sjis, ""))),
        row(
            "writes Shift_JIS and says so late",
            READ,
            site(login_in(SHIFT_JIS, html_header, "<meta charset=shift_jis>")),
        ),
        row("writes EUC-JP and says so", READ, site(login_in(EUC_JP, euc, ""))),
        row("writes Shift_JIS and keeps it to itself", undeclared, site(login_in(SHIFT_JIS, html_header, ""))),
        row("writes EUC-JP and keeps it to itself", undeclared, site(login_in(EUC_JP, html_header, ""))),
        row("writes UTF-16", READ, site(login_in_utf_16)),
        row("writes NUL", "the text holds NUL", says(html("<title>a\0b</title>"))),
        row("writes nothing", "the body is empty", says(html(""))),
        row(
            "sends a picture",
            "`Content-Type: image/png`",
            says(answer("200 OK", "Content-Type: image/png\r\n", b"PNG")),
        ),
    ]
}

fn pages() -> Vec<Row> {
    let long = "x".repeat(3 * 1024 * 1024);
    let by_tree = "sign-in = [{ selector = \"form[id=sign-in][method]\" }]";
    let marks = "sign-in = [{ title = \"ログイン |\" }, { title = \"エラー：ログイン |\" }]";
    let deep = |form: &str| format!("{}{form}", "<div>".repeat(100_000));
    let many = |form: &str| format!("{}{form}", "<form id=no action=no><input name=a></form>".repeat(20_000));
    let attributes = |form: &str| format!("<p {}>{form}", (0..100_000).map(|n| format!("a{n} ")).collect::<String>());
    let formats = |form: &str| {
        let open: String = (0..2_000).map(|n| format!("<b id={n}>")).collect();
        format!("{open}{}{form}", "<p>x</p>".repeat(20_000))
    };
    let huge = "x".repeat(3_900_000);
    vec![
        row("nests 100,000 elements", READ, site(login(deep))).patient(),
        row("nests 100,000 elements round what is looked for", "nested too deep", site(login(deep)))
            .editing(marks, by_tree)
            .patient(),
        row("leaves formatting open", "formatting is left open", site(login(formats)))
            .editing(marks, by_tree)
            .patient(),
        row("has a tag of 100,000 attributes", "too many attributes", site(login(attributes))).patient(),
        row("has 20,000 forms", READ, site(login(many))).patient(),
        row(
            "has an attribute of 3 MiB",
            READ,
            site(login({
                let long = long.clone();
                move |form| format!("<p title=\"{long}\">{form}")
            })),
        )
        .patient(),
        row("has a title of 3 MiB", "fits no screen", site(move |_| html(&page(&long, "")))).patient(),
        row("has a page of 4 MB that nobody knows", "fits no screen", site(move |_| html(&page("?", &huge)))).patient(),
        row(
            "has an attribute of 10 MiB",
            "the body of the answer of",
            repeats(format!("{OK}\r\n<p title=\""), [b'x'; 65_536], 160),
        ),
        row("has a sign-in without a form", "the page has no form `form#sign-in`", site(login(|_| String::new()))),
        row("has its form twice", "2 forms `form#sign-in`", site(login(|form| form.repeat(2)))),
        row(
            "has a form without its fields",
            "no field `address`",
            site(login(|form| form.replace("name=address", ""))),
        ),
        row(
            "has a form that runs a script",
            "not an http address",
            site(login(|form| form.replace("=in ", "=javascript:x ").replace("=in>", "=javascript:x>"))),
        ),
    ]
}

fn cookies() -> Vec<Row> {
    let many = |count: usize| (0..count).map(|n| format!("Set-Cookie: c{n}=v\r\n")).collect::<String>();
    let counter = AtomicUsize::new(0);
    let ever_new = move |asked: &crate::server::Asked| {
        let from = counter.fetch_add(200, Ordering::Relaxed);
        let lines: String = (from..from + 200).map(|n| format!("Set-Cookie: c{n}=v\r\n")).collect();
        answer("200 OK", &format!("Content-Type: text/html\r\n{lines}"), due(asked, str::to_owned).as_bytes())
    };
    vec![
        row("sets 5,000 cookies at once", "the head of the answer of", site(login_with(many(5_000)))),
        row("sets 200 new cookies each time", READ, site(ever_new)),
        row("sets a cookie of 50 kB", READ, site(login_with(format!("Set-Cookie: a={}\r\n", "x".repeat(50_000))))),
        row(
            "sets a cookie of 1 MiB",
            "the head of the answer of",
            repeats(format!("{OK}Set-Cookie: a="), vec![b'x'; 1024 * 1024], 1),
        ),
        row(
            "sets cookies of control characters",
            READ,
            site(login_with("Set-Cookie: a=\u{1}\u{2}\r\nSet-Cookie: \u{3}=b\r\n".into())),
        ),
    ]
}

fn mails() -> Vec<Row> {
    let mailing = |name: &'static str, says: &'static str, mail: Vec<u8>| {
        // A port that was free a moment ago, for the sink of the run.
        let sink = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let host = sink.clone();
        let target = site(move |asked| {
            if let Some(number) = asked.body.split("user").nth(1).map(|rest| &rest[..5]) {
                deliver(&host, &format!("user{number}@example.test"), &mail);
            }
            html(&due(asked, str::to_owned))
        });
        row(name, says, target).editing("listen = \"127.0.0.1:0\"", format!("listen = \"{sink}\"")).patient()
    };
    let code = "ワンタイムパスワード：123456\r\n";
    let head = "From: login@hostile.test\r\nTo: someone@example.test\r\nSubject: =?nonsense?Q?=00=FF?=\r\n";
    let typed = |kind: &str| format!("{head}MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n");
    let nested: String =
        (0..3_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    vec![
        row("mails nothing", READ, site(login(str::to_owned))),
        mailing(
            "mails in a charset that is not",
            READ,
            [typed("text/plain; charset=us-ascii").as_bytes(), &SHIFT_JIS.encode(code).0].concat(),
        ),
        mailing(
            "mails base64 that is none",
            READ,
            format!("{head}Content-Transfer-Encoding: base64\r\n\r\n!!!{code}").into(),
        ),
        mailing("mails parts within parts", READ, format!("{head}{nested}{code}").into()),
        mailing("mails lines without end", READ, [head.as_bytes(), b"\r\n", &vec![b'x'; 8 * 1024 * 1024]].concat()),
        mailing("mails headers without end", READ, format!("{}\r\nhello", "X-More: x\r\n".repeat(200_000)).into()),
        mailing("mails nothing but NUL", READ, vec![0; 100_000]),
    ]
}
