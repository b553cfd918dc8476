//! Where the skip settings say whether a browser of the account holds a skip (FAQ-13), compiled.

use serde_json::Value;

use super::driver::Status;
use super::marks::{CompiledMark, Sight};
use crate::browser::{Answer, Page, Selector};

/// Where the status stands, and how each of the two is told.
#[derive(Debug)]
pub(super) struct CompiledStatus {
    pub(super) place: Option<StatusPlace>,
    pub(super) some: Telling,
    pub(super) none: Telling,
}

#[derive(Debug)]
pub(super) enum StatusPlace {
    Selector(Selector),
    Json(String),
}

/// What tells one of the two: a value at the place, or what the whole page is like.
#[derive(Debug)]
pub(super) enum Telling {
    Value(Value),
    Page(Vec<CompiledMark>),
}

impl CompiledStatus {
    /// What the page says; `None` where it says neither, or both at once.
    pub(super) fn on(&self, answer: &Answer) -> Option<Status> {
        let page = Page::of(answer);
        let sight = Sight::of(answer, &page, None);
        let value = match &self.place {
            None => None,
            Some(StatusPlace::Selector(selector)) => {
                page.select_text(selector).map(|text| Value::String(text.trim().to_owned()))
            }
            Some(StatusPlace::Json(pointer)) => sight.json().and_then(|body| body.pointer(pointer)).cloned(),
        };
        let tells = |telling: &Telling| match telling {
            Telling::Value(wanted) => value.as_ref() == Some(wanted),
            Telling::Page(marks) => marks.iter().any(|mark| mark.fits(&sight)),
        };
        match (tells(&self.some), tells(&self.none)) {
            (true, false) => Some(Status::Some),
            (false, true) => Some(Status::None),
            _ => None,
        }
    }
}
