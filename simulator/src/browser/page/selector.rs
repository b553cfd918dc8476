//! Selectors, compiled once and used on many pages.

use std::fmt;

/// A compiled CSS selector, or a comma-separated list of them. It can be shared between threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: Box<str>,
    pub(super) css: scraper::Selector,
    /// Where it names forms so plainly that the scan can answer it without a tree.
    pub(super) shortcut: Option<Shortcut>,
}

/// The text is not a CSS selector: the user's input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{selector}` is not a CSS selector: {reason}")]
pub struct SelectorError {
    selector: String,
    reason: String,
}

impl Selector {
    /// Compiles a selector.
    ///
    /// Forms are found fastest by `form`, `#id`, `form[action="…"]` or `form[name="…"]`.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let error = |reason: String| SelectorError { selector: text.to_owned(), reason };
        let css = scraper::Selector::parse(text).map_err(|reason| error(reason.to_string()))?;
        Ok(Self { text: text.into(), css, shortcut: Shortcut::of(text.trim()) })
    }

    /// Whether it begins with `form`, so that nothing else can match it where it has a shortcut.
    pub(super) fn names_forms_only(&self) -> bool {
        self.text.trim().starts_with("form")
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How a form is found without a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shortcut {
    Any,
    Id(Box<str>),
    Name(Box<str>),
    Action(Box<str>),
}

impl Shortcut {
    fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("form").unwrap_or(text);
        if rest.is_empty() && !text.is_empty() {
            return Some(Self::Any);
        }
        if let Some(id) = rest.strip_prefix('#') {
            let plain = id.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            return plain.then(|| Self::Id(id.into()));
        }
        let (name, value) = rest.strip_prefix('[')?.strip_suffix(']')?.split_once('=')?;
        let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
        if value.contains(['"', '\'', '\\', ']']) {
            return None;
        }
        match name {
            "id" => Some(Self::Id(value.into())),
            "name" => Some(Self::Name(value.into())),
            "action" => Some(Self::Action(value.into())),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_selectors_need_no_tree_and_all_others_do() {
        for (text, plain) in [
            ("form", Some(Shortcut::Any)),
            ("#code-form", Some(Shortcut::Id("code-form".into()))),
            ("form#code_form", Some(Shortcut::Id("code_form".into()))),
            (" form[action=\"/in\"] ", Some(Shortcut::Action("/in".into()))),
            ("form[name=x]", Some(Shortcut::Name("x".into()))),
            ("form[action^='/in']", None),
            ("form.code", None),
            ("main form", None),
            ("form#a.b", None),
            ("form:has(input)", None),
            ("form#a, form#b", None),
            ("form[id=\"a\"][name=\"b\"]", None),
        ] {
            assert_eq!(Selector::parse(text).unwrap().shortcut, plain, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused_with_its_text() {
        let error = Selector::parse("form[").unwrap_err();
        assert!(error.to_string().starts_with("`form[` is not a CSS selector"), "{error}");
    }

    #[test]
    fn selectors_can_be_shared_between_threads() {
        fn assert_shared<T: Send + Sync>() {}
        assert_shared::<Selector>();
    }
}
