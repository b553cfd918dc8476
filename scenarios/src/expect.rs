//! Known deviations: which failures are waived, by whom, why and until when.
//!
//! A waiver is a promise with an end. It turns the failure of its check into `waived`; it is dead, and the run fails and
//! says so, once its last day is over or once what it waives passes: then the list no longer tells the truth.

use std::collections::BTreeMap;
use std::ops::Range;

use globset::{Glob, GlobMatcher};
use jiff::civil::Date;
use sekisho_reports::record::{CheckRow, CheckVerdict, DeadWaiver};
use serde::Deserialize;
use toml::Spanned;

use crate::select::nearest_check;

/// How many waivers a file may hold: more would no longer be exceptions.
const MAX_WAIVERS: usize = 1_000;

/// The waivers of one file.
#[derive(Debug, Default)]
pub struct Expectations {
    waivers: Vec<Waiver>,
}

#[derive(Debug)]
struct Waiver {
    line: usize,
    pattern: String,
    fits: GlobMatcher,
    portal: Option<String>,
    reason: String,
    owner: String,
    until: Date,
}

/// Why a file of waivers cannot be used. The user's input.
#[derive(Debug, thiserror::Error)]
pub enum ExpectationsError {
    /// It is not the TOML that is expected.
    #[error(
        "{0}\n\nhint: a waiver is a table `[[waiver]]` with `check`, `reason`, `owner`, `until` and perhaps `portal`"
    )]
    Syntax(String),
    /// A waiver's pattern cannot be read, or fits no check.
    #[error("line {line}: no check is called `{check}`{}", nearest.map(|id| format!("\n\nhint: did you mean `{id}`?")).unwrap_or_default())]
    UnknownCheck {
        /// Where it stands.
        line: usize,
        /// What it names.
        check: String,
        /// The check that resembles it most.
        nearest: Option<&'static str>,
    },
    /// No portal has this name: the waiver would waive nothing, and never be found out.
    #[error("line {line}: `{portal}` is no portal; there are `seeker`, `employer` and `provider`")]
    UnknownPortal {
        /// Where it stands.
        line: usize,
        /// What it names.
        portal: String,
    },
    /// The last day is no date.
    #[error(
        "line {line}: `until` is no date\n\nhint: write it like `until = 2027-03-31`; the waiver holds on that day too"
    )]
    Date {
        /// Where it stands.
        line: usize,
    },
    /// A field says nothing.
    #[error("line {line}: `{field}` is empty\n\nhint: whoever reads the report wants to know why, and whom to ask")]
    Empty {
        /// Where the waiver stands.
        line: usize,
        /// The field.
        field: &'static str,
    },
    /// Two waivers speak of one check.
    #[error(
        "lines {first} and {second} both waive `{check}`\n\nhint: leave one of them, or tell them apart by `portal`"
    )]
    Contradiction {
        /// Where the first stands.
        first: usize,
        /// Where the second stands.
        second: usize,
        /// The check.
        check: &'static str,
    },
    /// So many are no exceptions any more.
    #[error("more than {MAX_WAIVERS} waivers")]
    TooMany,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waiver: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    check: String,
    reason: String,
    owner: String,
    until: Day,
    portal: Option<String>,
}

/// A day, as TOML writes dates or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Date(toml::value::Datetime),
    Text(String),
}

impl Expectations {
    /// Reads a file of waivers.
    ///
    /// # Errors
    /// It is no such file, names a check that does not exist, or contradicts itself.
    pub fn parse(text: &str) -> Result<Expectations, ExpectationsError> {
        let file: File =
            toml::from_str(text).map_err(|error| ExpectationsError::Syntax(error.to_string().trim_end().to_owned()))?;
        if file.waiver.len() > MAX_WAIVERS {
            return Err(ExpectationsError::TooMany);
        }
        let read = |entry: Spanned<Entry>| {
            let line = line_of(text, &entry.span());
            entry.into_inner().checked(line)
        };
        let waivers = file.waiver.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        contradiction(&waivers)?;
        Ok(Expectations { waivers })
    }

    /// Turns failures that are waived on this day into `waived`, and says which waivers are dead.
    ///
    /// A waiver whose checks did not run, or ran without a verdict, is neither used nor dead: nothing is known about it.
    pub fn apply(&self, rows: &mut [CheckRow], today: Date) -> Vec<DeadWaiver> {
        self.waivers.iter().filter_map(|waiver| waiver.apply(rows, today)).collect()
    }
}

