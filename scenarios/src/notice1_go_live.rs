//! NOTICE-1: from the go-live instant on, and not before, a sign-in asks for a code.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Trouble, Visitor};

use crate::absence::only_the_control_mail;
use crate::moves::{code_signs_in, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "notice1-before": "Before go-live ID and password suffice, and a session from then outlives the change", Each,
        ["notice1-no-code-is-asked-before-go-live", "notice1-a-session-from-before-go-live-stays"], before;
    "notice1-after": "After go-live a code is asked", Each, ["notice1-a-code-is-asked-after-go-live"], after;
    "notice1-instant": "One second before, at the instant, one second after", Each,
        ["notice1-the-change-comes-at-the-instant"], instant;
];

/// Near enough to go-live that a session outlives the change.
const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

fn go_live(stage: &Stage) -> SystemTime {
    stage.numbers().go_live.0.into()
}

async fn before(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person_starting(go_live(&stage) - HOUR).await?;
    let mut a = person.browser("A", &account);
    let started = a.start(&account).await?;
    let check = "notice1-no-code-is-asked-before-go-live";
    stage.skips(check, "ID and password alone lead to My Page before go-live", &started.seen)?;

    person.wait(HOUR + stage.margin(&person)).await?;
    let page = a.open(Step::OpenMyPage).await?;
    let check = "notice1-a-session-from-before-go-live-stays";
    stage.opens(check, "My Page stays open over the go-live instant", Screen::MyPage, &page)?;

    let mut b = person.browser("B", &account);
    let next = b.start(&account).await?;
    stage.asks(check, "the next sign-in asks a code", &next.seen)?;
    let silent = only_the_control_mail(&b, &account, &started, &next).await?;
    let check = "notice1-no-code-is-asked-before-go-live";
    stage.judge(check, "no code is mailed before go-live", silent.observed, silent.holds)
}

async fn after(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person_starting(go_live(&stage) + HOUR).await?;
    let mut a = person.browser("A", &account);
    let started = a.start(&account).await?;
    stage.asks("notice1-a-code-is-asked-after-go-live", "a code is asked after go-live", &started.seen)?;
    let mailed = a.mailed_code(&account, &started).await?;
    code_signs_in(&stage, &mut a, &mailed.code).await
}

async fn instant(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "notice1-the-change-comes-at-the-instant";
    let sign_in_at = async |at: SystemTime| {
        let (person, account) = stage.person_starting(at).await?;
        if !person.clock_is_frozen() {
            return Err(Trouble::Means(
                "the instant can only be hit where an account's clock can stand still".to_owned(),
            ));
        }
        let mut visitor: Visitor = person.browser("A", &account);
        Ok(visitor.start(&account).await?.seen)
    };
    let seen = sign_in_at(go_live(&stage) - SECOND).await?;
    stage.skips(check, "one second before go-live no code is asked", &seen)?;
    let seen = sign_in_at(go_live(&stage)).await?;
    stage.asks(check, "at the go-live instant a code is asked", &seen)?;
    let seen = sign_in_at(go_live(&stage) + SECOND).await?;
    want(Step::SubmitPassword, Screen::CodeEntry, &seen)
}
