//! FAQ-14: a browser that keeps no cookies gets a clear screen, and no way in without a code.

use std::sync::Arc;

use sekisho_simulator::Trouble;
use sekisho_simulator::browser::NetworkError;
use sekisho_simulator::target::{DriverError, Screen};

use crate::moves::sign_in;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq14-cookies-off": "Somebody has switched cookies off", Each,
        ["faq14-without-cookies-a-clear-screen-and-no-way-in"], cookies_off;
];

async fn cookies_off(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq14-without-cookies-a-clear-screen-and-no-way-in";
    if !stage.world.target.recognises(Screen::CookiesOff) {
        return Err(Trouble::Means(
            "the profile does not say what tells that cookies are needed (`screens.cookies-off`)".to_owned(),
        ));
    }
    let (person, account) = stage.person().await?;
    let mut control = person.browser("control", &account);
    sign_in(&mut control, &account).await?;

    let mut a = person.browser("A", &account);
    a.browser().refuse_cookies(true);
    let opened = a.open_sign_in().await?;
    let seen = match a.try_password(&account).await {
        // Where the sign-in page itself says so there may be nothing to fill in.
        Err(Trouble::Driver(DriverError::Form { .. })) if opened.is(Screen::CookiesOff) => opened,
        Err(Trouble::Network { error: error @ NetworkError::RedirectLoop { .. }, .. }) => {
            return stage.judge(check, "no redirect loop", error.to_string(), false);
        }
        other => other?,
    };
    stage.judge(check, "no server error", seen.describe(), seen.answer.status < 500)?;
    stage.judge(check, "nobody gets in without cookies", seen.describe(), !seen.is_signed_in())?;
    let (says_so, another) = (seen.is(Screen::CookiesOff), seen.screen.is_some());
    stage.opposites(check, "a screen says that cookies are needed", &seen, Screen::CookiesOff, says_so, another)?;
    stage.is_shut(check, "My Page stays shut", &mut a).await
}
