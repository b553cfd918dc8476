//! What is taken from answers, compiled.

use http::HeaderName;

use super::super::acts::{Among, CompiledTake};
use super::super::profile::{Spanned, Take};
use super::super::template::{Place, Template};
use super::{Compiler, ProfileError};

impl Compiler<'_> {
    pub(super) fn take(
        &self,
        key: &str,
        name: &str,
        take: &Spanned<Take>,
    ) -> Result<(String, CompiledTake), ProfileError> {
        let key = format!("{key}.take.{name}");
        let senseless = |message: &str| Err(self.source.senseless(take.span(), &key, message));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return senseless("a name is made of ASCII letters, digits, `_` and `-`");
        }
        if Template::parse(&format!("{{{name}}}"), Place::Step, &Default::default()).is_ok() {
            return senseless("a placeholder of this name is there already; choose another");
        }
        let given = take.as_ref();
        if given.attribute.is_some() && given.selector.is_none() {
            return senseless("`attribute` means something with `selector` only");
        }
        if given.in_address && given.regex.is_none() {
            return senseless("`in_address` means something with `regex` only");
        }
        if given.json.is_none() && !given.fits.is_empty() {
            return senseless("`where` means something with `json` only");
        }
        if given.then.is_some() && given.fits.is_empty() {
            return senseless("`then` means something with `where` only: which element of the list is meant?");
        }
        let compiled = match (&given.selector, &given.json, &given.regex, &given.header) {
            (Some(selector), None, None, None) => {
                CompiledTake::Selector(self.selector(&key, selector)?, given.attribute.clone())
            }
            (None, Some(pointer), None, None) if !given.fits.is_empty() => {
                CompiledTake::Among(self.among(&key, pointer, given)?)
            }
            (None, Some(pointer), None, None) => CompiledTake::Json(self.pointer(&key, pointer)?),
            (None, None, Some(expression), None) if given.in_address => {
                CompiledTake::Address(self.expression(&key, expression)?)
            }
            (None, None, Some(expression), None) => CompiledTake::Body(self.expression(&key, expression)?),
            (None, None, None, Some(header)) => match HeaderName::try_from(header.as_ref().as_str()) {
                Ok(header) => CompiledTake::Header(header),
                Err(_) => return senseless("this is no name of a header field"),
            },
            _ => return senseless("a value is taken by exactly one of `selector`, `json`, `regex` and `header`"),
        };
        Ok((name.to_owned(), compiled))
    }

    /// The element of a list that fits.
    fn among(&self, key: &str, list: &Spanned<String>, take: &Take) -> Result<Among, ProfileError> {
        let fits = |(at, is): (&String, &Spanned<toml::Value>)| {
            let at = self.pointer(&format!("{key}.where"), &Spanned::new(is.span(), at.clone()))?;
            Ok((at, serde_json::to_value(is.as_ref()).unwrap_or_default()))
        };
        Ok(Among {
            list: self.pointer(key, list)?,
            fits: take.fits.iter().map(fits).collect::<Result<_, ProfileError>>()?,
            then: take
                .then
                .as_ref()
                .map(|then| self.pointer(&format!("{key}.then"), then))
                .transpose()?
                .unwrap_or_default(),
        })
    }
}