impl Entry {
    fn checked(self, line: usize) -> Result<Waiver, ExpectationsError> {
        for (field, value) in [("reason", &self.reason), ("owner", &self.owner)] {
            if value.trim().is_empty() {
                return Err(ExpectationsError::Empty { line, field });
            }
        }
        let unknown = || ExpectationsError::UnknownCheck {
            line,
            check: self.check.clone(),
            nearest: nearest_check(&self.check.to_ascii_lowercase()),
        };
        let fits = Glob::new(&self.check.to_ascii_lowercase()).map_err(|_| unknown())?.compile_matcher();
        if !sekisho_rules::check_ids().any(|id| fits.is_match(id)) {
            return Err(unknown());
        }
        if let Some(portal) = self.portal.as_ref().filter(|portal| sekisho_rules::Portal::named(portal).is_none()) {
            return Err(ExpectationsError::UnknownPortal { line, portal: portal.clone() });
        }
        let until = self.until.day().ok_or(ExpectationsError::Date { line })?;
        Ok(Waiver {
            line,
            pattern: self.check,
            fits,
            portal: self.portal,
            reason: self.reason,
            owner: self.owner,
            until,
        })
    }
}

impl Day {
    fn day(&self) -> Option<Date> {
        match self {
            Day::Text(text) => text.parse().ok(),
            Day::Date(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
                Date::new(i16::try_from(date.year).ok()?, month, day).ok()
            }
            Day::Date(_) => None,
        }
    }
}

impl Waiver {
    fn fits(&self, row: &CheckRow) -> bool {
        self.fits.is_match(&row.id) && self.portal.as_ref().is_none_or(|portal| row.portal.as_ref() == Some(portal))
    }

    fn apply(&self, rows: &mut [CheckRow], today: Date) -> Option<DeadWaiver> {
        let dead = |reason: String| Some(DeadWaiver { check: self.title(), reason });
        if today > self.until {
            return dead(format!("its last day was {}; it waives nothing any more ({})", self.until, self.said()));
        }
        // A pattern waives check by check: what passes under it would fail unseen one day.
        let mut passes: BTreeMap<String, bool> = BTreeMap::new();
        for row in rows.iter_mut().filter(|row| self.fits(row)) {
            match row.verdict {
                CheckVerdict::Fail => {
                    row.verdict = CheckVerdict::Waived;
                    row.reason = format!("waived until {}: {}", self.until, self.said());
                    passes.insert(row.id.clone(), false);
                }
                CheckVerdict::Pass => {
                    passes.entry(row.id.clone()).or_insert(true);
                }
                _ => {}
            }
        }
        let passing: Vec<&str> = passes.iter().filter(|(_, passes)| **passes).map(|(id, _)| id.as_str()).collect();
        match passing.as_slice() {
            [] => None,
            all if all.len() == passes.len() => {
                dead(format!("what it waives passes now; take it out ({})", self.said()))
            }
            some => dead(format!("it waives what passes: {}; name what fails ({})", some.join(", "), self.said())),
        }
    }

    fn title(&self) -> String {
        match &self.portal {
            Some(portal) => format!("{} [{portal}]", self.pattern),
            None => self.pattern.clone(),
        }
    }

