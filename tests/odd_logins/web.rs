//! HTTP and SMTP of a small login: what was asked, what is answered, and the mail that leaves in between.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The most of a request's body that is read. In bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request, read.
#[derive(Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub cookies: Vec<(String, String)>,
    pub fields: Vec<(String, String)>,
    pub json: Option<Value>,
}

impl Asked {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(own, _)| own == name)
    }

    /// A member of the JSON body; null where there is none.
    pub fn member(&self, name: &str) -> &Value {
        self.json.as_ref().and_then(|json| json.get(name)).unwrap_or(&Value::Null)
    }
}

/// An answer, and the mail that leaves before it.
#[derive(Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(HeaderName, String)>,
    pub body: String,
    pub mail: Option<Letter>,
}

impl Reply {
    pub fn page(status: u16, title: &str, body: &str) -> Reply {
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n{body}\n</body></html>\n"
        );
        Reply { status, body, ..Reply::default() }.with(CONTENT_TYPE, "text/html; charset=utf-8")
    }

    pub fn json(status: u16, value: &Value) -> Reply {
        Reply { status, body: value.to_string(), ..Reply::default() }.with(CONTENT_TYPE, "application/json")
    }

    pub fn redirect(status: u16, to: &str) -> Reply {
        Reply { status, ..Reply::default() }.with(LOCATION, to)
    }

    pub fn with(mut self, name: HeaderName, value: &str) -> Reply {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn cookies(self, cookies: &[String]) -> Reply {
        cookies.iter().fold(self, |reply, cookie| reply.with(SET_COOKIE, cookie))
    }

    pub fn mailing(self, mail: Option<Letter>) -> Reply {
        Reply { mail, ..self }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            response.headers_mut().append(name, HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}

/// A mail.
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
}

/// A server on a free port; it ends with this.
pub struct Site {
    pub address: SocketAddr,
    _runtime: Arc<Runtime>,
}

impl Site {
    /// Starts it. Mail goes to the host that is given.
    pub fn start(mail_host: SocketAddr, answer: impl Fn(&Asked) -> Reply + Clone + Send + Sync + 'static) -> Site {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                let service = service_fn(move |request| serve(request, mail_host, answer.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Site { address, _runtime: Arc::new(runtime) }
    }
}

async fn serve(
    request: Request<Incoming>,
    mail_host: SocketAddr,
    answer: impl Fn(&Asked) -> Reply,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(asked) = read(request).await else {
        return Ok(Reply::page(400, "読めません", "<p>本文を読めません。</p>").response());
    };
    let mut reply = answer(&asked);
    if let Some(mail) = reply.mail.take()
        && !deliver(mail_host, &mail).await
    {
        reply = Reply::page(200, "送信できません", "<p id=\"mail-failed\">メールを送信できませんでした。</p>");
    }
    Ok(reply.response())
}

async fn read(request: Request<Incoming>) -> Option<Asked> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.ok()?.to_bytes();
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fields = if kind.starts_with("application/x-www-form-urlencoded") {
        url::form_urlencoded::parse(&body).into_owned().collect()
    } else {
        Vec::new()
    };
    let json = kind.starts_with("application/json").then(|| serde_json::from_slice(&body).ok()).flatten();
    let cookies = head.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let cookies = cookies.flat_map(|line| line.split("; ")).filter_map(|pair| pair.split_once('='));
    Some(Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        cookies: cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        fields,
        json,
        headers: head.headers,
    })
}

/// Delivers a mail by SMTP; whether it was taken.
async fn deliver(host: SocketAddr, letter: &Letter) -> bool {
    let Ok(stream) = TcpStream::connect(host).await else { return false };
    let mut stream = BufStream::new(stream);
    let lines = [
        "EHLO odd.test\r\n".to_owned(),
        "MAIL FROM:<login@odd.test>\r\n".to_owned(),
        format!("RCPT TO:<{}>\r\n", letter.to),
        "DATA\r\n".to_owned(),
        format!("{}.\r\n", message(letter)),
    ];
    let mut taken = answered(&mut stream).await;
    for line in lines {
        taken = taken && stream.write_all(line.as_bytes()).await.is_ok() && stream.flush().await.is_ok();
        taken = taken && answered(&mut stream).await;
    }
    taken
}

/// Reads a reply of the mail host to its last line; whether it is a good one.
async fn answered(stream: &mut BufStream<TcpStream>) -> bool {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) < 4 {
            return false;
        }
        if line.as_bytes()[3] == b' ' {
            return line.starts_with(['2', '3']);
        }
    }
}

fn message(letter: &Letter) -> String {
    let part = |kind: &str, text: &str| {
        let lines: Vec<String> = STANDARD
            .encode(text)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
    };
    let body = match (&letter.text, &letter.html) {
        (Some(text), Some(html)) => format!(
            "Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n--b1\r\n{}\r\n--b1\r\n{}\r\n--b1--\r\n",
            part("plain", text),
            part("html", html)
        ),
        (_, Some(html)) => part("html", html),
        (text, None) => part("plain", text.as_deref().unwrap_or_default()),
    };
    // Ten characters a word: none is longer than 75 bytes, and none is split.
    let letters: Vec<char> = letter.subject.chars().collect();
    let words: Vec<String> = letters
        .chunks(10)
        .map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word.iter().collect::<String>())))
        .collect();
    format!(
        "From: <login@odd.test>\r\nTo: <{}>\r\nSubject: {}\r\nDate: Mon, 6 Jan 2025 09:00:00 +0900\r\nMIME-Version: 1.0\r\n{body}",
        letter.to,
        words.join("\r\n ")
    )
}
