//! The cookie-date algorithm of RFC 6265bis section 5.1.1. Not here: what an expiry means.

use std::time::SystemTime;

/// Reads a date as browsers do: in almost any order and with almost any separators. `None` where the algorithm fails.
pub(super) fn parse(text: &[u8]) -> Option<SystemTime> {
    let mut time = None;
    let mut day = None;
    let mut month = None;
    let mut year = None;
    for token in text.split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of_day(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_number(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month?);
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        full => full,
    };
    if year < 1601 || second > 59 {
        return None;
    }
    let [year, day, hour, minute, second] = [year, day, hour, minute, second].map(|part| i16::try_from(part).ok());
    let civil = jiff::civil::DateTime::new(
        year?,
        month,
        day?.try_into().ok()?,
        hour?.try_into().ok()?,
        minute?.try_into().ok()?,
        second?.try_into().ok()?,
        0,
    );
    let instant = jiff::tz::TimeZone::UTC.to_timestamp(civil.ok()?).ok()?;
    Some(SystemTime::from(instant))
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// A number of `least` to `most` digits that is followed by the token's end or a non-digit; what follows is ignored.
fn number(token: &[u8], least: usize, most: usize) -> Option<u16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    std::str::from_utf8(&token[..digits]).ok()?.parse().ok()
}

/// `hh:mm:ss` with one or two digits each; what follows a non-digit is ignored.
fn time_of_day(token: &[u8]) -> Option<(u16, u16, u16)> {
    let mut parts = token.splitn(3, |&byte| byte == b':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = |part: &[u8]| part.iter().all(u8::is_ascii_digit).then(|| number(part, 1, 2)).flatten();
    Some((whole(hour)?, whole(minute)?, number(second, 1, 2)?))
}

fn month_number(token: &[u8]) -> Option<i8> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, name)| start.eq_ignore_ascii_case(name)).map(|(month, _)| month)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        parse(text.as_bytes()).map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap(),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap(),
        })
    }

    #[test]
    fn dates_in_every_shape_the_algorithm_accepts_are_read() {
        for (text, expected) in [
            ("Wed, 13 Aug 2025 06:00:00 GMT", 1_755_064_800),
            ("Wednesday, 13-Aug-25 06:00:00 GMT", 1_755_064_800),
            ("Wed Aug 13 06:00:00 2025", 1_755_064_800),
            ("2025 aug 13 06:00:00", 1_755_064_800),
            ("06:0:0 13 AUGUST 2025", 1_755_064_800),
            ("13/Aug/2025;06:00:00.999", 1_755_064_800),
            ("13th Aug 2025x 06:00:00z", 1_755_064_800),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 01-Jan-70 00:00:01 GMT", 1),
            ("Thu, 01 Jan 69 00:00:00", 3_124_224_000),
            ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
            ("29 Feb 2024 23:59:59", 1_709_251_199),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_the_algorithm_fails_on_are_refused() {
        for text in [
            "",
            "13 Aug 2025",
            "06:00:00 Aug 2025",
            "06:00:00 13 2025",
            "06:00:00 13 Aug",
            "24:00:00 13 Aug 2025",
            "06:60:00 13 Aug 2025",
            "06:00:60 13 Aug 2025",
            "006:00:00 13 Aug 2025",
            "06:00:000 13 Aug 2025",
            "06:00:00 32 Aug 2025",
            "06:00:00 00 Aug 2025",
            "06:00:00 31 Feb 2025",
            "06:00:00 29 Feb 2025",
            "06:00:00 13 Aug 1600",
            "06:00:00 13 Aug 20255",
            "06:00 13 Aug 2025",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_written_by_the_http_rules_is_read_back(second in 0u64..253_402_300_799) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            prop_assert_eq!(parse(httpdate::fmt_http_date(time).as_bytes()), Some(time));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&bytes);
        }
    }
}
