//! The steps by which somebody changes the registered address, and the mails that tell which address is registered.

use futures::future::{FutureExt, select_all};

use super::sent::SentAt;
use super::{Mailed, Seen, SkipBox, Started, Visitor};
use crate::mailbox::Mark;
use crate::target::{DriverError, Screen, Step, Target, Vars};
use crate::trouble::Trouble;

/// A change of the address that was asked for: the new address is sent.
#[derive(Debug, Clone)]
pub struct AskedChange {
    /// What it led to.
    pub seen: Seen,
    /// The mailbox's position before it.
    pub mark: Mark,
}

impl Visitor {
    /// Asks for another address in My Page: opens the form and sends it. Where the target wants the new address confirmed, it mails
    /// a number there; see [`Visitor::confirmation_number`].
    ///
    /// # Errors
    /// As every step, and when the form does not open.
    pub async fn ask_for_change(&mut self, new_address: &str) -> Result<AskedChange, Trouble> {
        let mark = self.life.world.mailbox.mark().await?;
        self.open_form(Step::SubmitAddress, Step::OpenAddressChange, Screen::AddressChange).await?;
        let vars = Vars { new_address, ..Vars::default() };
        let seen = self.act(Step::SubmitAddress, vars, SkipBox::Unticked).await?;
        // The target wants the address confirmed, and the profile does not say how.
        if seen.is(Screen::AddressConfirmation) && !self.knows(Step::ConfirmAddress) {
            return Err(DriverError::StepMissing(Step::ConfirmAddress).into());
        }
        Ok(AskedChange { seen, mark })
    }

    /// Whether there is a page that `submit` is sent from. Where a script makes the request up, the target may have none.
    pub fn has_page_of(&self, submit: Step, open: Step) -> bool {
        self.knows(open) || !self.knows(submit) || self.life.world.target.needs_page(self.portal, submit)
    }

    /// Opens the page that `submit` is sent from, where there is one.
    ///
    /// # Errors
    /// As every step, and when another screen comes.
    pub async fn open_form(&mut self, submit: Step, open: Step, screen: Screen) -> Result<(), Trouble> {
        if !self.has_page_of(submit, open) {
            return Ok(());
        }
        let opened = self.open(open).await?;
        if opened.is(screen) {
            return Ok(());
        }
        Err(Trouble::Astray { step: open, wanted: screen.to_string(), seen: opened.describe() })
    }

    /// The number that confirms a new address, from the first mail to it after a position.
    ///
    /// # Errors
    /// When it does not come in the time the profile gives.
    pub async fn confirmation_number(&self, new_address: &str, after: Mark) -> Result<Mailed, Trouble> {
        let mailed = self.first_mail_after(new_address, after, "confirmation", Target::confirmation_in);
        self.note_mail("confirmation", SentAt::now(), mailed).await
    }

    /// Sends the number that confirms the new address.
    ///
    /// # Errors
    /// As every step.
    pub async fn confirm_address(&mut self, number: &str) -> Result<Seen, Trouble> {
        self.act(Step::ConfirmAddress, Vars { confirmation: number, ..Vars::default() }, SkipBox::Unticked).await
    }

    /// The code of a sign-in that was begun, at whichever of these addresses it comes to first; the envelope says which.
    ///
    /// # Errors
    /// When it comes to none of them in the time the profile gives.
    pub async fn first_code_at(&self, addresses: &[&str], started: &Started) -> Result<Mailed, Trouble> {
        let waits = addresses
            .iter()
            .map(|address| self.first_mail_after(address, started.mark, "code", Target::code_in).boxed());
        let mut waits: Vec<_> = waits.collect();
        let first = async {
            loop {
                let (mailed, _, rest) = select_all(waits).await;
                if mailed.is_ok() || rest.is_empty() {
                    return mailed;
                }
                // All wait equally long: what is left ends now, with a mail or without.
                waits = rest;
            }
        };
        self.note_mail("code", started.sent_at, first).await
    }
}
