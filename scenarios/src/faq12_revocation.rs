//! FAQ-12: the resume ends the skips of all browsers at once, and for good.

use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Cookie, Page};
use sekisho_simulator::target::{Screen, Status, Step, Vars};
use sekisho_simulator::{Person, Seen, SkipBox, Trouble, Visitor};
use serde_json::Value;

use crate::moves::{
    Hourglass, ask_for_code, open_resume_form, press_resume, proven_skip_cookies, resume_all, sign_in,
    sign_in_and_skip, skip_is_set, want,
};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq12-revoke-all": "A device is lost; from another browser every skip is ended, and one is set anew", Each,
        ["faq12-resume-ends-the-skip-of-a-lost-browser", "faq12-resume-ends-the-skip-of-every-browser",
         "faq12-a-revoked-cookie-never-skips", "faq12-a-skip-set-afterwards-works-and-old-ones-stay-dead"], revoke_all;
    "faq12-first-button": "Only the first of the two buttons is pressed", Each,
        ["faq12-the-first-button-alone-changes-nothing"], first_button;
    "faq12-no-choice": "Somebody looks for a way to end a single skip", Each, ["faq12-no-single-browser-can-be-chosen"], no_choice;
    "faq12-shut": "The resume is tried without being signed in", Each, ["faq12-resume-needs-a-full-sign-in"], shut;
    "faq12-race": "Many browsers sign in while the skips are ended", Each,
        ["faq12-no-old-cookie-skips-once-resume-was-answered"], crate::faq12_race::race;
];

/// How long after the resume a kept cookie is replayed once more.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

async fn revoke_all(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut lost = person.browser("lost", &account);
    let mut third = person.browser("third", &account);
    let mut acting = person.browser("acting", &account);
    let mut old = Vec::new();
    for browser in [&mut lost, &mut third, &mut acting] {
        sign_in_and_skip(browser, &account).await?;
        let next = browser.start(&account).await?;
        stage.control("before the resume each browser should skip", &next.seen, next.seen.is(Screen::MyPage))?;
        old.push(browser.skip_cookies());
    }
    resume_all(&mut acting).await?;

    let next = lost.start(&account).await?;
    let check = "faq12-resume-ends-the-skip-of-a-lost-browser";
    stage.asks(check, "the lost browser is asked for a code", &next.seen)?;
    stage.settle(check);
    let check = "faq12-resume-ends-the-skip-of-every-browser";
    let next = third.start(&account).await?;
    stage.asks(check, "every other browser is asked for a code", &next.seen)?;
    let next = acting.start(&account).await?;
    stage.asks(check, "the acting browser is asked for a code", &next.seen)?;
    stage.settle(check);

    let mut fresh = person.browser("fresh", &account);
    let check = "faq12-a-skip-set-afterwards-works-and-old-ones-stay-dead";
    sign_in_and_skip(&mut fresh, &account).await?;
    let next = fresh.start(&account).await?;
    stage.skips(check, "a skip set after the resume skips", &next.seen)?;
    let next = lost.start(&account).await?;
    stage.asks(check, "the old skip stays dead after a new one was set", &next.seen)?;
    stage.settle(check);

    // FAQ-12d: kept copies, replayed at once and days later. A cookie that lives, replayed alone in the same way, skips.
    proven_skip_cookies(&stage, &mut fresh, &account).await?;
    replayed(&stage, &person, &account, &old).await?;
    if !stage.lets_time_pass() {
        return Ok(());
    }
    let hourglass = Hourglass::turn(&person, &account).await?;
    person.wait(WEEK).await?;
    hourglass.has_run_out(&stage).await?;
    replayed(&stage, &person, &account, &old).await
}

/// Replays the cookies of each browser in a browser that has no others.
async fn replayed(stage: &Stage, person: &Person, account: &Account, old: &[Vec<Cookie>]) -> Result<(), Trouble> {
    let check = "faq12-a-revoked-cookie-never-skips";
    for cookies in old {
        let mut thief = person.browser("replay", account);
        for cookie in cookies {
            thief.plant(cookie.clone());
        }
        let next = thief.start(account).await?;
        stage.asks(check, "a revoked cookie that was kept does not skip", &next.seen)?;
    }
    Ok(())
}

