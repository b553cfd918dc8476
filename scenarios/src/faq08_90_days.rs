//! FAQ-08: a skip is good for 90 days from `OK`, in one browser, and nothing but setting it again prolongs it.

use std::sync::Arc;

use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::{Hourglass, ask_for_code, proven_skip_cookies, sign_in_and_skip, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq08-lapsed-skip": "A skip lapses after 90 days and is set again", Each,
        ["faq08-skip-holds-just-inside-90-days", "faq08-code-is-asked-after-90-days",
         "faq08-setting-again-gives-another-90-days"], lapsed_skip;
    "faq08-use": "A skip is used now and then until it lapses", Each, ["faq08-using-a-skip-does-not-extend-it"], using;
    "faq08-other-browser": "Another browser of the same account", Each, ["faq08-another-browser-is-asked"], other_browser;
    "faq08-kept-cookie": "Somebody keeps the cookie beyond its time", Each,
        ["faq08-a-kept-cookie-does-not-outlive-90-days"], kept_cookie;
    "faq08-unticked-elsewhere": "An attempt that was open before is finished unticked", Each,
        ["faq08-an-unticked-sign-in-leaves-the-skip"], unticked_elsewhere;
];

async fn lapsed_skip(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let validity = stage.numbers().skip_validity.0;
    let mut inside = person.browser("A", &account);
    sign_in_and_skip(&mut inside, &account).await?;
    let mut outside = person.browser("B", &account);
    sign_in_and_skip(&mut outside, &account).await?;
    let next = outside.start(&account).await?;
    stage.control("the skip should skip within its validity", &next.seen, next.seen.is(Screen::MyPage))?;

    // A browser drops the cookie by its own clock: what it is asked afterwards does not show that the target's time has passed.
    let hourglass = Hourglass::turn(&person, &account).await?;
    person.wait(validity - stage.margin(&person)).await?;
    hourglass.has_run_out(&stage).await?;
    let next = inside.start(&account).await?;
    let (holds, asks) = ("faq08-skip-holds-just-inside-90-days", "faq08-code-is-asked-after-90-days");
    stage.skips(holds, "just inside 90 days no code is asked", &next.seen)?;
    person.wait(2 * stage.margin(&person)).await?;
    let next = outside.start(&account).await?;
    stage.asks(asks, "just outside 90 days a code is asked", &next.seen)?;
    // Each shows that the other means something: the skip skips, and time passes.
    stage.settle(holds);
    stage.settle(asks);

    let check = "faq08-setting-again-gives-another-90-days";
    let mailed = outside.mailed_code(&account, &next).await?;
    let seen = outside.submit_code(&mailed.code, SkipBox::Ticked).await?;
    want(Step::SubmitCode, Screen::SkipConfirmation, &seen)?;
    want(Step::ConfirmSkip, Screen::MyPage, &outside.confirm_skip().await?)?;
    let hourglass = Hourglass::turn(&person, &account).await?;
    person.wait(validity - stage.margin(&person)).await?;
    hourglass.has_run_out(&stage).await?;
    let next = outside.start(&account).await?;
    stage.skips(check, "set again, it skips until just inside another 90 days", &next.seen)?;
    person.wait(2 * stage.margin(&person)).await?;
    let next = outside.start(&account).await?;
    stage.asks(check, "just outside the second 90 days a code is asked", &next.seen)
}

async fn using(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let third = stage.numbers().skip_validity.0 / 3;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    for _ in 0..2 {
        let hourglass = Hourglass::turn(&person, &account).await?;
        person.wait(third).await?;
        hourglass.has_run_out(&stage).await?;
        let next = a.start(&account).await?;
        stage.control("the skip should skip within its validity", &next.seen, next.seen.is(Screen::MyPage))?;
    }
    person.wait(stage.numbers().skip_validity.0 - 2 * third + stage.margin(&person)).await?;
    let next = a.start(&account).await?;
    stage.asks("faq08-using-a-skip-does-not-extend-it", "used twice, it still ends after 90 days", &next.seen)
}

async fn other_browser(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let mut b = person.browser("B", &account);
    let next = b.start(&account).await?;
    stage.asks("faq08-another-browser-is-asked", "a browser where no skip was set asks a code", &next.seen)?;
    let next = a.start(&account).await?;
    stage.control("the browser where it was set should skip", &next.seen, next.seen.is(Screen::MyPage))
}

async fn kept_cookie(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let kept = proven_skip_cookies(&stage, &mut a, &account).await?;
    let kept: Vec<_> = kept.into_iter().map(|cookie| cookie.with_expires(None)).collect();
    person.wait(stage.numbers().skip_validity.0 + stage.margin(&person)).await?;
    for cookie in kept {
        a.plant(cookie);
    }
    let next = a.start(&account).await?;
    stage.asks("faq08-a-kept-cookie-does-not-outlive-90-days", "the server itself ends the skip", &next.seen)
}

async fn unticked_elsewhere(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let mut b = person.browser("B", &account);
    let (_, mailed) = ask_for_code(&mut b, &account).await?;
    let seen = b.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)?;
    let next = a.start(&account).await?;
    let check = "faq08-an-unticked-sign-in-leaves-the-skip";
    stage.skips(check, "an unticked sign-in in another browser leaves the skip as it was", &next.seen)
}
