//! Everything that is wrong with a profile at once, for people who write one: a run ends at the first.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::super::error::Source;
use super::super::keys::holds;
use super::super::profile::{Marks, Profile, Spanned, Way};
use super::super::template::{Names, Secret};
use super::super::{Screen, Step};
use super::advice::{self, Advice};
use super::{Compiler, Loading, ProfileError, Target, values};

/// How many mistakes of form are looked for: after so many it is another kind of file.
const MAX_MALFORMED: usize = 50;

/// What can be said about a profile without sending anything.
#[derive(Debug)]
pub struct Examined {
    /// The target, where nothing is wrong.
    pub target: Option<Target>,
    /// What is wrong, in the order of the lines.
    pub problems: Vec<ProfileError>,
    /// What is allowed and yet may not be meant, in the order of the lines. Only looked for where nothing is wrong.
    pub advice: Vec<Advice>,
}

impl Target {
    /// Reads the profile in a file and says everything that is wrong with it, or may be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn examine(path: &Path, loading: &Loading) -> Result<Examined, ProfileError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ProfileError::Unreadable { path: path.to_owned(), cause })?;
        let folder = path.parent().map(Path::to_owned);
        Ok(Target::examine_text(&path.display().to_string(), &text, &Loading { folder, ..loading.clone() }))
    }

    /// The same for a text; `name` is what errors call it.
    pub fn examine_text(name: &str, text: &str, loading: &Loading) -> Examined {
        let source = Source { name, text };
        let (profile, mut problems) = read(&source);
        if let (Some(profile), false) = (&profile, problems.iter().any(is_looked_up)) {
            let more = senseless(&source, profile, loading);
            let is_known = |more: &ProfileError| problems.iter().any(|known| follows_from(known, more));
            let more: Vec<_> = more.into_iter().filter(|more| !is_known(more)).collect();
            problems.extend(more);
        }
        let target = match Target::parse(name, text, loading) {
            Ok(target) => Some(target).filter(|_| problems.is_empty()),
            // What only the whole shows is not missed.
            Err(error) => {
                let said = error.to_string();
                if !problems.iter().any(|known| known.to_string() == said) {
                    problems.push(error);
                }
                None
            }
        };
        problems.sort_by_key(ProfileError::place);
        problems.dedup_by_key(|problem| problem.to_string());
        let advice = match (&profile, &target) {
            (Some(profile), Some(target)) => advice::on(&source, profile, target),
            _ => Vec::new(),
        };
        Examined { target, problems, advice }
    }
}

/// Reads the tables, and says all that is not TOML, unknown, missing or of the wrong type.
fn read(source: &Source<'_>) -> (Option<Profile>, Vec<ProfileError>) {
    let (mut table, errors) = DeTable::parse_recoverable(source.text);
    if !errors.is_empty() {
        return (None, errors.iter().take(MAX_MALFORMED).map(|error| source.malformed(error)).collect());
    }
    let mut problems: Vec<ProfileError> = Vec::new();
    while problems.len() < MAX_MALFORMED {
        let error = match Profile::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(profile) => return (Some(profile), problems),
            Err(error) => error,
        };
        let is_missing = error.message().starts_with("missing field");
        // What was left out below because it was wrong, or had a wrong name, is not missing.
        if !is_missing || problems.is_empty() {
            problems.push(source.malformed(&error));
        }
        let at = error.span().filter(|_| !is_missing).map(|span| span.start);
        if at.and_then(|at| leave_out(table.get_mut(), at)).is_none() {
            break;
        }
    }
    (None, problems)
}

/// Whether a mistake of form is in something that other parts of the file name: without it they would seem wrong too.
fn is_looked_up(problem: &ProfileError) -> bool {
    let Some(key) = problem.key() else { return true };
    let table = key.split('.').next().unwrap_or(key);
    ["values", "secrets", "portals", "in_portal"].contains(&table) || key.split('.').any(|part| part == "take")
}

/// Whether something that makes no sense may do so only because a mistake of form beside it was left out.
fn follows_from(form: &ProfileError, senseless: &ProfileError) -> bool {
    let (Some(form), Some(senseless)) = (form.key(), senseless.key()) else { return false };
    let is_within =
        |key: &str, table: &str| key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let beside = form.rsplit_once('.').is_some_and(|(table, _)| is_within(senseless, table));
    beside || is_within(form, senseless)
}

/// Takes the smallest entry out that an offset lies in, and says its key.
fn leave_out(table: &mut DeTable<'_>, at: usize) -> Option<String> {
    let within = |span: std::ops::Range<usize>| span.start <= at && at < span.end.max(span.start + 1);
    let place = table.iter().find(|(key, value)| within(key.span()) || holds(value, at)).map(|(key, _)| key.clone())?;
    let deeper = match table.get_mut(&place).map(toml::Spanned::get_mut) {
        Some(DeValue::Table(inner)) if !within(place.span()) => leave_out(inner, at),
        Some(DeValue::Array(all)) if !within(place.span()) => {
            let tables = all.iter_mut().filter(|one| holds(one, at));
            tables.into_iter().find_map(|one| match one.get_mut() {
                DeValue::Table(inner) => leave_out(inner, at),
                _ => None,
            })
        }
        _ => None,
    };
    deeper.or_else(|| table.remove(&place).map(|_| place.get_ref().to_string()))
}

