//! BASE-CODE where the target limits wrong codes by a cool-down that grows with them (`numbers.code_cooldown`), in place of a count: while it
//! lasts no code is taken, not even the right one, and there is no way round.

use std::time::Duration;

use sekisho_simulator::target::Cooldown;
use sekisho_simulator::{Haste, SkipBox, Trouble};

use crate::base_code_limits::{Dodge, Guesser};
use crate::moves::{ask_for_code, wrong_code};
use crate::stage::Stage;

/// A cool-down at least as long as this is known from an answer that took its time, and outlasts that of a mail.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// Wrong codes after which a cool-down must be that long: guessing for as long as a code is good would else be no more than slow.
const MOST_WRONG_CODES: u32 = 12;

/// Guesses till the cool-down is long, gives the right code before it is over, and again afterwards.
pub(crate) async fn guess_in_haste(
    stage: &Stage,
    check: &'static str,
    dodge: Dodge,
    cooldown: Cooldown,
) -> Result<(), Trouble> {
    let count = wrong_codes_till_long(cooldown)?;
    let (person, account) = stage.person().await?;
    let mut guesser = Guesser::new(&person, &account, dodge);
    let Some(mut right) = guesser.begin_anew().await? else {
        return Err(Trouble::ControlArm("an account that was never tried should get a code".to_owned()));
    };
    let mut began_at = person.now();
    for _ in 0..count {
        began_at = person.now();
        let seen = guesser.give(&wrong_code(&right)).await?;
        stage.control("a wrong code should be refused", &seen, seen.refuses_code())?;
    }
    // Before the last wrong code the cool-down of the one before it was waited out.
    let waited = if count > 1 { cooldown.after(count - 1) } else { Duration::ZERO };
    let lasts_until = began_at + (waited + cooldown.after(count)).saturating_sub(stage.numbers().tolerance.0);
    person.hurry(Some(Haste::WithCodes));
    if dodge != Dodge::Staying {
        match guesser.begin_anew().await? {
            Some(fresh) => right = fresh,
            None => return Err(Trouble::ControlArm("another attempt should be mailed a code".to_owned())),
        }
    }
    let seen = guesser.give(&right).await?;
    if person.now() >= lasts_until {
        return Err(Trouble::ControlArm("the right code should be given while the cool-down lasts".to_owned()));
    }
    let expected = format!("after {count} wrong codes in a row none is taken for a while, not even the right one");
    stage.refuses(check, &expected, &mut guesser.visitor, &seen).await?;

    person.hurry(None);
    let mut later = person.browser("later", &account);
    person.wait(cooldown.after(count + 1)).await?;
    let (_, mailed) = ask_for_code(&mut later, &account).await?;
    let seen = later.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.control("once the cool-down is over the right code should sign in", &seen, seen.is_signed_in())
}

/// How many wrong codes in a row make the cool-down long.
fn wrong_codes_till_long(cooldown: Cooldown) -> Result<u32, Trouble> {
    (1..=MOST_WRONG_CODES).find(|count| cooldown.after(*count) >= LONG_ENOUGH).ok_or_else(|| {
        let longest = cooldown.after(MOST_WRONG_CODES).as_secs();
        Trouble::Means(format!(
            "`numbers.code_cooldown` is {longest} s after {MOST_WRONG_CODES} wrong codes, which cannot be told from an answer that is slow"
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sekisho_simulator::target::Span;

    use super::*;

    #[test]
    fn a_cool_down_that_does_not_grow_long_is_no_means() {
        let cooldown = |seconds, factor| Cooldown { first: Span(Duration::from_secs(seconds)), factor };
        assert_eq!(wrong_codes_till_long(cooldown(1, 2)).unwrap(), 7);
        assert_eq!(wrong_codes_till_long(cooldown(300, 1)).unwrap(), 1);
        assert!(matches!(wrong_codes_till_long(cooldown(5, 1)), Err(Trouble::Means(_))));
    }
}
