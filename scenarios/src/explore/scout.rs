//! Goes through each portal once before any story is told: whether it can be reached at all, and what its forms look like, so that a
//! stranger in a story can forge them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_rules::Portal;
use sekisho_simulator::account::Account;
use sekisho_simulator::recorder::Unwatched;
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::world::{World, present};
use sekisho_simulator::{SkipBox, Trouble, Visitor};

use super::room::{Form, Forms};
use crate::moves::ask_for_code_to_skip;

/// The forms of each portal.
///
/// # Errors
/// When a portal does not even show its sign-in screen: then no story can be told there.
pub(super) async fn forms(world: &Arc<World>) -> Result<BTreeMap<Portal, Arc<Forms>>, Trouble> {
    let mut forms = BTreeMap::new();
    for portal in world.target.portals.clone() {
        let households = world.households(&[(portal, 1, present())]).await?;
        let household = households.first().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        let (person, account) =
            (world.person_of_household(household, None, Arc::new(Unwatched)), &household.accounts[0]);
        let mut visitor = person.browser("scout", account);
        visitor.open_sign_in().await?;
        let mut seen = Forms::default();
        // How far this leads is no judgement: what was not seen cannot be forged, and the stories say what is wrong.
        match walk(&mut visitor, account, &mut seen).await {
            Err(trouble @ (Trouble::Interrupted | Trouble::Network { .. })) => return Err(trouble),
            Err(trouble) => tracing::debug!("the forms of {portal} were seen in part only: {trouble}"),
            Ok(()) => {}
        }
        forms.insert(portal, Arc::new(seen));
    }
    Ok(forms)
}

async fn walk(visitor: &mut Visitor, account: &Account, forms: &mut Forms) -> Result<(), Trouble> {
    let (_, mailed) = ask_for_code_to_skip(visitor, account).await?;
    for tick in [false, true] {
        forms.learn(visitor, Form { tick, ..Form::plain(Step::SubmitCode, Screen::CodeEntry) });
    }
    visitor.submit_code(&mailed.code, SkipBox::Ticked).await?;
    forms.learn(visitor, Form::plain(Step::ConfirmSkip, Screen::SkipConfirmation));
    forms.learn(visitor, Form::plain(Step::CancelSkip, Screen::SkipConfirmation));
    if sees_the_resume(visitor).await? {
        forms.learn(visitor, Form::plain(Step::CompleteResume, Screen::ResumeConfirmation));
    }
    let world = visitor.world().clone();
    if !visitor.knows(Step::OpenAddressChange)
        || !visitor.open(Step::OpenAddressChange).await?.is(Screen::AddressChange)
    {
        return Ok(());
    }
    let new = world.fresh_address();
    let vars = Vars { new_address: &new, ..Vars::default() };
    forms.learn(visitor, Form { vars, ..Form::plain(Step::SubmitAddress, Screen::AddressChange) });
    if world.target.confirms_addresses() && visitor.ask_for_change(&new).await?.seen.is(Screen::AddressConfirmation) {
        forms.learn(visitor, Form::plain(Step::ConfirmAddress, Screen::AddressConfirmation));
    }
    Ok(())
}

/// Goes to the resume confirmation, by whichever of the two ways the profile knows.
async fn sees_the_resume(visitor: &mut Visitor) -> Result<bool, Trouble> {
    if visitor.knows(Step::OpenResume) {
        return Ok(visitor.open(Step::OpenResume).await?.is(Screen::ResumeConfirmation));
    }
    if visitor.knows(Step::OpenSkipSettings) {
        visitor.open(Step::OpenSkipSettings).await?;
    }
    Ok(visitor.knows(Step::Resume) && visitor.resume().await?.is(Screen::ResumeConfirmation))
}
