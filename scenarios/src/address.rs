//! Which of two addresses an account goes by: the one signs in and gets the codes, the other does neither (NOTICE-4, FAQ-05). And the
//! moves that change it.

use std::time::{Duration, SystemTime};

use sekisho_simulator::account::Account;
use sekisho_simulator::mailbox::{Letter, Mail, Mark};
use sekisho_simulator::target::{AccountSource, Screen, Step};
use sekisho_simulator::{Mailed, Person, SkipBox, Trouble, Visitor};

use crate::moves::want;
use crate::stage::Stage;
use crate::text::stands_alone;

/// The checks that decide what is seen.
#[derive(Clone, Copy)]
pub(crate) struct Checks {
    /// Judges that the deciding address signs in.
    pub(crate) signs_in: &'static str,
    /// Judges that codes go to it and not to the other one.
    pub(crate) alone: &'static str,
}

impl Checks {
    /// One check for both.
    pub(crate) fn both(check: &'static str) -> Checks {
        Checks { signs_in: check, alone: check }
    }
}

/// Judges that `decides` is the account's address and `other` is not: the one signs in with a code that is mailed to it alone, the
/// other signs nobody in and gets no code. `when` says when that is, for the report. A later sign-in is the control mail of what is
/// absent. Where both have one ID to sign in with, the mails alone tell the addresses apart.
pub(crate) async fn decides(
    stage: &Stage,
    person: &Person,
    checks: Checks,
    when: &str,
    decides: &Account,
    other: &Account,
) -> Result<(), Trouble> {
    let since = person.mark().await?;
    let mut a = person.browser(&format!("{when}, A"), decides);
    let first = begin_and_read(stage, checks, when, &mut a, decides, other).await?;
    let seen = a.submit_code(&first.code, SkipBox::Unticked).await?;
    stage.accepts(checks.signs_in, &format!("{when} the code opens My Page"), &seen)?;

    if signs_in_by_the_address(decides, other) {
        let mut b = person.browser(&format!("{when}, B"), other);
        let begun = b.begin(other).await?;
        let expected = format!("{when} the other address signs nobody in");
        stage.judge(checks.alone, &expected, begun.seen.describe(), !begun.seen.is_signed_in())?;
    }

    let mut c = person.browser(&format!("{when}, C"), decides);
    let control = begin_and_read(stage, checks, when, &mut c, decides, other).await?;
    let quiet = c.quiet().await;
    let codes = [first.code.as_str(), control.code.as_str()];
    let to_other = code_mails(&c, &other.key.address, since, &codes).await?;
    let to_deciding = code_mails(&c, &decides.key.address, since, &codes).await?;
    let observed = format!(
        "{} code mails to the address that signs in (due: {}), {} to the other one, until {} ms after the control mail",
        to_deciding.len(),
        codes.len(),
        to_other.len(),
        window(&control.mail, to_deciding.iter().chain(&to_other), quiet).as_millis(),
    );
    let expected = format!("{when} codes go to the address that signs in, one for each sign-in, and to no other");
    stage.judge(checks.alone, &expected, observed, to_other.is_empty() && to_deciding.len() == codes.len())
}

/// Whether the two addresses are two sign-ins: where people sign in by an ID of another kind, it stays what it is.
fn signs_in_by_the_address(one: &Account, other: &Account) -> bool {
    one.sign_in_id() != other.sign_in_id()
}

/// A control arm: the change of the address is in force. The old one no longer signs in, or, where it was never what people sign in with,
/// the next code goes to the new one.
pub(crate) async fn is_in_force(stage: &Stage, person: &Person, old: &Account, new: &Account) -> Result<(), Trouble> {
    let mut visitor = person.browser("old address", old);
    let begun = visitor.begin(old).await?;
    if signs_in_by_the_address(old, new) {
        return stage.control("the old address should no longer sign in", &begun.seen, begun.seen.is(Screen::SignIn));
    }
    let mailed = visitor.first_code_at(&[&new.key.address, &old.key.address], &begun).await?;
    stage.control("the code should go to the new address", &begun.seen, names(&mailed, new) && !names(&mailed, old))
}

/// Ends a story before it begins where the target mails fewer codes to an address than the story needs.
///
/// # Errors
/// [`Trouble::Means`] with both figures.
pub(crate) fn needs_code_mails(stage: &Stage, needed: u32) -> Result<(), Trouble> {
    match stage.numbers().mail_limit {
        Some(limit) if limit.count < needed => {
            let (count, window) = (limit.count, limit.window.0.as_secs());
            Err(Trouble::Means(format!(
                "the story needs {needed} code mails at a time, and the target mails {count} in {window} s"
            )))
        }
        _ => Ok(()),
    }
}

