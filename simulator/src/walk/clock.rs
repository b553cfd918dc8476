//! Whether the profile's means move the clock that the target goes by: a code has to run out.

use std::time::Duration;

use super::story::Walker;
use super::{Outcome, Stop};
use crate::target::{Screen, Step};
use crate::trouble::Trouble;
use crate::visitor::SkipBox;

/// How far beyond the end of a code the clock is moved, beside twice the tolerance.
const BEYOND: Duration = Duration::from_secs(60);

impl Walker {
    /// Has a code mailed, lets more time pass than it is good for, and sends it. That a move was taken says nothing: a program may do
    /// nothing, and a request set another clock.
    pub(super) async fn prove_clock(&mut self) -> Result<(), Trouble> {
        let numbers = &self.world.target.numbers;
        let by = numbers.code_validity.0 + numbers.tolerance.0 * 2 + BEYOND;
        let minutes = by.as_secs_f64() / 60.0;
        let mut stop =
            Stop::of("clock", &format!("moved by {minutes:.1} min: a code has to run out"), Outcome::AsExpected);
        let mut visitor = self.person.browser("C", &self.account);
        let code = match visitor.start(&self.account).await {
            Ok(started) if started.seen.asks_for_code() => visitor.mailed_code(&self.account, &started).await.map(Some),
            Ok(_) => Ok(None),
            Err(trouble) => Err(trouble),
        };
        match code {
            Ok(Some(mailed)) => self.run_out(&mut stop, &mut visitor, &mailed.code, by).await?,
            Ok(None) => stop.lacks("no code was asked for", "look at the steps before"),
            Err(trouble) if matches!(trouble, Trouble::Interrupted) => return Err(trouble),
            Err(trouble) => stop.lacks(self.notes.shown(&trouble.to_string()), "look at the steps before"),
        }
        self.notes.since();
        self.stops.push(stop);
        Ok(())
    }

    async fn run_out(
        &mut self,
        stop: &mut Stop,
        visitor: &mut crate::visitor::Visitor,
        code: &str,
        by: Duration,
    ) -> Result<(), Trouble> {
        // What a browser forgets in this time says nothing about the target's.
        visitor.keep_cookies();
        if let Err(trouble) = self.person.wait(by).await {
            stop.lacks(trouble.to_string(), "look at `[clock]` of the profile");
            return Ok(());
        }
        let seen = visitor.submit_code(code, SkipBox::Unticked).await?;
        stop.screen = seen.screen;
        if seen.is_signed_in() {
            stop.lacks(
                format!(
                    "the code still signs in, after more time than `numbers.code_validity` (step `{}`)",
                    Step::SubmitCode
                ),
                "does `[clock]` move the clock that the target goes by? or does it never let a code run out?",
            );
        } else if !seen.refuses_code() {
            stop.lacks(format!("it shows {}", self.notes.shown(&seen.describe())), "give its screen a mark");
        } else if seen.is(Screen::Limited) {
            stop.lacks("the target asks to come again later", "say so in `[numbers]`, or walk another account");
        }
        self.remarks.push(format!(
            "the target's clock was moved by {:.1} min and is left there; a means that is told how far it is from real time goes on from that",
            by.as_secs_f64() / 60.0
        ));
        Ok(())
    }
}
