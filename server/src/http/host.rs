//! For which host a request is: said exactly once and well formed, or the request is refused.

use http::header::{HOST, HeaderValue};
use http::uri::Authority;
use http::{Request, StatusCode, Version};

/// The longest host with its port: 253 bytes of name (RFC 1035, 2.3.4), a colon, 5 digits.
const MAX_HOST_BYTES: usize = 259;

/// Has the `Host` header say for which host the request is, whatever form and version it came in.
///
/// A target in absolute form overrules the header (RFC 9112, 3.2.2); HTTP/2 names the host in `:authority`, which must
/// not contradict the header (RFC 9113, 8.3.1); otherwise HTTP/1.1 needs exactly one header (RFC 9112, 3.2).
pub(super) fn settle_host<B>(request: &mut Request<B>) -> Result<(), StatusCode> {
    let mut lines = request.headers().get_all(HOST).into_iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let Some(named) = request.uri().authority().map(Authority::as_str) else {
        return match first.map(HeaderValue::to_str) {
            Some(Ok(host)) if is_host(host) => Ok(()),
            None if request.version() < Version::HTTP_11 => Ok(()),
            _ => Err(StatusCode::BAD_REQUEST),
        };
    };
    let contradicts = first.is_some_and(|line| !line.as_bytes().eq_ignore_ascii_case(named.as_bytes()));
    if !is_host(named) || contradicts && request.version() == Version::HTTP_2 {
        return Err(StatusCode::BAD_REQUEST);
    }
    let value = HeaderValue::from_str(named).map_err(|_| StatusCode::BAD_REQUEST)?;
    request.headers_mut().insert(HOST, value);
    Ok(())
}

/// A host and perhaps a port, without a user before it.
fn is_host(text: &str) -> bool {
    let is_short = !text.is_empty() && text.len() <= MAX_HOST_BYTES;
    is_short
        && !text.contains('@')
        && text.parse::<Authority>().is_ok_and(|authority| {
            let port = text.strip_prefix(authority.host()).unwrap_or_default();
            !authority.host().is_empty() && (port.is_empty() || authority.port_u16().is_some())
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn settled(version: Version, target: &str, hosts: &[&str]) -> Result<String, StatusCode> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let mut request = request.body(()).unwrap();
        settle_host(&mut request)?;
        Ok(request.headers().get(HOST).map_or("", |value| value.to_str().unwrap()).to_owned())
    }

    #[test]
    fn the_host_is_said_once_and_well_formed() {
        let refused = Err(StatusCode::BAD_REQUEST);
        let ok = |text: &str| Ok(text.to_owned());
        let (one, old, two) = (Version::HTTP_11, Version::HTTP_10, Version::HTTP_2);
        for (version, target, hosts, expected) in [
            (one, "/", &["a.test:80"][..], ok("a.test:80")),
            (one, "/", &["[::1]:80"], ok("[::1]:80")),
            (one, "/", &[], refused.clone()),
            (one, "/", &["a.test", "a.test"], refused.clone()),
            (one, "/", &[""], refused.clone()),
            (one, "/", &["a b"], refused.clone()),
            (one, "/", &["user@a.test"], refused.clone()),
            (one, "/", &["a.test/x"], refused.clone()),
            (one, "/", &["a.test:99999"], refused.clone()),
            (one, "/", &[":80"], refused.clone()),
            (one, "http://b.test/x", &["a.test"], ok("b.test")),
            (one, "http://user@b.test/x", &["a.test"], refused.clone()),
            (old, "/", &[], ok("")),
            (old, "/", &["a.test"], ok("a.test")),
            (two, "https://b.test/x", &[], ok("b.test")),
            (two, "https://b.test/x", &["B.test"], ok("b.test")),
            (two, "https://b.test/x", &["a.test"], refused.clone()),
        ] {
            assert_eq!(settled(version, target, hosts), expected, "{version:?} {target} {hosts:?}");
        }
        assert_eq!(settled(one, "/", &[&"a".repeat(260)]), refused);
    }
}
