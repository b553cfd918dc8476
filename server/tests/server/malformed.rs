//! Malformed and unusual HTTP: each gets a refusal or an answer of its own, never a failure, and never one request's
//! bytes taken for another's.

use crate::raw::{connect, hear, hear_until, say, statuses};
use crate::world::World;
use tokio::io::AsyncWriteExt;

/// What is right at the end of each connection: another user is served as ever.
async fn others_are_served(world: &World) {
    world.browser().await.get("/").await.is(200, "サービスの選択");
    assert_eq!(world.server.panics(), 0);
}

#[tokio::test]
async fn what_breaks_the_grammar_of_http_is_refused() {
    let world = World::start().await;
    let get = |lines: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    let post = |lines: &str| format!("POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    let refused: Vec<(&str, Vec<u8>)> = vec![
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec()),
        ("no version", b"GET / \r\nHost: x\r\n\r\n".to_vec()),
        ("a version that is none", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("lower case", b"get / http/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("an obsolete fold", get("A: b\r\n c\r\n").into_bytes()),
        ("a space before the colon", get("A : b\r\n").into_bytes()),
        ("a line without a colon", get("AAAA\r\n").into_bytes()),
        ("a line that begins with a space", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n".to_vec()),
        ("an empty name", get(": b\r\n").into_bytes()),
        ("NUL in a value", get("A: b\0c\r\n").into_bytes()),
        ("CR in a value", get("A: b\rc\r\n").into_bytes()),
        ("NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("two hosts", get("Host: x\r\n").into_bytes()),
        ("a host with a user", b"GET / HTTP/1.1\r\nHost: u@x\r\n\r\n".to_vec()),
        ("a host with a path", b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n".to_vec()),
        ("a host that is no text", b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n".to_vec()),
        ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n").into_bytes()),
        ("a list of lengths", post("Content-Length: 1, 2\r\n").into_bytes()),
        ("a length with a sign", post("Content-Length: +1\r\n").into_bytes()),
        ("a negative length", post("Content-Length: -1\r\n").into_bytes()),
        ("a hexadecimal length", post("Content-Length: 0x1\r\n").into_bytes()),
        ("a length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n").into_bytes()),
        ("an encoding that is none", post("Transfer-Encoding: xchunked\r\n").into_bytes()),
        ("chunks within something else", post("Transfer-Encoding: chunked, identity\r\n").into_bytes()),
        ("an encoding in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in refused {
        let heard = say(&world, bytes).await;
        let statuses = statuses(&heard);
        assert!(statuses.len() == 1 && (400..=417).contains(&statuses[0]), "{what}: {statuses:?} {heard}");
    }
    let heard = say(&world, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert_eq!(heard, "", "HTTP/2 without TLS is closed without a word: its client would not understand one");
    others_are_served(&world).await;
}

#[tokio::test]
async fn what_is_only_unusual_is_answered() {
    let world = World::start().await;
    let close = "Connection: close\r\n\r\n";
    let line = format!("A: {}\r\n", "b".repeat(8 * 1024));
    let many: String = (0..97).map(|n| format!("A{n}: b\r\n")).collect();
    for (what, status, request) in [
        ("HTTP/1.0", 200, "GET / HTTP/1.0\r\n\r\n".to_owned()),
        ("absolute form", 200, format!("GET http://x/ HTTP/1.1\r\nHost: y\r\n{close}")),
        ("asterisk form", 404, format!("OPTIONS * HTTP/1.1\r\nHost: x\r\n{close}")),
        ("authority form", 404, format!("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n{close}")),
        ("an unknown method", 405, format!("BREW /seeker/sign-in HTTP/1.1\r\nHost: x\r\n{close}")),
        ("TRACE", 405, format!("TRACE / HTTP/1.1\r\nHost: x\r\n{close}")),
        ("an empty line first", 200, format!("\r\nGET / HTTP/1.1\r\nHost: x\r\n{close}")),
        ("a header of 8 KiB", 200, format!("GET / HTTP/1.1\r\nHost: x\r\n{line}{close}")),
        ("99 headers", 200, format!("GET / HTTP/1.1\r\nHost: x\r\n{many}{close}")),
        ("1000 headers", 431, format!("GET / HTTP/1.1\r\nHost: x\r\n{}{close}", "A: b\r\n".repeat(1000))),
        ("a head of 100 KiB", 431, format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n{close}", "b".repeat(100_000))),
        ("an unknown expectation", 200, format!("GET / HTTP/1.1\r\nHost: x\r\nExpect: the moon\r\n{close}")),
        ("an upgrade", 200, format!("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n{close}")),
        ("a dot segment", 404, format!("GET /seeker/../../etc/passwd HTTP/1.1\r\nHost: x\r\n{close}")),
    ] {
        let heard = say(&world, request).await;
        assert_eq!(statuses(&heard), [status], "{what}: {heard}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
    let heard = statuses(&say(&world, long).await);
    assert!(matches!(heard[..], [414 | 431]), "{heard:?}");
    others_are_served(&world).await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_or_nobodys() {
    let world = World::start().await;
    for request in [
        &b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"[..],
        b"GET /?\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: \xff\xfe\r\n\r\n",
        b"GET /seeker/my-page HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: session-seeker=\xff\xfe\r\n\r\n",
        b"GET /%ff%00%0d%0a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /seeker/sign-in?%zz=% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let heard = say(&world, request).await;
        let statuses = statuses(&heard);
        assert!(statuses.len() == 1 && statuses[0] < 500, "{heard}");
        assert!(!heard.contains("\n\rset-cookie"), "{heard}");
    }
    others_are_served(&world).await;
}

/// Of two lengths only one can be right; whoever disagrees about it sees another request where we see a body.
#[tokio::test]
async fn nothing_is_smuggled_behind_a_body() {
    let world = World::start().await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 30\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\nTransfer-Encoding : chunked\n\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n\r\n",
    ] {
        let request = format!("POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\n{lines}{hidden}");
        let heard = say(&world, request).await;
        let statuses = statuses(&heard);
        assert!(statuses.len() == 1 && statuses[0] != 404 && statuses[0] < 500, "{lines:?}: {heard}");
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn chunks_bomb_nothing() {
    let world = World::start().await;
    let head = "POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    for (what, body) in [
        ("an endless size", "0".repeat(200_000)),
        ("an endless extension", format!("1;{}\r\na\r\n0\r\n\r\n", "e".repeat(200_000))),
        ("a byte a chunk", "1\r\na\r\n".repeat(40_000) + "0\r\n\r\n"),
        ("a chunk of gigabytes", "7fffffff\r\n".to_owned() + &"a".repeat(200_000)),
        ("endless trailers", "0\r\n".to_owned() + &"A: b\r\n".repeat(50_000) + "\r\n"),
    ] {
        let heard = say(&world, format!("{head}{body}")).await;
        let statuses = statuses(&heard);
        assert!(statuses.is_empty() || statuses.len() == 1 && (400..500).contains(&statuses[0]), "{what}: {heard}");
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn requests_in_one_breath_are_answered_in_their_order() {
    let world = World::start().await;
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    let heard = say(
        &world,
        get("/", "") + &get("/nothing", "") + &get("/style.css", "") + &get("/seeker/sign-in", "Connection: close\r\n"),
    )
    .await;
    assert_eq!(statuses(&heard), [200, 404, 200, 200]);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::start().await;
    let ask = |method: &str| format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let (head, get) = (say(&world, ask("HEAD")).await, say(&world, ask("GET")).await);
    let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
    let is_of_the_moment = |line: &&str| line.starts_with("date:") || line.starts_with("x-request-id:");
    let lasting = |text: &str| {
        let mut lines: Vec<String> =
            text.trim_end().lines().filter(|line| !is_of_the_moment(line)).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert!(!body.is_empty() && head.ends_with("\r\n\r\n"));
    assert_eq!(lasting(&head), lasting(get_head));
}

#[tokio::test]
async fn who_asks_before_sending_is_told_to_go_on_or_not() {
    let world = World::start().await;
    let ask = |length: usize| {
        format!(
            "POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let mut stream = connect(&world).await;
    stream.write_all(ask(3).as_bytes()).await.unwrap();
    hear_until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream.write_all(b"a=b").await.unwrap();
    assert_eq!(statuses(&hear(&mut stream).await), [400], "the browser has no cookies");
    let heard = say(&world, ask(17 * 1024)).await;
    assert_eq!(statuses(&heard), [413], "what is too large is not asked for: {heard}");
}

#[tokio::test]
async fn a_client_that_has_finished_speaking_still_hears_its_answer() {
    let world = World::start().await;
    let mut stream = connect(&world).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(statuses(&hear(&mut stream).await), [200]);
    // One that has finished in the middle is not waited for.
    for half in ["GET / HT", "POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na=b"] {
        let mut stream = connect(&world).await;
        stream.write_all(half.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let statuses = statuses(&hear(&mut stream).await);
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{statuses:?}");
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn every_answer_bears_the_security_headers_and_names_no_software() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for path in ["/", "/style.css", "/seeker/sign-in", "/nothing", "/seeker/my-page"] {
        let seen = browser.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-permitted-cross-domain-policies", "none"),
            ("strict-transport-security", ""),
            ("server", ""),
            ("x-powered-by", ""),
        ] {
            assert_eq!(seen.header(name), value, "{path}: {name}");
        }
        assert!(seen.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(!seen.header("content-security-policy").contains("unsafe"), "{path}");
    }
}
