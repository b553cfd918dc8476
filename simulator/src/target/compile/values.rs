//! Values and secrets: read before anything that names them.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::error::Source;
use super::super::profile::{Profile, SecretSource};
use super::super::template::{Names, Place, Secret, Template};
use super::ProfileError;

/// What the profile defines for its templates.
pub(super) fn names(profile: &Profile, source: &Source<'_>, folder: Option<&Path>) -> Result<Names, ProfileError> {
    let mut secrets = BTreeMap::new();
    for (name, from) in &profile.secrets {
        secrets.insert(name.clone(), secret(name, from, source, folder)?);
    }
    let values = profile.values.iter().map(|(name, text)| (name.clone(), text.as_ref().clone())).collect();
    let own = profile.in_portal.values().flat_map(|own| own.as_ref().steps.values());
    let acts = profile.steps.values().chain(own).flat_map(|way| &way.as_ref().0);
    let taken = acts.flat_map(|act| act.as_ref().take.keys().cloned()).collect();
    let names = Names { values, secrets, taken };
    for (name, text) in &profile.values {
        if let Some(message) = fault(name, &names) {
            return Err(source.senseless(text.span(), format!("values.{name}"), message));
        }
    }
    Ok(names)
}

/// What is wrong with a value. What stands in it is known in some places and not in others; one that is known in none is wrong.
pub(super) fn fault(name: &str, names: &Names) -> Option<String> {
    let bare = Names::default();
    if Place::ALL.iter().any(|place| Template::parse(&format!("{{{name}}}"), *place, &bare).is_ok()) {
        return Some(format!("`{{{name}}}` is a placeholder already; choose another name"));
    }
    let in_each = || Place::ALL.iter().map(|place| Template::parse(&format!("{{{name}}}"), *place, names));
    in_each().find_map(Result::err).filter(|_| in_each().all(|read| read.is_err()))
}

pub(super) fn secret(
    name: &str,
    from: &SecretSource,
    source: &Source<'_>,
    folder: Option<&Path>,
) -> Result<Secret, ProfileError> {
    let key = format!("secrets.{name}");
    match (&from.env, &from.file) {
        (Some(variable), None) => match std::env::var(variable.as_ref()) {
            Ok(secret) if !secret.is_empty() => Ok(Secret(secret)),
            _ => {
                let message = format!(
                    "the environment variable `{}` is not set\n\nhint: export it before the run; secrets never stand in a profile",
                    variable.as_ref()
                );
                Err(source.senseless(variable.span(), key, message))
            }
        },
        (None, Some(file)) => {
            let path = folder.map_or_else(|| file.as_ref().clone(), |folder| folder.join(file.as_ref()));
            match std::fs::read_to_string(&path) {
                Ok(text) if !text.trim().is_empty() => Ok(Secret(text.trim().to_owned())),
                Ok(_) => Err(source.senseless(file.span(), key, format!("`{}` is empty", path.display()))),
                Err(error) => {
                    Err(source.senseless(file.span(), key, format!("cannot read `{}`: {error}", path.display())))
                }
            }
        }
        (Some(given), Some(_)) => Err(source.senseless(given.span(), key, "give either `env` or `file`")),
        (None, None) => {
            let table = source.text.find("[secrets").unwrap_or(0);
            let written = [format!("[secrets.{name}]"), format!("\n{name}")];
            let found = written.iter().find_map(|text| source.text[table..].find(text.as_str()).map(|at| (at, text)));
            let at = table + found.map_or(0, |(at, text)| at + usize::from(text.starts_with('\n')));
            Err(source.senseless(at..at, key, "`env` or `file` must say where the secret comes from"))
        }
    }
}
