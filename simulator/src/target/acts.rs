//! Requests of steps, compiled: how each is put together, and what is taken from its answer.

use http::{HeaderName, HeaderValue, Method};
use regex::Regex;
use serde_json::Value;
use url::Url;

use super::form_act::FormAct;
use super::marks::{CompiledMark, text_of};
use super::profile::Only;
use super::scope::Scope;
use super::template::{Hole, Template, Unfilled};
use crate::browser::{Answer, Body, ClientSettings, FormError, Kind, Page, Request, Selector};

/// How a step is done.
#[derive(Debug)]
pub(crate) struct CompiledWay {
    pub(super) acts: Vec<CompiledAct>,
    /// Which of them the step is about.
    pub(super) main: usize,
}

/// One request of a step.
#[derive(Debug)]
pub(crate) struct CompiledAct {
    pub(super) kind: ActKind,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) follows_redirects: bool,
    pub(super) only: Option<Only>,
    pub(super) if_page: Option<Vec<CompiledMark>>,
    pub(super) take: Vec<(String, CompiledTake)>,
    /// The last character of the code that it has a place for, where it takes the code apart.
    pub(super) last_of_code: Option<usize>,
    /// Where it stands in the profile, for people: line and key.
    pub(super) place: String,
}

#[derive(Debug)]
pub(super) enum ActKind {
    Form(FormAct),
    Follow(Selector),
    Own(OwnAct),
}

/// A request of the profile's own making.
#[derive(Debug)]
pub(super) struct OwnAct {
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) body: OwnBody,
    pub(super) kind: Kind,
    /// Whether the user opens it by hand, as an address is typed.
    pub(super) by_hand: bool,
}

#[derive(Debug)]
pub(super) enum OwnBody {
    None,
    Fields { always: Vec<(String, Template)>, with_skip: Vec<(String, Template)> },
    Json { always: JsonTemplate, with_skip: Vec<(String, JsonTemplate)> },
}

/// A JSON document with holes.
#[derive(Debug)]
pub(super) enum JsonTemplate {
    Fixed(Value),
    Text(Template),
    /// `true` where the skip is asked for.
    Skip,
    Number(Template),
    Array(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

/// Where in an answer a value stands.
#[derive(Debug)]
pub(super) enum CompiledTake {
    Selector(Selector, Option<String>),
    Json(String),
    /// The one of a list that fits, and where in it.
    Among(Among),
    Body(Regex),
    Address(Regex),
    Header(HeaderName),
}

/// A value in that element of a list, or member of an object, of which all conditions hold; the first such.
#[derive(Debug)]
pub(super) struct Among {
    pub(super) list: String,
    pub(super) fits: Vec<(String, Value)>,
    pub(super) then: String,
}

/// Why a request could not be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hitch {
    NoPage,
    Form(FormError),
    Link {
        selector: String,
        count: usize,
    },
    Path {
        path: String,
        cause: String,
    },
    /// A value from an answer leads to an origin that is not the target's own.
    Foreign {
        origin: String,
    },
    Unfilled(Unfilled),
    Header(String),
    Number(String),
}

impl From<Unfilled> for Hitch {
    fn from(unfilled: Unfilled) -> Hitch {
        Hitch::Unfilled(unfilled)
    }
}

impl CompiledWay {
    /// Whether any of its requests depends on whether the skip is asked for.
    pub(super) fn asks_for_skip(&self) -> bool {
        self.acts.iter().any(CompiledAct::asks_for_skip)
    }

    /// Whether any of its requests puts this in.
    pub(super) fn has(&self, wanted: impl Fn(&Hole) -> bool + Copy) -> bool {
        self.acts.iter().any(|act| act.has(wanted))
    }
}

impl CompiledAct {
    fn asks_for_skip(&self) -> bool {
        let in_body = match &self.kind {
            ActKind::Form(form) => form.asks_for_skip(),
            ActKind::Follow(_) => false,
            ActKind::Own(own) => match &own.body {
                OwnBody::None => false,
                OwnBody::Fields { with_skip, .. } => !with_skip.is_empty(),
                OwnBody::Json { always, with_skip } => !with_skip.is_empty() || always.has_skip(),
            },
        };
        in_body || self.only.is_some() || self.has(|hole| *hole == Hole::Skip)
    }

    /// Whether it is a form or a link of a page.
    pub(super) fn needs_page(&self) -> bool {
        matches!(self.kind, ActKind::Form(_) | ActKind::Follow(_))
    }

    /// The origin of the whole address to which it goes, where that says all of it before anything is put in.
    pub(super) fn origin(&self) -> Option<Url> {
        let ActKind::Own(own) = &self.kind else { return None };
        let begins = own.path.beginning();
        let after_scheme = begins.strip_prefix("https://").or_else(|| begins.strip_prefix("http://"))?;
        let is_whole = after_scheme.contains('/') || own.path.is_fixed();
        Url::parse(&begins).ok().filter(|_| is_whole)
    }

