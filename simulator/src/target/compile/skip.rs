//! Where a skip shows, compiled.

use regex::Regex;

use super::super::profile::{Marks, Skip, Spanned, Status};
use super::super::status::{CompiledStatus, StatusPlace, Telling};
use super::{Compiler, ProfileError};

impl Compiler<'_> {
    /// Something keeps somebody signed in: a cookie, or what was taken from answers.
    pub(super) fn session_cookie(&self, skip: &Skip) -> Result<Option<Regex>, ProfileError> {
        match &skip.session_cookie {
            Some(names) => self.whole("skip.session_cookie", names).map(Some),
            None if !skip.session_values.is_empty() => Ok(None),
            None => {
                let message = "nothing says what keeps somebody signed in: give the names of the cookies that hold the session, or name in \
                               `session_values` what a step takes from an answer and sends in their place";
                Err(self.missing("[skip]", "skip.session_cookie", message))
            }
        }
    }

    /// Each must be a value that some step takes.
    pub(super) fn session_values(&self, names: &[Spanned<String>]) -> Result<Vec<String>, ProfileError> {
        let known = |name: &Spanned<String>| {
            if self.names.taken.contains(name.as_ref()) {
                return Ok(name.as_ref().clone());
            }
            let message = format!("no step takes a value `{}` from an answer (`take`)", name.as_ref());
            Err(self.source.senseless(name.span(), "skip.session_values", message))
        };
        names.iter().map(known).collect()
    }

    pub(super) fn status(&self, status: &Spanned<Status>) -> Result<CompiledStatus, ProfileError> {
        let given = status.as_ref();
        let place = match (&given.selector, &given.json) {
            (Some(selector), None) => Some(StatusPlace::Selector(self.selector("skip.status.selector", selector)?)),
            (None, Some(pointer)) => Some(StatusPlace::Json(self.pointer("skip.status.json", pointer)?)),
            (None, None) => None,
            (Some(_), Some(pointer)) => {
                let message = "the status is found by `selector` or by `json`, not by both";
                return Err(self.source.senseless(pointer.span(), "skip.status", message));
            }
        };
        let telling =
            |name: &str, value: &Option<Spanned<toml::Value>>, marks: &Option<Spanned<Marks>>| match (value, marks) {
                (Some(value), None) if place.is_some() => {
                    Ok(Telling::Value(serde_json::to_value(value.as_ref()).unwrap_or_default()))
                }
                (None, Some(marks)) => {
                    let key = format!("skip.status.{name}_if");
                    Ok(Telling::Page(self.marks(&key, marks.span().start, marks.as_ref())?))
                }
                (Some(value), None) => {
                    let message = format!("`{name}` needs `selector` or `json`, which says where it stands");
                    Err(self.source.senseless(value.span(), format!("skip.status.{name}"), message))
                }
                _ => {
                    let message = format!("give either `{name}` or `{name}_if`");
                    Err(self.source.senseless(status.span(), "skip.status", message))
                }
            };
        let some = telling("some", &given.some, &given.some_if)?;
        let none = telling("none", &given.none, &given.none_if)?;
        Ok(CompiledStatus { place, some, none })
    }
}
