//! BASE-CODE: what is no code signs nobody in and breaks nothing, and the right code works after it.

use std::sync::Arc;

use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use sekisho_simulator::browser::{Body, Request};
use sekisho_simulator::target::{Step, Vars};
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::{ask_for_code, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-input": "Somebody sends everything but a code where the code belongs", Each,
        ["base-code-empty-codes-are-refused", "base-code-bytes-that-are-no-text-are-refused",
         "base-code-repeated-codes-are-refused", "base-code-over-long-codes-are-refused",
         "base-code-query-like-codes-are-refused"], input;
    "base-code-full-width": "Somebody types the code in full-width digits", Each, ["base-code-full-width-digits-do-no-harm"], full_width;
];

const EMPTY: &str = "base-code-empty-codes-are-refused";
const NO_TEXT: &str = "base-code-bytes-that-are-no-text-are-refused";
const REPEATED: &str = "base-code-repeated-codes-are-refused";
const OVER_LONG: &str = "base-code-over-long-codes-are-refused";
const QUERY_LIKE: &str = "base-code-query-like-codes-are-refused";

/// How many of them one attempt is given where the target declares no limit: each may count as a wrong code.
const TRIED_AT_ONCE: u32 = 3;

/// For each field what follows the name of the code's, and its value.
type Fields = Vec<(&'static str, Vec<u8>)>;

/// Something else in place of the code.
struct Case {
    check: &'static str,
    what: &'static str,
    fields: fn(&Codes) -> Fields,
}

/// The right code of an attempt, and a wrong one.
struct Codes {
    right: String,
    wrong: String,
}

impl Codes {
    fn right_then(&self, rest: &[u8]) -> Fields {
        vec![("", [self.right.as_bytes(), rest].concat())]
    }
}

fn plain(value: &[u8]) -> Fields {
    vec![("", value.to_vec())]
}

/// Some hold the right code where only a fault would find it: cut at a null byte or at a column's width, taken out of many, or ended
/// by a quote.
const CASES: [Case; 18] = [
    Case { check: EMPTY, what: "an empty code", fields: |_| plain(b"") },
    Case { check: EMPTY, what: "no code at all", fields: |_| Vec::new() },
    Case { check: EMPTY, what: "blanks", fields: |_| plain(b"   ") },
    Case { check: EMPTY, what: "full-width blanks", fields: |_| plain("\u{3000}\u{3000}".as_bytes()) },
    Case { check: NO_TEXT, what: "a null byte", fields: |_| plain(b"\0") },
    Case { check: NO_TEXT, what: "the right code and a null byte", fields: |codes| codes.right_then(b"\0") },
    Case { check: NO_TEXT, what: "the right code cut by a null byte", fields: |codes| codes.right_then(b"\x007") },
    Case { check: NO_TEXT, what: "bytes that are not UTF-8", fields: |_| plain(b"\xff\xfe\x80") },
    Case {
        check: REPEATED,
        what: "three codes, the right one between wrong ones",
        fields: |codes| [&codes.wrong, &codes.right, &codes.wrong].map(|code| ("", code.clone().into_bytes())).to_vec(),
    },
    Case { check: REPEATED, what: "an array", fields: |codes| vec![("[]", codes.wrong.clone().into_bytes())] },
    Case { check: REPEATED, what: "an empty array", fields: |_| vec![("[]", Vec::new())] },
    Case {
        check: OVER_LONG,
        what: "the right code with twenty digits more",
        fields: |codes| codes.right_then(&[b'0'; 20]),
    },
    Case { check: OVER_LONG, what: "ten thousand digits", fields: |_| plain(&[b'9'; 10_000]) },
    Case { check: QUERY_LIKE, what: "a quote and a condition that always holds", fields: |_| plain(b"' OR '1'='1") },
    Case { check: QUERY_LIKE, what: "the right code ended by a quote", fields: |codes| codes.right_then(b"' --") },
    Case { check: QUERY_LIKE, what: "a wildcard", fields: |_| plain(b"%") },
    Case { check: QUERY_LIKE, what: "an operator", fields: |_| vec![("[$ne]", Vec::new())] },
    Case { check: QUERY_LIKE, what: "a condition without quotes", fields: |_| plain(b"0 OR 1=1") },
];

async fn input(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let at_once = stage.numbers().wrong_codes.map_or(TRIED_AT_ONCE, |limit| limit.saturating_sub(1)).max(1);
    for (number, cases) in CASES.chunks(at_once as usize).enumerate() {
        let mut a = person.browser(&format!("A{number}"), &account);
        let (_, mailed) = ask_for_code(&mut a, &account).await?;
        let codes = Codes { wrong: wrong_code(&mailed.code), right: mailed.code };
        let vars = Vars { code: &codes.right, ..Vars::default() };
        let right = a.prepare(Step::SubmitCode, vars, SkipBox::Unticked)?;
        let mut holds = true;
        for case in cases {
            let seen = a.send(Step::SubmitCode, in_place_of_the_code(&stage, &right, &codes, case)?).await?;
            let (observed, well) =
                (format!("{}: {}", case.what, seen.describe()), !seen.is_signed_in() && seen.answer.status < 500);
            // The others are looked at all the same.
            holds &= stage.judge(case.check, "no server error, and nobody is signed in", observed, well).is_ok();
        }
        for case in cases.iter().filter(|_| holds) {
            stage.is_shut(case.check, "My Page stays shut after it", &mut a).await?;
        }
        if holds {
            let seen = a.send(Step::SubmitCode, right).await?;
            stage.control("the right code should sign in after all that", &seen, seen.is_signed_in())?;
        }
    }
    Ok(())
}

/// The request with something else where the code stands.
fn in_place_of_the_code(stage: &Stage, right: &Request, codes: &Codes, case: &Case) -> Result<Request, Trouble> {
    let Body::Form(fields) = &right.body else {
        return Err(Trouble::Means("the code is not sent by a form".to_owned()));
    };
    let named =
        stage.world.target.fields(stage.portal, Step::SubmitCode, &Vars { code: &codes.right, ..Vars::default() });
    let Some((name, _)) = named.iter().find(|(_, value)| *value == codes.right) else {
        return Err(Trouble::Means("no field of the form holds the code alone".to_owned()));
    };
    let others = fields.iter().filter(|(field, _)| field != name);
    let mut pairs: Vec<String> = others.map(|(field, value)| pair(field, value.as_bytes())).collect();
    pairs.extend((case.fields)(codes).iter().map(|(suffix, value)| pair(&format!("{name}{suffix}"), value)));
    let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    Ok(Request { body: Body::Raw { content_type, bytes: pairs.join("&").into() }, ..right.clone() })
}

fn pair(name: &str, value: &[u8]) -> String {
    format!("{}={}", percent_encode(name.as_bytes(), NON_ALPHANUMERIC), percent_encode(value, NON_ALPHANUMERIC))
}

async fn full_width(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-code-full-width-digits-do-no-harm";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let right = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    let tried = [("wrong", widened(&wrong_code(&mailed.code)), false), ("right", widened(&mailed.code), true)];
    for (which, code, may_sign_in) in tried {
        let request = a.prepare(Step::SubmitCode, Vars { code: &code, ..Vars::default() }, SkipBox::Unticked)?;
        let seen = a.send(Step::SubmitCode, request).await?;
        let observed = format!("the {which} code in full-width digits: {}", seen.describe());
        let holds = seen.answer.status < 500 && (may_sign_in || !seen.is_signed_in());
        stage.judge(check, "no server error, and a wrong code signs nobody in", observed, holds)?;
        if seen.is_signed_in() {
            return Ok(());
        }
    }
    let seen = a.send(Step::SubmitCode, right).await?;
    stage.control("the right code in ordinary digits should sign in after it", &seen, seen.is_signed_in())
}

/// The same digits as Japanese input methods write them.
fn widened(code: &str) -> String {
    let wide = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(u32::from('０') + digit)).unwrap_or(c);
    code.chars().map(wide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_widened_and_nothing_else() {
        assert_eq!(widened("01-9a"), "０１-９a");
    }

    #[test]
    fn names_and_values_are_encoded_byte_by_byte() {
        assert_eq!(pair("code[]", b"\xff\0 1"), "code%5B%5D=%FF%00%201");
    }
}