/// Changes the address in a browser that is signed in, with the number that the target mails where it wants one.
pub(crate) async fn change_address(
    stage: &Stage,
    check: &'static str,
    visitor: &mut Visitor,
    new_address: &str,
) -> Result<(), Trouble> {
    let asked = visitor.ask_for_change(new_address).await?;
    if !stage.world.target.confirms_addresses() {
        return Ok(());
    }
    stage.opens(check, "the mailed number is asked for", Screen::AddressConfirmation, &asked.seen)?;
    let number = visitor.confirmation_number(new_address, asked.mark).await?.code;
    let seen = visitor.confirm_address(&number).await?;
    let taken = !seen.is(Screen::AddressConfirmation) && !seen.is(Screen::Refused);
    stage.judge(check, "the mailed number is taken", seen.describe(), taken)
}

/// Registers the old address again at the end of a story, whatever came of it, where the accounts are the target's own: they are there
/// for the next run too.
pub(crate) async fn put_back(
    stage: &Stage,
    person: &Person,
    new: &Account,
    old: &Account,
    told: Result<(), Trouble>,
) -> Result<(), Trouble> {
    if stage.world.target.accounts == AccountSource::Control {
        return told;
    }
    let outcome = register_again(stage, person, new, old).await;
    told.and_then(|()| {
        outcome.map_err(|trouble| Trouble::ControlArm(format!("the old address was not put back: {trouble}")))
    })
}

async fn register_again(stage: &Stage, person: &Person, new: &Account, old: &Account) -> Result<(), Trouble> {
    let mut visitor = person.browser("putting back", new);
    let started = visitor.begin(new).await?;
    if !started.seen.asks_for_code() && !started.seen.is_signed_in() {
        // The new address signs nobody in: it never came into force.
        return Ok(());
    }
    if started.seen.asks_for_code() {
        let mailed = visitor.first_code_at(&[&new.key.address, &old.key.address], &started).await?;
        if !names(&mailed, new) {
            // The ID signs in whatever the address is, and that is still the old one.
            return Ok(());
        }
        want(Step::SubmitCode, Screen::MyPage, &visitor.submit_code(&mailed.code, SkipBox::Unticked).await?)?;
    }
    let asked = visitor.ask_for_change(&old.key.address).await?;
    if stage.world.target.confirms_addresses() {
        let number = visitor.confirmation_number(&old.key.address, asked.mark).await?.code;
        visitor.confirm_address(&number).await?;
    }
    Ok(())
}

/// Starts a sign-in with the deciding address and reads the code at whichever of the two it comes to first.
async fn begin_and_read(
    stage: &Stage,
    checks: Checks,
    when: &str,
    visitor: &mut Visitor,
    decides: &Account,
    other: &Account,
) -> Result<Mailed, Trouble> {
    let started = visitor.begin(decides).await?;
    stage.knows(checks.signs_in, &format!("{when} the sign-in with this address asks for a code"), &started.seen)?;
    let mailed = visitor.first_code_at(&[&decides.key.address, &other.key.address], &started).await?;
    let expected = format!("{when} the code goes to the address that signs in alone");
    let (to_deciding, to_other) = (names(&mailed, decides), names(&mailed, other));
    let observed = format!("the code mail names the address that signs in: {to_deciding}, the other one: {to_other}");
    stage.judge(checks.alone, &expected, observed, to_deciding && !to_other)?;
    Ok(mailed)
}

/// Whether a mail names the address of an account, by envelope or by header.
fn names(mailed: &Mailed, account: &Account) -> bool {
    let letter = &mailed.letter;
    let mut named = [&mailed.mail.recipients, &letter.to, &letter.cc, &letter.bcc].into_iter().flatten();
    named.any(|address| address.eq_ignore_ascii_case(&account.key.address))
}

/// When the mails with a code came to an address after a position: those that the profile takes for code mails, and those in which one
/// of these codes stands in any other way.
async fn code_mails(visitor: &Visitor, address: &str, after: Mark, codes: &[&str]) -> Result<Vec<SystemTime>, Trouble> {
    let world = visitor.world();
    let mails = world.mailbox.all_for(address, after).await?;
    let tells_a_code = |mail: &Mail| {
        let letter = Letter::parse(mail);
        let texts = [Some(letter.text.as_str()), letter.subject.as_deref()];
        let stands = |code: &&str| texts.iter().flatten().any(|text| stands_alone(text, code));
        world.target.code_in(&letter).is_some() || codes.iter().any(stands)
    };
    Ok(mails.iter().filter(|mail| tells_a_code(mail)).map(|mail| mail.received_at).collect())
}

/// How long after the control mail was looked at the latest.
fn window<'a>(control: &Mail, seen: impl Iterator<Item = &'a SystemTime>, quiet: Duration) -> Duration {
    seen.max().and_then(|last| last.duration_since(control.received_at).ok()).unwrap_or_default().max(quiet)
}
