//! Hooks, compiled: a program is looked for before anything is sent.

use std::path::{Path, PathBuf};

use http::header::HeaderName;
use http::{HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::super::profile::{self, CommandLine, Spanned};
use super::super::template::{Place, Secret, Template};
use super::{Compiler, ProfileError};
use crate::hook::{HookBody, HookRequest, JsonText, Program};

impl Compiler<'_> {
    pub(super) fn hook_program(
        &self,
        key: &str,
        command: &Spanned<CommandLine>,
        place: Place,
    ) -> Result<Program, ProfileError> {
        let Some((name, arguments)) = command.as_ref().split_first() else {
            let message = "there is no program\n\nhint: write `[\"program\", \"argument\", …]`";
            return Err(self.source.senseless(command.span(), key, message));
        };
        let arguments = arguments.iter().map(|text| self.template(key, text, place)).collect::<Result<_, _>>()?;
        let folder = self.folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::path::absolute(folder).map_err(|error| {
            self.source.senseless(name.span(), key, format!("the profile's folder cannot be found: {error}"))
        })?;
        let name = found(name.as_ref(), &folder).ok_or_else(|| {
            let message = format!(
                "there is no program `{}`\n\nhint: one with a `/` in its name is relative to the profile, any other is looked for in `PATH`",
                name.as_ref()
            );
            self.source.senseless(name.span(), key, message)
        })?;
        Ok(Program { name, arguments, folder, secrets: self.all_secrets() })
    }

    pub(super) fn hook_request(
        &self,
        key: &str,
        request: &Spanned<profile::HookRequest>,
        base: &Url,
        place: Place,
    ) -> Result<HookRequest, ProfileError> {
        let given = request.as_ref();
        let method = match &given.method {
            None => Method::POST,
            Some(name) => Method::from_bytes(name.as_ref().as_bytes()).map_err(|_| {
                let message = format!("`{}` is no method of HTTP", name.as_ref());
                self.source.senseless(name.span(), format!("{key}.method"), message)
            })?,
        };
        Ok(HookRequest {
            method,
            base: base.clone(),
            url: self.hook_url(&format!("{key}.url"), &given.url, base, place)?,
            headers: self.hook_headers(key, given, place)?,
            body: self.hook_body(key, given, place)?,
            secrets: self.all_secrets(),
        })
    }

    fn hook_url(&self, key: &str, text: &Spanned<String>, base: &Url, place: Place) -> Result<Template, ProfileError> {
        let template = self.template(key, text, place)?;
        let written = text.as_ref().as_str();
        let path = written.starts_with('/') && !written.starts_with("//");
        let whole = base.join(written).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
            && (written.starts_with("http://") || written.starts_with("https://"));
        // What `[values]` puts in may be the beginning of an address.
        if path || whole || written.starts_with('{') {
            return Ok(template);
        }
        let message =
            format!("`{written}` is neither a path that begins with `/` nor an address that begins with `http`");
        Err(self.source.senseless(text.span(), key, message))
    }

    fn hook_headers(
        &self,
        key: &str,
        request: &profile::HookRequest,
        place: Place,
    ) -> Result<Vec<(HeaderName, Template)>, ProfileError> {
        let compiled = request.headers.iter().map(|(name, text)| {
            let key = format!("{key}.headers.{name}");
            let field = self.header_field(&key, name, text, place)?;
            if HeaderValue::try_from(text.as_ref().as_str()).is_err() {
                return Err(self.source.senseless(text.span(), &key, "a header field has no line break"));
            }
            Ok(field)
        });
        compiled.collect()
    }

    fn hook_body(&self, key: &str, request: &profile::HookRequest, place: Place) -> Result<HookBody, ProfileError> {
        match (&request.json, &request.body) {
            (None, None) => Ok(HookBody::None),
            (Some(document), None) => self
                .hook_json(document.as_ref(), place)
                .map(HookBody::Json)
                .map_err(|message| self.source.senseless(document.span(), format!("{key}.json"), message)),
            (None, Some(text)) => Ok(HookBody::Text(self.template(&format!("{key}.body"), text, place)?)),
            (Some(_), Some(text)) => {
                Err(self.source.senseless(text.span(), format!("{key}.body"), "give either `json` or `body`"))
            }
        }
    }

    fn hook_json(&self, document: &Value, place: Place) -> Result<JsonText, String> {
        Ok(match document {
            Value::String(text) => JsonText::Text(Template::parse(text, place, &self.names)?),
            Value::Array(items) => {
                JsonText::Array(items.iter().map(|item| self.hook_json(item, place)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((name.clone(), self.hook_json(value, place)?)));
                JsonText::Object(fields.collect::<Result<_, String>>()?)
            }
            plain => JsonText::Plain(plain.clone()),
        })
    }

    fn all_secrets(&self) -> Vec<Secret> {
        self.names.secrets.values().cloned().collect()
    }
}

/// Where a program lies. One in `PATH` keeps its name.
fn found(name: &str, folder: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        let path = folder.join(name);
        return path.is_file().then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|place| place.join(name));
    (!name.is_empty() && places.any(|place| place.is_file())).then(|| PathBuf::from(name))
}
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_program_is_found_beside_the_profile_or_in_the_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("move"), "").unwrap();
        assert_eq!(found("./move", folder.path()), Some(folder.path().join("./move")));
        assert_eq!(found("sh", folder.path()), Some(PathBuf::from("sh")));
        for nowhere in ["./moved", "move", ""] {
            assert_eq!(found(nowhere, folder.path()), None, "{nowhere}");
        }
    }
}
