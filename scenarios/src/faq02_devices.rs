//! FAQ-02: desktops, smartphones and tablets can all complete the sign-in.

use std::sync::Arc;

use sekisho_simulator::browser::UserAgent;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{SkipBox, Trouble};

use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq02-desktop": "A desktop browser signs in", Each, ["faq02-a-desktop-browser-signs-in"], desktop;
    "faq02-smartphone": "A smartphone browser signs in", Each, ["faq02-a-smartphone-browser-signs-in"], smartphone;
    "faq02-tablet": "A tablet browser signs in", Each, ["faq02-a-tablet-browser-signs-in"], tablet;
];

async fn desktop(stage: Arc<Stage>) -> Result<(), Trouble> {
    signs_in(&stage, "faq02-a-desktop-browser-signs-in", UserAgent::DESKTOP).await
}

async fn smartphone(stage: Arc<Stage>) -> Result<(), Trouble> {
    signs_in(&stage, "faq02-a-smartphone-browser-signs-in", UserAgent::SMARTPHONE).await
}

async fn tablet(stage: Arc<Stage>) -> Result<(), Trouble> {
    signs_in(&stage, "faq02-a-tablet-browser-signs-in", UserAgent::TABLET).await
}

async fn signs_in(stage: &Stage, check: &'static str, agent: UserAgent) -> Result<(), Trouble> {
    // A second person on another kind of device shows that the target serves anybody at all: else nothing is known about this one.
    let (other, others_account) = stage.person().await?;
    let another = if agent == UserAgent::DESKTOP { UserAgent::SMARTPHONE } else { UserAgent::DESKTOP };
    let mut control = other.browser_of("control", &others_account, another);
    let started = control.start(&others_account).await?;
    stage.control("another device should be asked for a code", &started.seen, started.seen.asks_for_code())?;

    let (person, account) = stage.person().await?;
    let mut device = person.browser_of(agent.name, &account, agent);
    let expected = format!("the code entry screen on a {}", agent.name);
    let opened = device.look_at(Step::OpenSignIn).await?;
    stage.judge(
        check,
        &format!("the sign-in screen on a {}", agent.name),
        opened.describe(),
        opened.is(Screen::SignIn),
    )?;
    let started = device.start(&account).await?;
    stage.judge(check, &expected, started.seen.describe(), started.seen.asks_for_code())?;
    let mailed = device.mailed_code(&account, &started).await?;
    let seen = device.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.accepts(check, &format!("My Page on a {}", agent.name), &seen)
}
