//! Mail between the reference server and the sink, with the sink's faults, and in both character sets.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::Duration;

use support::{Sekisho, replace};
use tokio::net::TcpSocket;

/// A port of this machine that nobody else takes as long as this lives, but that can be listened on.
struct Reserved {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Reserved {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Whoever listens sets the same option, and then a socket that is bound and does not listen is no obstacle.
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }
}

/// `sekisho serve` in a process of its own; it ends with this.
struct Serving {
    child: Child,
    lines: Vec<String>,
}

impl Serving {
    fn start(sekisho: &Sekisho, args: &[&str], until: &str) -> Self {
        let mut command = sekisho.command();
        command
            .arg("serve")
            .args(args)
            .env("SEKISHO_CONTROL_TOKEN", "token")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut serving = Self { child: command.spawn().unwrap(), lines: Vec::new() };
        let stdout = serving.child.stdout.take().unwrap();
        for line in BufReader::new(stdout).lines() {
            serving.lines.push(line.unwrap());
            if serving.lines.last().unwrap().contains(until) {
                return serving;
            }
        }
        panic!("`serve` ended with {:?}", serving.lines);
    }

    /// What follows a text in what was printed.
    fn after(&self, text: &str) -> &str {
        let rest = self.lines.iter().find_map(|line| line.strip_prefix(text));
        rest.unwrap_or_else(|| panic!("no `{text}` in {:?}", self.lines)).split(' ').next().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_suite_passes_with_mail_in_either_character_set() {
    for charset in ["utf-8", "iso-2022-jp"] {
        let (sekisho, mail) = (Sekisho::new(), Reserved::new());
        let mail = mail.address.to_string();
        let args = [
            "--listen",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
            "--smtp",
            &mail,
            "--mail-charset",
            charset,
            "--cheap-passwords",
        ];
        let serving = Serving::start(&sekisho, &args, "accounts user");
        let profile = include_str!("../profiles/reference.toml");
        let base = serving.after("portals on ").trim_end_matches('/');
        let control = serving.after("control on ").trim_end_matches('/');
        let profile = replace(profile, "http://127.0.0.1:8080", base);
        let profile = replace(&profile, "http://127.0.0.1:8081", control);
        let profile = replace(&profile, "127.0.0.1:2525", &mail);
        sekisho.file("target.toml", &profile);
        let mut command = sekisho.command();
        command.args(["check", "--target", "target.toml"]).env("SEKISHO_CONTROL_TOKEN", "token");
        support::Outcome::of(command.output().unwrap()).ends_with(0).says("conforms");
    }
}

#[tokio::test]
async fn serve_without_a_mail_host_opens_an_inbox_and_the_code_is_in_it() {
    let sekisho = Sekisho::new();
    let args = ["--listen", "127.0.0.1:0", "--inbox", "127.0.0.1:0", "--cheap-passwords"];
    let serving = Serving::start(&sekisho, &args, "accounts user");
    let portals = serving.after("portals on ").to_owned();
    let inbox: SocketAddr =
        serving.after("inbox on ").trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let page = get(inbox, "/").await;
    assert!(page.contains("No mail yet") && page.contains(&format!("href=\"{portals}\"")), "{page}");
    // The inbox says so itself where mail is taken; here it is enough that the server sends there.
    let smtp: SocketAddr = serving.after("mail goes to ").trim_end_matches(',').parse().unwrap();
    assert!(page.contains(&smtp.to_string()));
    assert!(get(inbox, "/api/v1/wait?to=user00001@example.test&timeout=0").await.contains("no mail to"));
}

/// The body of an answer to a plain GET.
async fn get(address: SocketAddr, path: &str) -> String {
    use http_body_util::{BodyExt, Full};
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::builder().uri(path).header("host", address.to_string());
    let request = request.body(Full::new(bytes::Bytes::new())).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = tokio::time::timeout(Duration::from_secs(30), answer.into_body().collect()).await.unwrap().unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}
