//! The target profile as it is written: TOML, one struct a table, nothing unknown allowed.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use toml::Spanned;

use super::{Screen, Step};

/// A description of a login: everything that differs between systems.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of this format; 1.
    pub schema: u32,
    /// What people call the target.
    pub name: String,
    /// Scheme, host and port, without a path.
    pub base: Spanned<String>,
    /// Which portals the target has, by name.
    pub portals: Spanned<Vec<String>>,
    /// Says, in so many words, who allowed that a host other than this machine is put under load.
    #[serde(default)]
    pub authorized_by: Option<String>,
    /// How its certificate is trusted.
    #[serde(default)]
    pub tls: Tls,
    /// Durations and limits the target declares.
    #[serde(default)]
    pub numbers: Numbers,
    /// How long the harness waits for it, in real time.
    #[serde(default)]
    pub limits: Limits,
    /// What it does where the source leaves it to the target.
    #[serde(default)]
    pub policies: Policies,
    /// How its mails are read.
    pub mail: Mail,
    /// Where a skip shows.
    pub skip: Skip,
    /// Its control listener, where it has one.
    pub control: Option<Control>,
    /// How its clock is moved.
    #[serde(default)]
    pub clock: Clock,
    /// The office that changes an address in person (FAQ-05), where it can be driven.
    #[serde(default)]
    pub office: Office,
    /// Where accounts come from.
    pub accounts: Accounts,
    /// How each screen is recognised; any one of the forms given suffices.
    pub screens: BTreeMap<Screen, Vec<Mark>>,
    /// How each step is done.
    pub steps: BTreeMap<Step, Act>,
    /// What the target does not offer: a clause or check id, and the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<String, String>,
}

/// How the target's certificate is trusted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A PEM file of further authorities to trust, relative to the profile.
    pub ca_file: Option<std::path::PathBuf>,
}

/// Durations and limits the target declares; the defaults are those of the source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Numbers {
    /// How long a code is good from its issue (FAQ-03).
    pub code_validity: Span,
    /// How long a skip is good from `OK` (FAQ-08).
    pub skip_validity: Span,
    /// How far from a boundary nothing is judged, on either side.
    pub tolerance: Span,
    /// The same for the end of a skip, where it differs: a target may count calendar days.
    pub skip_tolerance: Option<Span>,
    /// How long the number that confirms a new address is good, where the target declares it (NOTICE-4).
    pub confirmation_validity: Option<Span>,
    /// The first instant at which a code is asked (NOTICE-1).
    pub go_live: Instant,
    /// How many browsers hold a skip at once where "no limit" is tried (FAQ-07).
    pub browsers_tried: usize,
    /// How many codes are counted where it is tried whether they are evenly spread (statistical checks).
    pub codes_sampled: usize,
    /// After how many wrong codes an attempt is over.
    pub wrong_codes: Option<u32>,
    /// How many wrong codes one account has in a window, over all its attempts.
    pub wrong_codes_limit: Option<Limit>,
    /// How many code mails one address gets in a window.
    pub mail_limit: Option<Limit>,
    /// How long, of real time, a mail that is not wanted is still waited for after the control mail came.
    pub quiet_time: Span,
    /// How long, of real time, a mail is waited for before it counts as never come.
    pub mail_patience: Span,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            code_validity: Span(Duration::from_secs(30 * 60)),
            skip_validity: Span(Duration::from_secs(90 * 24 * 3600)),
            tolerance: Span(Duration::from_secs(2)),
            skip_tolerance: None,
            confirmation_validity: None,
            go_live: Instant(jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_755_032_400)),
            browsers_tried: 64,
            codes_sampled: 10_000,
            wrong_codes: None,
            wrong_codes_limit: None,
            mail_limit: None,
            quiet_time: Span(Duration::from_secs(2)),
            mail_patience: Span(Duration::from_secs(30)),
        }
    }
}

/// How long the harness waits, in real time, before it gives up and says so. None of them decides whether a target conforms.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// For a connection: resolving the name, connecting and TLS together.
    pub connect_patience: Span,
    /// For one answer, from the first byte sent to the last byte received; each redirect is an answer of its own.
    pub answer_patience: Span,
    /// For one story of a check as a whole: a target that is slow at every step must not hold a run up for hours.
    pub story_patience: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect_patience: Span(Duration::from_secs(10)),
            answer_patience: Span(Duration::from_secs(30)),
            story_patience: Span(Duration::from_secs(15 * 60)),
        }
    }
}

/// So many in so long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Span,
}

/// What the target does where the source leaves it to the target; what is not declared is not judged.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// What becomes of a code once a newer one was mailed for the account.
    pub superseded: Option<Superseded>,
    /// What another password does to the skips.
    pub skips_after_password_change: Option<SkipsAfter>,
    /// What another address does to the skips.
    pub skips_after_address_change: Option<SkipsAfter>,
    /// How long a session lasts.
    pub session_lifetime: Option<Span>,
    /// How long after the right code `OK` on the skip confirmation screen still sets the skip.
    pub skip_offer: Option<Span>,
    /// Whether `OK` still sets it on a page that was kept open while the browser went elsewhere.
    pub skip_offer_outlives_leaving: Option<bool>,
    /// Whether a browser's open attempt and its session leave each other alone: a sign-in that begins does not end the session, and
    /// signing out or being let in by a skip does not end the attempt.
    pub attempt_and_session_apart: Option<bool>,
    /// How long the number that confirms a new address is good.
    pub confirmation_validity: Option<Span>,
    /// Whether that number is good only in the session that asked for it.
    pub confirmation_is_bound: Option<bool>,
    /// How many wrong numbers end a change of the address.
    pub wrong_numbers: Option<u32>,
    /// How often an account may ask for another address in a window.
    pub address_requests: Option<Limit>,
}

