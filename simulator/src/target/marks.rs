//! Marks, compiled: by what a page is recognised.

use std::cell::OnceCell;

use http::HeaderName;
use regex::Regex;
use serde_json::Value;

use super::Step;
use super::profile::JsonKind;
use crate::browser::{Answer, Dom, Page, Selector};

/// One way in which a page is recognised: all conditions must hold.
#[derive(Debug, Clone, Default)]
pub(super) struct CompiledMark {
    pub(super) title: Option<String>,
    pub(super) status: Option<Vec<u16>>,
    pub(super) text: Vec<String>,
    pub(super) no_text: Vec<String>,
    pub(super) selector: Option<Selector>,
    pub(super) no_selector: Option<Selector>,
    pub(super) path: Option<String>,
    pub(super) redirected: Option<bool>,
    pub(super) json: Vec<JsonCondition>,
    pub(super) header: Option<(HeaderName, Option<Regex>)>,
    pub(super) after: Option<Vec<Step>>,
}

/// A condition on a JSON body.
#[derive(Debug, Clone)]
pub(super) struct JsonCondition {
    pub(super) at: String,
    pub(super) is: Option<Value>,
    pub(super) kind: Option<JsonKind>,
    pub(super) matches: Option<Regex>,
}

/// An answer that is looked at by many marks: what they need of it is read once.
pub(super) struct Sight<'a> {
    pub(super) answer: &'a Answer,
    pub(super) page: &'a Page<'a>,
    /// The step that led to it; `None` where it is not known.
    pub(super) step: Option<Step>,
    dom: OnceCell<Dom>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Sight<'a> {
    pub(super) fn of(answer: &'a Answer, page: &'a Page<'a>, step: Option<Step>) -> Sight<'a> {
        Sight { answer, page, step, dom: OnceCell::new(), json: OnceCell::new() }
    }

    pub(super) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| self.answer.json().ok()).as_ref()
    }

    /// Whether an element matches. Where the selector names forms plainly, no tree is built.
    fn has(&self, selector: &Selector) -> bool {
        self.page.has_plain_form(selector).unwrap_or_else(|| self.dom.get_or_init(|| self.page.dom()).has(selector))
    }
}

impl CompiledMark {
    /// Whether the answer is what the mark describes.
    pub(super) fn fits(&self, sight: &Sight<'_>) -> bool {
        self.misfit(sight).is_none()
    }

    /// The first condition that does not hold, for people. The cheap ones come first: most marks are told apart by status and title.
    pub(super) fn misfit(&self, sight: &Sight<'_>) -> Option<Misfit<'_>> {
        let (answer, page) = (sight.answer, sight.page);
        if self.after.as_ref().is_some_and(|steps| sight.step.is_none_or(|step| !steps.contains(&step))) {
            return Some(Misfit::After);
        }
        if self.status.as_ref().is_some_and(|all| !all.contains(&answer.status)) {
            return Some(Misfit::Status);
        }
        if self.redirected.is_some_and(|redirected| redirected == answer.redirects.is_empty()) {
            return Some(Misfit::Redirected);
        }
        if self.path.as_ref().is_some_and(|path| !answer.url.path().starts_with(path.as_str())) {
            return Some(Misfit::Path);
        }
        if self.header.as_ref().is_some_and(|(name, value)| !has_header(answer, name, value.as_ref())) {
            return Some(Misfit::Header);
        }
        let title = |title: &String| page.title().is_some_and(|found| found.starts_with(title.as_str()));
        if self.title.as_ref().is_some_and(|wanted| !title(wanted)) {
            return Some(Misfit::Title);
        }
        if let Some(missing) = self.text.iter().find(|text| !page.text_contains(text)) {
            return Some(Misfit::Text(missing));
        }
        if let Some(found) = self.no_text.iter().find(|text| page.text_contains(text)) {
            return Some(Misfit::NoText(found));
        }
        if let Some(condition) = self.json.iter().find(|condition| !condition.holds(sight.json())) {
            return Some(Misfit::Json(&condition.at));
        }
        if self.selector.as_ref().is_some_and(|selector| !sight.has(selector)) {
            return Some(Misfit::Selector);
        }
        self.no_selector.as_ref().is_some_and(|selector| sight.has(selector)).then_some(Misfit::NoSelector)
    }
}

/// Which condition of a mark does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit<'a> {
    After,
    Status,
    Redirected,
    Path,
    Header,
    Title,
    Text(&'a str),
    NoText(&'a str),
    Json(&'a str),
    Selector,
    NoSelector,
}

impl std::fmt::Display for Misfit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Misfit::After => f.write_str("`after` names other steps"),
            Misfit::Status => f.write_str("the status is another"),
            Misfit::Redirected => f.write_str("`redirected` is otherwise"),
            Misfit::Path => f.write_str("the path is another"),
            Misfit::Header => f.write_str("the header field is not there, or its value another"),
            Misfit::Title => f.write_str("the title begins otherwise"),
            Misfit::Text(text) => write!(f, "the text `{text}` is not there"),
            Misfit::NoText(text) => write!(f, "the text `{text}` is there"),
            Misfit::Json(at) => write!(f, "the condition on JSON at `{at}` does not hold"),
            Misfit::Selector => f.write_str("`selector` matches nothing"),
            Misfit::NoSelector => f.write_str("`no_selector` matches something"),
        }
    }
}

fn has_header(answer: &Answer, name: &HeaderName, value: Option<&Regex>) -> bool {
    let all = answer.headers.get_all(name);
    let text = |found: &http::HeaderValue| String::from_utf8_lossy(found.as_bytes()).into_owned();
    match value {
        None => all.iter().next().is_some(),
        Some(expression) => all.iter().any(|found| expression.is_match(&text(found))),
    }
}

impl JsonCondition {
    fn holds(&self, body: Option<&Value>) -> bool {
        // Of a body that is no JSON nothing is known, not even that something is absent.
        let Some(body) = body else { return false };
        let found = body.pointer(&self.at);
        self.is.as_ref().is_none_or(|wanted| found.is_some_and(|found| equal(found, wanted)))
            && self.kind.is_none_or(|kind| is_of_kind(found, kind))
            && self
                .matches
                .as_ref()
                .is_none_or(|expression| found.and_then(text_of).is_some_and(|text| expression.is_match(&text)))
    }
}

/// Numbers compare by value: TOML tells whole numbers from others where JSON does not.
fn equal(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => found == wanted,
        _ => found == wanted,
    }
}

fn is_of_kind(found: Option<&Value>, kind: JsonKind) -> bool {
    match (found, kind) {
        (None, kind) => kind == JsonKind::Absent,
        (Some(_), JsonKind::Absent) => false,
        (Some(_), JsonKind::Present) => true,
        (Some(value), JsonKind::Null) => value.is_null(),
        (Some(value), JsonKind::Boolean) => value.is_boolean(),
        (Some(value), JsonKind::Number) => value.is_number(),
        (Some(value), JsonKind::String) => value.is_string(),
        (Some(value), JsonKind::Array) => value.is_array(),
        (Some(value), JsonKind::Object) => value.is_object(),
    }
}

/// A text, a number or a truth value as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
