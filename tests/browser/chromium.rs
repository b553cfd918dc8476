//! Real Chromium, driven through chromedriver by WebDriver. Nothing here knows a page of the login.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// The width of the phone, in CSS pixels: that of the most common ones, and narrower than any tablet.
pub const PHONE_WIDTH: u64 = 360;

/// How long chromedriver may take to end its browsers.
const LAST_PATIENCE: Duration = Duration::from_secs(20);

/// What kind of browser a person has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Desktop,
    Phone,
    /// A desktop that keeps no cookie.
    WithoutCookies,
}

/// A browser with a profile of its own, new and empty. It ends with this value, also when a test panics.
pub struct Chromium {
    pub client: Client,
    // Dropped in this order: the profile goes when nobody uses it any more.
    _driver: Driver,
    _profile: TempDir,
}

impl Chromium {
    pub async fn start(kind: Kind) -> Self {
        let driver = Driver::start();
        let profile = tempfile::tempdir().unwrap();
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options(kind, &profile) });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        Self { client, _driver: driver, _profile: profile }
    }

    /// Has the browser show pages from now on as this kind of screen and to this kind of eyes.
    pub async fn look_through(&self, view: View) {
        let (width, height) = (view.width, view.height);
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": view.scale, "mobile": view.touch });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let features: Vec<Value> =
            view.preferences.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": view.media, "features": features })).await;
    }

    /// What is to be seen of the whole page, as PNG in base64.
    pub async fn picture(&self) -> String {
        let wanted = json!({ "format": "png", "captureBeyondViewport": true });
        self.devtools("Page.captureScreenshot", wanted).await["data"].as_str().unwrap().to_owned()
    }

    /// A command of the developer tools, for what WebDriver has none.
    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap()
    }
}

/// What a page is shown on, and what the person in front of it prefers.
#[derive(Clone, Copy)]
pub struct View {
    /// In CSS pixels.
    pub width: u64,
    /// In CSS pixels.
    pub height: u64,
    /// Pixels of the screen to one of CSS.
    pub scale: f64,
    pub touch: bool,
    /// `screen` or `print`.
    pub media: &'static str,
    /// Media features of the person and their values.
    pub preferences: &'static [(&'static str, &'static str)],
}

impl View {
    pub const DESKTOP: View =
        View { width: 1280, height: 800, scale: 1.0, touch: false, media: "screen", preferences: &[] };
    pub const PHONE: View =
        View { width: PHONE_WIDTH, height: 780, scale: 2.0, touch: true, media: "screen", preferences: &[] };
}

/// chromedriver's own way to the developer tools.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

fn options(kind: Kind, profile: &TempDir) -> Value {
    let flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // The same letters and the same pixels on every machine.
        "--lang=ja",
        "--font-render-hinting=none",
        "--hide-scrollbars",
        // Whatever it wants from outside, it does not get beyond this machine.
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];
    let profile = format!("--user-data-dir={}", profile.path().display());
    let mut options = json!({ "binary": program("chromium"), "args": flags });
    options["args"].as_array_mut().unwrap().push(json!(profile));
    match kind {
        Kind::Desktop => {}
        Kind::Phone => {
            let screen =
                json!({ "width": PHONE_WIDTH, "height": 780, "pixelRatio": 3.0, "mobile": true, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": screen });
        }
        // 2 is Chromium's setting "block".
        Kind::WithoutCookies => options["prefs"] = json!({ "profile.default_content_setting_values.cookies": 2 }),
    }
    options
}

/// A chromedriver on a port of its own choice.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new(program("chromedriver"))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_said(&line));
        match port {
            Some(port) => Self { process, port },
            None => panic!("chromedriver ended without naming its port: {:?}", process.wait()),
        }
    }

    /// Asks chromedriver to end its browsers and itself: killed at once it would leave them behind.
    fn ask_to_end(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.set_read_timeout(Some(LAST_PATIENCE))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        connection.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.ask_to_end().is_err() {
            // It ended already, or does not listen: then there is nothing better to do.
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn port_said(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

/// Where a program is. A missing one is a failure and not a reason to skip: a skipped test would look like a passed one.
fn program(name: &str) -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("`{name}` is missing\n\nhint: `cargo xtask test` installs it; `cargo xtask test --rust-only` leaves these tests out")
    })
}
