//! Which addresses belong together: origins, sites and trustworthy hosts, as the Fetch and Secure Contexts standards use the words.
//!
//! No public suffix list is kept. A registrable domain is judged by shape: the last two labels, or three where the last
//! two look like a registry's own level (`co.jp`, `go.jp`, `org.uk`). That is right for the addresses such logins live
//! at; it is wrong for hosting suffixes such as `github.io`, whose tenants count as one site here.

use url::{Host, Url};

/// Second levels under which country registries commonly register names.
const REGISTRY_LEVELS: [&str; 16] =
    ["ac", "ad", "co", "com", "ed", "edu", "go", "gob", "gov", "gr", "lg", "mil", "ne", "net", "or", "org"];

/// Whether a browser treats the address like https although it may be plain http: https itself, and loopback hosts
/// (`localhost`, `*.localhost`, 127.0.0.0/8, `::1`), as Chrome does.
pub fn is_trustworthy(url: &Url) -> bool {
    if url.scheme() == "https" {
        return true;
    }
    match url.host() {
        Some(Host::Domain(name)) => is_localhost(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the name is `localhost` or below it (RFC 6761 section 6.3).
pub(super) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether two addresses are same-site: equal scheme and equal registrable domain (or equal IP address).
pub fn is_same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && match (one.host(), other.host()) {
            (Some(Host::Domain(a)), Some(Host::Domain(b))) => registrable_domain(a) == registrable_domain(b),
            (a, b) => a.is_some() && a == b,
        }
}

/// Whether two addresses have equal scheme, host and port.
pub fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether a `Domain` attribute with this value would span independent owners: a single label, or a registry's own level.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    match domain.rsplit_once('.') {
        None => true,
        Some((second, country)) => country.len() == 2 && REGISTRY_LEVELS.contains(&second),
    }
}

/// The name somebody registered, by shape: see the module's note on public suffixes.
fn registrable_domain(host: &str) -> &str {
    let mut start = host.len();
    while let Some(dot) = host[..start].rfind('.') {
        let candidate = &host[dot + 1..];
        if candidate.contains('.') && !is_public_suffix(candidate) {
            return candidate;
        }
        start = dot;
    }
    host
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn sites_are_told_apart_by_registrable_domain_and_scheme() {
        for (one, other, same) in [
            ("https://a.example.jp/", "https://b.example.jp:8443/x", true),
            ("https://example.jp/", "https://www.example.jp/", true),
            ("http://example.jp/", "https://example.jp/", false),
            ("https://one.go.jp/", "https://two.go.jp/", false),
            ("https://a.one.go.jp/", "https://b.one.go.jp/", true),
            ("https://one.co.uk/", "https://two.co.uk/", false),
            ("http://localhost:1/", "http://localhost:2/", true),
            ("http://127.0.0.1:1/", "http://127.0.0.1:2/", true),
            ("http://127.0.0.1/", "http://127.0.0.2/", false),
            ("http://127.0.0.1/", "http://localhost/", false),
        ] {
            assert_eq!(is_same_site(&url(one), &url(other)), same, "{one} and {other}");
        }
    }

    #[test]
    fn loopback_is_trustworthy_and_plain_http_elsewhere_is_not() {
        for (text, trusted) in [
            ("https://example.jp/", true),
            ("http://example.jp/", false),
            ("http://localhost/", true),
            ("http://seeker.localhost:8080/", true),
            ("http://127.8.0.1/", true),
            ("http://[::1]:80/", true),
            ("http://10.0.0.1/", false),
            ("http://notlocalhost/", false),
        ] {
            assert_eq!(is_trustworthy(&url(text)), trusted, "{text}");
        }
    }
}
