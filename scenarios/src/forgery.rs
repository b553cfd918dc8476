//! Requests as somebody else can have them sent in a browser that is signed in: without what only the target's own pages know.

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use sekisho_simulator::browser::{Body, Form, Kind, Page, Request};
use sekisho_simulator::{Trouble, Visitor};
use serde_json::Value;
use url::Url;

/// A page of another site; RFC 2606 keeps the name from being anybody's.
const ELSEWHERE: &str = "https://elsewhere.example/";

/// The header fields that a page may add to a request to another site unasked (Fetch standard, "CORS-safelisted request-header").
/// Whatever else a profile adds is known, or allowed, to the target's own pages only.
const ADDED_UNASKED: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE];

/// What was learnt from the target and is shorter is no secret, where it stands in an address: others can try them all.
const SHORTEST_SECRET: usize = 6;
/// Numbers of fewer digits can be tried out or are known, and letters alone are a word where they are fewer.
const SHORTEST_SECRET_OF_ONE_KIND: usize = 12;

/// The request as another site can have it sent: without the hidden fields of its form, the values that were taken from earlier answers,
/// and the header fields of the target's own scripts; a secret in the address is another one. First with every sign of the target's own
/// page, so that only the token is missing; then from the other site, with what cookies go along from there.
pub(crate) fn forged(visitor: &mut Visitor, honest: &Request) -> Result<Vec<(&'static str, Request)>, Trouble> {
    let (bare, had_token) = without_token(honest, &hidden_fields(visitor), &visitor.learnt())?;
    let mut forged = Vec::new();
    if had_token {
        forged.push(("without the token", bare.clone()));
    }
    // Anything else is not sent before the target has agreed (CORS), whatever the page says.
    if [Method::GET, Method::POST].contains(&bare.method) {
        let elsewhere: Url = ELSEWHERE.parse().map_err(|_| Trouble::Means("no foreign address".to_owned()))?;
        let from_elsewhere = Request { body: as_a_form(bare.body.clone()), kind: Kind::Navigation, ..bare };
        forged.push(("sent by another site", from_elsewhere.from_page(elsewhere)));
    }
    match forged.is_empty() {
        true => Err(Trouble::NotOffered(format!("no other site can have a browser send a {}", honest.method))),
        false => Ok(forged),
    }
}

/// The request without what is hidden on the open page and what was learnt from the target, and whether it had any of it.
fn without_token(honest: &Request, hidden: &[(String, String)], learnt: &[String]) -> Result<(Request, bool), Trouble> {
    let mut bare = honest.clone();
    bare.headers.retain(|(name, _)| ADDED_UNASKED.contains(name));
    match &mut bare.body {
        Body::None => {}
        Body::Form(fields) => fields.retain(|field| !hidden.contains(field) && !learnt.contains(&field.1)),
        Body::Json(document) => leave_out(document, learnt),
        Body::Raw { .. } => return Err(Trouble::Means("the step sends neither a form nor JSON".to_owned())),
    }
    bare.url = without_secrets(&honest.url, learnt);
    let had_token = bare.headers.len() < honest.headers.len() || bare.body != honest.body || bare.url != honest.url;
    Ok((bare, had_token))
}

/// Leaves these texts out of a JSON document, wherever they stand.
fn leave_out(document: &mut Value, learnt: &[String]) {
    let stays = |value: &Value| value.as_str().is_none_or(|text| !learnt.iter().any(|known| known == text));
    match document {
        Value::Object(members) => {
            members.retain(|_, value| stays(value));
            members.values_mut().for_each(|value| leave_out(value, learnt));
        }
        Value::Array(all) => {
            all.retain(stays);
            all.iter_mut().for_each(|value| leave_out(value, learnt));
        }
        _ => {}
    }
}

/// The address with another value of the same make in place of each secret that was learnt: somebody else does not know it.
fn without_secrets(url: &Url, learnt: &[String]) -> Url {
    let is_secret = |value: &str| is_unguessable(value) && learnt.iter().any(|known| known == value);
    let mut bare = url.clone();
    let segments: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    if segments.iter().any(|segment| is_secret(segment))
        && let Ok(mut path) = bare.path_segments_mut()
    {
        let others = segments.iter().map(|segment| if is_secret(segment) { another(segment) } else { segment.clone() });
        path.clear().extend(others);
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(_, value)| is_secret(value)) {
        let others = pairs.iter().map(|(name, value)| {
            let value = if is_secret(value) { another(value) } else { value.clone() };
            (name, value)
        });
        bare.query_pairs_mut().clear().extend_pairs(others);
    }
    bare
}

/// Whether nobody can guess it or knows it anyway, as they do a word of the interface or the number of an account.
fn is_unguessable(value: &str) -> bool {
    let is_of_one_kind =
        value.bytes().all(|byte| byte.is_ascii_digit()) || !value.bytes().any(|byte| byte.is_ascii_digit());
    value.len() >= if is_of_one_kind { SHORTEST_SECRET_OF_ONE_KIND } else { SHORTEST_SECRET }
}

