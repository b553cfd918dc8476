//! Business days of the office, in Japan.
//!
//! Holidays are computed from the law itself (国民の祝日に関する法律, as amended for 2020 and after; that of 2020 and 2021
//! moved some days for the games in Tokyo, which lies before go-live and is left out). The days of the equinoxes are fixed
//! a year ahead by the government; the usual formula of the National Astronomical Observatory's tables holds to 2099.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::Offset;

use super::time::Moment;

/// Japan's time, which has no summer time.
const JAPAN: Offset = Offset::constant(9);
/// When the office opens.
const OPENS: Time = Time::constant(9, 0, 0, 0);

/// 09:00 in Japan on the `days`-th business day after the day of `from`; with no days at all, `from` itself.
pub fn after_business_days(from: Moment, days: u16) -> Moment {
    let Some(mut day) = Timestamp::from_millisecond(from.millis()).ok().map(|stamp| JAPAN.to_datetime(stamp).date())
    else {
        return from;
    };
    for _ in 0..days {
        day = next_business_day(day);
    }
    match JAPAN.to_timestamp(day.to_datetime(OPENS)) {
        Ok(stamp) if days > 0 => Moment::from_millis(stamp.as_millisecond()),
        _ => from,
    }
}

/// The day in Japan, written as people do there, e.g. `2026年5月7日`.
pub fn japanese_day(moment: Moment) -> String {
    let day = Timestamp::from_millisecond(moment.millis()).map(|stamp| JAPAN.to_datetime(stamp).date());
    day.map_or_else(|_| moment.to_string(), |day| format!("{}年{}月{}日", day.year(), day.month(), day.day()))
}

/// The last day there is follows itself: beyond it no calendar goes.
fn next_business_day(day: Date) -> Date {
    let mut next = day;
    loop {
        match next.tomorrow() {
            Ok(tomorrow) if is_business_day(tomorrow) => return tomorrow,
            Ok(tomorrow) => next = tomorrow,
            Err(_) => return next,
        }
    }
}

/// Monday to Friday, no national holiday, and not from 29 December to 3 January.
pub fn is_business_day(day: Date) -> bool {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let is_turn_of_year = matches!((day.month(), day.day()), (12, 29..=31) | (1, 1..=3));
    !is_weekend && !is_turn_of_year && !is_holiday(day)
}

/// A holiday by name, a day in its stead (article 3, paragraph 2) or a day between two (paragraph 3).
fn is_holiday(day: Date) -> bool {
    is_named_holiday(day) || stands_in(day) || lies_between(day)
}

/// The first day after a holiday on a Sunday that is no holiday itself.
fn stands_in(day: Date) -> bool {
    let mut before = day;
    while let Ok(yesterday) = before.yesterday() {
        if !is_named_holiday(yesterday) {
            return false;
        }
        if yesterday.weekday() == Weekday::Sunday {
            return true;
        }
        before = yesterday;
    }
    false
}

fn lies_between(day: Date) -> bool {
    let is_named = |day: Result<Date, _>| day.is_ok_and(is_named_holiday);
    is_named(day.yesterday()) && is_named(day.tomorrow())
}

/// Article 2.
fn is_named_holiday(day: Date) -> bool {
    let year = day.year();
    match (day.month(), day.day()) {
        (1, 1) | (2, 11 | 23) | (4, 29) | (5, 3..=5) | (8, 11) | (11, 3 | 23) => true,
        (1, _) => is_monday(day, 2),
        (7, _) => is_monday(day, 3),
        (10, _) => is_monday(day, 2),
        (3, of_month) => i64::from(of_month) == equinox(20_843_100, year),
        (9, of_month) => i64::from(of_month) == equinox(23_248_800, year) || is_monday(day, 3),
        _ => false,
    }
}

/// Whether it is the `nth` Monday of its month.
fn is_monday(day: Date, nth: i8) -> bool {
    day.weekday() == Weekday::Monday && (day.day() - 1) / 7 + 1 == nth
}