/// What becomes of a code once a newer one was mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Superseded {
    /// It is refused.
    Refused,
    /// It still signs in, in its own attempt.
    Accepted,
}

/// What becomes of the skips of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipsAfter {
    /// They go on.
    Kept,
    /// All of them end.
    Ended,
}

/// How the target's mails are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The address at which our sink takes the target's mail; the embedded run replaces it.
    pub listen: Spanned<SocketAddr>,
    /// Where in the mail the code stands.
    #[serde(default)]
    pub part: MailPart,
    /// A regular expression whose first group is the code; a mail it does not match is not a code mail.
    pub code: Spanned<String>,
    /// A regular expression whose first group is the number that confirms a new address, in the mail to that address;
    /// absent where the target changes an address without asking for one (NOTICE-4).
    pub confirmation: Option<Spanned<String>>,
}

/// Where in a mail the code stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailPart {
    /// In the text, or the text made of the HTML where there is no other.
    #[default]
    Text,
    /// In the subject.
    Subject,
    /// In the HTML source.
    Html,
}

/// Where a skip shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// A regular expression that matches the whole name of the cookie that holds a skip.
    pub cookie: Spanned<String>,
    /// A regular expression that matches the names of cookies that hold the session.
    pub session_cookie: Spanned<String>,
    /// Where the skip settings screen says あり or なし.
    pub status: Option<Status>,
    /// Selects the cautions on the skip confirmation screen (FAQ-06g).
    pub cautions: Option<Spanned<String>>,
}

/// Where the skip settings screen says whether a skip exists (FAQ-13).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Selects the element whose text is the status.
    pub selector: Spanned<String>,
    /// The text where a browser holds a skip.
    pub some: String,
    /// The text where none does.
    pub none: String,
}

/// The control listener of the reference server: moves clocks and makes accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its address; the embedded run replaces it.
    pub url: Spanned<String>,
    /// The environment variable that holds its token.
    pub token_env: String,
}

/// How the target's clock is moved.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// By what means.
    #[serde(default)]
    pub driver: ClockDriver,
    /// Whose clock that is.
    #[serde(default)]
    pub scope: ClockScope,
    /// For `scope = "global"`: whether the clock stands still between two moves.
    pub frozen: Option<bool>,
    /// For `scope = "global"`: what the clock shows when a run begins; without it the present.
    pub starts_at: Option<Instant>,
}

/// Whose clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockScope {
    /// Each account has its own.
    #[default]
    Account,
    /// The target has one for all.
    Global,
}

/// The means by which a clock is moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockDriver {
    /// It cannot be moved: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
}

/// The office that changes an address in person (FAQ-05).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// By what means it is driven.
    #[serde(default)]
    pub driver: OfficeDriver,
}

/// The means by which the office is driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfficeDriver {
    /// It cannot be driven: what needs it is skipped.
    #[default]
    None,
    /// By the `[control]` listener.
    Control,
}

/// Where accounts come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Where from.
    pub source: Spanned<AccountSource>,
    /// For `numbered`: the address, with `{portal}` and `{number}` (or `{number:5}` for five digits).
    pub address: Option<Spanned<String>>,
    /// For `numbered`: the password, with the same placeholders.
    pub password: Option<Spanned<String>>,
    /// For `numbered`: the first number to use.
    #[serde(default = "one")]
    pub first: u32,
    /// For `numbered`: the last number to use.
    #[serde(default)]
    pub last: u32,
}

const fn one() -> u32 {
    1
}

/// Where accounts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountSource {
    /// The `[control]` listener makes them as they are needed.
    Control,
    /// They exist already and are numbered; each is used once in a run.
    Numbered,
}

/// One way in which a screen is recognised: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mark {
    /// The title begins with this.
    pub title: Option<String>,
    /// The status code.
    pub status: Option<u16>,
    /// The body contains this text.
    pub text: Option<String>,
    /// An element matches this selector.
    pub selector: Option<Spanned<String>>,
    /// The path of the address begins with this.
    pub path: Option<String>,
}

/// How a step is done: a request of its own, or a form on the page that is open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// A path to open, with placeholders.
    pub get: Option<Spanned<String>>,
    /// Selects the form to send.
    pub form: Option<Spanned<String>>,
    /// What is filled in, field by field, with placeholders.
    #[serde(default)]
    pub fill: BTreeMap<String, Spanned<String>>,
    /// The check box that asks for the skip; ticked or not as the story says.
    pub tick_skip: Option<String>,
    /// The button that is pressed, where its name and value matter.
    pub press: Option<Button>,
}

/// A button with a name and a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

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
