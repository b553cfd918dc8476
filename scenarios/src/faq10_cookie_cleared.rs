//! FAQ-10: whoever deletes the cookies is asked for a code again, in that browser only.

use std::sync::Arc;

use sekisho_simulator::Trouble;
use sekisho_simulator::target::Step;

use crate::moves::{set_skip, sign_in_and_skip, skip_cookies_of, skip_is_set};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq10-cookie-cleared": "Somebody clears the cookies of one of two browsers and sets the skip again", Each,
        ["faq10-cleared-cookies-ask-again", "faq10-the-skip-can-be-set-again", "faq10-other-browsers-keep-their-skip"],
        cookie_cleared;
    "faq10-session-deleted": "Only the session's cookie is deleted", Each, ["faq10-deleting-the-session-keeps-the-skip"],
        session_deleted;
];

async fn cookie_cleared(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    let mut b = person.browser("B", &account);
    let other = match sign_in_and_skip(&mut b, &account).await {
        Ok(()) => skip_is_set(&stage, &mut b, &account).await,
        astray => astray,
    };

    skip_cookies_of(&a)?;
    a.browser().clear_cookies();
    a.will_ask_for_skip(true);
    let next = a.start(&account).await?;
    let cleared = "faq10-cleared-cookies-ask-again";
    stage.asks(cleared, "with the cookies cleared a code is asked", &next.seen)?;
    stage.settle(cleared);
    // What became of the other browser does not bear on this one.
    other?;
    let kept = b.start(&account).await?;
    stage.skips("faq10-other-browsers-keep-their-skip", "the other browser still skips", &kept.seen)?;

    let mailed = a.mailed_code(&account, &next).await?;
    set_skip(&mut a, &mailed.code, || ()).await?;
    let next = a.start(&account).await?;
    let again = "faq10-the-skip-can-be-set-again";
    stage.skips(again, "set again, it skips", &next.seen)?;
    stage.settle(again);
    let kept = b.start(&account).await?;
    stage.skips("faq10-other-browsers-keep-their-skip", "the other browser still skips afterwards", &kept.seen)
}

async fn session_deleted(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    a.forget_session();
    let page = a.open(Step::OpenMyPage).await?;
    stage.control("without the session's cookie My Page should be shut", &page, !page.is_signed_in())?;
    let next = a.start(&account).await?;
    stage.skips(
        "faq10-deleting-the-session-keeps-the-skip",
        "without the session's cookie the skip still skips",
        &next.seen,
    )
}
