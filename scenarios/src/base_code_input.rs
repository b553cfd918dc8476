//! BASE-CODE: what is no code signs nobody in and breaks nothing, and the right code works after it.

use std::sync::Arc;

use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use sekisho_simulator::browser::{Body, Request};
use sekisho_simulator::target::{Step, Vars};
use sekisho_simulator::{SkipBox, Trouble};
use serde_json::{Value, json};

use crate::moves::{ask_for_code, code_afresh, wrong_code};
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
    given: Given,
}

/// What is sent in place of the code.
enum Given {
    /// Fields of a form, or the same in JSON.
    Fields(fn(&Codes) -> Fields),
    /// A member of a JSON object.
    Member(fn(&Codes) -> Value),
    /// A JSON document in place of the object.
    Document(fn(&Codes) -> Value),
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
    Case { check: EMPTY, what: "an empty code", given: Given::Fields(|_| plain(b"")) },
    Case { check: EMPTY, what: "no code at all", given: Given::Fields(|_| Vec::new()) },
    Case { check: EMPTY, what: "blanks", given: Given::Fields(|_| plain(b"   ")) },
    Case { check: EMPTY, what: "full-width blanks", given: Given::Fields(|_| plain("\u{3000}\u{3000}".as_bytes())) },
    Case { check: NO_TEXT, what: "a null byte", given: Given::Fields(|_| plain(b"\0")) },
    Case {
        check: NO_TEXT,
        what: "the right code and a null byte",
        given: Given::Fields(|codes| codes.right_then(b"\0")),
    },
    Case {
        check: NO_TEXT,
        what: "the right code cut by a null byte",
        given: Given::Fields(|codes| codes.right_then(b"\x007")),
    },
    Case { check: NO_TEXT, what: "bytes that are not UTF-8", given: Given::Fields(|_| plain(b"\xff\xfe\x80")) },
    Case {
        check: REPEATED,
        what: "three codes, the right one between wrong ones",
        given: Given::Fields(|codes| {
            [&codes.wrong, &codes.right, &codes.wrong].map(|code| ("", code.clone().into_bytes())).to_vec()
        }),
    },
    Case {
        check: REPEATED,
        what: "an array",
        given: Given::Fields(|codes| vec![("[]", codes.wrong.clone().into_bytes())]),
    },
    Case { check: REPEATED, what: "an empty array", given: Given::Fields(|_| vec![("[]", Vec::new())]) },
    Case {
        check: OVER_LONG,
        what: "the right code with twenty digits more",
        given: Given::Fields(|codes| codes.right_then(&[b'0'; 20])),
    },
    Case { check: OVER_LONG, what: "ten thousand digits", given: Given::Fields(|_| plain(&[b'9'; 10_000])) },
    Case {
        check: QUERY_LIKE,
        what: "a quote and a condition that always holds",
        given: Given::Fields(|_| plain(b"' OR '1'='1")),
    },
    Case {
        check: QUERY_LIKE,
        what: "the right code ended by a quote",
        given: Given::Fields(|codes| codes.right_then(b"' --")),
    },
    Case { check: QUERY_LIKE, what: "a wildcard", given: Given::Fields(|_| plain(b"%")) },
    Case { check: QUERY_LIKE, what: "an operator", given: Given::Fields(|_| vec![("[$ne]", Vec::new())]) },
    Case { check: QUERY_LIKE, what: "a condition without quotes", given: Given::Fields(|_| plain(b"0 OR 1=1")) },
];

/// What only JSON can say.
const JSON_CASES: [Case; 6] = [
    Case { check: EMPTY, what: "null", given: Given::Member(|_| Value::Null) },
    Case {
        check: EMPTY,
        what: "a text in place of the object",
        given: Given::Document(|codes| codes.wrong.as_str().into()),
    },
    Case { check: EMPTY, what: "null in place of the object", given: Given::Document(|_| Value::Null) },
    Case { check: NO_TEXT, what: "a truth value", given: Given::Member(|_| true.into()) },
    Case { check: REPEATED, what: "an array of arrays", given: Given::Member(|codes| json!([[codes.wrong]])) },
    Case {
        check: REPEATED,
        what: "an array in place of the object",
        given: Given::Document(|codes| json!([codes.wrong])),
    },
];

