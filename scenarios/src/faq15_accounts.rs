//! FAQ-15: a main and an additional account each sign in for themselves.

use std::sync::Arc;

use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::{proven_skip_cookies, sign_in, sign_in_and_skip, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq15-additional-account": "An employer signs in to the main account, then to the additional one", Employer,
        ["faq15-the-additional-account-needs-its-own-code", "faq15-the-code-goes-to-the-additional-address"], additional_account;
    "faq15-cookies": "Both accounts set a skip in one browser", Employer, ["faq15-each-account-has-a-cookie-of-its-own"], cookies;
];

async fn additional_account(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, main) = stage.person().await?;
    let additional = stage.world.additional(&person, &main).await?;
    let mut a = person.browser("A", &main);
    sign_in(&mut a, &main).await?;
    let started = a.start(&additional).await?;
    let check = "faq15-the-additional-account-needs-its-own-code";
    stage.asks(check, "after the main account's sign-in the additional one is asked for a code", &started.seen)?;

    let to_additional = "faq15-the-code-goes-to-the-additional-address";
    let mailed = a.mailed_code(&additional, &started).await?;
    a.quiet().await;
    let to_main = a.world().mailbox.all_for(&main.key.address, started.mark).await?;
    let observed =
        format!("envelope to {}; {} mail(s) to the main address", mailed.mail.recipients.join(", "), to_main.len());
    stage.judge(
        to_additional,
        "the code goes to the additional account's address, not to the main one's",
        observed,
        to_main.is_empty(),
    )?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.accepts(check, "its own code signs the additional account in", &seen)
}

async fn cookies(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq15-each-account-has-a-cookie-of-its-own";
    let (person, main) = stage.person().await?;
    let additional = stage.world.additional(&person, &main).await?;
    let mut a = person.browser("A", &main);
    sign_in_and_skip(&mut a, &main).await?;
    let of_main = proven_skip_cookies(&stage, &mut a, &main).await?;
    sign_in_and_skip(&mut a, &additional).await?;
    let both = a.skip_cookies();
    let kept = of_main
        .iter()
        .all(|cookie| both.iter().any(|other| other.name() == cookie.name() && other.value() == cookie.value()));
    let observed = format!(
        "{} skip cookie(s) after the main account, {} after both; the first kept: {kept}",
        of_main.len(),
        both.len()
    );
    stage.judge(
        check,
        "the additional account's skip is a cookie of its own beside the main one's",
        observed,
        kept && both.len() > of_main.len(),
    )?;
    for account in [&main, &additional] {
        let next = a.start(account).await?;
        want(Step::SubmitPassword, Screen::MyPage, &next.seen)?;
    }
    Ok(())
}