/// The day of the month of an equinox; `in_1980` is where it fell in 1980, in millionths of a day.
fn equinox(in_1980: i64, year: i16) -> i64 {
    let years = i64::from(year) - 1980;
    (in_1980 + 242_194 * years).div_euclid(1_000_000) - years.div_euclid(4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// What the Cabinet Office has published for these years, months and days.
    const PUBLISHED: [(i16, &[(i8, i8)]); 4] = [
        (
            2024,
            &[
                (1, 1),
                (1, 8),
                (2, 11),
                (2, 12),
                (2, 23),
                (3, 20),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (5, 6),
                (7, 15),
                (8, 11),
                (8, 12),
                (9, 16),
                (9, 22),
                (9, 23),
                (10, 14),
                (11, 3),
                (11, 4),
                (11, 23),
            ],
        ),
        (
            2025,
            &[
                (1, 1),
                (1, 13),
                (2, 11),
                (2, 23),
                (2, 24),
                (3, 20),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (5, 6),
                (7, 21),
                (8, 11),
                (9, 15),
                (9, 23),
                (10, 13),
                (11, 3),
                (11, 23),
                (11, 24),
            ],
        ),
        (
            2026,
            &[
                (1, 1),
                (1, 12),
                (2, 11),
                (2, 23),
                (3, 20),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (5, 6),
                (7, 20),
                (8, 11),
                (9, 21),
                (9, 22),
                (9, 23),
                (10, 12),
                (11, 3),
                (11, 23),
            ],
        ),
        (
            2027,
            &[
                (1, 1),
                (1, 11),
                (2, 11),
                (2, 23),
                (3, 21),
                (3, 22),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (7, 19),
                (8, 11),
                (9, 20),
                (9, 23),
                (10, 11),
                (11, 3),
                (11, 23),
            ],
        ),
    ];

    #[test]
    fn the_holidays_are_those_that_were_published() {
        for (year, published) in PUBLISHED {
            let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
            let computed: Vec<_> = days.filter(|day| is_holiday(*day)).map(|day| (day.month(), day.day())).collect();
            assert_eq!(computed, published, "{year}");
        }
    }

    #[test]
    fn days_are_counted_from_the_day_after_at_nine_in_japan() {
        for (from, days, done_at) in [
            ("2026-06-02T08:59:59+09:00", 1, "2026-06-03T09:00:00+09:00"),
            ("2026-06-02T23:59:59+09:00", 1, "2026-06-03T09:00:00+09:00"),
            ("2026-06-02T15:00:00Z", 1, "2026-06-04T09:00:00+09:00"),
            ("2026-06-05T10:00:00+09:00", 1, "2026-06-08T09:00:00+09:00"),
            ("2026-06-06T10:00:00+09:00", 3, "2026-06-10T09:00:00+09:00"),
            ("2026-04-28T10:00:00+09:00", 3, "2026-05-07T09:00:00+09:00"),
            ("2025-12-26T10:00:00+09:00", 3, "2026-01-07T09:00:00+09:00"),
            ("2026-12-28T10:00:00+09:00", 3, "2027-01-06T09:00:00+09:00"),
            ("2026-09-18T10:00:00+09:00", 1, "2026-09-24T09:00:00+09:00"),
            ("2026-09-18T10:00:00+09:00", 0, "2026-09-18T10:00:00+09:00"),
        ] {
            let done = after_business_days(Moment::parse(from).unwrap(), days);
            assert_eq!(done, Moment::parse(done_at).unwrap(), "{days} after {from}");
        }
    }

    #[test]
    fn a_day_is_written_as_in_japan() {
        assert_eq!(japanese_day(Moment::parse("2026-05-06T15:00:00Z").unwrap()), "2026年5月7日");
    }

    proptest! {
        #[test]
        fn it_is_done_later_and_on_a_business_day_whenever_it_begins(
            from in 0i64..250_000_000_000_000, days in 1u16..30
        ) {
            let from = Moment::from_millis(from);
            let done = after_business_days(from, days);
            prop_assert!(done > from);
            let day = JAPAN.to_datetime(Timestamp::from_millisecond(done.millis()).unwrap());
            prop_assert!(is_business_day(day.date()) && day.time() == OPENS);
            prop_assert!(after_business_days(from, days + 1) > done);
        }

        #[test]
        fn the_ends_of_the_calendar_are_survived(from in prop_oneof![Just(i64::MIN), Just(i64::MAX), 253_370_000_000_000i64..253_402_207_200_000]) {
            after_business_days(Moment::from_millis(from), 30);
        }
    }
}
