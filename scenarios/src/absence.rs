//! How "no mail" is concluded: only after a later control mail came by the same way and the quiet time has passed.

use sekisho_simulator::account::Account;
use sekisho_simulator::mailbox::Letter;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Started, Trouble, Visitor};

use crate::moves::want;

/// What was found where no mail should be.
pub(crate) struct Silence {
    pub(crate) observed: String,
    pub(crate) holds: bool,
}

/// Between `since` and now exactly one mail came to the account: that of `control`, a sign-in that was started last. Waits for
/// it first, then for the quiet time.
pub(crate) async fn only_the_control_mail(
    visitor: &Visitor,
    account: &Account,
    since: &Started,
    control: &Started,
) -> Result<Silence, Trouble> {
    mails_up_to(visitor, account, since, control, 1).await
}

/// The same where `wanted` mails are right, the control mail among them.
pub(crate) async fn mails_up_to(
    visitor: &Visitor,
    account: &Account,
    since: &Started,
    control: &Started,
    wanted: usize,
) -> Result<Silence, Trouble> {
    want(Step::SubmitPassword, Screen::CodeEntry, &control.seen)?;
    let mailed = visitor.mailed_code(account, control).await?;
    let quiet = visitor.quiet().await;
    let mails = visitor.world().mailbox.all_for(&account.key.address, since.mark).await?;
    let window = mails.last().unwrap_or(&mailed.mail).received_at;
    let subjects: Vec<_> = mails.iter().map(|mail| Letter::parse(mail).subject.unwrap_or_default()).collect();
    let observed = format!(
        "mails to the address: {}, due: {wanted}, until {} ms after the control mail: {}",
        mails.len(),
        window.duration_since(mailed.mail.received_at).unwrap_or_default().max(quiet).as_millis(),
        subjects.join(" / "),
    );
    Ok(Silence { observed, holds: mails.len() == wanted })
}
