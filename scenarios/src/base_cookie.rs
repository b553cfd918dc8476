//! BASE-COOKIE: the attributes of the target's cookies, read from its own lines: a jar no longer knows what a line left out.

use std::sync::Arc;
use std::time::Duration;

use cookie::{Cookie, SameSite};
use sekisho_simulator::account::Account;
use sekisho_simulator::{Trouble, Visitor};

use crate::moves::sign_in_and_skip;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-cookie-attributes": "Somebody looks at the cookies of a whole sign-in", Each,
        ["base-cookie-attributes-are-strict", "base-cookie-lifetime-agrees-with-the-skip", "base-cookie-path-is-given"], attributes;
    "base-cookie-https": "Somebody looks at the cookies of a whole sign-in on https", Each,
        ["base-cookie-is-secure-on-https", "base-cookie-host-prefix-is-used-on-https"], https;
];

/// What RFC 6265bis calls a cookie that no other host, path or scheme can have set.
const HOST_PREFIX: &str = "__Host-";

async fn attributes(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let cookies = set_in_a_sign_in(&mut a, &account).await?;

    let now = a.now();
    let check = "base-cookie-lifetime-agrees-with-the-skip";
    for cookie in a.skip_cookies() {
        let lifetime = cookie.expires().map(|at| at.duration_since(now).unwrap_or_default());
        let wanted = stage.numbers().skip_validity.0;
        let observed = lifetime.map_or("no expiry".to_owned(), |lifetime| {
            format!("{} s, the skip {} s", lifetime.as_secs(), wanted.as_secs())
        });
        let holds = lifetime
            .is_some_and(|lifetime| lifetime.abs_diff(wanted) <= stage.margin(&person) + Duration::from_secs(1));
        // Each check stands for itself: the others are judged all the same.
        let _ = stage.judge(check, "the cookie lives as long as the skip", observed, holds);
    }
    let target = &stage.world.target;
    let strict = |cookie: &Cookie<'_>| {
        let faults = [
            (cookie.http_only() != Some(true) && !target.is_script_cookie(cookie.name()), "no HttpOnly"),
            (cookie.domain().is_some(), "a Domain"),
        ];
        let found = faults.iter().filter(|(fault, _)| *fault).map(|(_, what)| *what);
        found.chain(fault_of_same_site(cookie, target.is_cross_site_cookie(cookie.name()))).collect()
    };
    let expected = "HttpOnly, SameSite of Lax or Strict, no Domain";
    let _ = judge_all(&stage, "base-cookie-attributes-are-strict", expected, &cookies, strict);
    let path = |cookie: &Cookie<'_>| match cookie.path() {
        Some(path) if path.starts_with('/') => Vec::new(),
        _ => vec!["no Path"],
    };
    let _ = judge_all(&stage, "base-cookie-path-is-given", "a Path", &cookies, path);
    Ok(())
}