/// A value of the same make that is not this one.
fn another(value: &str) -> String {
    let next = |c: char| match c {
        '9' => '0',
        '0'..='8' | 'a'..='e' | 'g'..='y' | 'A'..='E' | 'G'..='Y' => char::from(c as u8 + 1),
        // What is hexadecimal stays so.
        'f' | 'z' => 'a',
        'F' | 'Z' => 'A',
        other => other,
    };
    value.chars().map(next).collect()
}

/// What a form of another site can carry: of JSON its text, but not its content type.
fn as_a_form(body: Body) -> Body {
    match body {
        Body::Json(document) => {
            Body::Raw { content_type: HeaderValue::from_static("text/plain"), bytes: document.to_string().into() }
        }
        body => body,
    }
}

/// The hidden fields of all forms on the page that is open.
pub(crate) fn hidden_fields(visitor: &mut Visitor) -> Vec<(String, String)> {
    let open = visitor.browser().current();
    open.map(|open| Page::of(open).forms().iter().flat_map(Form::hidden_fields).collect()).unwrap_or_default()
}

/// A form as this browser would send it: with the tokens it was shown itself, so that only the sign-in is missing.
pub(crate) fn with_own_tokens(request: Request, own: &[(String, String)]) -> Request {
    let Body::Form(fields) = request.body else { return request };
    let renewed = fields.into_iter().map(|(name, value)| {
        let token = own.iter().find(|(known, _)| *known == name).map(|(_, token)| token.clone());
        (name, token.unwrap_or(value))
    });
    Request { body: Body::Form(renewed.collect()), ..request }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn url() -> Url {
        "http://target.example/password".parse().unwrap()
    }

    #[test]
    fn a_form_loses_what_is_hidden_and_what_was_learnt_and_keeps_what_is_typed() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![field("token", "t"), field("attempt", "taken"), field("new", "secret"), field("next", "x")];
        let hidden = [field("token", "t"), field("next", "y")];
        let (bare, had_token) = without_token(&Request::post(url(), fields), &hidden, &["taken".to_owned()]).unwrap();
        // The same name with another value was typed.
        assert_eq!(bare.body, Body::Form(vec![field("new", "secret"), field("next", "x")]));
        assert!(had_token);
        assert!(!without_token(&bare, &hidden, &[]).unwrap().1);
    }

    #[test]
    fn json_loses_its_token_however_deep_it_stands() {
        let learnt = ["challenge-1".to_owned()];
        let honest = Request::json(
            url(),
            json!({ "query": "q", "variables": { "challenge": "challenge-1", "code": "1", "all": ["challenge-1", "x"] } }),
        );
        let (bare, had_token) = without_token(&honest, &[], &learnt).unwrap();
        assert!(had_token);
        assert_eq!(bare.body, Body::Json(json!({ "query": "q", "variables": { "code": "1", "all": ["x"] } })));
        assert!(!without_token(&bare, &[], &learnt).unwrap().1);
    }

    #[test]
    fn an_address_loses_the_secret_in_it_and_keeps_what_anybody_knows() {
        let learnt = ["9f3a c7/x".to_owned(), "verify".to_owned(), "17".to_owned()];
        let honest = |address: &str| Request::get(address.parse().unwrap());
        for (address, bare_address) in [
            ("http://t.example/challenges/9f3a%20c7%2Fx/verify", "http://t.example/challenges/0a4b%20d8%2Fy/verify"),
            ("http://t.example/verify?for=9f3a+c7%2Fx&user=17", "http://t.example/verify?for=0a4b+d8%2Fy&user=17"),
            ("http://t.example/users/17/verify?next=%2Fa", "http://t.example/users/17/verify?next=%2Fa"),
        ] {
            let (bare, had_token) = without_token(&honest(address), &[], &learnt).unwrap();
            assert_eq!((bare.url.as_str(), had_token), (bare_address, address != bare_address));
        }
    }

    #[test]
    fn json_loses_its_token_and_the_header_fields_of_scripts_and_travels_as_text() {
        let honest = Request::json(url(), json!({ "new": "secret", "token": "t", "number": 7 }))
            .with_header(HeaderName::from_static("x-csrf-token"), HeaderValue::from_static("t"))
            .with_header(ACCEPT, HeaderValue::from_static("application/json"));
        let (bare, had_token) = without_token(&honest, &[], &["t".to_owned()]).unwrap();
        assert!(had_token);
        assert_eq!(bare.body, Body::Json(json!({ "new": "secret", "number": 7 })));
        assert_eq!(bare.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), [ACCEPT]);
        let Body::Raw { content_type, bytes } = as_a_form(bare.body) else {
            panic!("JSON cannot be sent from elsewhere")
        };
        assert_eq!(
            (content_type.to_str().unwrap(), bytes.as_ref()),
            ("text/plain", br#"{"new":"secret","number":7}"#.as_slice())
        );
    }
}
