//! From what a step showed to what is said about it.

use sekisho_reports::exchange::Exchange;
use url::Url;

use super::notes::Notes;
use super::{CookieSeen, Outcome, SentSeen, Stop, forms, hints};
use crate::browser::{Answer, Page};
use crate::description::{place, shortened, shortened_to};
use crate::target::{Screen, Step, Target};
use crate::trouble::Trouble;
use crate::visitor::Seen;
use sekisho_rules::Portal;

/// Values of at least so many characters are told by their length: what is so long may be a secret that nobody named.
const LONG_VALUE_CHARS: usize = 16;
/// The same for a part of a path, where there is a digit in it: words of a path may be long.
const LONG_SEGMENT_CHARS: usize = 24;
/// How much of a page's text is repeated where it is not what was expected.
const READ_CHARS: usize = 200;
/// To how many screens it is told how near a page comes, beside those that were expected.
const NEAREST: usize = 2;

/// What is known of a step before it is done.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) step: Step,
    pub(super) about: String,
    pub(super) expected: Vec<Screen>,
}

pub(super) struct Observer<'a> {
    pub(super) target: &'a Target,
    pub(super) portal: Portal,
    pub(super) address: &'a str,
    pub(super) notes: &'a Notes,
}

impl Observer<'_> {
    /// What is said of a step; `open` is the page that was open when it could not be done.
    pub(super) fn stop(&self, plan: &Plan, done: Result<&Seen, &Trouble>, open: Option<&Answer>) -> Stop {
        let exchanges = self.notes.since();
        let mut stop = Stop::of(plan.step.name(), &plan.about, Outcome::AsExpected);
        stop.expected.clone_from(&plan.expected);
        stop.requests = exchanges.iter().map(|exchange| self.sent(exchange)).collect();
        stop.cookies = exchanges.iter().flat_map(|exchange| self.cookies(exchange)).collect();
        match done {
            Ok(seen) => self.shown(plan, seen, &mut stop),
            Err(trouble) => self.failed(trouble, open, &mut stop),
        }
        let both =
            stop.cookies.iter().find(|cookie| cookie.is_skip && cookie.is_session).map(|cookie| cookie.name.clone());
        if let Some(name) = both {
            let remark = format!("the cookie {name} is matched by `skip.cookie` and by `skip.session_cookie`");
            stop.lacks(remark, "make the two expressions match different cookies: one holds the skip, the other keeps somebody signed in");
        }
        stop
    }

    fn shown(&self, plan: &Plan, seen: &Seen, stop: &mut Stop) {
        let answer = &seen.answer;
        stop.screen = seen.screen;
        stop.title = Page::of(answer).title().map(|title| shortened(&self.notes.shown(title)));
        stop.outcome = match seen.screen {
            None => Outcome::NotRecognised,
            Some(screen) if plan.expected.is_empty() || plan.expected.contains(&screen) => Outcome::AsExpected,
            Some(_) => Outcome::OtherScreen,
        };
        if stop.outcome == Outcome::AsExpected {
            return;
        }
        stop.reads = self.reads(answer);
        let near = self.target.near_misses(self.portal, Some(plan.step), answer);
        let (wanted, others): (Vec<_>, Vec<_>) =
            near.into_iter().partition(|near| plan.expected.contains(&near.screen));
        stop.near = wanted;
        stop.near.extend(others.into_iter().filter(|near| Some(near.screen) != seen.screen).take(NEAREST));
        for unmet in stop.near.iter_mut().flat_map(|near| &mut near.unmet) {
            *unmet = self.notes.shown(unmet);
        }
        let hint = match seen.screen {
            None => hints::unrecognised(&plan.expected, answer),
            Some(screen) => hints::other(&plan.expected, screen),
        };
        stop.hints.push(self.notes.shown(&hint));
        for missing in plan.expected.iter().filter(|screen| !self.target.knows_screen(self.portal, **screen)) {
            stop.hints.push(format!("the profile has no `screens.{missing}`"));
        }
    }

    /// The beginning of what an answer says to people, or of its JSON; what went wrong often stands there in so many words.
    fn reads(&self, answer: &Answer) -> Option<String> {
        let text = match answer.json() {
            Ok(document) => {
                let mut all = Vec::new();
                self.members("", &document, &mut all);
                let all: Vec<_> = all.into_iter().map(|(at, value)| format!("{at} = {value}")).collect();
                all.join(", ")
            }
            Err(_) => self.notes.shown(Page::of(answer).text()),
        };
        (!text.is_empty()).then(|| shortened_to(READ_CHARS, &text))
    }

    fn failed(&self, trouble: &Trouble, open: Option<&Answer>, stop: &mut Stop) {
        stop.remarks.push(self.notes.shown(&trouble.to_string()));
        if let Trouble::Network { error, .. } = trouble {
            stop.outcome = Outcome::NoAnswer;
            stop.hints.push(hints::no_answer(error));
            return;
        }
        stop.outcome = Outcome::NotSent;
        if let Some(open) = open {
            let page = Page::of(open);
            stop.forms = forms::forms_on(&page);
            stop.title = page.title().map(|title| shortened(&self.notes.shown(title)));
            stop.remarks.push(format!("the page that is open is `{}`", self.notes.shown(&place(self.target, open))));
        }
        stop.hints.extend(hints::not_sent(trouble, &stop.forms));
    }

    fn sent(&self, exchange: &Exchange) -> SentSeen {
        let request = &exchange.request;
        let header = |headers: &[(String, String)], name: &str| {
            headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let location = exchange.answer.as_ref().and_then(|answer| header(&answer.headers, "location"));
        SentSeen {
            method: request.method.clone(),
            path: self.path(&request.url),
            fields: self.fields(
                &header(&request.headers, "content-type").unwrap_or_default(),
                &request.body,
                Step::ALL
                    .iter()
                    .find(|step| step.name() == exchange.step)
                    .and_then(|step| self.target.pieces_of_code(self.portal, *step)),
            ),
            status: exchange.answer.as_ref().map(|answer| answer.status),
            location: location.map(|to| match Url::parse(&request.url).and_then(|from| from.join(&to)) {
                Ok(url) => self.path(url.as_str()),
                Err(_) => shortened(&self.notes.shown(&to)),
            }),
        }
    }

    /// Path and query of an address of the target's own; of another the whole. Long values of a query are told by their length.
    fn path(&self, url: &str) -> String {
        let Ok(url) = Url::parse(url) else { return shortened(&self.notes.shown(url)) };
        let mut text = String::new();
        if url.origin() != self.target.base.origin() {
            text.push_str(&url.origin().ascii_serialization());
        }
        let segments = url.path().split('/').map(|segment| match segment.chars().count() {
            length if length >= LONG_SEGMENT_CHARS && segment.contains(|c: char| c.is_ascii_digit()) => {
                format!("({length} characters)")
            }
            _ => segment.to_owned(),
        });
        text.push_str(&segments.collect::<Vec<_>>().join("/"));
        let query: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={}", self.value(&value))).collect();
        if !query.is_empty() {
            text.push('?');
            text.push_str(&query.join("&"));
        }
        shortened(&self.notes.shown(&text))
    }

    /// What was sent; characters that may each be a part of the code are not shown.
    fn fields(&self, content_type: &str, body: &[u8], pieces: Option<Vec<String>>) -> Vec<(String, String)> {
        let mut all = self.all_fields(content_type, body);
        let Some(names) = pieces else { return all };
        let is_piece = |name: &String, value: &str| {
            (names.is_empty() || names.contains(name)) && value.trim_matches('"').chars().count() == 1
        };
        for (_, value) in all.iter_mut().filter(|(name, value)| is_piece(name, value)) {
            "(1 character)".clone_into(value);
        }
        all
    }

    fn all_fields(&self, content_type: &str, body: &[u8]) -> Vec<(String, String)> {
        if body.is_empty() {
            return Vec::new();
        }
        if content_type.starts_with("application/x-www-form-urlencoded") {
            let pairs = form_urlencoded::parse(body);
            return pairs.map(|(name, value)| (shortened(&name), self.value(&value))).collect();
        }
        if let Ok(document) = serde_json::from_slice::<serde_json::Value>(body) {
            let mut all = Vec::new();
            self.members("", &document, &mut all);
            return all;
        }
        vec![("body".to_owned(), format!("({} bytes of {content_type})", body.len()))]
    }

    /// Every value of a JSON document with the pointer to it. serde_json bounds the depth of what it reads.
    fn members(&self, at: &str, value: &serde_json::Value, all: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(name, value)| self.members(&format!("{at}/{name}"), value, all));
            }
            serde_json::Value::Array(values) => {
                values.iter().enumerate().for_each(|(place, value)| self.members(&format!("{at}/{place}"), value, all));
            }
            serde_json::Value::String(text) => all.push((at.to_owned(), format!("\"{}\"", self.value(text)))),
            other => all.push((at.to_owned(), self.value(&other.to_string()))),
        }
    }

    fn value(&self, value: &str) -> String {
        let shown = self.notes.shown(value);
        let length = value.chars().count();
        if shown == value && value != self.address && length >= LONG_VALUE_CHARS {
            return format!("({length} characters)");
        }
        shortened(&shown)
    }

    fn cookies(&self, exchange: &Exchange) -> Vec<CookieSeen> {
        let headers = exchange.answer.iter().flat_map(|answer| &answer.headers);
        let lines = headers.filter(|(name, _)| name == "set-cookie").map(|(_, line)| line.as_str());
        let read = |line: &str| {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let name = pair.split_once('=').map_or("", |(name, _)| name).trim();
            CookieSeen {
                name: shortened(&self.notes.shown(name)),
                attributes: shortened(&self.notes.shown(attributes.trim())),
                is_skip: self.target.is_skip_cookie(name),
                is_session: self.target.is_session_cookie(name),
            }
        };
        lines.map(read).collect()
    }
}

impl Stop {
    pub(super) fn of(step: &str, about: &str, outcome: Outcome) -> Stop {
        Stop {
            step: step.to_owned(),
            about: about.to_owned(),
            outcome,
            expected: Vec::new(),
            screen: None,
            title: None,
            reads: None,
            requests: Vec::new(),
            cookies: Vec::new(),
            taken: Vec::new(),
            mail: None,
            remarks: Vec::new(),
            near: Vec::new(),
            forms: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Something is missing on a screen that was recognised.
    pub(super) fn lacks(&mut self, remark: impl Into<String>, hint: impl Into<String>) {
        if self.outcome == Outcome::AsExpected {
            self.outcome = Outcome::Incomplete;
        }
        self.remarks.push(remark.into());
        self.hints.push(hint.into());
    }
}
