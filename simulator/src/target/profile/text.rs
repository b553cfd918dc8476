//! Lengths of time and instants, as they are written in a profile.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A length of time written like `30m`, `90d` or `1h 30m`; a day is 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// An instant written in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub jiff::Timestamp);

/// Reads a string and turns it into a value, with the string in the error.
struct Parsed<T> {
    expecting: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn parse_span(text: &str) -> Option<Span> {
    let span: jiff::Span = text.parse().ok()?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok().map(Span)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { expecting: "a length of time such as `30m` or `90d`", parse: parse_span })
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed {
            expecting: "an instant such as `2025-08-13T06:00:00+09:00`",
            parse: |text| text.parse().ok().map(Instant),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, seconds) in [("30m", 1800), ("90d", 7_776_000), ("1h 30m", 5400), ("0s", 0), ("2 seconds", 2)] {
            assert_eq!(parse_span(text), Some(Span(Duration::from_secs(seconds))), "{text}");
        }
        for text in ["", "30", "-5m", "1 month", "soon"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }
}
