//! Requests as somebody else can have them sent in a browser that is signed in: without what only the target's own pages know.

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use sekisho_simulator::browser::{Body, Form, Kind, Page, Request};
use sekisho_simulator::{Trouble, Visitor};
use url::Url;

/// A page of another site; RFC 2606 keeps the name from being anybody's.
const ELSEWHERE: &str = "https://elsewhere.example/";

/// The header fields that a page may add to a request to another site unasked (Fetch standard, "CORS-safelisted request-header").
/// Whatever else a profile adds is known, or allowed, to the target's own pages only.
const ADDED_UNASKED: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE];

/// The request as another site can have it sent: without the hidden fields of its form, the values that were taken from earlier answers,
/// and the header fields of the target's own scripts. First with every sign of the target's own page, so that only the token is missing;
/// then from the other site, with what cookies go along from there.
pub(crate) fn forged(visitor: &mut Visitor, honest: &Request) -> Result<Vec<(&'static str, Request)>, Trouble> {
    let (bare, had_token) = without_token(visitor, honest)?;
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

/// The request without any token, and whether it had one.
fn without_token(visitor: &mut Visitor, honest: &Request) -> Result<(Request, bool), Trouble> {
    let (hidden, learnt) = (hidden_fields(visitor), visitor.learnt());
    let mut bare = honest.clone();
    bare.headers.retain(|(name, _)| ADDED_UNASKED.contains(name));
    match &mut bare.body {
        Body::None => {}
        Body::Form(fields) => fields.retain(|field| !hidden.contains(field) && !learnt.contains(&field.1)),
        Body::Json(document) => {
            if let Some(members) = document.as_object_mut() {
                members.retain(|_, value| value.as_str().is_none_or(|text| !learnt.iter().any(|known| known == text)));
            }
        }
        Body::Raw { .. } => return Err(Trouble::Means("the step sends neither a form nor JSON".to_owned())),
    }
    let had_token = bare.headers.len() < honest.headers.len() || bare.body != honest.body;
    Ok((bare, had_token))
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
