//! FAQ-11: the cookie holds an id and an expiry, nothing of the person, and nothing that can be guessed or altered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use md5::Md5;
use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Cookie;
use sekisho_simulator::target::{Personal, Screen};
use sekisho_simulator::{Person, Trouble, Visitor};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::moves::{Hourglass, asks_without_cookies, proven_skip_cookies, sign_in_and_skip};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq11-personal": "Somebody looks into the cookie for themselves", Each, ["faq11-the-cookie-holds-nothing-personal"], personal;
    "faq11-unguessable": "Somebody compares the ids of many skips", Each, ["faq11-ids-are-unguessable"], unguessable;
    "faq11-altered": "Somebody alters the cookie", Each, ["faq11-an-altered-cookie-does-not-skip"], altered;
    "faq11-carried": "The cookie is carried to another client", Each, ["faq11-a-carried-cookie-is-reported"], carried;
];

/// How many ids are compared.
const SAMPLES: usize = 16;

/// The least that an attacker must guess (the rule says 64 bits).
const LEAST_BITS: f64 = 64.0;

/// The cookies of a skip that is set, and is shown to be in them.
async fn skip_cookies(stage: &Stage, visitor: &mut Visitor, account: &Account) -> Result<Vec<Cookie>, Trouble> {
    sign_in_and_skip(visitor, account).await?;
    proven_skip_cookies(stage, visitor, account).await
}

