//! FAQ-09: nothing tells how many days of a skip are left, on no screen and by no mail.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sekisho_simulator::Trouble;
use sekisho_simulator::target::{Screen, Step};

use crate::absence::only_the_control_mail;
use crate::moves::{Hourglass, sign_in_and_skip, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;
use crate::text::stands_alone;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq09-screens": "Somebody looks for the remaining days", Each, ["faq09-no-screen-shows-the-remaining-days"], screens;
    "faq09-mails": "The days before the expiry pass one by one", Each, ["faq09-no-mail-before-the-skip-lapses"], mails;
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many days after it was set somebody looks: leaves a number of days that pages do not show for other reasons.
const LOOKED_AFTER_DAYS: u32 = 17;

async fn screens(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq09-no-screen-shows-the-remaining-days";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let lapses = person.now() + stage.numbers().skip_validity.0;
    let hourglass = Hourglass::turn(&person, &account).await?;
    person.wait(DAY * LOOKED_AFTER_DAYS).await?;
    // If the target's days did not pass, it would have other figures to tell than those that are looked for.
    hourglass.has_run_out(&stage).await?;
    let next = a.start(&account).await?;
    want(Step::SubmitPassword, Screen::MyPage, &next.seen)?;
    let left = lapses.duration_since(person.now()).unwrap_or_default();
    let telling = telling_texts(left, lapses);
    let pages = [
        (Step::OpenMyPage, Screen::MyPage),
        (Step::OpenSettings, Screen::Settings),
        (Step::OpenSkipSettings, Screen::SkipSettings),
    ];
    let mut looked_at = Vec::new();
    for (step, screen) in pages.into_iter().filter(|(step, _)| stage.has_step(*step)) {
        let seen = a.open(step).await?;
        want(step, screen, &seen)?;
        looked_at.push(format!("`{screen}`"));
        let text = seen.text();
        let found: Vec<_> = telling.iter().filter(|telling| stands_alone(&text, telling)).map(String::as_str).collect();
        let observed = match found.as_slice() {
            [] => format!("{}: none of {} ways to write them", looked_at.join(", "), telling.len()),
            found => format!("`{screen}` has {}", found.join(", ")),
        };
        stage.judge(check, "no screen tells the remaining days or the day of expiry", observed, found.is_empty())?;
    }
    if looked_at.is_empty() {
        return Err(Trouble::Means("the profile names no page that could tell them".to_owned()));
    }
    Ok(())
}

/// The ways in which a page could tell how long the skip lasts: days and hours left, the day of its end, its Unix time.
fn telling_texts(left: Duration, lapses: SystemTime) -> Vec<String> {
    let mut texts = Vec::new();
    let days = left.as_secs() / DAY.as_secs();
    for days in [days, days + 1] {
        texts.extend([days.to_string(), full_width(days)]);
    }
    texts.push((left.as_secs() / 3600).to_string());
    let unix = lapses.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    texts.extend([unix.as_secs().to_string(), unix.as_millis().to_string()]);
    let tokyo = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    if let Ok(instant) = jiff::Timestamp::try_from(lapses) {
        for zone in [tokyo, jiff::tz::TimeZone::UTC] {
            let day = instant.to_zoned(zone);
            let (year, month, date) = (day.year(), day.month(), day.day());
            texts.extend([
                format!("{year}-{month:02}-{date:02}"),
                format!("{year}/{month}/{date}"),
                format!("{year}/{month:02}/{date:02}"),
                format!("{year}年{month}月{date}日"),
                format!("{month}月{date}日"),
                format!("令和{}年{month}月{date}日", year - 2018),
            ]);
        }
    }
    texts.sort();
    texts.dedup();
    texts
}

fn full_width(number: u64) -> String {
    number.to_string().chars().filter_map(|c| char::from_u32(u32::from(c) - u32::from('0') + u32::from('０'))).collect()
}

async fn mails(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq09-no-mail-before-the-skip-lapses";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let lead = (stage.numbers().skip_validity.0 - 10 * DAY).max(DAY);
    let hourglass = Hourglass::turn(&person, &account).await?;
    person.wait(lead).await?;
    hourglass.has_run_out(&stage).await?;
    let first = a.start(&account).await?;
    stage.control("ten days before its end the skip should skip", &first.seen, first.seen.is(Screen::MyPage))?;
    for days_left in (1..10).rev() {
        person.wait(DAY).await?;
        if DAY * days_left > stage.skip_tolerance() {
            let next = a.start(&account).await?;
            stage.control("the skip should skip until its end", &next.seen, next.seen.is(Screen::MyPage))?;
        }
    }
    // Past the day of the expiry: a sign-in on it might be asked for a code, whose mail is no notice.
    for _ in 0..2 {
        person.wait(DAY).await?;
    }
    let control = a.start(&account).await?;
    let mails = only_the_control_mail(&a, &account, &first, &control).await?;
    stage.judge(check, "no mail from ten days before the expiry until after it", mails.observed, mails.holds)
}
