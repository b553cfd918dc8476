//! Why no answer came. All of these blame the target or the way to it; what a caller got wrong is named as such.

use std::time::Duration;

/// Why a navigation ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The request itself cannot be sent: not http(s), no host, or a header or address that HTTP does not allow. The caller's fault.
    #[error("cannot send a request to `{url}`: {reason}")]
    BadRequest {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name could not be resolved.
    #[error("no address is known for `{host}`: {reason}")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nobody listens there.
    #[error("`{authority}` refused the connection")]
    Refused {
        /// Host and port.
        authority: String,
    },
    /// The connection could not be made for another reason, e.g. no route or no free port.
    #[error("`{authority}` cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What the system said.
        reason: String,
    },
    /// The connection was not made in time.
    #[error("no connection to `{authority}` within {} ms", limit.as_millis())]
    ConnectTimedOut {
        /// Host and port.
        authority: String,
        /// The limit.
        limit: Duration,
    },
    /// TLS could not be agreed on, or the certificate is not trusted.
    #[error("no TLS connection to `{authority}`: {reason}")]
    Tls {
        /// Host and port.
        authority: String,
        /// What TLS said.
        reason: String,
    },
    /// The answer was not complete in time.
    #[error("no complete answer from `{authority}` within {} ms", limit.as_millis())]
    TimedOut {
        /// Host and port.
        authority: String,
        /// The limit on one exchange.
        limit: Duration,
    },
    /// The connection was closed or reset before the answer was complete.
    #[error("`{authority}` closed the connection before the answer was complete")]
    ClosedEarly {
        /// Host and port.
        authority: String,
    },
    /// What came back is not HTTP/1.
    #[error("the answer of `{authority}` is not HTTP: {reason}")]
    NotHttp {
        /// Host and port.
        authority: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer's head is larger than allowed.
    #[error("the head of the answer of `{authority}` is larger than {limit_bytes} bytes")]
    HeadTooLarge {
        /// Host and port.
        authority: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// The answer's body is larger than allowed.
    #[error("the body of the answer of `{authority}` is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// Host and port.
        authority: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// The answer is compressed, though no browser of ours says that it takes that.
    #[error(
        "the answer of `{authority}` is coded as `{coding}`, which was not asked for (`Accept-Encoding: identity`)"
    )]
    Coded {
        /// Host and port.
        authority: String,
        /// The `Content-Encoding` as it was sent.
        coding: String,
    },
    /// The target redirected too often in a row.
    #[error("more than {limit} redirects in a row, the last one to `{url}`")]
    RedirectLoop {
        /// The limit.
        limit: usize,
        /// Where the last one led.
        url: String,
    },
    /// The target redirected to something that is no http(s) address.
    #[error("`{url}` redirects to `{location}`, which is not an http address")]
    BadRedirect {
        /// Who redirected.
        url: String,
        /// The `Location` as it was sent.
        location: String,
    },
    /// A load run must not touch this host.
    #[error(
        "`{host}` is not on this machine, and the profile does not say that it may be put under load (`authorized_by`, `also_authorized`)"
    )]
    NotAuthorized {
        /// The host.
        host: String,
    },
    /// The proxy could not be reached.
    #[error("the proxy cannot be used: {reason}")]
    ProxyUnreachable {
        /// Host and port of the proxy.
        proxy: String,
        /// What happened instead.
        reason: String,
    },
    /// The proxy wants other credentials (407).
    #[error("the proxy `{proxy}` {remark} (`client.proxy`)")]
    ProxyCredentials {
        /// Host and port of the proxy.
        proxy: String,
        /// What it wants.
        remark: &'static str,
    },
    /// The proxy opens no tunnel to the host.
    #[error("the proxy `{proxy}` does not connect to `{authority}`: it answered {status}")]
    ProxyRefused {
        /// Host and port of the proxy.
        proxy: String,
        /// Host and port of the target.
        authority: String,
        /// The status of its answer.
        status: u16,
    },
    /// The proxy does not speak as a proxy should.
    #[error("the proxy `{proxy}` opens no tunnel: {reason}")]
    ProxyBroken {
        /// Host and port of the proxy.
        proxy: String,
        /// What is wrong.
        reason: String,
    },
}
