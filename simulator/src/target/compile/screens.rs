//! Screens and other marks, compiled.

use std::collections::BTreeMap;

use http::HeaderName;
use regex::Regex;

use super::super::Screen;
use super::super::marks::{CompiledMark, JsonCondition};
use super::super::profile::{JsonMark, Mark, Marks, Spanned};
use super::{Compiler, ProfileError};

impl Compiler<'_> {
    /// Compiles the screens of a table, which stands at `table`.
    pub(super) fn screens(
        &self,
        table: &str,
        screens: &BTreeMap<Screen, Spanned<Marks>>,
    ) -> Result<Vec<(Screen, Vec<CompiledMark>)>, ProfileError> {
        let compile = |(screen, marks): (&Screen, &Spanned<Marks>)| {
            Ok((*screen, self.marks(&format!("{table}.{screen}"), marks.span().start, marks.as_ref())?))
        };
        screens.iter().map(compile).collect()
    }

    /// Compiles marks whose key stands at an offset.
    pub(super) fn marks(&self, key: &str, at: usize, marks: &Marks) -> Result<Vec<CompiledMark>, ProfileError> {
        if marks.0.is_empty() {
            return Err(self.source.senseless(
                at..at,
                key,
                "there is no mark in it: give at least one, or leave the key out",
            ));
        }
        let compile = |mark: &Spanned<Mark>| {
            let at = if mark.span().is_empty() { at } else { mark.span().start };
            self.mark(key, at, mark.as_ref())
        };
        marks.0.iter().map(compile).collect()
    }

    fn mark(&self, key: &str, at: usize, mark: &Mark) -> Result<CompiledMark, ProfileError> {
        let only_after = Mark { after: mark.after.clone(), ..Mark::default() };
        if *mark == only_after && mark.after.is_none() {
            return Err(self.source.senseless(at..at, key, "a mark without a condition would fit every page"));
        }
        let nothing = [&mark.text, &mark.no_text]
            .into_iter()
            .flatten()
            .any(|all| all.0.is_empty() || all.0.iter().any(String::is_empty))
            || mark.status.as_ref().is_some_and(|all| all.0.is_empty())
            || mark.title.as_ref().is_some_and(String::is_empty);
        if nothing {
            let message = "an empty `title`, `text` or `status` fits every page, or none; say what stands there, or leave the key out";
            return Err(self.source.senseless(at..at, key, message));
        }
        let strange = mark.status.iter().flat_map(|all| &all.0).find(|status| !(100..600).contains(*status));
        if let Some(status) = strange {
            return Err(self.source.senseless(
                at..at,
                key,
                format!("`{status}` is no status code: they go from 100 to 599"),
            ));
        }
        let selector = |text: &Option<Spanned<String>>| text.as_ref().map(|text| self.selector(key, text)).transpose();
        Ok(CompiledMark {
            title: mark.title.clone(),
            status: mark.status.as_ref().map(|all| all.0.clone()),
            text: mark.text.as_ref().map(|all| all.0.clone()).unwrap_or_default(),
            no_text: mark.no_text.as_ref().map(|all| all.0.clone()).unwrap_or_default(),
            selector: selector(&mark.selector)?,
            no_selector: selector(&mark.no_selector)?,
            path: mark.path.clone(),
            redirected: mark.redirected,
            json: mark
                .json
                .iter()
                .flat_map(|all| &all.0)
                .map(|json| self.json_mark(key, json))
                .collect::<Result<_, _>>()?,
            header: match &mark.header {
                None => None,
                Some(header) => {
                    let senseless = |message: String| self.source.senseless(header.span(), key, message);
                    let HeaderParts { name, matches } = header_parts(header.as_ref()).map_err(senseless)?;
                    Some((name, matches))
                }
            },
            after: mark.after.as_ref().map(|all| all.0.clone()),
        })
    }

    fn json_mark(&self, key: &str, mark: &JsonMark) -> Result<JsonCondition, ProfileError> {
        let at = mark.at.as_ref();
        if mark.is.is_none() && mark.kind.is_none() && mark.matches.is_none() {
            let message = "a condition on JSON needs `is`, `kind` or `matches`, e.g. `kind = \"present\"`";
            return Err(self.source.senseless(mark.at.span(), key, message));
        }
        self.pointer(key, &mark.at)?;
        let is = mark.is.as_ref().map(|value| serde_json::to_value(value).unwrap_or_default());
        let matches =
            match &mark.matches {
                None => None,
                Some(text) => Some(Regex::new(text.as_ref()).map_err(|error| {
                    self.source.senseless(text.span(), key, format!("no regular expression: {error}"))
                })?),
            };
        Ok(JsonCondition { at: at.clone(), is, kind: mark.kind, matches })
    }

    /// A JSON pointer is empty or begins with a slash.
    pub(super) fn pointer(&self, key: &str, text: &Spanned<String>) -> Result<String, ProfileError> {
        let pointer = text.as_ref();
        if pointer.is_empty() || pointer.starts_with('/') {
            return Ok(pointer.clone());
        }
        let message =
            format!("`{pointer}` is no JSON pointer (RFC 6901); did you mean `/{}`?", pointer.replace('.', "/"));
        Err(self.source.senseless(text.span(), key, message))
    }
}

struct HeaderParts {
    name: HeaderName,
    matches: Option<Regex>,
}

fn header_parts(header: &super::super::profile::HeaderMark) -> Result<HeaderParts, String> {
    let name = HeaderName::try_from(header.name.as_str())
        .map_err(|_| format!("`{}` is no name of a header field", header.name))?;
    let matches = header.matches.as_deref().map(Regex::new).transpose();
    Ok(HeaderParts { name, matches: matches.map_err(|error| format!("no regular expression: {error}"))? })
}