async fn first_button(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq12-the-first-button-alone-changes-nothing";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    let mut b = person.browser("B", &account);
    sign_in(&mut b, &account).await?;
    press_resume(&mut b).await?;
    let next = a.start(&account).await?;
    stage.skips(check, "after the first button the skip still skips", &next.seen)?;
    press_resume(&mut b).await?;
    b.complete_resume().await?;
    let next = a.start(&account).await?;
    stage.asks(check, "after [完了] a code is asked", &next.seen)
}

async fn no_choice(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let one = ways_where_skips_end(&stage, &mut a).await?;
    let mut others = [person.browser("B", &account), person.browser("C", &account)];
    for browser in &mut others {
        sign_in_and_skip(browser, &account).await?;
    }
    let three = ways_where_skips_end(&stage, &mut a).await?;
    let observed = format!("{one} ways to act with one skip, {three} with three");
    stage.judge(
        "faq12-no-single-browser-can-be-chosen",
        "the screen offers the same ways to act, however many skips there are",
        observed,
        one == three,
    )
}

/// How many ways to act there are where skips are ended: on the skip settings screen, or, where the target has none, on the pages round
/// its resume. One at least, or it would not be the place.
async fn ways_where_skips_end(stage: &Stage, visitor: &mut Visitor) -> Result<usize, Trouble> {
    let some_way = |seen: &Seen| {
        let ways = ways_to_act(seen);
        stage.control("the screen should offer some way to act, the resume at least", seen, ways > 0).map(|()| ways)
    };
    if visitor.knows(Step::OpenSkipSettings) {
        let (status, seen) = visitor.skip_status().await?;
        stage.control("with a skip the screen should say あり", &seen, status == Status::Some)?;
        return some_way(&seen);
    }
    let mut ways = 0;
    for (step, screen) in [(Step::OpenMyPage, Screen::MyPage), (Step::OpenSettings, Screen::Settings)] {
        if visitor.knows(step) {
            let seen = visitor.open(step).await?;
            want(step, screen, &seen)?;
            ways += ways_to_act(&seen);
        }
    }
    let seen = open_resume_form(visitor).await?;
    Ok(ways + some_way(&seen)?)
}

/// Forms, buttons and choices on a page, and links. An interface offers what it names: its single values.
fn ways_to_act(seen: &Seen) -> usize {
    if let Ok(json) = seen.answer.json() {
        return values(&json);
    }
    let page = Page::of(&seen.answer);
    page.forms().iter().map(|form| 1 + form.ways_to_choose()).sum::<usize>() + page.links().len()
}

fn values(json: &Value) -> usize {
    match json {
        Value::Array(all) => all.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

async fn shut(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq12-resume-needs-a-full-sign-in";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    let mut b = person.browser("B", &account);
    sign_in(&mut b, &account).await?;
    want(Step::OpenResume, Screen::ResumeConfirmation, &b.open(Step::OpenResume).await?)?;
    let completion = b.prepare(Step::CompleteResume, Vars::default(), SkipBox::Unticked)?;

    let mut signed_out = person.browser("signed out", &account);
    signed_out.open_sign_in().await?;
    let mut halfway = person.browser("half signed in", &account);
    ask_for_code(&mut halfway, &account).await?;
    for browser in [&mut signed_out, &mut halfway] {
        let seen = browser.open(Step::OpenResume).await?;
        stage.judge(check, "the confirmation is shut", seen.describe(), !seen.is(Screen::ResumeConfirmation))?;
        browser.send(Step::CompleteResume, completion.clone()).await?;
        let next = a.start(&account).await?;
        stage.skips(check, "a forged [完了] ends no skip", &next.seen)?;
    }
    b.send(Step::CompleteResume, completion).await?;
    let next = a.start(&account).await?;
    stage.control(
        "the same [完了] should end the skip where somebody is signed in",
        &next.seen,
        next.seen.asks_for_code(),
    )
}
