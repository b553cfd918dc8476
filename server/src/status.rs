//! What operators and their monitoring ask the control listener: is it well, and how much of everything is there.
//!
//! Neither needs the token: both say how many, never who, and a probe or Prometheus then needs no secret. The listener itself is for
//! operators only.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

use crate::desk::Desk;
use crate::watch::{EXPOSITION_TYPE, RouteMeter};

/// Where it is asked whether the server is well.
const HEALTH: &str = "/healthz";
/// Where the metrics are read.
const METRICS: &str = "/metrics";
/// The beginnings of the control listener's paths, as its requests are counted.
const ROUTES: [&str; 6] = ["other", HEALTH, METRICS, "/accounts", "/clock", "/office"];

/// What is counted at each place of the control listener.
pub(crate) struct ControlMeters(Vec<RouteMeter>);

impl ControlMeters {
    pub(crate) fn new() -> Self {
        Self(ROUTES.iter().map(|route| RouteMeter::new((*route).to_owned(), false)).collect())
    }

    /// What is counted at a path: by its first part, for what follows it may be an id.
    pub(crate) fn of(&self, path: &str) -> &RouteMeter {
        let end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| at + 1);
        let known = ROUTES.iter().position(|route| *route == &path[..end]);
        &self.0[known.unwrap_or_default()]
    }
}

/// The answer, if the path is one of the two.
pub(crate) async fn answer(desk: &Arc<Desk>, method: &Method, path: &str) -> Option<Response<Full<Bytes>>> {
    if !matches!(path, HEALTH | METRICS) {
        return None;
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", String::new());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    Some(if path == HEALTH { health(desk) } else { metrics(desk).await })
}

/// Whether the server can serve; it cannot once its store has failed. A full mail queue is not a reason to be taken out of service: skips and pages work.
fn health(desk: &Desk) -> Response<Full<Bytes>> {
    let (depth, capacity) = (desk.outbox.depth(), desk.outbox.capacity());
    let queue = if depth < capacity { "ok" } else { "full" };
    let (status, state) =
        if desk.store.is_down() { (StatusCode::SERVICE_UNAVAILABLE, "failed") } else { (StatusCode::OK, "ok") };
    let body = json!({
        "status": state,
        "store": { "state": state },
        "mail_queue": { "state": queue, "mails": depth, "capacity": capacity },
    });
    plain(status, "application/json", body.to_string())
}

/// The gauges look at every account, which is no work for a thread that answers requests.
async fn metrics(desk: &Arc<Desk>) -> Response<Full<Bytes>> {
    let asked = desk.clone();
    match tokio::task::spawn_blocking(move || asked.metrics.exposition(&asked.gauges())).await {
        Ok(text) => plain(StatusCode::OK, EXPOSITION_TYPE, text),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", String::new()),
    }
}

fn plain(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_the_first_part_of_their_path() {
        let meters = ControlMeters::new();
        for (path, route) in [
            ("/accounts", "/accounts"),
            ("/office/requests/42/identity", "/office"),
            ("/metrics", "/metrics"),
            ("/metricss", "other"),
            ("/", "other"),
            ("", "other"),
            ("*", "other"),
            ("/あ", "other"),
        ] {
            assert_eq!(meters.of(path).route, route, "{path}");
        }
    }
}
