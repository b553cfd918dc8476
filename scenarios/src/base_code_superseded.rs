//! BASE-CODE: what a newer code does to an older one, as the target declares it.

use std::sync::Arc;

use sekisho_simulator::target::Superseded;
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::{ask_for_another_code, ask_for_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-superseded": "Somebody starts in one browser, then in another, and comes back to the first", Each,
        ["base-code-superseded-code-is-treated-as-declared"], superseded;
];

async fn superseded(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-code-superseded-code-is-treated-as-declared";
    let Some(declared) = stage.world.target.policies.superseded else {
        return Err(Trouble::Means(
            "the profile does not declare what becomes of a superseded code (`policies.superseded`)".to_owned(),
        ));
    };
    let (person, account) = stage.person().await?;
    let mut older = person.browser("older", &account);
    let (_, of_older) = ask_for_code(&mut older, &account).await?;
    let mut newer = person.browser("newer", &account);
    let (_, of_newer) = ask_for_another_code(&person, &mut newer, &account, &of_older.code).await?;
    let seen = older.submit_code(&of_older.code, SkipBox::Unticked).await?;
    match declared {
        Superseded::Refused => {
            stage.refuses(check, "the code that a newer one has followed is refused", &mut older, &seen).await?;
        }
        Superseded::Accepted => {
            stage.accepts(check, "the code that a newer one has followed still signs in, in its own attempt", &seen)?;
        }
    }
    let seen = newer.submit_code(&of_newer.code, SkipBox::Unticked).await?;
    stage.control("the newer code should sign in", &seen, seen.is_signed_in())
}