async fn input(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let at_once = stage.numbers().wrong_codes.map_or(TRIED_AT_ONCE, |limit| limit.saturating_sub(1));
    let at_once =
        at_once.min(stage.numbers().wrong_codes_limit.map_or(u32::MAX, |limit| limit.count.saturating_sub(1))).max(1);
    let of_json: &[Case] =
        if stage.world.target.sends_json(stage.portal, Step::SubmitCode) { &JSON_CASES } else { &[] };
    let cases: Vec<&Case> = CASES.iter().chain(of_json).collect();
    for (number, cases) in cases.chunks(at_once as usize).enumerate() {
        let mut a = person.browser(&format!("A{number}"), &account);
        // The last that the limit allows shuts the right code out too.
        person.make_room_for_wrong_codes(u32::try_from(cases.len()).unwrap_or(u32::MAX).saturating_add(1)).await?;
        let (_, mailed) = ask_for_code(&mut a, &account).await?;
        let codes = Codes { wrong: wrong_code(&mailed.code), right: mailed.code };
        let vars = Vars { code: &codes.right, ..Vars::default() };
        let mut right = a.prepare(Step::SubmitCode, vars, SkipBox::Unticked)?;
        let mut holds = true;
        for case in cases {
            right = code_afresh(&mut a, &codes.right, right).await?;
            let seen = a.send(Step::SubmitCode, in_place_of_the_code(&right, &codes, case)?).await?;
            let (observed, well) =
                (format!("{}: {}", case.what, seen.describe()), !seen.is_signed_in() && seen.answer.status < 500);
            // The others are looked at all the same.
            holds &= stage.judge(case.check, "no server error, and nobody is signed in", observed, well).is_ok();
        }
        for case in cases.iter().filter(|_| holds) {
            stage.is_shut(case.check, "My Page stays shut after it", &mut a).await?;
        }
        if holds {
            let right = code_afresh(&mut a, &codes.right, right).await?;
            let seen = a.send(Step::SubmitCode, right).await?;
            stage.control("the right code should sign in after all that", &seen, seen.is_signed_in())?;
        }
    }
    Ok(())
}

/// The request with something else where the code stands.
fn in_place_of_the_code(right: &Request, codes: &Codes, case: &Case) -> Result<Request, Trouble> {
    let means = |what: &str| Trouble::Means(what.to_owned());
    let (content_type, bytes) = match &right.body {
        Body::Form(fields) => {
            let named = fields.iter().find(|(_, value)| *value == codes.right);
            let (name, _) = named.ok_or_else(|| means("no field of the form holds the code alone"))?;
            let Given::Fields(given) = &case.given else { return Err(means("the code is sent by a form")) };
            ("application/x-www-form-urlencoded", form_with(fields, name, &given(codes)).into_bytes())
        }
        Body::Json(document) => {
            let way = way_to(document, &codes.right);
            let way = way.ok_or_else(|| means("no member of the JSON document holds the code alone"))?;
            let bytes = match &case.given {
                Given::Fields(given) => json_with(document, &way, json_of(&given(codes)).as_deref()),
                Given::Member(value) => json_with(document, &way, Some(value(codes).to_string().as_bytes())),
                Given::Document(document) => document(codes).to_string().into_bytes(),
            };
            ("application/json", bytes)
        }
        Body::None | Body::Raw { .. } => return Err(means("the code is sent neither by a form nor in JSON")),
    };
    let content_type = HeaderValue::from_static(content_type);
    Ok(Request { body: Body::Raw { content_type, bytes: bytes.into() }, ..right.clone() })
}

fn form_with(fields: &[(String, String)], name: &str, given: &Fields) -> String {
    let others = fields.iter().filter(|(field, _)| field != name);
    let mut pairs: Vec<String> = others.map(|(field, value)| pair(field, value.as_bytes())).collect();
    pairs.extend(given.iter().map(|(suffix, value)| pair(&format!("{name}{suffix}"), value)));
    pairs.join("&")
}

/// The names and places that lead to the value in a JSON document that is this code: a text, or a number as one is typed.
fn way_to(document: &Value, code: &str) -> Option<Vec<String>> {
    let below = |name: String, value: &Value| {
        let mut way = way_to(value, code)?;
        way.insert(0, name);
        Some(way)
    };
    match document {
        Value::String(text) => (text == code).then(Vec::new),
        Value::Number(number) => (number.as_u64().is_some() && number.as_u64() == code.parse().ok()).then(Vec::new),
        Value::Object(members) => members.iter().find_map(|(name, value)| below(name.clone(), value)),
        Value::Array(all) => all.iter().enumerate().find_map(|(place, value)| below(place.to_string(), value)),
        Value::Null | Value::Bool(_) => None,
    }
}

/// The same document with something else at the end of a way; it is left out there where nothing is given.
fn json_with(document: &Value, way: &[String], given: Option<&[u8]>) -> Vec<u8> {
    let Some((next, rest)) = way.split_first() else { return given.unwrap_or(b"null").to_vec() };
    let is_left_out = |name: &str| name == next && rest.is_empty() && given.is_none();
    let below = |name: &str, value: &Value| match name == next {
        true => json_with(value, rest, given),
        false => value.to_string().into_bytes(),
    };
    match document {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !is_left_out(name));
            let written =
                kept.map(|(name, value)| [quoted(name.as_bytes()), b":".to_vec(), below(name, value)].concat());
            [b"{".as_slice(), &written.collect::<Vec<_>>().join(&b","[..]), b"}"].concat()
        }
        Value::Array(all) => {
            let named = all.iter().enumerate().map(|(place, value)| (place.to_string(), value));
            let written = named.filter(|(name, _)| !is_left_out(name)).map(|(name, value)| below(&name, value));
            [b"[".as_slice(), &written.collect::<Vec<_>>().join(&b","[..]), b"]"].concat()
        }
        other => other.to_string().into_bytes(),
    }
}

