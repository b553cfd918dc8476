//! Reading a `Set-Cookie` line: RFC 6265bis section 5.6. Not here: whether the cookie is then kept.

use std::time::{Duration, SystemTime};

use super::cookie::SameSite;
use super::{Ignored, MAX_ATTRIBUTE_BYTES, MAX_LIFETIME_SECONDS, MAX_NAME_AND_VALUE_BYTES, date};

/// What a line says; where an attribute comes several times, the last one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// From `Max-Age`, else from `Expires`; within 400 days of `now`.
    pub(super) expires: Option<SystemTime>,
    /// Without its leading dot, not yet in lower case; empty where absent.
    pub(super) domain: &'a [u8],
    /// `None` where absent, empty or not beginning with a slash: the default path applies.
    pub(super) path: Option<&'a [u8]>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

/// Reads a line at the moment `now`, from which `Max-Age` and the 400-day cap count.
pub(super) fn parse(line: &[u8], now: SystemTime) -> Result<SetCookie<'_>, Ignored> {
    if line.iter().any(|&byte| is_forbidden_control(byte)) {
        return Err(Ignored::ControlCharacter);
    }
    let mut parts = line.split(|&byte| byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = split_at_equals(pair).unwrap_or((b"", trim(pair)));
    if name.is_empty() && value.is_empty() {
        return Err(Ignored::Empty);
    }
    if name.len() + value.len() > MAX_NAME_AND_VALUE_BYTES {
        return Err(Ignored::TooLong);
    }
    let mut cookie = SetCookie {
        name,
        value,
        expires: None,
        domain: b"",
        path: None,
        secure: false,
        http_only: false,
        same_site: SameSite::Default,
    };
    let mut max_age = None;
    for part in parts {
        let (name, value) = split_at_equals(part).unwrap_or((trim(part), b""));
        if value.len() > MAX_ATTRIBUTE_BYTES {
            continue;
        }
        if name.eq_ignore_ascii_case(b"expires") {
            cookie.expires = date::parse(value).map(|end| end.min(latest(now))).or(cookie.expires);
        } else if name.eq_ignore_ascii_case(b"max-age") {
            max_age = end_by_max_age(value, now).or(max_age);
        } else if name.eq_ignore_ascii_case(b"domain") {
            cookie.domain = value.strip_prefix(b".").unwrap_or(value);
        } else if name.eq_ignore_ascii_case(b"path") {
            cookie.path = value.starts_with(b"/").then_some(value);
        } else if name.eq_ignore_ascii_case(b"secure") {
            cookie.secure = true;
        } else if name.eq_ignore_ascii_case(b"httponly") {
            cookie.http_only = true;
        } else if name.eq_ignore_ascii_case(b"samesite") {
            cookie.same_site = same_site(value);
        }
    }
    cookie.expires = max_age.or(cookie.expires);
    Ok(cookie)
}

/// Control characters that void a line; a tab is allowed.
fn is_forbidden_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

fn split_at_equals(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = pair.iter().position(|&byte| byte == b'=')?;
    Some((trim(&pair[..at]), trim(&pair[at + 1..])))
}

/// Without spaces and tabs at both ends; all other white space has been refused before.
fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// The end by `Max-Age`; `None` where the value is not an integer as the RFC writes it.
fn end_by_max_age(value: &[u8], now: SystemTime) -> Option<SystemTime> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if value.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits.len() < value.len() || digits.iter().all(|&digit| digit == b'0') {
        return Some(SystemTime::UNIX_EPOCH.min(now));
    }
    // More digits than fit a number are beyond the cap anyway.
    let seconds = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX).min(MAX_LIFETIME_SECONDS);
    Some(now.checked_add(Duration::from_secs(seconds)).unwrap_or(now))
}

/// The latest moment a cookie set at `now` may live to.
fn latest(now: SystemTime) -> SystemTime {
    now.checked_add(Duration::from_secs(MAX_LIFETIME_SECONDS)).unwrap_or(now)
}