    /// Whether the page that was open is open afterwards too.
    pub(super) fn leaves_page_open(&self) -> bool {
        !self.follows_redirects || matches!(&self.kind, ActKind::Own(OwnAct { kind: Kind::Fetch, .. }))
    }

    /// Whether it carries JSON.
    pub(super) fn sends_json(&self) -> bool {
        matches!(&self.kind, ActKind::Own(OwnAct { body: OwnBody::Json { .. }, .. }))
    }

    /// Whether it puts this in anywhere.
    pub(super) fn has(&self, wanted: impl Fn(&Hole) -> bool + Copy) -> bool {
        let any = |all: &[(String, Template)]| all.iter().any(|(_, template)| template.has(wanted));
        let in_kind = match &self.kind {
            ActKind::Form(form) => form.has(wanted),
            ActKind::Follow(_) => false,
            ActKind::Own(own) => {
                own.path.has(wanted)
                    || match &own.body {
                        OwnBody::None => false,
                        OwnBody::Fields { always, with_skip } => any(always) || any(with_skip),
                        OwnBody::Json { always, with_skip } => {
                            always.has(wanted) || with_skip.iter().any(|(_, json)| json.has(wanted))
                        }
                    }
            }
        };
        in_kind || self.headers.iter().any(|(_, template)| template.has(wanted))
    }

    /// Whether it is sent in a story that asks for the skip, or does not.
    pub(super) fn suits(&self, skip: bool) -> bool {
        match self.only {
            None => true,
            Some(Only::WithSkip) => skip,
            Some(Only::WithoutSkip) => !skip,
        }
    }

    /// The request, on the page that is open.
    pub(super) fn request(
        &self,
        way: &WayThere<'_>,
        scope: &Scope<'_>,
        open: Option<&Answer>,
    ) -> Result<Request, Hitch> {
        let scope = &Scope { last_of_code: self.last_of_code, ..*scope };
        let mut request = match &self.kind {
            ActKind::Form(form) => form.request(scope, &Page::of(open.ok_or(Hitch::NoPage)?))?,
            ActKind::Follow(selector) => follow(selector, &Page::of(open.ok_or(Hitch::NoPage)?))?,
            ActKind::Own(own) => own.request(way, scope, open)?,
        };
        request.follows_redirects = self.follows_redirects;
        for (name, value) in &self.headers {
            // A script that has no token yet sends no header for it.
            let Some(value) = value.plain_or_nothing(scope)? else { continue };
            let value = HeaderValue::try_from(value).map_err(|_| Hitch::Header(name.to_string()))?;
            request = request.with_header(name.clone(), value);
        }
        Ok(request)
    }

    /// Gives a request that another browser put together this one's own header fields, where they hold one of these values. A field that
    /// the request lacks is not added.
    pub(super) fn renew(&self, request: &mut Request, scope: &Scope<'_>, values: &[String]) -> Result<(), Hitch> {
        let holds =
            |template: &Template| template.has(|hole| matches!(hole, Hole::Taken(name) if values.contains(name)));
        for (name, template) in self.headers.iter().filter(|(_, template)| holds(template)) {
            let before = request.headers.len();
            request.headers.retain(|(own, _)| own != name);
            if request.headers.len() < before
                && let Some(value) = template.plain_or_nothing(scope)?
            {
                let value = HeaderValue::try_from(value).map_err(|_| Hitch::Header(name.to_string()))?;
                request.headers.push((name.clone(), value));
            }
        }
        Ok(())
    }

    /// The fields or members it sends with their values, as far as they are known; for forms that are forged.
    pub(super) fn fields(&self, scope: &Scope<'_>) -> Vec<(String, String)> {
        let scope = &Scope { last_of_code: self.last_of_code, ..*scope };
        let filled = |all: &[(String, Template)]| -> Vec<(String, String)> {
            all.iter().map(|(field, value)| (field.clone(), value.plain(scope).unwrap_or_default())).collect()
        };
        match &self.kind {
            ActKind::Form(form) => form.fields(scope),
            ActKind::Follow(_) => Vec::new(),
            ActKind::Own(own) => match &own.body {
                OwnBody::None => Vec::new(),
                OwnBody::Fields { always, .. } => filled(always),
                OwnBody::Json { always, .. } => match always.fill(scope) {
                    Ok(Value::Object(members)) => {
                        members.iter().filter_map(|(name, value)| Some((name.clone(), text_of(value)?))).collect()
                    }
                    _ => Vec::new(),
                },
            },
        }
    }

