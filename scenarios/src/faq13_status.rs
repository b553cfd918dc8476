//! FAQ-13: the skip settings screen says あり or なし, and nothing more.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::UserAgent;
use sekisho_simulator::target::Status;
use sekisho_simulator::{Trouble, Visitor};

use crate::moves::{ask_for_code_to_skip, resume_all, set_skip, sign_in, sign_in_and_skip, skip_is_set};
use crate::scenario::{Scenario, stories};
use crate::span::Span;
use crate::stage::Stage;
use crate::text::stands_alone;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq13-status": "Somebody looks whether a skip exists, before, after, and after ending it", Each,
        ["faq13-no-skip-shows-none", "faq13-one-skip-shows-some", "faq13-after-resume-shows-none"], status;
    "faq13-many": "Somebody with many skips looks which they are", Each, ["faq13-many-skips-show-no-count-and-no-names"], many;
    "faq13-lapsed": "The last skip has lapsed", Each, ["faq13-after-the-last-lapsed-shows-none"], lapsed;
    "faq13-cleared": "The cookie was cleared, not revoked", Each, ["faq13-a-cleared-cookie-still-shows-some"], cleared;
];

/// How many browsers hold a skip where the screen must not tell how many.
const MANY: usize = 7;

async fn shows(
    stage: &Stage,
    check: &'static str,
    expected: &str,
    visitor: &mut Visitor,
    wanted: Status,
) -> Result<(), Trouble> {
    let (status, _) = visitor.skip_status().await?;
    let observed = if status == Status::Some { "あり" } else { "なし" };
    stage.judge(check, expected, observed, status == wanted)
}

/// The same for `なし` in a browser where nobody asked for a skip. One that skips all the same has a skip to tell of, and another fault.
async fn shows_none(
    stage: &Stage,
    check: &'static str,
    expected: &str,
    visitor: &mut Visitor,
    account: &Account,
) -> Result<(), Trouble> {
    let (status, _) = visitor.skip_status().await?;
    if status == Status::Some {
        let next = visitor.start(account).await?;
        stage.control("a browser that asked for no skip should have none", &next.seen, next.seen.asks_for_code())?;
    }
    let observed = if status == Status::Some { "あり" } else { "なし" };
    stage.judge(check, expected, observed, status == Status::None)
}

/// The control arm of a status: that the same place can say the opposite.
async fn first_shows(stage: &Stage, visitor: &mut Visitor, wanted: Status) -> Result<(), Trouble> {
    let (status, seen) = visitor.skip_status().await?;
    let what = if wanted == Status::Some { "with a skip the screen should say あり" } else { "without one: なし" };
    stage.control(what, &seen, status == wanted)
}

async fn status(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut onlooker = person.browser("onlooker", &account);
    sign_in(&mut onlooker, &account).await?;
    let none = "faq13-no-skip-shows-none";
    shows_none(&stage, none, "without a skip: なし", &mut onlooker, &account).await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    let check = "faq13-one-skip-shows-some";
    shows(&stage, check, "with one skip: あり, in the browser that holds it", &mut a, Status::Some).await?;
    shows(&stage, check, "with one skip: あり, in another browser too", &mut onlooker, Status::Some).await?;
    // Each shows that the other is read where the status stands, and not from a text that never changes.
    stage.settle(none);
    stage.settle(check);
    resume_all(&mut onlooker).await?;
    shows(&stage, "faq13-after-resume-shows-none", "after the resume: なし", &mut onlooker, Status::None).await
}

async fn many(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq13-many-skips-show-no-count-and-no-names";
    let (person, account) = stage.person().await?;
    let agents = [UserAgent::DESKTOP, UserAgent::SMARTPHONE, UserAgent::TABLET];
    let mut onlooker = person.browser("onlooker", &account);
    sign_in(&mut onlooker, &account).await?;
    first_shows(&stage, &mut onlooker, Status::None).await?;
    for number in 0..MANY {
        let mut browser = person.browser_of(&format!("{number}"), &account, agents[number % agents.len()]);
        sign_in_and_skip(&mut browser, &account).await?;
        if number == 0 {
            skip_is_set(&stage, &mut browser, &account).await?;
        }
    }
    shows(&stage, check, "with many skips: あり", &mut onlooker, Status::Some).await?;
    let (_, seen) = onlooker.skip_status().await?;
    let text = seen.text();
    let telling = [
        MANY.to_string(),
        format!("{MANY}台"),
        format!("{MANY}件"),
        "７".to_owned(),
        "iPad".to_owned(),
        "Android".to_owned(),
        "Windows".to_owned(),
        "Chrome".to_owned(),
        "Safari".to_owned(),
        "127.0.0.1".to_owned(),
    ];
    let found: Vec<_> = telling.iter().filter(|telling| stands_alone(&text, telling)).map(String::as_str).collect();
    let observed = if found.is_empty() { "neither count nor names".to_owned() } else { found.join(", ") };
    stage.judge(check, "the screen tells neither how many nor which", observed, found.is_empty())
}

async fn lapsed(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code_to_skip(&mut a, &account).await?;
    let days = set_skip(&mut a, &mailed.code, || Span::of_skip(&stage, &person)).await?.begun();

    // The control arm: just inside the screen still says あり.
    days.until_just_inside().await?;
    let mut b = person.browser("B", &account);
    sign_in(&mut b, &account).await?;
    let (status, seen) = b.skip_status().await?;
    days.was_inside()?;
    stage.control("just before the last skip lapses the screen should say あり", &seen, status == Status::Some)?;
    days.until_just_outside().await?;
    let check = "faq13-after-the-last-lapsed-shows-none";
    shows_none(&stage, check, "after the last skip lapsed: なし", &mut b, &account).await?;
    stage.world.time_proof.give();
    Ok(())
}

async fn cleared(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    first_shows(&stage, &mut a, Status::None).await?;
    sign_in_and_skip(&mut a, &account).await?;
    skip_is_set(&stage, &mut a, &account).await?;
    a.browser().clear_cookies();
    sign_in(&mut a, &account).await?;
    shows(
        &stage,
        "faq13-a-cleared-cookie-still-shows-some",
        "cleared in the browser, not revoked: あり",
        &mut a,
        Status::Some,
    )
    .await
}
