//! Latencies as HdrHistograms: microseconds, three significant digits, mergeable without loss.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};

use crate::ReportError;
use crate::record::StepRow;

/// Significant decimal digits that a histogram keeps.
const SIGNIFICANT_DIGITS: u8 = 3;
/// The largest latency that is told apart from longer ones: a day. No story waits longer, and it bounds the memory.
const MAX_US: u64 = 24 * 60 * 60 * 1_000_000;

/// Latencies in microseconds. Grows with the largest value, up to about 0.2 MB.
#[derive(Debug, Clone)]
pub struct Latencies {
    values: Histogram<u64>,
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies::new()
    }
}

impl Latencies {
    /// No value yet.
    pub fn new() -> Latencies {
        let values = Histogram::new(SIGNIFICANT_DIGITS).expect("three significant digits are within 0 to 5");
        Latencies { values }
    }

    /// Adds one value; more than a day counts as a day.
    pub fn record(&mut self, latency_us: u64) {
        self.values.record(latency_us.min(MAX_US)).expect("a histogram that resizes holds every value up to a day");
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Latencies) {
        self.values.add(&other.values).expect("a histogram that resizes holds all that another does");
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.values.len()
    }

    /// The value, in microseconds, that `percentile` per cent of all values do not exceed; 0 where there is none.
    pub fn percentile_us(&self, percentile: f64) -> u64 {
        self.values.value_at_percentile(percentile)
    }

    /// The largest value, in microseconds; 0 where there is none.
    pub fn max_us(&self) -> u64 {
        self.values.max()
    }

    /// The share of values, from 0 to 1, that do not exceed `latency_us`; 1 where there is none.
    pub fn share_within(&self, latency_us: u64) -> f64 {
        self.values.quantile_below(latency_us)
    }

    /// Each distinct value, in microseconds, with the percentage of all values that do not exceed it, in rising order.
    pub fn distribution(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.values.iter_recorded().map(|step| (step.percentile(), step.value_iterated_to()))
    }

    /// The row of a record for these values.
    pub fn step(&self, name: impl Into<String>, errors: u64) -> StepRow {
        StepRow {
            name: name.into(),
            count: self.count(),
            errors,
            p50_us: self.percentile_us(50.0),
            p90_us: self.percentile_us(90.0),
            p99_us: self.percentile_us(99.0),
            p999_us: self.percentile_us(99.9),
            max_us: self.max_us(),
            histogram: self.to_base64(),
        }
    }

    /// The values in HdrHistogram's V2 encoding, base64.
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(&self.values, &mut bytes).expect("writing counts to memory does not fail");
        STANDARD.encode(bytes)
    }

    /// Reads what [`Latencies::to_base64`] wrote; `step` is named in errors.
    ///
    /// # Errors
    /// Where the text is no base64, or does not hold a histogram of ours.
    pub fn from_base64(step: &str, text: &str) -> Result<Latencies, ReportError> {
        let damaged = |reason: String| ReportError::Histogram { step: step.to_owned(), reason };
        let bytes = STANDARD.decode(text).map_err(|error| damaged(error.to_string()))?;
        let mut values: Histogram<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|error| damaged(error.to_string()))?;
        if values.sigfig() != SIGNIFICANT_DIGITS || values.max() > 2 * MAX_US {
            return Err(damaged("it is not one of microseconds with three significant digits".to_owned()));
        }
        values.auto(true);
        Ok(Latencies { values })
    }

    /// The values of a row.
    ///
    /// # Errors
    /// Where the row's histogram is damaged.
    pub fn of_step(row: &StepRow) -> Result<Latencies, ReportError> {
        Latencies::from_base64(&row.name, &row.histogram)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Latencies {
        let mut latencies = Latencies::new();
        values.iter().for_each(|value| latencies.record(*value));
        latencies
    }

    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![0..100u64, 0..10_000_000u64, Just(u64::MAX)], 0..200)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(values in values()) {
            let latencies = of(&values);
            let read = Latencies::from_base64("s", &latencies.to_base64()).unwrap();
            prop_assert_eq!(read.step("s", 3), latencies.step("s", 3));
        }

        #[test]
        fn merging_loses_nothing(left in values(), right in values()) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let together = of(&left.into_iter().chain(right).collect::<Vec<_>>());
            prop_assert_eq!(merged.values, together.values);
        }

        #[test]
        fn a_histogram_that_was_read_can_be_merged_into(left in values(), right in values()) {
            let mut merged = Latencies::from_base64("s", &of(&left).to_base64()).unwrap();
            merged.merge(&of(&right));
            prop_assert_eq!(merged.count(), (left.len() + right.len()) as u64);
        }

        #[test]
        fn percentiles_are_exact_to_three_digits(mut values in prop::collection::vec(1..10_000_000u64, 1..200)) {
            let row = of(&values).step("s", 0);
            values.sort_unstable();
            let median = values[(values.len() - 1) / 2];
            prop_assert!(row.p50_us.abs_diff(median) * 1_000 <= median.max(1_000) * 2, "{} for {}", row.p50_us, median);
            prop_assert!(row.p50_us <= row.p90_us && row.p90_us <= row.p99_us);
            prop_assert!(row.p99_us <= row.p999_us && row.p999_us <= row.max_us);
        }

        #[test]
        fn the_distribution_rises_to_all_values(values in values()) {
            let latencies = of(&values);
            let steps: Vec<(f64, u64)> = latencies.distribution().collect();
            prop_assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
            prop_assert!(values.is_empty() || steps.last().is_some_and(|(percent, _)| *percent == 100.0));
        }

        #[test]
        fn damaged_text_is_an_error_and_never_a_panic(text in "[A-Za-z0-9+/]{0,80}") {
            prop_assert!(Latencies::from_base64("s", &text).is_err());
        }
    }

    #[test]
    fn nothing_recorded_is_all_zero() {
        let row = Latencies::new().step("submit_code", 2);
        assert_eq!((row.count, row.errors, row.p50_us, row.max_us), (0, 2, 0, 0));
    }
}
