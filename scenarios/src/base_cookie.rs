//! BASE-COOKIE: the attributes of the target's cookies.

use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::Trouble;
use sekisho_simulator::browser::SameSite;

use crate::moves::sign_in_and_skip;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-cookie-attributes": "Somebody looks at the cookies of a whole sign-in", Each,
        ["base-cookie-attributes-are-strict", "base-cookie-lifetime-agrees-with-the-skip"], attributes;
];

async fn attributes(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    sign_in_and_skip(&mut a, &account).await?;
    let https = stage.world.target.base.scheme() == "https";
    let now = a.now();
    let mut looked = 0;
    let mut lax = Vec::new();
    for cookie in a.browser().jar().cookies(now) {
        looked += 1;
        let faults = [
            (!cookie.http_only(), "no HttpOnly"),
            (matches!(cookie.same_site(), SameSite::Default | SameSite::None), "no SameSite"),
            (!cookie.host_only(), "a Domain"),
            (https && !cookie.secure(), "no Secure"),
        ];
        lax.extend(
            faults.iter().filter(|(fault, _)| *fault).map(|(_, what)| format!("`{}` has {what}", cookie.name())),
        );
    }
    if looked == 0 {
        return Err(Trouble::Means("the browser holds no cookie to look at".to_owned()));
    }
    let lifetimes: Vec<_> = a.skip_cookies().iter().map(|cookie| cookie.expires()).collect();
    let check = "base-cookie-lifetime-agrees-with-the-skip";
    for expires in lifetimes {
        let lifetime = expires.map(|at| at.duration_since(now).unwrap_or_default());
        let wanted = stage.numbers().skip_validity.0;
        let observed = lifetime.map_or("no expiry".to_owned(), |lifetime| {
            format!("{} s, the skip {} s", lifetime.as_secs(), wanted.as_secs())
        });
        let holds = lifetime
            .is_some_and(|lifetime| lifetime.abs_diff(wanted) <= stage.margin(&person) + Duration::from_secs(1));
        stage.judge(check, "the cookie lives as long as the skip", observed, holds)?;
    }
    let observed = if lax.is_empty() { format!("{looked} cookies, all strict") } else { lax.join(", ") };
    stage.judge(
        "base-cookie-attributes-are-strict",
        "HttpOnly, SameSite, no Domain, Secure on https",
        observed,
        lax.is_empty(),
    )
}
