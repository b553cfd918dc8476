//! A file that says how far a clock is from real time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use regex::{Captures, Regex};

use super::super::{ClockError, GlobalClock, Offset, Time};
use super::moved::{Moved, grain};
use crate::target::{Hole, Since, Template, Unit};

/// What libfaketime reads as a distance from real time: a sign, a number, and a unit or none for seconds.
static FAKETIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?<sign>[+-])(?<number>\d{1,12}(?:\.\d{1,9})?)(?<unit>[smhdy]?)$").ok());

/// How much of a file that cannot be understood is repeated.
const REPEATED_CHARS: usize = 60;

/// A file that says how far the clock is from real time. It is never rewritten in place: who looks at it at every look at the clock
/// would find it empty.
#[derive(Debug)]
pub struct ClockFile {
    path: PathBuf,
    format: Template,
    /// Finds the distance in what was written by the format.
    written: Option<Regex>,
}

impl ClockFile {
    pub(crate) fn new(path: PathBuf, format: Template) -> ClockFile {
        // Only the first place of each unit is read: a name stands for one group.
        let seen = std::cell::RefCell::new(Vec::new());
        let first = |unit: Unit| {
            let mut seen = seen.borrow_mut();
            let new = !seen.contains(&unit);
            seen.push(unit);
            new
        };
        let expression = format.expression(|hole| match hole {
            Hole::Moved(Since::RealTime, Unit::Seconds) if first(Unit::Seconds) => r"(?<seconds>-?\d{1,12})",
            Hole::Moved(Since::RealTime, Unit::Milliseconds) if first(Unit::Milliseconds) => r"(?<ms>-?\d{1,15})",
            _ => r"[\s\S]*?",
        });
        // A plus is left out before a number below zero.
        let expression = expression.replace(r"\+(?<", r"\+?(?<");
        ClockFile { path, written: Regex::new(&format!("^(?:{expression})$")).ok(), format }
    }

    pub(super) fn grain(&self) -> Duration {
        grain(|wanted| self.format.has(wanted))
    }

    /// How far the clock is from real time, as the file says; real time where it is not there.
    pub(super) fn offset(&self) -> Result<Offset, ClockError> {
        match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Offset::Ahead(Duration::ZERO)),
            Err(error) => Err(self.unreadable(error.to_string())),
            Ok(text) => self.read(text.trim()).ok_or_else(|| {
                let begun: String = text.trim().chars().take(REPEATED_CHARS).collect();
                self.unreadable(format!("`{begun}` is no distance from real time such as `+31m` or `+5400`"))
            }),
        }
    }

    fn read(&self, text: &str) -> Option<Offset> {
        let ours = self.written.as_ref().and_then(|written| written.captures(text)).and_then(|found| ours(&found));
        ours.or_else(|| faketime(&FAKETIME.as_ref()?.captures(text)?))
    }

    fn unreadable(&self, message: String) -> ClockError {
        ClockError::File { path: self.path.clone(), message }
    }

    async fn replace(&self, text: String) -> std::io::Result<()> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        tokio::fs::write(&beside, text).await?;
        let renamed = tokio::fs::rename(&beside, &self.path).await;
        if renamed.is_err() {
            // It is of no use to anybody; that it cannot be removed either is not what went wrong.
            let _ = tokio::fs::remove_file(&beside).await;
        }
        renamed
    }
}

#[async_trait]
impl GlobalClock for ClockFile {
    async fn advance_all(&self, to: Time, by: Duration) -> Result<(), ClockError> {
        let text = self.format.plain(&Moved::now(to, by));
        let text = text.map_err(|error| self.unreadable(error.to_string()))?.replace("+-", "-");
        self.replace(text).await.map_err(|error| self.unreadable(format!("it cannot be replaced: {error}")))
    }
}

fn ours(found: &Captures<'_>) -> Option<Offset> {
    let number = |name: &str| found.name(name)?.as_str().parse::<i64>().ok();
    // Milliseconds tell more than seconds.
    let ms = number("ms").or_else(|| number("seconds")?.checked_mul(1_000))?;
    let span = Duration::from_millis(ms.unsigned_abs());
    Some(if ms < 0 { Offset::Behind(span) } else { Offset::Ahead(span) })
}

fn faketime(found: &Captures<'_>) -> Option<Offset> {
    let seconds_each = match &found["unit"] {
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "y" => 31_536_000.0,
        _ => 1.0,
    };
    let span = Duration::try_from_secs_f64(found["number"].parse::<f64>().ok()? * seconds_each).ok()?;
    Some(if &found["sign"] == "-" { Offset::Behind(span) } else { Offset::Ahead(span) })
}
