//! What a step showed, in words: the screen's name, or what can be said of an answer that fits none. Whatever a target sends stays short
//! here, for it ends up in reports.

use crate::browser::{Answer, Page};
use crate::target::{Screen, Target};

/// How much of a title or an address is repeated.
const MAX_CHARS: usize = 120;

/// What was seen: the screen's name, or status, title and what is odd where no screen fits.
pub(crate) fn describe(screen: Option<Screen>, answer: &Answer) -> String {
    match screen {
        Some(screen) => format!("`{screen}` (status {})", answer.status),
        None => stranger(answer),
    }
}

/// Status, title and oddities of an answer that fits no screen.
pub(crate) fn stranger(answer: &Answer) -> String {
    let page = Page::of(answer);
    let title = shortened(page.title().unwrap_or_default());
    let mut parts = vec![format!("status {}", answer.status), format!("title `{title}`")];
    parts.extend(oddities(answer, &page));
    parts.join(", ")
}

/// Where an answer came from: the path, or the whole address where it is not the target's own.
pub(crate) fn place(target: &Target, answer: &Answer) -> String {
    let mut url = answer.url.clone();
    if url.origin() == target.base.origin() {
        return shortened(url.path());
    }
    // A query may hold what must not stand in a report.
    url.set_query(None);
    shortened(url.as_str())
}

/// What keeps a page from being read as its author may have meant it.
fn oddities(answer: &Answer, page: &Page<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let header = |name: &str| answer.header(name).map(|value| shortened(&value));
    if matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        found.push(match answer.headers.get("location") {
            None => "a redirect without `Location`".to_owned(),
            Some(location) => {
                // A query may hold what must not stand in a report.
                let location = String::from_utf8_lossy(location.as_bytes());
                let path = location.split(['?', '#']).next().unwrap_or_default();
                format!("a redirect to `{}`, which was not followed", shortened(path))
            }
        });
    }
    if let Some(after) = header("retry-after") {
        found.push(format!("`Retry-After: {after}`"));
    }
    if answer.body.is_empty() {
        found.push("the body is empty".to_owned());
        return found;
    }
    match header("content-type") {
        None => found.push("no `Content-Type`".to_owned()),
        Some(kind) if !kind.contains("html") && !kind.contains("json") => {
            found.push(format!("`Content-Type: {kind}`"));
        }
        Some(_) => {}
    }
    if page.is_garbled() {
        found.push(format!("the text is not valid {}", page.charset()));
    }
    if page.html().contains('\0') {
        found.push("the text holds NUL".to_owned());
    }
    if let Some(reason) = page.too_costly() {
        found.push(reason.to_owned());
    }
    found
}

/// The beginning of a text, on one line.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(MAX_CHARS, text)
}

/// The beginning of a text, without what would steer a terminal.
pub(crate) fn shortened_to(chars: usize, text: &str) -> String {
    let mut short: String = text.chars().take(chars).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(chars).is_some() {
        short.push('…');
    }
    short
}