    /// The names of fields that get a character of the code each, as far as they are known without the page.
    pub(super) fn names_of_pieces(&self) -> Vec<String> {
        let is_piece = |template: &Template| template.has(|hole| matches!(hole, Hole::CodeCharacter(_)));
        match &self.kind {
            ActKind::Form(form) => form.names_with(is_piece),
            ActKind::Own(OwnAct { body: OwnBody::Fields { always, .. }, .. }) => {
                always.iter().filter(|(_, value)| is_piece(value)).map(|(name, _)| name.clone()).collect()
            }
            ActKind::Own(_) | ActKind::Follow(_) => Vec::new(),
        }
    }

    /// What its answer gives.
    pub(super) fn taken(&self, answer: &Answer) -> Vec<(String, String)> {
        if self.take.is_empty() {
            return Vec::new();
        }
        let page = Page::of(answer);
        self.take.iter().filter_map(|(name, take)| Some((name.clone(), take.find(answer, &page)?))).collect()
    }
}

fn follow(selector: &Selector, page: &Page<'_>) -> Result<Request, Hitch> {
    let found = page.dom().attributes(selector, "href");
    let [href] = found.as_slice() else {
        return Err(Hitch::Link { selector: selector.to_string(), count: found.len() });
    };
    let url = page.url().join(href);
    let url = url.map_err(|cause| Hitch::Path { path: href.clone(), cause: cause.to_string() })?;
    Ok(Request::get(url).from_page(page.url().clone()))
}

/// Where a request of the profile's own making can go.
pub(super) struct WayThere<'a> {
    /// What paths are relative to.
    pub(super) base: &'a Url,
    /// Which origins are the target's own.
    pub(super) client: &'a ClientSettings,
}

impl OwnAct {
    fn url(&self, way: &WayThere<'_>, scope: &Scope<'_>, open: Option<&Answer>) -> Result<Url, Hitch> {
        if !self.path.is_taken_whole() {
            let path = self.path.fill(scope, encode_segment)?;
            return way.base.join(&path).map_err(|cause| Hitch::Path { path, cause: cause.to_string() });
        }
        // An address that an answer gave, as a script or a `meta` follows it: as it stands, and from the page that is open.
        let given = self.path.plain(scope)?;
        let from = open.filter(|_| !given.is_empty()).map_or(way.base, |open| &open.url);
        let url = from.join(&given).map_err(|cause| Hitch::Path { path: given, cause: cause.to_string() })?;
        if url.origin() != way.base.origin() && !way.client.owns(&url) {
            return Err(Hitch::Foreign { origin: url.origin().ascii_serialization() });
        }
        Ok(url)
    }

    fn request(&self, way: &WayThere<'_>, scope: &Scope<'_>, open: Option<&Answer>) -> Result<Request, Hitch> {
        let url = self.url(way, scope, open)?;
        let request =
            Request { method: self.method.clone(), body: self.body.fill(scope)?, kind: self.kind, ..Request::get(url) };
        if self.by_hand {
            return Ok(request);
        }
        // Where no page is open yet, the page is one of the target's that the profile does not name.
        let page = open.map_or_else(|| way.base.clone(), |open| open.url.clone());
        Ok(request.from_page(page))
    }
}

impl OwnBody {
    fn fill(&self, scope: &Scope<'_>) -> Result<Body, Hitch> {
        match self {
            OwnBody::None => Ok(Body::None),
            OwnBody::Fields { always, with_skip } => {
                let with_skip: &[_] = if scope.skip { with_skip } else { &[] };
                let filled =
                    always.iter().chain(with_skip).map(|(name, value)| Ok((name.clone(), value.plain(scope)?)));
                Ok(Body::Form(filled.collect::<Result<_, Unfilled>>()?))
            }
            OwnBody::Json { always, with_skip } => {
                let mut document = always.fill(scope)?;
                if let (true, Value::Object(members)) = (scope.skip, &mut document) {
                    for (name, value) in with_skip {
                        members.insert(name.clone(), value.fill(scope)?);
                    }
                }
                Ok(Body::Json(document))
            }
        }
    }
}

impl JsonTemplate {
    fn fill(&self, scope: &Scope<'_>) -> Result<Value, Hitch> {
        Ok(match self {
            JsonTemplate::Fixed(value) => value.clone(),
            JsonTemplate::Text(template) => Value::String(template.plain(scope)?),
            JsonTemplate::Skip => Value::Bool(scope.skip),
            JsonTemplate::Number(template) => number(template.plain(scope)?)?,
            JsonTemplate::Array(all) => Value::Array(all.iter().map(|one| one.fill(scope)).collect::<Result<_, _>>()?),
            JsonTemplate::Object(members) => {
                let filled = members.iter().map(|(name, value)| Ok((name.clone(), value.fill(scope)?)));
                Value::Object(filled.collect::<Result<_, Hitch>>()?)
            }
        })
    }

