//! BASE-ACCOUNT: nobody learns from the sign-in who is registered.

use std::sync::Arc;

use sekisho_simulator::browser::Page;
use sekisho_simulator::target::Screen;
use sekisho_simulator::{Seen, Trouble};

use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-account-enumeration": "An unknown ID and a wrong password are compared", Each,
        ["base-account-unknown-and-wrong-look-alike"], enumeration;
];

async fn enumeration(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    a.open_sign_in().await?;
    let wrong = a.submit_password(&account.key.address, "wrong-password").await?;
    a.open_sign_in().await?;
    let nobody = format!("x{}", &account.key.address[1..]);
    let unknown = a.submit_password(&nobody, "wrong-password").await?;
    let alike = wrong.answer.status == unknown.answer.status
        && wording(&wrong, &account.key.address) == wording(&unknown, &nobody);
    let observed =
        format!("a wrong password: {}; an unknown ID: {}; same text: {alike}", wrong.describe(), unknown.describe());
    stage.judge("base-account-unknown-and-wrong-look-alike", "the same status and text for both", observed, alike)?;
    let right = a.start(&account).await?;
    stage.control("the right password should lead further", &right.seen, !right.seen.is(Screen::SignIn))
}

/// The text of a page without the address that was typed into it.
fn wording(seen: &Seen, typed: &str) -> String {
    Page::of(&seen.answer).text().replace(typed, "")
}
