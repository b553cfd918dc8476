//! A time that something is good for, probed on both sides of its end, as near to it as the tolerance allows.

use std::time::{Duration, SystemTime};

use sekisho_simulator::{Person, Trouble};

use crate::stage::Stage;

/// How long something is good for, from when it began. Where the clock runs, the beginning is known only as far as the request that
/// caused it: it lies between `earliest` and `latest`.
pub(crate) struct Span<'a> {
    person: &'a Person,
    what: &'static str,
    length: Duration,
    tolerance: Duration,
    /// How far from its end a probe lies.
    margin: Duration,
    earliest: SystemTime,
    latest: SystemTime,
}

impl<'a> Span<'a> {
    /// The validity of a code that is about to be asked for.
    pub(crate) fn of_code(stage: &Stage, person: &'a Person) -> Span<'a> {
        let numbers = stage.numbers();
        Span::of("the end of the code", stage, person, numbers.code_validity.0, numbers.tolerance.0)
    }

    /// The validity of a skip that is about to be set: `OK` is not pressed yet.
    pub(crate) fn of_skip(stage: &Stage, person: &'a Person) -> Span<'a> {
        Span::of("the end of the skip", stage, person, stage.numbers().skip_validity.0, stage.skip_tolerance())
    }

    /// The validity of a number that confirms a new address and is about to be asked for.
    pub(crate) fn of_number(stage: &Stage, person: &'a Person, length: Duration) -> Span<'a> {
        Span::of("the end of the confirmation number", stage, person, length, stage.numbers().tolerance.0)
    }

    /// A time of this length that is about to begin.
    fn of(what: &'static str, stage: &Stage, person: &'a Person, length: Duration, tolerance: Duration) -> Span<'a> {
        let (now, margin) = (person.now(), stage.beside(tolerance));
        Span { person, what, length, tolerance, margin, earliest: now, latest: now }
    }

    /// It has begun by now.
    pub(crate) fn begun(mut self) -> Span<'a> {
        self.latest = self.person.now();
        self
    }

    /// Its end, if it began as early as it can have.
    fn earliest_end(&self) -> SystemTime {
        self.earliest + self.length
    }

    /// Waits until shortly before its end.
    ///
    /// # Errors
    /// When the clock cannot be moved.
    pub(crate) async fn until_just_inside(&self) -> Result<(), Trouble> {
        self.person.wait_until(self.earliest_end() - self.margin).await
    }

    /// Makes sure, once the answer to a probe before the end is there, that it was before the end.
    ///
    /// # Errors
    /// [`Trouble::Late`] where the clock ran too far meanwhile: whatever was seen then says nothing.
    pub(crate) fn was_inside(&self) -> Result<(), Trouble> {
        was_before(self.what, self.person, self.earliest_end() - self.tolerance)
    }

    /// Waits until shortly after its end. What is probed then is outside, however long the answer takes.
    ///
    /// # Errors
    /// When the clock cannot be moved.
    pub(crate) async fn until_just_outside(&self) -> Result<(), Trouble> {
        self.person.wait_until(self.latest + self.length + self.margin).await
    }
}

/// Makes sure that it is still before `last` for a person.
///
/// # Errors
/// [`Trouble::Late`] where it is not: whatever was seen then says nothing about what lies behind `last`.
pub(crate) fn was_before(what: &str, person: &Person, last: SystemTime) -> Result<(), Trouble> {
    match person.now().duration_since(last) {
        Ok(late) => Err(Trouble::Late { what: what.to_owned(), late: late.as_secs_f64() }),
        Err(_) => Ok(()),
    }
}
