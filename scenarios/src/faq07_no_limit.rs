//! FAQ-07: there is no limit to the browsers that hold a skip.

use std::sync::Arc;

use sekisho_simulator::Trouble;

use crate::moves::sign_in_and_skip;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq07-many-browsers": "Somebody sets a skip in one browser after the other", Each,
        ["faq07-many-browsers-hold-a-skip-at-once"], many_browsers;
];

async fn many_browsers(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let count = stage.numbers().browsers_tried.max(2);
    let mut browsers = Vec::with_capacity(count);
    let mut mails = 0;
    for number in 1..=count {
        if let Some(limit) = stage.numbers().mail_limit
            && mails + 1 >= limit.count
        {
            person.wait(limit.window.0 + stage.margin(&person)).await?;
            mails = 0;
        }
        let mut browser = person.browser(&number.to_string(), &account);
        sign_in_and_skip(&mut browser, &account).await?;
        browser.browser().rest();
        mails += 1;
        browsers.push(browser);
    }
    let check = "faq07-many-browsers-hold-a-skip-at-once";
    for (index, browser) in browsers.iter_mut().enumerate() {
        let next = browser.start(&account).await?;
        browser.browser().rest();
        let expected = format!("browser {} of {count} skips after the last was set", index + 1);
        stage.skips(check, &expected, &next.seen)?;
    }
    Ok(())
}
