//! Texts of a profile that are names of files, selectors, expressions and templates.

use std::path::{Path, PathBuf};

use regex::Regex;
use sekisho_certificate::{CertificateError, read_authorities};

use super::super::profile::{Profile, Spanned};
use super::super::template::{Place, Template};
use super::{Compiler, ProfileError};
use crate::browser::Selector;

impl Compiler<'_> {
    /// A file that the profile names, relative to it.
    pub(super) fn file(&self, path: &Path) -> PathBuf {
        self.folder.map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// The authorities to trust beside the public ones: read here, so that a file that is none is found before anything is sent.
    pub(super) fn ca_file(&self, profile: &Profile) -> Result<Option<PathBuf>, ProfileError> {
        let Some(named) = &profile.tls.ca_file else { return Ok(None) };
        let file = self.file(named.as_ref());
        match read_authorities(&file) {
            Ok(_) => Ok(Some(file)),
            Err(CertificateError::File { path, reason }) => {
                let message = format!(
                    "cannot read `{}`: {reason}\n\nhint: it holds certificates in PEM, relative to the profile",
                    path.display()
                );
                Err(self.source.senseless(named.span(), "tls.ca_file", message))
            }
            Err(other) => Err(self.source.senseless(named.span(), "tls.ca_file", other.to_string())),
        }
    }

    pub(super) fn selector(&self, key: &str, text: &Spanned<String>) -> Result<Selector, ProfileError> {
        Selector::parse(text.as_ref()).map_err(|error| self.source.senseless(text.span(), key, error.to_string()))
    }

    pub(super) fn expression(&self, key: &str, text: &Spanned<String>) -> Result<Regex, ProfileError> {
        let regex = Regex::new(text.as_ref())
            .map_err(|error| self.source.senseless(text.span(), key, format!("no regular expression: {error}")))?;
        if regex.captures_len() < 2 {
            let message = "the expression needs a group `( … )` round what is to be taken out";
            return Err(self.source.senseless(text.span(), key, message));
        }
        Ok(regex)
    }

    /// An expression that only has to match somewhere.
    pub(super) fn condition(&self, key: &str, text: Option<&Spanned<String>>) -> Result<Option<Regex>, ProfileError> {
        let compile = |text: &Spanned<String>| {
            Regex::new(text.as_ref())
                .map_err(|error| self.source.senseless(text.span(), key, format!("no regular expression: {error}")))
        };
        text.map(compile).transpose()
    }

    pub(super) fn whole(&self, key: &str, text: &Spanned<String>) -> Result<Regex, ProfileError> {
        Regex::new(&format!("^(?:{})$", text.as_ref()))
            .map_err(|error| self.source.senseless(text.span(), key, format!("no regular expression: {error}")))
    }

    pub(super) fn template(&self, key: &str, text: &Spanned<String>, place: Place) -> Result<Template, ProfileError> {
        self.template_at(key, text.span().start, text.as_ref(), place)
    }

    /// The same where the text itself does not know where it stands.
    pub(super) fn template_at(&self, key: &str, at: usize, text: &str, place: Place) -> Result<Template, ProfileError> {
        Template::parse(text, place, &self.names).map_err(|message| self.source.senseless(at..at, key, message))
    }
}