/// The same in JSON as in a form: several fields of a name are an array, what stands in brackets after it makes an array or an object.
/// Bytes that are no text go in as they are, for JSON knows no way to write them.
fn json_of(given: &Fields) -> Option<Vec<u8>> {
    let texts: Vec<Vec<u8>> = given.iter().map(|(_, text)| quoted(text)).collect();
    match given.as_slice() {
        [] => None,
        [("", _)] => texts.into_iter().next(),
        [("[]", text)] if text.is_empty() => Some(b"[]".to_vec()),
        [(suffix, _)] if *suffix != "[]" => {
            let member = suffix.trim_matches(['[', ']']);
            Some([b"{", quoted(member.as_bytes()).as_slice(), b":", &texts[0], b"}"].concat())
        }
        _ => Some([b"[".as_slice(), &texts.join(&b","[..]), b"]"].concat()),
    }
}

/// A JSON text; bytes that are no text stand in it as they are.
fn quoted(text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => Value::from(text).to_string().into_bytes(),
        Err(_) => [b"\"".as_slice(), text, b"\""].concat(),
    }
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
    let right = code_afresh(&mut a, &mailed.code, right).await?;
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn digits_are_widened_and_nothing_else() {
        assert_eq!(widened("01-9a"), "０１-９a");
    }

    #[test]
    fn json_holds_the_same_as_a_form() {
        let document = json!({ "code": "123456", "token": "t" });
        let with = |given: Fields| {
            let way = way_to(&document, "123456").unwrap();
            String::from_utf8_lossy(&json_with(&document, &way, json_of(&given).as_deref())).into_owned()
        };
        let text = |text: &str| text.as_bytes().to_vec();
        assert_eq!(with(Vec::new()), r#"{"token":"t"}"#);
        assert_eq!(with(vec![("", text("\0"))]), r#"{"code":"\u0000","token":"t"}"#);
        assert_eq!(with(vec![("", text("1")), ("", text("2"))]), r#"{"code":["1","2"],"token":"t"}"#);
        assert_eq!(with(vec![("[]", text("1"))]), r#"{"code":["1"],"token":"t"}"#);
        assert_eq!(with(vec![("[]", text(""))]), r#"{"code":[],"token":"t"}"#);
        assert_eq!(with(vec![("[$ne]", text(""))]), r#"{"code":{"$ne":""},"token":"t"}"#);
        let way = way_to(&document, "123456").unwrap();
        assert!(json_with(&document, &way, json_of(&vec![("", vec![0xff])]).as_deref()).contains(&0xff));
    }

    #[test]
    fn the_code_is_found_wherever_it_stands_in_json() {
        let sent = |document: Value, case: Given| {
            let codes = Codes { right: "012345".to_owned(), wrong: "123456".to_owned() };
            let right = Request::json("http://t.example/q".parse().unwrap(), document);
            let case = Case { check: EMPTY, what: "", given: case };
            match in_place_of_the_code(&right, &codes, &case).unwrap().body {
                Body::Raw { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
                _ => panic!("the body is no text"),
            }
        };
        let deep = || json!({ "query": "q", "variables": { "code": "012345", "trust": false } });
        assert_eq!(
            sent(deep(), Given::Fields(|_| plain(b"x"))),
            r#"{"query":"q","variables":{"code":"x","trust":false}}"#
        );
        assert_eq!(sent(deep(), Given::Fields(|_| Vec::new())), r#"{"query":"q","variables":{"trust":false}}"#);
        assert_eq!(
            sent(deep(), Given::Member(|_| Value::Null)),
            r#"{"query":"q","variables":{"code":null,"trust":false}}"#
        );
        assert_eq!(sent(deep(), Given::Document(|codes| codes.wrong.as_str().into())), r#""123456""#);
        assert_eq!(sent(json!([{ "a": [1, 12345] }]), Given::Fields(|_| plain(b"x"))), r#"[{"a":[1,"x"]}]"#);
        assert_eq!(sent(json!({ "a": [1, 12345] }), Given::Fields(|_| Vec::new())), r#"{"a":[1]}"#);
        assert_eq!(way_to(&json!({ "note": "code 012345" }), "012345"), None);
    }

    #[test]
    fn names_and_values_are_encoded_byte_by_byte() {
        assert_eq!(pair("code[]", b"\xff\0 1"), "code%5B%5D=%FF%00%201");
    }
}
