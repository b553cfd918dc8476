//! A hyper server with nothing behind it: one answer, whatever is asked.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::client::Wire;

/// Starts a server that answers with the head and body of this answer; hyper adds date and length by itself, as it does for ours.
pub(crate) async fn start(like: &Wire) -> SocketAddr {
    let (headers, body) = like.parts();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (headers, body) = (headers.clone(), body.clone());
            tokio::spawn(async move {
                let service = service_fn(move |_| {
                    let response = answer(&headers, &body);
                    async move { Ok::<_, Infallible>(response) }
                });
                let connection =
                    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                // A client that goes away at the end of a round is no error here.
                drop(connection.await);
            });
        }
    });
    address
}

fn answer(headers: &HeaderMap, body: &Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.clone()));
    response.headers_mut().clone_from(headers);
    response
}