async fn personal(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let cookies = skip_cookies(&stage, &mut a, &account).await?;
    let (local, _) = account.key.address.split_once('@').unwrap_or((&account.key.address, ""));
    let allowed = &stage.world.target.skip_may_hold;
    let looks_for = |fact: Personal| !allowed.contains(&fact);
    let mut facts = vec![account.password.as_str()];
    if looks_for(Personal::Address) {
        facts.extend([account.key.address.as_str(), local]);
    }
    if looks_for(Personal::Name) {
        facts.push(&account.name);
        facts.extend(account.name.split_whitespace().filter(|part| is_of_a_name(part)));
    }
    let forms: Vec<(String, String)> = facts.iter().flat_map(|fact| forms_of(fact)).collect();
    let mut found = found_in(&cookies, &forms);
    if !found.is_empty() {
        // What is short can stand in an id by chance; it then does not stand in another one too.
        let mut b = person.browser("B", &account);
        let others = found_in(&skip_cookies(&stage, &mut b, &account).await?, &forms);
        found.retain(|form| others.contains(form));
    }
    let mut found: BTreeSet<String> = found.into_iter().map(|(how, _)| how).collect();
    if found.is_empty() && !lasting_parts(&stage, &person, &account, &cookies).await?.is_empty() {
        found.insert(
            "a part that is in both cookies of the account and not in another account's: it tells the account, not the cookie".to_owned(),
        );
    }
    let observed = match found.len() {
        0 => format!(
            "none of {} encodings of {} facts about the person in {} cookie(s), and no number of the account{}",
            forms.len(),
            facts.len(),
            cookies.len(),
            if allowed.is_empty() { "" } else { "; what `skip.may_hold` names was not looked for" },
        ),
        _ => format!("found: {}", found.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let holds = observed.starts_with("none");
    stage.judge(
        "faq11-the-cookie-holds-nothing-personal",
        "only an id and an expiry, nothing of the person",
        observed,
        holds,
    )
}

/// How much time passes between two skips of an account whose cookies are compared: their days of expiry are not the same then.
const APART: Duration = Duration::from_secs(2 * 24 * 3600);

/// Shorter parts of a cookie may be equal by chance, or name a format.
const LEAST_PART: usize = 8;

/// The parts of an account's cookie that are in its next one too, set later in another browser, but not in that of somebody else which was
/// set between the two: whatever they are made of, they stand for the account.
async fn lasting_parts(
    stage: &Stage,
    person: &Person,
    account: &Account,
    cookies: &[Cookie],
) -> Result<BTreeSet<String>, Trouble> {
    let (other, others_account) = stage.person().await?;
    let mut others = other.browser("other", &others_account);
    sign_in_and_skip(&mut others, &others_account).await?;
    let hourglass = Hourglass::turn(person, account).await?;
    match person.wait(APART).await {
        // If the target's time stood still, an expiry would look like a number.
        Ok(()) => hourglass.has_run_out(stage).await?,
        // A clock that nobody can move runs for both: what the time is made into differs, or is the same for all three.
        Err(trouble) if trouble.is_missing_means() => {}
        Err(trouble) => return Err(trouble),
    }
    let mut next = person.browser("next", account);
    sign_in_and_skip(&mut next, account).await?;
    let values = |cookies: &[Cookie]| cookies.iter().map(|cookie| cookie.value().into_owned()).collect::<Vec<_>>();
    let (next, others) = (values(&next.skip_cookies()), values(&others.skip_cookies()));
    if next.is_empty() || others.is_empty() {
        return Err(Trouble::ControlArm("each browser that skips should hold a cookie of `skip.cookie`".to_owned()));
    }
    let others = parts_of(&others);
    Ok(parts_of(&values(cookies))
        .intersection(&parts_of(&next))
        .filter(|part| !others.contains(*part))
        .cloned()
        .collect())
}

/// The parts of the values of cookies, as they stand and decoded.
fn parts_of(values: &[String]) -> BTreeSet<String> {
    let readings = values.iter().flat_map(|value| readings(value));
    let parts = |text: String| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
    readings.flat_map(parts).filter(|part| part.chars().count() >= LEAST_PART).collect()
}

/// Whether a part of a name tells something of a person: not one letter, and no number, by which accounts are counted.
fn is_of_a_name(part: &str) -> bool {
    part.chars().count() > 1 && part.chars().any(char::is_alphabetic)
}

/// Which of these forms stand in cookies.
fn found_in(cookies: &[Cookie], forms: &[(String, String)]) -> BTreeSet<(String, String)> {
    let texts: Vec<String> =
        cookies.iter().flat_map(|cookie| readings(&format!("{}={}", cookie.name(), cookie.value()))).collect();
    forms.iter().filter(|(_, form)| texts.iter().any(|text| text.contains(form.as_str()))).cloned().collect()
}

/// A fact about the person in every form in which a cookie could hold it, in lower case, with what the form is called.
fn forms_of(fact: &str) -> Vec<(String, String)> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut forms = vec![
        ("plain", fact.to_owned()),
        (
            "percent-encoded",
            percent_encoding::utf8_percent_encode(fact, percent_encoding::NON_ALPHANUMERIC).to_string(),
        ),
        ("base64", STANDARD_NO_PAD.encode(fact)),
        ("base64url", URL_SAFE_NO_PAD.encode(fact)),
        ("hex", hex(fact.as_bytes())),
    ];
    for text in [fact.to_owned(), fact.to_lowercase()] {
        let (md5, sha1, sha256) =
            (Md5::digest(&text).to_vec(), Sha1::digest(&text).to_vec(), Sha256::digest(&text).to_vec());
        for (name, digest) in [("MD5", md5), ("SHA-1", sha1), ("SHA-256", sha256)] {
            // Half of a digest is enough to know it by.
            forms.push((name, hex(&digest[..digest.len() / 2])));
            let encoded = URL_SAFE_NO_PAD.encode(&digest);
            forms.push((name, encoded[..encoded.len() / 2].to_owned()));
        }
    }
    let kind = if fact.contains('@') { "address" } else { "personal fact" };
    let long_enough = |form: &str| form.chars().count() >= 3;
    forms
        .into_iter()
        .filter(|(_, form)| long_enough(form))
        .map(|(name, form)| (format!("{kind} ({name})"), form.to_lowercase()))
        .collect()
}

/// A cookie as it stands, and with every part decoded that can be read as percent-encoding or base64 (the parts of a JWT
/// included), in lower case.
fn readings(cookie: &str) -> Vec<String> {
    let mut readings =
        vec![cookie.to_owned(), percent_encoding::percent_decode_str(cookie).decode_utf8_lossy().into_owned()];
    for part in cookie.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_'))) {
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            if let Ok(bytes) = engine.decode(part) {
                readings.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    readings.into_iter().map(|reading| reading.to_lowercase()).collect()
}

async fn unguessable(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut values = Vec::new();
    for number in 0..SAMPLES {
        let mut browser = person.browser(&number.to_string(), &account);
        let cookies = skip_cookies(&stage, &mut browser, &account).await?;
        values.push(cookies.iter().map(|cookie| cookie.value().into_owned()).collect::<Vec<_>>().join(" "));
    }
    let check = "faq11-ids-are-unguessable";
    let distinct = values.iter().collect::<BTreeSet<_>>().len();
    stage.judge(check, "every id is another", format!("{distinct} different of {SAMPLES}"), distinct == SAMPLES)?;
    let bits = varying_bits(&values);
    let observed = format!("about {bits:.0} bits vary between {SAMPLES} cookies of one account");
    stage.judge(check, "at least 64 bits vary without a pattern", observed, bits >= LEAST_BITS)
}

/// How many bits vary: for every place, the logarithm of how many characters were seen there. It never overestimates by much,
/// and a counter or a common prefix shows as places that do not vary.
fn varying_bits(values: &[String]) -> f64 {
    let shortest = values.iter().map(String::len).min().unwrap_or(0);
    (0..shortest)
        .map(|place| values.iter().map(|value| value.as_bytes()[place]).collect::<BTreeSet<_>>().len() as f64)
        .map(f64::log2)
        .sum()
}

async fn altered(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq11-an-altered-cookie-does-not-skip";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let cookies = skip_cookies(&stage, &mut a, &account).await?;
    asks_without_cookies(&stage, &person, &account).await?;
    let mut tried = 0;
    for cookie in &cookies {
        for altered in alterations(&cookie.value()) {
            a.plant(cookie.clone().with_value(&altered));
            // The outcome may be anything, also a page that nobody knows.
            let next = a.begin_altered(&account, |request| request).await?;
            stage.judge(check, "no server error", next.seen.describe(), next.seen.answer.status < 500)?;
            stage.asks(check, "with an altered id or expiry a code is asked", &next.seen)?;
            a.mailed_code(&account, &next).await?;
            tried += 1;
            a.plant(cookie.clone());
        }
    }
    let next = a.start(&account).await?;
    stage.control("unaltered, the cookie should skip", &next.seen, next.seen.is(Screen::MyPage))?;
    if tried == 0 {
        return Err(Trouble::Means("the cookie has no part that could be altered".to_owned()));
    }
    Ok(())
}

/// What parts of a value may be parted by.
const SEPARATORS: [char; 6] = ['.', ':', '|', '&', '%', ' '];

/// The value with each of its parts altered in turn: a letter by another, a number by a later one. And the value cut off in its first part.
fn alterations(value: &str) -> Vec<String> {
    let mut altered = Vec::new();
    let mut begin = 0;
    for part in value.split_inclusive(SEPARATORS) {
        let end = begin + part.len();
        let word = part.trim_end_matches(SEPARATORS);
        let changed = match word.parse::<u64>() {
            Ok(number) => Some((number + 365 * 24 * 3600).to_string()),
            Err(_) => word.chars().next().map(|first| {
                let other = if first == 'A' { 'B' } else { 'A' };
                format!("{other}{}", &word[first.len_utf8()..])
            }),
        };
        if let Some(changed) = changed {
            altered.push(format!("{}{changed}{}{}", &value[..begin], &part[word.len()..], &value[end..]));
        }
        begin = end;
    }
    let first = value.split(SEPARATORS).next().unwrap_or_default();
    let half: String = first.chars().take(first.chars().count().div_ceil(2)).collect();
    if !half.is_empty() && half != value {
        altered.push(half);
    }
    altered
}

async fn carried(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let cookies = skip_cookies(&stage, &mut a, &account).await?;
    let mut other = person.browser_of("other", &account, sekisho_simulator::browser::UserAgent::SMARTPHONE);
    for cookie in cookies {
        other.plant(cookie);
    }
    let next = other.start(&account).await?;
    let observed = format!("carried to another client: {}", next.seen.describe());
    stage.report("faq11-a-carried-cookie-is-reported", "whether it skips there is reported, not judged", observed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_no_part_of_a_name() {
        assert!(is_of_a_name("太郎") && is_of_a_name("Lee") && is_of_a_name("R2"));
        assert!(!is_of_a_name("00123") && !is_of_a_name("X"));
    }

    #[test]
    fn personal_facts_are_found_in_every_form() {
        let address = "hanako@people.sekisho.test";
        let digest = Sha256::digest(address).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let hiding_places = [
            address.to_owned(),
            percent_encoding::utf8_percent_encode(address, percent_encoding::NON_ALPHANUMERIC).to_string(),
            STANDARD.encode(address),
            URL_SAFE_NO_PAD.encode(format!("{{\"sub\":\"{address}\"}}")),
            digest,
            URL_SAFE_NO_PAD.encode(Md5::digest(address)),
        ];
        let found = |cookie: &str| {
            let texts = readings(cookie);
            forms_of(address).iter().any(|(_, form)| texts.iter().any(|text| text.contains(form.as_str())))
        };
        for place in hiding_places {
            assert!(found(&format!("skip-1=x.{place}")), "{place}");
        }
        assert!(!found("skip-0123456789abcdef=Zm9vYmFyYmF6cXV4MTIzNDU2.1795400000"));
    }

    #[test]
    fn counters_and_common_structure_vary_too_little() {
        let counter: Vec<_> = (0..16).map(|n| format!("device-{:020}", 1_000 + n)).collect();
        assert!(varying_bits(&counter) < LEAST_BITS);
        let random: Vec<_> = (0..16).map(|n: u32| URL_SAFE_NO_PAD.encode(Sha256::digest(n.to_be_bytes()))).collect();
        assert!(varying_bits(&random) >= LEAST_BITS);
    }

    #[test]
    fn an_account_number_is_a_part_of_the_cookie_however_it_is_written() {
        let parts =
            |id: &str, time: &str| parts_of(&[format!("{}.{time}", URL_SAFE_NO_PAD.encode(format!("\"{id}\"")))]);
        let (one, next, other) = (
            parts("943910ef72e946", "aaaaaaaaaa"),
            parts("943910ef72e946", "bbbbbbbbbb"),
            parts("07bd41c9a2f355", "aaaaaaaaaa"),
        );
        assert!(one.intersection(&next).any(|part| part == "943910ef72e946" && !other.contains(part)));
        assert!(one.intersection(&other).all(|part| part == "aaaaaaaaaa"));
    }

    #[test]
    fn each_part_is_altered_once() {
        let later = format!("Axy.{}", 100 + 365 * 24 * 3600);
        assert_eq!(alterations("Axy.100"), ["Bxy.100", later.as_str(), "Ax"]);
        assert_eq!(alterations(""), Vec::<String>::new());
    }
}