    fn said(&self) -> String {
        format!("{}, {}", self.reason.trim(), self.owner.trim())
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Two waivers of one check would leave open which of them speaks.
fn contradiction(waivers: &[Waiver]) -> Result<(), ExpectationsError> {
    for (index, second) in waivers.iter().enumerate() {
        for first in &waivers[..index] {
            let apart = matches!((&first.portal, &second.portal), (Some(one), Some(other)) if one != other);
            let both = sekisho_rules::check_ids().find(|id| first.fits.is_match(id) && second.fits.is_match(id));
            if let (false, Some(check)) = (apart, both) {
                return Err(ExpectationsError::Contradiction { first: first.line, second: second.line, check });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sekisho_reports::record::Level;

    use super::*;

    const CHECK: &str = "faq03-code-is-refused-after-30-minutes";

    fn file(entries: &[&str]) -> String {
        entries.iter().map(|entry| format!("[[waiver]]\nreason = \"r\"\nowner = \"o\"\n{entry}\n")).collect()
    }

    fn row(portal: &str, verdict: CheckVerdict) -> CheckRow {
        CheckRow {
            id: CHECK.to_owned(),
            rule: "FAQ-03".to_owned(),
            clause: "FAQ-03b".to_owned(),
            level: Level::Must,
            portal: Some(portal.to_owned()),
            verdict,
            reason: String::new(),
            expected: String::new(),
            observed: String::new(),
            duration_ms: 0,
            evidence: Vec::new(),
        }
    }

    fn today() -> Date {
        Date::constant(2027, 3, 31)
    }

    fn apply(entry: &str, rows: &mut [CheckRow]) -> Vec<DeadWaiver> {
        Expectations::parse(&file(&[entry])).unwrap().apply(rows, today())
    }

    #[test]
    fn a_failure_is_waived_on_its_last_day_and_not_on_the_next() {
        for (until, verdict, dead) in [
            ("2027-03-31", CheckVerdict::Waived, 0),
            ("\"2027-03-31\"", CheckVerdict::Waived, 0),
            ("2027-03-30", CheckVerdict::Fail, 1),
        ] {
            let mut rows = [row("seeker", CheckVerdict::Fail)];
            let found = apply(&format!("check = \"{CHECK}\"\nuntil = {until}"), &mut rows);
            assert_eq!((rows[0].verdict, found.len()), (verdict, dead), "{until}");
        }
    }

    #[test]
    fn a_waiver_of_what_passes_is_dead() {
        let mut rows = [row("seeker", CheckVerdict::Pass), row("employer", CheckVerdict::Pass)];
        let dead = apply("check = \"faq03-*\"\nuntil = 2027-12-31", &mut rows);
        assert_eq!(dead.len(), 1);
        assert!(dead[0].check == "faq03-*" && dead[0].reason.contains("passes now"));
    }

    #[test]
    fn a_pattern_that_waives_a_check_that_passes_is_dead() {
        let other = CheckRow {
            id: "faq03-starting-over-mails-a-code-that-works".to_owned(),
            ..row("seeker", CheckVerdict::Pass)
        };
        let mut rows = [row("seeker", CheckVerdict::Fail), other];
        let dead = apply("check = \"faq03-*\"\nuntil = 2027-12-31", &mut rows);
        assert_eq!(rows[0].verdict, CheckVerdict::Waived);
        assert!(dead.len() == 1 && dead[0].reason.contains("faq03-starting-over"), "{dead:?}");
    }

    #[test]
    fn a_waiver_of_one_portal_leaves_the_others_failing() {
        let mut rows = [row("seeker", CheckVerdict::Fail), row("employer", CheckVerdict::Fail)];
        let dead = apply(&format!("check = \"{CHECK}\"\nportal = \"employer\"\nuntil = 2027-12-31"), &mut rows);
        assert!(dead.is_empty());
        assert_eq!([rows[0].verdict, rows[1].verdict], [CheckVerdict::Fail, CheckVerdict::Waived]);
        assert!(rows[1].reason.contains("2027-12-31") && rows[1].reason.contains("r, o"));
    }

    #[test]
    fn what_did_not_run_or_is_in_doubt_kills_no_waiver_and_is_not_waived() {
        for verdict in [CheckVerdict::Inconclusive, CheckVerdict::Skipped, CheckVerdict::NotApplicable] {
            let mut rows = [row("seeker", verdict)];
            assert!(apply("check = \"faq03-*\"\nuntil = 2027-12-31", &mut rows).is_empty());
            assert_eq!(rows[0].verdict, verdict);
        }
        assert!(apply("check = \"faq03-*\"\nuntil = 2027-12-31", &mut []).is_empty());
    }

    #[test]
    fn bad_files_are_refused_with_their_line() {
        let cases = [
            (
                file(&["check = \"faq03-code-is-refused-after-30-minute\"\nuntil = 2027-01-01"]),
                "line 1: no check is called",
            ),
            (file(&["check = \"faq03-*\"\nuntil = \"soon\""]), "line 1: `until` is no date"),
            (file(&["check = \"faq03-*\"\nuntil = 2027-01-01T00:00:00Z"]), "`until` is no date"),
            (
                file(&["check = \"faq03-*\"\nuntil = 2027-01-01", "check = \"faq*\"\nuntil = 2027-01-01"]),
                "lines 1 and 6",
            ),
            (file(&["check = \"faq03-*\""]), "until"),
            (file(&["check = \"faq03-*\"\nuntil = 2027-01-01\nwho = \"x\""]), "who"),
            (
                "[[waiver]]\ncheck = \"faq03-*\"\nreason = \" \"\nowner = \"o\"\nuntil = 2027-01-01".to_owned(),
                "`reason` is empty",
            ),
            ("waiver = 1".to_owned(), "hint"),
        ];
        for (text, part) in cases {
            let error = Expectations::parse(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn the_nearest_check_is_suggested_and_portals_tell_waivers_apart() {
        let error =
            Expectations::parse(&file(&["check = \"faq03-code-is-refused-after-30-minute\"\nuntil = 2027-01-01"]));
        assert!(error.unwrap_err().to_string().contains(&format!("did you mean `{CHECK}`")));
        let apart = ["seeker", "employer"]
            .map(|portal| format!("check = \"faq03-*\"\nportal = \"{portal}\"\nuntil = 2027-01-01"));
        assert!(Expectations::parse(&file(&[&apart[0], &apart[1]])).is_ok());
    }
}