fn same_site(value: &[u8]) -> SameSite {
    if value.eq_ignore_ascii_case(b"none") {
        SameSite::None
    } else if value.eq_ignore_ascii_case(b"strict") {
        SameSite::Strict
    } else if value.eq_ignore_ascii_case(b"lax") {
        SameSite::Lax
    } else {
        SameSite::Default
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_755_064_800)
    }

    fn parsed(line: &str) -> SetCookie<'_> {
        parse(line.as_bytes(), now()).unwrap()
    }

    #[test]
    fn names_and_values_are_split_at_the_first_equals_sign_and_trimmed() {
        for (line, name, value) in [
            ("a=b", "a", "b"),
            (" a \t=\t b ; Secure", "a", "b"),
            ("a=b=c", "a", "b=c"),
            ("a=", "a", ""),
            ("=b", "", "b"),
            ("b", "", "b"),
            ("a=\"b c\"", "a", "\"b c\""),
            ("a=b,c=d", "a", "b,c=d"),
            ("a=\u{65e5}", "a", "\u{65e5}"),
        ] {
            let cookie = parsed(line);
            assert_eq!((cookie.name, cookie.value), (name.as_bytes(), value.as_bytes()), "{line}");
        }
    }

    #[test]
    fn lines_the_rfc_voids_are_ignored() {
        let longest = format!("n={}", "v".repeat(4095));
        let too_long = format!("n={}", "v".repeat(4096));
        assert!(parse(longest.as_bytes(), now()).is_ok());
        for (line, reason) in [
            ("", Ignored::Empty),
            ("=", Ignored::Empty),
            ("; Path=/", Ignored::Empty),
            ("a=b\x01", Ignored::ControlCharacter),
            ("a=b; Path=/\x7f", Ignored::ControlCharacter),
            (&too_long, Ignored::TooLong),
        ] {
            assert_eq!(parse(line.as_bytes(), now()), Err(reason), "{line:.20}");
        }
        assert_eq!(parsed("a=b\tc").value, b"b\tc", "a tab inside a value is allowed");
    }

    #[test]
    fn attributes_are_read_without_regard_to_case_and_the_last_one_counts() {
        let cookie =
            parsed("a=b; PATH=/x; path=/y; DoMain=.One.jp; domain=Two.jp; SECURE; httponly=0; samesite=STRICT; ?=!");
        assert_eq!(cookie.path, Some(b"/y".as_slice()));
        assert_eq!(cookie.domain, b"Two.jp");
        assert!(cookie.secure && cookie.http_only);
        assert_eq!(cookie.same_site, SameSite::Strict);
        assert_eq!(parsed("a=b; path=/x; path=relative").path, None);
        assert_eq!(parsed("a=b; samesite=lax; samesite=odd").same_site, SameSite::Default);
    }

    #[test]
    fn an_over_long_attribute_is_as_if_absent() {
        let line = format!("a=b; path=/x; path=/{}", "y".repeat(MAX_ATTRIBUTE_BYTES));
        assert_eq!(parsed(&line).path, Some(b"/x".as_slice()));
    }

    #[test]
    fn lifetimes_follow_max_age_before_expires_and_are_capped_at_400_days() {
        let in_days = |days| Some(now() + Duration::from_secs(days * DAY));
        let over = Some(SystemTime::UNIX_EPOCH);
        for (line, expires) in [
            ("a=b", None),
            ("a=b; Max-Age=7776000", in_days(90)),
            ("a=b; Max-Age=7776000; Expires=Thu, 01 Jan 1970 00:00:00 GMT", in_days(90)),
            ("a=b; Expires=Thu, 14 Aug 2025 06:00:00 GMT", in_days(1)),
            ("a=b; Expires=Thu, 14 Aug 2099 06:00:00 GMT", in_days(400)),
            ("a=b; Max-Age=99999999999999999999999", in_days(400)),
            ("a=b; Max-Age=0", over),
            ("a=b; Max-Age=-1", over),
            ("a=b; Max-Age=-", over),
            ("a=b; Max-Age=", None),
            ("a=b; Max-Age=+5", None),
            ("a=b; Max-Age=5s", None),
            ("a=b; Max-Age=86400; Max-Age=x", in_days(1)),
            ("a=b; Expires=whenever", None),
        ] {
            assert_eq!(parsed(line).expires, expires, "{line}");
        }
    }
}