/// Everything that is well formed and makes no sense.
fn senseless(source: &Source<'_>, profile: &Profile, loading: &Loading) -> Vec<ProfileError> {
    let mut problems = Vec::new();
    let names = names(source, profile, loading, &mut problems);
    let compiler = Compiler { source, folder: loading.folder.as_deref(), names };
    let mut note = |result: Result<(), ProfileError>| problems.extend(result.err());
    note(compiler.portals(&profile.portals).map(drop));
    if loading.base.is_none() {
        note(compiler.origin("base", &profile.base).map(drop));
    }
    note(compiler.limits(profile.limits).map(drop));
    note(compiler.numbers(&profile.numbers));
    for (table, screens, steps) in tables(profile) {
        for (screen, marks) in screens {
            every_mark(&compiler, &format!("{table}screens.{screen}"), marks, &mut note);
        }
        for (step, way) in steps {
            every_act(&compiler, &format!("{table}steps"), *step, way, &mut note);
        }
    }
    for (name, own) in &profile.in_portal {
        if let Some(base) = &own.as_ref().base {
            note(compiler.origin(&format!("in_portal.{name}.base"), base).map(drop));
        }
    }
    note(compiler.expression("mail.code", &profile.mail.code).map(drop));
    if let Some(expression) = &profile.mail.confirmation {
        note(compiler.expression("mail.confirmation", expression).map(drop));
    }
    note(compiler.condition("mail.code_without", profile.mail.code_without.as_ref()).map(drop));
    note(compiler.whole("skip.cookie", &profile.skip.cookie).map(drop));
    note(compiler.session_cookie(&profile.skip).map(drop));
    note(compiler.session_values(&profile.skip.session_values).map(drop));
    if let Some(status) = &profile.skip.status {
        note(compiler.status(status).map(drop));
    }
    if let Some(cautions) = &profile.skip.cautions {
        note(compiler.selector("skip.cautions", cautions).map(drop));
    }
    if let Ok(portals) = compiler.portals(&profile.portals) {
        note(compiler.accounts(profile, &portals, loading).map(drop));
    }
    match compiler.control(profile, loading) {
        Ok(None) => note(compiler.nothing_needs_control(profile)),
        given => note(given.map(drop)),
    }
    note(compiler.mail_arrival(profile).map(drop));
    note(compiler.ca_file(profile).map(drop));
    let base = loading.base.clone().map_or_else(|| compiler.origin("base", &profile.base), Ok);
    if let Ok(base) = base {
        note(compiler.clock(profile, &base).map(drop));
        note(compiler.client(profile, &base).map(drop));
        note(compiler.loadable(profile, &base).map(drop));
        note(compiler.office(profile, &base).map(drop));
        if let Some(reset) = &profile.reset {
            note(compiler.reset(reset, &base).map(drop));
        }
    }
    for id in profile.not_applicable.keys() {
        note(compiler.known_id(id));
    }
    problems
}

type Tables<'a> = (String, &'a BTreeMap<Screen, Spanned<Marks>>, &'a BTreeMap<Step, Spanned<Way>>);

/// The tables of screens and steps, each with what stands before its key.
fn tables(profile: &Profile) -> Vec<Tables<'_>> {
    let own = profile.in_portal.iter();
    let own = own.map(|(name, own)| (format!("in_portal.{name}."), &own.as_ref().screens, &own.as_ref().steps));
    std::iter::once((String::new(), &profile.screens, &profile.steps)).chain(own).collect()
}

/// What the profile defines for its templates. A value or secret that is wrong is stood for, so that what names it can be read.
fn names(source: &Source<'_>, profile: &Profile, loading: &Loading, problems: &mut Vec<ProfileError>) -> Names {
    let without = |profile: &Profile| {
        let mut bare = profile.clone();
        bare.secrets.clear();
        bare.values.clear();
        values::names(&bare, source, None).unwrap_or_default()
    };
    let mut names = without(profile);
    for (name, from) in &profile.secrets {
        let secret = values::secret(name, from, source, loading.folder.as_deref());
        let secret = secret.unwrap_or_else(|error| {
            problems.push(error);
            Secret(String::new())
        });
        names.secrets.insert(name.clone(), secret);
    }
    names.values = profile.values.iter().map(|(name, text)| (name.clone(), text.as_ref().clone())).collect();
    let mut wrong = Vec::new();
    for (name, text) in &profile.values {
        if let Some(message) = values::fault(name, &names) {
            problems.push(source.senseless(text.span(), format!("values.{name}"), message));
            wrong.push(name.clone());
        }
    }
    for name in wrong {
        names.values.insert(name, String::new());
    }
    names
}

fn every_mark(
    compiler: &Compiler<'_>,
    key: &str,
    marks: &Spanned<Marks>,
    note: &mut impl FnMut(Result<(), ProfileError>),
) {
    let at = marks.span().start;
    match marks.as_ref().0.as_slice() {
        [] => note(compiler.marks(key, at, marks.as_ref()).map(drop)),
        all => {
            for mark in all {
                note(compiler.marks(key, at, &Marks(vec![mark.clone()])).map(drop));
            }
        }
    }
}

fn every_act(
    compiler: &Compiler<'_>,
    table: &str,
    step: Step,
    way: &Spanned<Way>,
    note: &mut impl FnMut(Result<(), ProfileError>),
) {
    let acts = &way.as_ref().0;
    let mut found = false;
    for act in acts {
        let only = Spanned::new(way.span(), Way(vec![act.clone()]));
        if let Err(error) = compiler.ways(table, &BTreeMap::from([(step, only)])) {
            found = true;
            note(Err(error));
        }
    }
    if !found {
        note(compiler.ways(table, &BTreeMap::from([(step, way.clone())])).map(drop));
    }
}
