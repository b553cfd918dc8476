//! NOTICE-1: from the go-live instant on, and not before, a sign-in asks for a code.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Trouble, Visitor};

use crate::absence::only_the_control_mail;
use crate::moves::code_signs_in;
use crate::scenario::{Scenario, stories};
use crate::span::was_before;
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

fn go_live(stage: &Stage) -> SystemTime {
    stage.numbers().go_live.0.into()
}

async fn before(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person_starting(go_live(&stage) - HOUR).await?;
    let mut a = person.browser("A", &account);
    let started = a.start(&account).await?;
    let check = "notice1-no-code-is-asked-before-go-live";
    stage.skips(check, "ID and password alone lead to My Page before go-live", &started.seen)?;

    person.wait_until(go_live(&stage) + stage.probe()).await?;
    let page = a.open(Step::OpenMyPage).await?;
    let check = "notice1-a-session-from-before-go-live-stays";
    stage.opens(check, "My Page stays open over the go-live instant", Screen::MyPage, &page)?;

    let mut b = person.browser("B", &account);
    let next = b.start(&account).await?;
    stage.asks(check, "the next sign-in asks a code", &next.seen)?;
    stage.world.time_proof.give();
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
    let (go_live, margin) = (go_live(&stage), stage.probe());
    let sign_in_at = async |at: SystemTime| {
        let (person, account) = stage.person_starting(at).await?;
        let mut visitor: Visitor = person.browser("A", &account);
        let seen = visitor.start(&account).await?.seen;
        Ok::<_, Trouble>((person, seen))
    };
    let (person, seen) = sign_in_at(go_live - margin).await?;
    was_before("go-live", &person, go_live - stage.numbers().tolerance.0)?;
    let seconds = margin.as_secs_f64();
    stage.skips(check, &format!("{seconds} s before go-live no code is asked"), &seen)?;
    // The instant itself is only hit where a clock stands at it, and only judged where no time round it is left out.
    if person.clock_is_frozen() && stage.numbers().tolerance.0.is_zero() {
        let (_, seen) = sign_in_at(go_live).await?;
        stage.asks(check, "at the go-live instant a code is asked", &seen)?;
    }
    let (_, seen) = sign_in_at(go_live + margin).await?;
    stage.asks(check, &format!("{seconds} s after go-live a code is asked"), &seen)
}