/// What is wrong with where a cookie goes along from. Without `Secure` browsers do not keep `SameSite=None` (RFC 6265bis section 5.7).
fn fault_of_same_site(cookie: &Cookie<'_>, is_needed_across_sites: bool) -> Option<&'static str> {
    match cookie.same_site() {
        Some(SameSite::Lax | SameSite::Strict) => None,
        Some(SameSite::None) if is_needed_across_sites && cookie.secure() == Some(true) => None,
        Some(SameSite::None) if is_needed_across_sites => Some("SameSite=None without Secure"),
        Some(SameSite::None) => Some("SameSite=None (not declared by `skip.cross_site_cookie`)"),
        None => Some("no SameSite"),
    }
}

async fn https(stage: Arc<Stage>) -> Result<(), Trouble> {
    if stage.world.target.base_of(stage.portal).scheme() != "https" {
        let reason = "the target speaks plain http, where browsers keep neither `Secure` cookies nor those of the `__Host-` prefix";
        return Err(Trouble::NotOffered(reason.to_owned()));
    }
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let cookies = set_in_a_sign_in(&mut a, &account).await?;
    let secure = |cookie: &Cookie<'_>| if cookie.secure() == Some(true) { Vec::new() } else { vec!["no Secure"] };
    let _ = judge_all(&stage, "base-cookie-is-secure-on-https", "Secure", &cookies, secure);

    let target = &stage.world.target;
    let is_bound =
        |cookie: &&Cookie<'_>| target.is_session_cookie(cookie.name()) || target.is_skip_cookie(cookie.name());
    let bound: Vec<Cookie<'_>> = cookies.iter().filter(is_bound).cloned().collect();
    if bound.is_empty() {
        return Err(Trouble::ControlArm("no cookie matches `skip.session_cookie` or `skip.cookie`".to_owned()));
    }
    let prefixed = |cookie: &Cookie<'_>| match cookie.name().starts_with(HOST_PREFIX) {
        true if cookie.path() == Some("/") && cookie.domain().is_none() && cookie.secure() == Some(true) => Vec::new(),
        true => vec!["the prefix, but not what it promises"],
        false => vec!["no `__Host-` prefix"],
    };
    let _ = judge_all(
        &stage,
        "base-cookie-host-prefix-is-used-on-https",
        "`__Host-`, with all it promises",
        &bound,
        prefixed,
    );
    Ok(())
}

/// Every cookie that the target sets in a sign-in with a skip; what it only deletes is left out.
async fn set_in_a_sign_in(visitor: &mut Visitor, account: &Account) -> Result<Vec<Cookie<'static>>, Trouble> {
    sign_in_and_skip(visitor, account).await?;
    let exchanges = visitor.exchanges()?;
    let answers = exchanges.iter().filter_map(|exchange| exchange.answer.as_ref());
    let lines = answers.flat_map(|answer| &answer.headers).filter(|(name, _)| name == "set-cookie");
    let cookies = lines.filter_map(|(_, line)| Cookie::parse(line.clone()).ok());
    let is_kept =
        |cookie: &Cookie<'_>| !cookie.value().is_empty() && cookie.max_age().is_none_or(|age| age.is_positive());
    let mut kept: Vec<Cookie<'static>> = cookies.filter(is_kept).collect();
    kept.dedup_by(|one, other| one == other);
    if kept.is_empty() {
        return Err(Trouble::Means("the target sets no cookie to look at".to_owned()));
    }
    Ok(kept)
}

/// Judges one thing of every cookie; `faults` says what is wrong with one.
fn judge_all(
    stage: &Stage,
    check: &'static str,
    expected: &str,
    cookies: &[Cookie<'_>],
    faults: impl Fn(&Cookie<'_>) -> Vec<&'static str>,
) -> Result<(), Trouble> {
    let named = |cookie: &Cookie<'_>| {
        let found = faults(cookie).join(" and ");
        (!found.is_empty()).then(|| format!("`{}` has {found}", cookie.name()))
    };
    let mut found: Vec<String> = cookies.iter().filter_map(named).collect();
    // One cookie may be set several times in a sign-in.
    found.dedup();
    let observed =
        if found.is_empty() { format!("{} cookies, all as they should be", cookies.len()) } else { found.join(", ") };
    stage.judge(check, &format!("every cookie has {expected}"), observed, found.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cookie_goes_along_from_other_sites_only_where_the_target_needs_it() {
        let fault = |line: &str, needed| fault_of_same_site(&Cookie::parse(line.to_owned()).unwrap(), needed);
        for (line, needed, found) in [
            ("a=1; SameSite=Lax", false, None),
            ("a=1; SameSite=Strict", true, None),
            ("a=1", false, Some("no SameSite")),
            ("a=1", true, Some("no SameSite")),
            ("a=1; SameSite=None; Secure", true, None),
            ("a=1; SameSite=None", true, Some("SameSite=None without Secure")),
            ("a=1; SameSite=None; Secure", false, Some("SameSite=None (not declared by `skip.cross_site_cookie`)")),
        ] {
            assert_eq!(fault(line, needed), found, "{line}");
        }
    }
}
