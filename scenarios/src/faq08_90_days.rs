//! FAQ-08: a skip is good for 90 days from `OK`, in one browser, and nothing but setting it again prolongs it.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Cookie;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Person, SkipBox, Trouble, Visitor};

use crate::moves::{
    Hourglass, ask_for_code, ask_for_code_to_skip, proven_skip_cookies, set_skip, sign_in_and_skip, skip_is_set, want,
};
use crate::scenario::{Scenario, stories};
use crate::span::Span;
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

/// Sets a skip; its 90 days begin with `OK`.
async fn set<'a>(
    stage: &Stage,
    person: &'a Person,
    visitor: &mut Visitor,
    account: &Account,
) -> Result<Span<'a>, Trouble> {
    let (_, mailed) = ask_for_code_to_skip(visitor, account).await?;
    Ok(set_skip(visitor, &mailed.code, || Span::of_skip(stage, person)).await?.begun())
}

/// The control arm of what is asked just outside: just inside, the same browser is not asked.
async fn skips_just_inside(
    stage: &Stage,
    days: &Span<'_>,
    visitor: &mut Visitor,
    account: &Account,
) -> Result<(), Trouble> {
    days.until_just_inside().await?;
    let next = visitor.start(account).await?;
    days.was_inside()?;
    stage.control("just inside 90 days the skip should skip", &next.seen, next.seen.is(Screen::MyPage))
}

async fn lapsed_skip(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut inside = person.browser("A", &account);
    let days = set(&stage, &person, &mut inside, &account).await?;
    let mut outside = person.browser("B", &account);
    let days_outside = set(&stage, &person, &mut outside, &account).await?;
    let next = outside.start(&account).await?;
    stage.control("the skip should skip within its validity", &next.seen, next.seen.is(Screen::MyPage))?;

    // A browser drops the cookie by its own clock: what it is asked afterwards does not show that the target's time has passed.
    let hourglass = Hourglass::turn(&person, &account).await?;
    days.until_just_inside().await?;
    let next = inside.start(&account).await?;
    days.was_inside()?;
    hourglass.has_run_out(&stage).await?;
    let (holds, asks) = ("faq08-skip-holds-just-inside-90-days", "faq08-code-is-asked-after-90-days");
    stage.skips(holds, "just inside 90 days no code is asked", &next.seen)?;
    days_outside.until_just_outside().await?;
    outside.will_ask_for_skip(true);
    let next = outside.start(&account).await?;
    stage.asks(asks, "just outside 90 days a code is asked", &next.seen)?;
    // Each shows that the other means something: the skip skips, and time passes.
    stage.settle(holds);
    stage.settle(asks);

    let check = "faq08-setting-again-gives-another-90-days";
    let mailed = outside.mailed_code(&account, &next).await?;
    let days = set_skip(&mut outside, &mailed.code, || Span::of_skip(&stage, &person)).await?.begun();
    let hourglass_again = Hourglass::turn(&person, &account).await?;
    days.until_just_inside().await?;
    let next = outside.start(&account).await?;
    days.was_inside()?;
    hourglass_again.has_run_out(&stage).await?;
    stage.skips(check, "set again, it skips until just inside another 90 days", &next.seen)?;
    days.until_just_outside().await?;
    let next = outside.start(&account).await?;
    stage.asks(check, "just outside the second 90 days a code is asked", &next.seen)
}

async fn using(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let third = stage.numbers().skip_validity.0 / 3;
    let mut a = person.browser("A", &account);
    let days = set(&stage, &person, &mut a, &account).await?;
    for _ in 0..2 {
        let hourglass = Hourglass::turn(&person, &account).await?;
        person.wait(third).await?;
        hourglass.has_run_out(&stage).await?;
        let next = a.start(&account).await?;
        stage.control("the skip should skip within its validity", &next.seen, next.seen.is(Screen::MyPage))?;
    }
    skips_just_inside(&stage, &days, &mut a, &account).await?;
    days.until_just_outside().await?;
    let next = a.start(&account).await?;
    stage.asks("faq08-using-a-skip-does-not-extend-it", "used three times, it still ends after 90 days", &next.seen)
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
    let days = set(&stage, &person, &mut a, &account).await?;
    let for_ever = |cookies: Vec<Cookie>| cookies.into_iter().map(|cookie| cookie.with_expires(None));
    for cookie in for_ever(proven_skip_cookies(&stage, &mut a, &account).await?) {
        a.plant(cookie);
    }
    skips_just_inside(&stage, &days, &mut a, &account).await?;
    // Some targets renew it at each use, and an old one would be dead in any case.
    let kept = for_ever(a.skip_cookies());
    days.until_just_outside().await?;
    for cookie in kept {
        a.plant(cookie);
    }
    let next = a.start(&account).await?;
    stage.asks("faq08-a-kept-cookie-does-not-outlive-90-days", "the server itself ends the skip", &next.seen)?;
    stage.world.time_proof.give();
    Ok(())
}

async fn unticked_elsewhere(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq08-an-unticked-sign-in-leaves-the-skip";
    let (person, account) = stage.person().await?;
    // Its attempt is open before the skip is set. Whether its code is still good afterwards is the target's affair.
    let mut before = person.browser("before", &account);
    let (_, early) = ask_for_code(&mut before, &account).await?;
    let mut a = person.browser("A", &account);
    let days = set(&stage, &person, &mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    before.submit_code(&early.code, SkipBox::Unticked).await?;
    let next = a.start(&account).await?;
    let expected = "an attempt from before the skip, finished unticked, leaves the skip as it was";
    stage.skips(check, expected, &next.seen)?;

    let mut b = person.browser("B", &account);
    let (_, mailed) = ask_for_code(&mut b, &account).await?;
    let seen = b.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)?;
    let next = a.start(&account).await?;
    stage.skips(check, "an unticked sign-in in another browser leaves the skip as it was", &next.seen)?;

    days.until_just_inside().await?;
    let next = a.start(&account).await?;
    days.was_inside()?;
    stage.skips(check, "and it still skips just inside its 90 days", &next.seen)?;
    days.until_just_outside().await?;
    let next = a.start(&account).await?;
    stage.asks(check, "and it ends with its 90 days", &next.seen)
}
