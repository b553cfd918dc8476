//! Header fields of whatever is sent: their names, and that no secret stands in them as it is.

use http::header::{AUTHORIZATION, HeaderName};

use super::super::profile::Spanned;
use super::super::template::{Place, Template};
use super::{Compiler, ProfileError};

impl Compiler<'_> {
    /// Compiles one field; `key` is its own, with its tables.
    pub(super) fn header_field(
        &self,
        key: &str,
        name: &str,
        text: &Spanned<String>,
        place: Place,
    ) -> Result<(HeaderName, Template), ProfileError> {
        let header = HeaderName::try_from(name).map_err(|_| {
            let message = format!("`{name}` is no name of a header field: letters, digits and `-` make one");
            self.source.senseless(text.span(), key, message)
        })?;
        let template = self.template(key, text, place)?;
        if header == AUTHORIZATION {
            self.comes_from_elsewhere(key, text, &template)?;
        }
        Ok((header, template))
    }

    /// For what is always a secret: it is put in from `[secrets]` or from an answer. One that is written out would be in every copy of the
    /// profile, and nothing would keep it out of the reports.
    pub(super) fn comes_from_elsewhere(
        &self,
        key: &str,
        text: &Spanned<String>,
        template: &Template,
    ) -> Result<(), ProfileError> {
        if !template.is_fixed() {
            return Ok(());
        }
        let message = "a secret never stands in a profile\n\nhint: say under `[secrets]` which environment variable or file holds it, and write `{secret:NAME}` here";
        Err(self.source.senseless(text.span(), key, message))
    }
}
