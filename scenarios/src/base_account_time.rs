//! BASE-ACCOUNT, statistical: the time of an answer does not tell who is registered.
//!
//! Runs apart (`sekisho check --statistical`), with nothing beside it that would blur the times. Both kinds of request alternate, in an
//! order that turns round each time, so that what changes with time changes both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_simulator::recorder::Unwatched;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::world::Casting;
use sekisho_simulator::{Seen, Trouble, Visitor};

use crate::base_account::Arm;
use crate::scenario::{Company, Portals, Scenario};
use crate::stage::Stage;
use crate::statistics::{ERROR_RATE, rank_test};

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "base-account-time",
    about: "The answers to an unknown ID and to a wrong password are timed",
    checks: &[CHECK],
    portals: Portals::Once,
    company: Company::Statistical,
    tell: |stage| Box::pin(time(stage)),
}];

const CHECK: &str = "base-account-unknown-and-wrong-take-as-long";

/// After how many of each it is looked; the error rate holds for all looks together.
const LOOKS: [usize; 3] = [30, 90, 240];

/// How many of each are sent before it is timed: the first ones open connections and fill caches.
const WARM_UP: usize = 5;

/// Smaller differences than this are reported, not failed: of two answers one guesses by their times which is the known ID's, and is
/// right less often than this.
const GUESSED_AT_MOST: f64 = 0.65;

async fn time(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.world.person(stage.portal, Casting::default(), Arc::new(Unwatched)).await?;
    let mut a = person.browser("A", &account);
    let (wrong, unknown) = Arm::both(&account);
    for _ in 0..WARM_UP {
        timed(&mut a, &wrong).await?;
        timed(&mut a, &unknown).await?;
    }
    let (mut wrong_us, mut unknown_us) = (Vec::new(), Vec::new());
    for look in LOOKS {
        while wrong_us.len() < look {
            if wrong_us.len().is_multiple_of(2) {
                wrong_us.push(timed(&mut a, &wrong).await?);
                unknown_us.push(timed(&mut a, &unknown).await?);
            } else {
                unknown_us.push(timed(&mut a, &unknown).await?);
                wrong_us.push(timed(&mut a, &wrong).await?);
            }
        }
        judge(&stage, &mut wrong_us.clone(), &mut unknown_us.clone())?;
    }
    let right = a.start(&account).await?;
    stage.control("the right password should lead further", &right.seen, !right.seen.is(Screen::SignIn))
}

/// Sends one and says how long its answer took, in microseconds.
async fn timed(visitor: &mut Visitor, arm: &Arm) -> Result<u64, Trouble> {
    let request = arm.prepare(visitor).await?;
    let begun = Instant::now();
    let seen = visitor.send(Step::SubmitPassword, request).await?;
    let took = begun.elapsed();
    still_answers(&seen)?;
    Ok(micros(took))
}

fn still_answers(seen: &Seen) -> Result<(), Trouble> {
    if seen.is(Screen::SignIn) {
        return Ok(());
    }
    Err(Trouble::ControlArm(format!("both should lead back to the sign-in screen, but saw {}", seen.describe())))
}

fn judge(stage: &Stage, wrong_us: &mut [u64], unknown_us: &mut [u64]) -> Result<(), Trouble> {
    let test = rank_test(wrong_us, unknown_us);
    let limit = ERROR_RATE / LOOKS.len() as f64;
    let guessed = test.first_is_greater.max(1.0 - test.first_is_greater);
    let observed = format!(
        "{} of each: a wrong password {} us, an unknown ID {} us in the median; told apart {:.0} % of the time, p = {:.2e} (limits {:.0} % and {limit:.1e})",
        wrong_us.len(),
        median(wrong_us),
        median(unknown_us),
        guessed * 100.0,
        test.probability,
        GUESSED_AT_MOST * 100.0,
    );
    let holds = test.probability >= limit || guessed <= GUESSED_AT_MOST;
    stage.judge(CHECK, "times that do not tell which was which (Mann-Whitney U test)", observed, holds)
}

fn median(values: &mut [u64]) -> u64 {
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
