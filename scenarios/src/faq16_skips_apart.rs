//! FAQ-16: the skips of two accounts do not touch each other.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::target::Screen;
use sekisho_simulator::{Person, Trouble};

use crate::moves::{asks_without_cookies, proven_skip_cookies, resume_all, sign_in, sign_in_and_skip, skip_is_set};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq16-main-skip": "The main account skips; the additional one does not", Employer,
        ["faq16-the-main-skip-does-not-skip-the-additional"], main_skip;
    "faq16-both": "Both accounts skip in one browser", Employer, ["faq16-both-skips-live-in-one-browser"], both;
    "faq16-resume": "One account ends its skips", Employer, ["faq16-resume-leaves-the-other-account"], resume;
    "faq16-foreign-cookie": "One account's cookie is tried on the other", Employer,
        ["faq16-a-cookie-never-skips-another-account"], foreign_cookie;
];

async fn two_accounts(stage: &Stage) -> Result<(Person, Account, Account), Trouble> {
    let (person, main) = stage.person().await?;
    let additional = stage.world.additional(&person, &main).await?;
    Ok((person, main, additional))
}

async fn main_skip(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, main, additional) = two_accounts(&stage).await?;
    let mut a = person.browser("A", &main);
    sign_in_and_skip(&mut a, &main).await?;
    let next = a.start(&additional).await?;
    let check = "faq16-the-main-skip-does-not-skip-the-additional";
    stage.asks(check, "with the main account's skip the additional one is still asked", &next.seen)?;
    let next = a.start(&main).await?;
    stage.control("the main account should skip", &next.seen, next.seen.is(Screen::MyPage))
}

async fn both(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, main, additional) = two_accounts(&stage).await?;
    let mut a = person.browser("A", &main);
    // Each by itself skips, in a browser where no other could end it.
    for (mut alone, account) in
        [(person.browser("alone", &main), &main), (person.browser("alone", &additional), &additional)]
    {
        sign_in_and_skip(&mut alone, account).await?;
        skip_is_set(&stage, &mut alone, account).await?;
    }
    sign_in_and_skip(&mut a, &main).await?;
    sign_in_and_skip(&mut a, &additional).await?;
    let check = "faq16-both-skips-live-in-one-browser";
    for (account, name) in [(&main, "main"), (&additional, "additional"), (&main, "main")] {
        let next = a.start(account).await?;
        stage.skips(check, &format!("both set in one browser: the {name} account skips"), &next.seen)?;
    }
    Ok(())
}

async fn resume(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, main, additional) = two_accounts(&stage).await?;
    // Each in a browser of its own: whether one browser can hold both is another question.
    let mut a = person.browser("A", &additional);
    sign_in_and_skip(&mut a, &additional).await?;
    skip_is_set(&stage, &mut a, &additional).await?;
    let mut c = person.browser("C", &main);
    sign_in_and_skip(&mut c, &main).await?;
    let mut b = person.browser("B", &main);
    sign_in(&mut b, &main).await?;
    resume_all(&mut b).await?;
    // Judged before the control arm: a resume that hits the wrong account fails both.
    let next = a.start(&additional).await?;
    let check = "faq16-resume-leaves-the-other-account";
    stage.skips(check, "the other account still skips", &next.seen)?;
    let next = c.start(&main).await?;
    stage.control("the account that resumed should be asked", &next.seen, next.seen.asks_for_code())
}

async fn foreign_cookie(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq16-a-cookie-never-skips-another-account";
    let (person, main, additional) = two_accounts(&stage).await?;
    let mut a = person.browser("A", &main);
    sign_in_and_skip(&mut a, &main).await?;
    let mut b = person.browser("B", &additional);
    sign_in_and_skip(&mut b, &additional).await?;
    let of_main = proven_skip_cookies(&stage, &mut a, &main).await?;
    let of_additional = proven_skip_cookies(&stage, &mut b, &additional).await?;
    for account in [&main, &additional] {
        asks_without_cookies(&stage, &person, account).await?;
    }
    for (cookies, names, victim) in [(&of_main, &of_additional, &additional), (&of_additional, &of_main, &main)] {
        let mut thief = person.browser("thief", victim);
        for cookie in cookies {
            thief.plant(cookie.clone());
        }
        // The same value under the name that the victim's own cookie has.
        for (own, foreign) in names.iter().zip(cookies) {
            thief.plant(own.clone().with_value(foreign.value().as_bytes()));
        }
        let next = thief.start(victim).await?;
        stage.asks(check, "one account's cookie, under either name, does not skip the other", &next.seen)?;
    }
    for (browser, account) in [(&mut a, &main), (&mut b, &additional)] {
        let next = browser.start(account).await?;
        stage.control("the cookie should skip its own account", &next.seen, next.seen.is(Screen::MyPage))?;
    }
    Ok(())
}
