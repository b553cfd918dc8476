//! A browser of a few lines: one connection, cookies, forms.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A browser with its cookies.
pub struct Browser {
    /// What it calls the server it speaks to.
    pub host: String,
    sender: SendRequest<Full<Bytes>>,
    pub cookies: BTreeMap<String, String>,
    /// Whether it keeps what it is told to keep.
    pub keeps_cookies: bool,
    /// The page shown last.
    pub page: String,
}

/// What came back.
#[derive(Debug)]
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// Asserts that it is a screen with this name, and this status.
    #[track_caller]
    pub fn is(&self, status: u16, screen: &str) -> &Self {
        let title = |prefix: &str| self.body.contains(&format!("<title>{prefix}{screen} | "));
        assert!(title("") || title("エラー："), "{screen}: {} {}", self.status, self.body);
        assert!(self.body.contains(&format!("<h1>{screen}</h1>")), "{screen}: {}", self.body);
        assert_eq!(self.status, status, "{screen}");
        self
    }

    /// Asserts that it is a redirect to this path.
    #[track_caller]
    pub fn leads_to(&self, path: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.header(LOCATION.as_str())), (303, path), "{}", self.body);
        self
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` line of a cookie whose name begins so.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).find(|line| line.starts_with(name))
    }
}

impl Browser {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { host: address.to_string(), sender, cookies: BTreeMap::new(), keeps_cookies: true, page: String::new() }
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends a form with these fields and the token of the page shown last.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let csrf = self.csrf();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_raw(path, &[], &encoded(&fields)).await
    }

    /// Sends a body as a form, as it stands.
    pub async fn post_raw(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Seen {
        let mut all = vec![(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send(Method::POST, path, &all, Bytes::copy_from_slice(body)).await
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Seen {
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.host.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        self.sender.ready().await.unwrap();
        let response = self.sender.send_request(request.body(Full::new(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let seen = Seen { status: head.status, headers: head.headers, body };
        if self.keeps_cookies {
            self.keep(&seen);
        }
        self.page.clone_from(&seen.body);
        seen
    }

    /// The token of the form on the page shown last.
    pub fn csrf(&self) -> String {
        let mark = "name=\"csrf\" value=\"";
        let Some(start) = self.page.find(mark).map(|at| at + mark.len()) else { return String::new() };
        self.page[start..].split('"').next().unwrap().to_owned()
    }

    pub fn skip_cookies(&self) -> Vec<(String, String)> {
        self.cookies
            .iter()
            .filter(|(name, _)| name.starts_with("skip-"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn keep(&mut self, seen: &Seen) {
        for line in seen.headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Fields as a form's body.
pub fn encoded(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish().into_bytes()
}
