//! NOTICE-3: the sign-in ID is the registered address, and the code goes there.

use std::sync::Arc;

use sekisho_simulator::Trouble;

use crate::moves::{ask_for_code, code_signs_in};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "notice3-address": "The code arrives at the address that was given as the ID", Each,
        ["notice3-the-code-goes-to-the-sign-in-address"], address;
];

async fn address(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let id = &account.key.address;
    let reached = mailed.mail.recipients.iter().any(|recipient| recipient.eq_ignore_ascii_case(id))
        && mailed.letter.to.iter().any(|to| to.eq_ignore_ascii_case(id));
    stage.judge(
        "notice3-the-code-goes-to-the-sign-in-address",
        "the mail is addressed to the sign-in ID, by envelope and by header",
        format!("envelope to {}, header To {}", mailed.mail.recipients.join(", "), mailed.letter.to.join(", ")),
        reached,
    )?;
    code_signs_in(&stage, &mut a, &mailed.code).await
}
