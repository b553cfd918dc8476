//! The numbers of the source, each with the place it comes from.

use std::time::Duration;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// A code is good for 30 minutes from its issue (FAQ-03).
pub const CODE_VALIDITY: Duration = Duration::from_secs(30 * MINUTE);

/// A skip is good for 90 days, fixed, from `OK` (FAQ-08).
pub const SKIP_VALIDITY: Duration = Duration::from_secs(90 * DAY);

/// The first instant at which a sign-in asks for a code (NOTICE-1), RFC 3339.
pub const GO_LIVE: &str = "2025-08-13T06:00:00+09:00";

/// [`GO_LIVE`] in milliseconds since the Unix epoch.
pub const GO_LIVE_UNIX_MS: i64 = 1_755_032_400_000;

/// How many browsers hold a skip at once where "no limit" (FAQ-07) is put to the test: a choice of ours.
pub const BROWSERS_TRIED: usize = 64;
