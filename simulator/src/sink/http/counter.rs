//! Where requests are answered: which path means what, and who may ask.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::{
    BODY_TIME, InboxLink, MAX_BODY_BYTES, pages,
    records::Records,
    reply::{Parameters, Reply},
};
use crate::mailbox::{Arrivals, Mail};

/// What all requests share.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) arrivals: Arc<Arrivals>,
    pub(super) records: Records,
    pub(super) smtp: SocketAddr,
    pub(super) links: Vec<InboxLink>,
    /// Whether only this machine reaches us.
    pub(super) is_local: bool,
    /// Cancelled when the inbox closes.
    pub(super) stop: CancellationToken,
}

/// What a path means.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    List,
    Style,
    Page(Arc<Mail>),
    Source(Arc<Mail>),
    File(Arc<Mail>),
    Delete(Arc<Mail>),
    DeleteAll,
    Messages,
    Search,
    Message(Arc<Mail>),
    Headers(Arc<Mail>),
    Part(Arc<Mail>, String),
    Wait,
    Info,
    Ready,
    /// A mail that is not, or no longer, there.
    Gone {
        is_api: bool,
    },
    Unknown {
        is_api: bool,
    },
}

impl Counter {
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        if let Err(refusal) = self.admit(&head.method, &head.headers) {
            return refusal;
        }
        let body = match timeout(BODY_TIME, Limited::new(body, MAX_BODY_BYTES).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off"),
            Err(_) => return Reply::error(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        };
        self.records.tidy(&self.arrivals);
        let parameters = Parameters::read(head.uri.query());
        let method = if head.method == Method::HEAD { Method::GET } else { head.method };
        let route = self.route(head.uri.path());
        match (&route, &method) {
            (Route::List, &Method::GET) => pages::wait_for_news(&self, &parameters).await,
            (Route::Wait, &Method::GET) => {
                let stop = self.stop.clone();
                let closed = || Reply::error(StatusCode::SERVICE_UNAVAILABLE, "the inbox is closing");
                return stop.run_until_cancelled(self.wait(&parameters)).await.unwrap_or_else(closed);
            }
            _ => {}
        }
        // Parsing may take a while where a mail is large, and nobody else should wait for it.
        let worked = tokio::task::spawn_blocking(move || self.act(route, &method, &parameters, &body)).await;
        worked.unwrap_or_else(|_| Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "the inbox failed"))
    }

    fn act(&self, route: Route, method: &Method, parameters: &Parameters, body: &Bytes) -> Reply {
        match (route, method) {
            (Route::List, &Method::GET) => pages::list(self, parameters),
            (Route::Style, &Method::GET) => pages::style(),
            (Route::Page(mail), &Method::GET) => pages::mail(self, &mail),
            (Route::Source(mail), &Method::GET) => Reply::source(mail.raw.clone()),
            (Route::File(mail), &Method::GET) => {
                Reply::download(mail.raw.clone(), &format!("mail-{}.eml", mail.sequence))
            }
            (Route::Delete(mail), &Method::POST) => {
                self.arrivals.remove([mail.sequence]);
                Reply::see_other("/")
            }
            (Route::DeleteAll, &Method::POST) => {
                self.arrivals.clear();
                Reply::see_other("/")
            }
            (Route::Messages, &Method::GET) => self.list(parameters),
            (Route::Messages, &Method::DELETE) => self.delete(body),
            (Route::Messages, &Method::PUT) => self.mark(body),
            (Route::Search, &Method::GET) => self.search(parameters),
            (Route::Search, &Method::DELETE) => self.delete_found(parameters),
            (Route::Message(mail), &Method::GET) => self.message(&mail),
            (Route::Headers(mail), &Method::GET) => self.headers(&mail),
            (Route::Part(mail, part), &Method::GET) => self.part(&mail, &part),
            (Route::Info, &Method::GET) => self.info(),
            (Route::Ready, &Method::GET) => Reply::ok(),
            (Route::Gone { is_api: true }, _) => Reply::error(StatusCode::NOT_FOUND, "there is no such mail"),
            (Route::Gone { is_api: false }, _) => {
                pages::missing("This mail is not here. It was deleted, or newer mail took its place.")
            }
            (Route::Unknown { is_api: true }, _) => Reply::error(StatusCode::NOT_FOUND, "there is no such path"),
            (Route::Unknown { is_api: false }, _) => pages::missing("There is no such page."),
            (route, _) => Reply::error(StatusCode::METHOD_NOT_ALLOWED, "the path takes another method")
                .with(header::ALLOW, route.allow().to_owned()),
        }
    }

    /// Keeps other sites' pages out: they may not change anything, and where only this machine reaches us, neither may they
    /// reach us under a name of their own (DNS rebinding).
    fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(), Reply> {
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or_default();
        if self.is_local && !is_local_name(host) {
            return Err(Reply::error(StatusCode::FORBIDDEN, "this inbox answers to names of this machine only"));
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let origin = text(header::ORIGIN);
            let is_foreign = origin.is_some_and(|origin| origin != format!("http://{host}"))
                || headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
            if is_foreign {
                return Err(Reply::error(StatusCode::FORBIDDEN, "another site may not change this inbox"));
            }
        }
        Ok(())
    }

    fn route(&self, path: &str) -> Route {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let is_api = segments.first() == Some(&"api");
        let mail = |id: &str| match id {
            "latest" => self.arrivals.newest_first(0, 1).pop(),
            id => id.parse().ok().and_then(|sequence| self.arrivals.get(sequence)),
        };
        let of = |id: &str, route: fn(Arc<Mail>) -> Route| mail(id).map_or(Route::Gone { is_api }, route);
        match segments.as_slice() {
            [""] => Route::List,
            ["style.css"] => Route::Style,
            ["mail", id] => match id.strip_suffix(".eml") {
                Some(id) => of(id, Route::File),
                None => of(id, Route::Page),
            },
            ["mail", id, "source"] => of(id, Route::Source),
            ["mail", id, "delete"] => of(id, Route::Delete),
            ["delete-all"] => Route::DeleteAll,
            ["livez" | "readyz" | "healthz"] => Route::Ready,
            ["api", "v1", "messages"] => Route::Messages,
            ["api", "v1", "search"] => Route::Search,
            ["api", "v1", "wait"] => Route::Wait,
            ["api", "v1", "info"] => Route::Info,
            ["api", "v1", "message", id] => of(id, Route::Message),
            ["api", "v1", "message", id, "headers"] => of(id, Route::Headers),
            ["api", "v1", "message", id, "raw"] => of(id, Route::Source),
            ["api", "v1", "message", id, "part", part] => {
                mail(id).map_or(Route::Gone { is_api }, |mail| Route::Part(mail, (*part).to_owned()))
            }
            _ => Route::Unknown { is_api },
        }
    }
}

impl Route {
    fn allow(&self) -> &'static str {
        match self {
            Route::Delete(_) | Route::DeleteAll => "POST",
            Route::Messages => "GET, HEAD, PUT, DELETE",
            Route::Search => "GET, HEAD, DELETE",
            _ => "GET, HEAD",
        }
    }
}

/// Whether a `Host` names this machine: an address, or a name that no other machine can have.
fn is_local_name(host: &str) -> bool {
    match Url::parse(&format!("http://{host}/")).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