    fn has_skip(&self) -> bool {
        match self {
            JsonTemplate::Skip => true,
            JsonTemplate::Array(all) => all.iter().any(JsonTemplate::has_skip),
            JsonTemplate::Object(members) => members.iter().any(|(_, value)| value.has_skip()),
            JsonTemplate::Fixed(_) | JsonTemplate::Text(_) | JsonTemplate::Number(_) => false,
        }
    }

    fn has(&self, wanted: impl Fn(&Hole) -> bool + Copy) -> bool {
        match self {
            JsonTemplate::Text(template) | JsonTemplate::Number(template) => template.has(wanted),
            JsonTemplate::Array(all) => all.iter().any(|one| one.has(wanted)),
            JsonTemplate::Object(members) => members.iter().any(|(_, value)| value.has(wanted)),
            JsonTemplate::Fixed(_) | JsonTemplate::Skip => false,
        }
    }
}

impl CompiledTake {
    fn find(&self, answer: &Answer, page: &Page<'_>) -> Option<String> {
        let group = |expression: &Regex, text: &str| {
            expression.captures(text).and_then(|found| found.get(1)).map(|found| found.as_str().to_owned())
        };
        match self {
            CompiledTake::Selector(selector, None) => page.select_text(selector),
            CompiledTake::Selector(selector, Some(attribute)) => {
                page.dom().attributes(selector, attribute).into_iter().next()
            }
            CompiledTake::Json(pointer) => text_of(answer.json().ok()?.pointer(pointer)?),
            CompiledTake::Among(among) => text_of(among.find(&answer.json().ok()?)?),
            CompiledTake::Body(expression) => group(expression, page.html()),
            CompiledTake::Address(expression) => group(expression, answer.url.as_str()),
            CompiledTake::Header(name) => answer.header(name.as_str()).map(|value| value.into_owned()),
        }
    }
}

impl Among {
    fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        let fits = |element: &&Value| self.fits.iter().all(|(at, is)| element.pointer(at) == Some(is));
        let found = match document.pointer(&self.list)? {
            Value::Array(all) => all.iter().find(fits),
            Value::Object(all) => all.values().find(fits),
            _ => None,
        };
        found?.pointer(&self.then)
    }
}

/// What is escaped where a value stands in an address: all but what RFC 3986 section 2.3 calls unreserved.
pub(crate) const ESCAPED_IN_ADDRESSES: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a field for numbers gives: nothing typed is null, and zeros in front are no part of a number.
fn number(text: String) -> Result<Value, Hitch> {
    let typed = text.trim();
    if typed.is_empty() {
        return Ok(Value::Null);
    }
    let rest = typed.trim_start_matches('0');
    let last_zero_counts = rest.len() < typed.len() && !rest.starts_with(|c: char| c.is_ascii_digit());
    let kept = if last_zero_counts { format!("0{rest}") } else { rest.to_owned() };
    kept.parse().map(Value::Number).map_err(|_| Hitch::Number(text))
}

fn encode_segment(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, ESCAPED_IN_ADDRESSES).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_element_of_a_list_that_fits_is_taken() {
        let document = serde_json::json!({
            "factors": [{ "type": "sms", "id": 1 }, { "type": "email", "id": 2, "on": false }, { "type": "email", "id": 3, "on": true }],
            "by": { "a": { "type": "email", "id": "x" } },
        });
        let take = |list: &str, fits: &[(&str, Value)], then: &str| {
            let fits = fits.iter().map(|(at, is)| ((*at).to_owned(), is.clone())).collect();
            Among { list: list.to_owned(), fits, then: then.to_owned() }.find(&document).and_then(text_of)
        };
        assert_eq!(take("/factors", &[("/type", "email".into())], "/id").as_deref(), Some("2"));
        assert_eq!(take("/factors", &[("/type", "email".into()), ("/on", true.into())], "/id").as_deref(), Some("3"));
        assert_eq!(take("/by", &[("/type", "email".into())], "/id").as_deref(), Some("x"));
        assert_eq!(take("/factors", &[("/type", "totp".into())], "/id"), None);
        assert_eq!(take("/nothing", &[("/type", "sms".into())], "/id"), None);
        assert_eq!(take("/factors", &[("/type", "sms".into())], "/no"), None);
    }

    #[test]
    fn a_code_becomes_the_number_that_a_field_for_numbers_gives() {
        for (typed, sent) in [("123456", "123456"), ("001230", "1230"), ("000000", "0"), ("0.5", "0.5"), ("-7", "-7")] {
            assert_eq!(number(typed.to_owned()).unwrap().to_string(), sent, "{typed}");
        }
        assert_eq!(number(" ".to_owned()).unwrap(), Value::Null);
        for no_number in ["12a", "ABC-DEF", "0x1", "１２"] {
            assert_eq!(number(no_number.to_owned()), Err(Hitch::Number(no_number.to_owned())));
        }
    }
}
