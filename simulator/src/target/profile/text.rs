//! Lengths of time and instants, as they are written in a profile.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A length of time written like `30m`, `90d` or `1h 30m`; a day is 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// An instant written in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub jiff::Timestamp);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_SECONDS: u64 = 24 * 3600;
        let seconds = self.0.as_secs();
        if self.0.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(DAY_SECONDS) {
            return write!(f, "{}d", seconds / DAY_SECONDS);
        }
        write!(f, "{:#}", jiff::SignedDuration::try_from(self.0).unwrap_or(jiff::SignedDuration::MAX))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time, such as `30m`, `90d`, `1h 30m` or `250ms`; a day is 24 hours.",
            "pattern": "^[ 0-9a-z.,]+$",
        })
    }
}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An instant in RFC 3339, such as `2025-08-13T06:00:00+09:00`.",
            "format": "date-time",
        })
    }
}

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

/// Reads an instant from a text in quotes, or from a date of TOML's own.
struct QuotedOrDate;

impl<'de> Visitor<'de> for QuotedOrDate {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instant with its offset, such as `2025-08-13T06:00:00+09:00`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
        text.parse().map(Instant).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Instant, A::Error> {
        let date = toml::value::Datetime::deserialize(de::value::MapAccessDeserializer::new(map))?;
        self.visit_str(&date.to_string())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuotedOrDate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, seconds) in [("30m", 1800), ("90d", 7_776_000), ("1h 30m", 5400), ("0s", 0), ("2 seconds", 2)] {
            let span = Span(Duration::from_secs(seconds));
            assert_eq!(parse_span(text), Some(span), "{text}");
            assert_eq!(parse_span(&span.to_string()), Some(span), "{span}");
        }
        for text in ["", "30", "-5m", "1 month", "soon"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn instants_stand_in_quotes_or_as_dates_of_toml() {
        #[derive(Deserialize)]
        struct Table {
            at: Instant,
        }
        let read = |text: &str| toml::from_str::<Table>(text).map(|table| table.at.0.to_string());
        for text in
            ["at = \"2025-08-13T06:00:00+09:00\"", "at = 2025-08-13T06:00:00+09:00", "at = 2025-08-12 21:00:00Z"]
        {
            assert_eq!(read(text).as_deref(), Ok("2025-08-12T21:00:00Z"), "{text}");
        }
        for text in ["at = 2025-08-13", "at = 2025-08-13T06:00:00", "at = 06:00:00", "at = 7", "at = {}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
