//! Figures as people read them.

/// A latency to about three significant digits: `830 µs`, `14.2 ms`, `1.45 s`.
pub(crate) fn latency(latency_us: u64) -> String {
    let us = latency_us as f64;
    match latency_us {
        0..1_000 => format!("{latency_us} µs"),
        1_000..999_500 => format!("{} ms", three_digits(us / 1_000.0)),
        _ => format!("{} s", three_digits(us / 1_000_000.0)),
    }
}

/// A number with commas between its thousands: `6,012`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and its noun: `1 check`, `6,012 checks`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `1 story`, `6,012 stories`.
pub(crate) fn stories(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "story" } else { "stories" })
}

/// A share from 0 to 1 in per cent: `61 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn three_digits(number: f64) -> String {
    let decimals = if number < 9.995 {
        2
    } else if number < 99.95 {
        1
    } else {
        0
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_keep_three_digits_across_units() {
        let shown = [0, 830, 999, 1_000, 14_200, 99_940, 99_960, 999_499, 999_500, 1_450_000, 62_000_000];
        let expected = [
            "0 µs", "830 µs", "999 µs", "1.00 ms", "14.2 ms", "99.9 ms", "100 ms", "999 ms", "1.00 s", "1.45 s",
            "62.0 s",
        ];
        assert_eq!(shown.map(latency), expected);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1_000, 123_456, 1_234_567].map(count), ["0", "999", "1,000", "123,456", "1,234,567"]);
        assert_eq!([counted(1, "check"), counted(2, "check")], ["1 check", "2 checks"]);
    }
}
