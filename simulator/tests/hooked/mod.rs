//! What the tests of a profile's own means share: profiles in folders of their own, and a server that keeps what it is sent.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::target::{Control, Loading, ProfileError, Target};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

/// A folder with a profile and what it names.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A program of a few lines of shell.
    pub fn script(&self, name: &str, lines: &str) {
        // Written under another name first: a text file that is open for writing somewhere cannot be run.
        let path = self.file(&format!("{name}.new"), &format!("#!/bin/sh\n{lines}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(path, self.path(name)).unwrap();
    }

    /// The reference profile with these parts replaced, beside the files.
    pub fn target(&self, base: Option<&Url>, parts: &[(&str, &str)]) -> Result<Target, ProfileError> {
        let mut text = include_str!("../../../profiles/reference.toml").to_owned();
        for (from, to) in parts {
            assert!(text.contains(from), "the profile no longer has {from}");
            text = text.replace(from, to);
        }
        let control = Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: "t".to_owned() };
        let loading = Loading { base: base.cloned(), control: Some(control), ..Loading::default() };
        Target::load(&self.file("target.toml", &text), &loading)
    }

    /// The same with what `[accounts]` says.
    pub fn with_accounts(&self, accounts: &str) -> Result<Target, ProfileError> {
        self.target(None, &[("[accounts]\nsource = \"control\"\n", &format!("[accounts]\n{accounts}\n"))])
    }

    /// The same with what `[clock]` says.
    pub fn with_clock(&self, base: Option<&Url>, clock: &str) -> Result<Target, ProfileError> {
        self.target(base, &[("[clock]\ndriver = \"control\"\n", &format!("[clock]\n{clock}\n"))])
    }
}

pub fn network() -> Arc<Network> {
    Arc::new(Network::new(NetworkConfig::default()).unwrap())
}

/// A request as it came: method and address, the header fields in lower case, and the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// Keeps what it is sent. `/refuses` answers 500 with a long text, `/moved` redirects, `/json/…` answers the rest of the address, decoded.
pub struct Recording {
    pub base: Url,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Recording {
    pub async fn start() -> Recording {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = sent.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                let service = service_fn(move |request| answer(request, kept.clone()));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Recording { base, sent }
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

async fn answer(request: Request<Incoming>, kept: Arc<Mutex<Vec<Sent>>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let text =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    let headers = parts.headers.iter().map(text).collect();
    kept.lock().unwrap().push(Sent { line: format!("{} {}", parts.method, parts.uri), headers, body: body.clone() });
    let path = percent_encoding::percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
    let builder = Response::builder();
    let (builder, body) = match path.as_str() {
        "/refuses" => (builder.status(500), format!("no clock here, {body} {}", "x".repeat(1_000))),
        "/moved" => (builder.status(302).header("location", "/sign-in"), String::new()),
        path => (builder, path.strip_prefix("/json/").unwrap_or_default().to_owned()),
    };
    Ok(builder.body(Full::from(body)).unwrap())
}
