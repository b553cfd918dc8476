//! BASE-CODE: where the service's own rules and the standards contradict each other. Both sides are reported, neither is judged: the
//! service's side is judged under FAQ-01 and FAQ-03.

use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::ask_for_code;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-conflicts": "Somebody gives the mailed code more than ten minutes after it was issued", Each,
        ["base-code-ten-minutes-conflict-with-faq03", "base-code-mail-as-channel-conflicts-with-faq01"], conflicts;
];

/// NIST SP 800-63B-4 section 3.1.3.2, OWASP ASVS 5.0 6.5.5.
const LONGEST: Duration = Duration::from_secs(10 * 60);

async fn conflicts(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    stage.report(
        "base-code-mail-as-channel-conflicts-with-faq01",
        "NIST SP 800-63B-4 section 3.1.3.1: a one-time code is not mailed",
        "conflict: the code came by mail, as FAQ-01 says it must",
    );
    person.wait(LONGEST + stage.margin(&person)).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    let minutes = stage.numbers().code_validity.0.as_secs() / 60;
    let observed = if seen.is_signed_in() {
        format!(
            "conflict: the code was accepted after more than 10 minutes, as FAQ-03 says it must ({minutes} minutes)"
        )
    } else {
        format!(
            "no conflict in this target: after 10 minutes the code led to {}; what FAQ-03 asks is judged there",
            seen.describe()
        )
    };
    stage.report(
        "base-code-ten-minutes-conflict-with-faq03",
        "NIST SP 800-63B-4 section 3.1.3.2: a one-time code is good for at most 10 minutes",
        observed,
    );
    Ok(())
}
