//! NOTICE-2: each of the three portals asks for the code.

use std::sync::Arc;

use sekisho_simulator::{SkipBox, Trouble};

use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "notice2-portal": "The portal asks for the code and opens with it", Each, ["notice2-the-portal-asks-for-the-code"], portal;
];

async fn portal(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "notice2-the-portal-asks-for-the-code";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let started = a.start(&account).await?;
    stage.asks(check, "the portal asks for a code after the password", &started.seen)?;
    let mailed = a.mailed_code(&account, &started).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.accepts(check, "the portal opens with the mailed code", &seen)
}
