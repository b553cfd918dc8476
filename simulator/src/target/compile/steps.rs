//! Steps, compiled.

use std::collections::BTreeMap;

use http::{HeaderName, Method};
use serde_json::Value;

use super::super::Step;
use super::super::acts::{ActKind, CompiledAct, CompiledWay, JsonTemplate, OwnAct, OwnBody};
use super::super::profile::{Act, Profile, SentBy, Several, Spanned, Way};
use super::super::template::{Hole, MOST_CODE_PLACES, Place, Template};
use super::{Compiler, ProfileError};
use crate::browser::Kind;

/// The methods a step may use.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Keys of header fields that the browser sees to itself, and by what means a profile influences them.
const NOT_BY_HAND: [(&str, &str); 5] = [
    ("host", "the address says it"),
    ("content-length", "the body says it"),
    ("cookie", "the browser sends what it was given; see `{cookie:NAME}` for its value"),
    ("connection", "the connection is the harness's own"),
    ("transfer-encoding", "the connection is the harness's own"),
];

impl Compiler<'_> {
    /// Compiles the steps of a table, which stands at `table`.
    pub(super) fn ways(
        &self,
        table: &str,
        steps: &BTreeMap<Step, Spanned<Way>>,
    ) -> Result<BTreeMap<Step, CompiledWay>, ProfileError> {
        steps.iter().map(|(step, way)| Ok((*step, self.way(&format!("{table}.{step}"), *step, way)?))).collect()
    }

    fn way(&self, key: &str, step: Step, way: &Spanned<Way>) -> Result<CompiledWay, ProfileError> {
        let at = way.span().start;
        let acts = &way.as_ref().0;
        if acts.is_empty() {
            return Err(self.source.senseless(
                at..at,
                key,
                "there is no request in it: give one, or leave the step out",
            ));
        }
        let compile = |act: &Spanned<Act>| {
            let at = if act.span().is_empty() { at } else { act.span().start };
            self.act(key, at, act.as_ref())
        };
        let compiled = acts.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let marked: Vec<usize> =
            acts.iter().enumerate().filter(|(_, act)| act.as_ref().main).map(|(place, _)| place).collect();
        let main = match marked.as_slice() {
            [main] => *main,
            [] => {
                let submits = |act: &CompiledAct| act.has(|hole| submits(step, hole));
                // What is sent on some pages only is mostly an excursion of the step.
                let always = compiled.iter().rposition(|act| act.if_page.is_none());
                compiled.iter().position(submits).or(always).unwrap_or(compiled.len() - 1)
            }
            _ => return Err(self.source.senseless(at..at, key, "only one request can be `main`")),
        };
        Ok(CompiledWay { acts: compiled, main })
    }

    fn act(&self, key: &str, at: usize, act: &Act) -> Result<CompiledAct, ProfileError> {
        let senseless = |message: &str| self.source.senseless(at..at, key, message);
        let kind = match (&act.form, &act.follow, &act.get, &act.path) {
            (Some(form), None, None, None) => ActKind::Form(self.form(key, at, form, act)?),
            (None, Some(link), None, None) => ActKind::Follow(self.selector(&format!("{key}.follow"), link)?),
            (None, None, Some(path), None) => ActKind::Own(OwnAct {
                method: Method::GET,
                path: self.template(&format!("{key}.get"), path, Place::Step)?,
                body: OwnBody::None,
                kind: if act.sent_by == Some(SentBy::Script) { Kind::Fetch } else { Kind::Navigation },
                by_hand: act.sent_by != Some(SentBy::Script),
            }),
            (None, None, None, Some(path)) => ActKind::Own(self.own(key, at, path, act)?),
            _ => return Err(senseless("a request needs exactly one of `form`, `follow`, `get` and `path`")),
        };
        self.belongs(key, at, act)?;
        let mut compiled = CompiledAct {
            kind,
            last_of_code: None,
            headers: self.headers(key, &act.headers, Place::Step)?,
            follows_redirects: act.follow_redirects.unwrap_or(true),
            only: act.only,
            if_page: act.if_page.as_ref().map(|marks| self.marks(&format!("{key}.if_page"), at, marks)).transpose()?,
            take: act.take.iter().map(|(name, take)| self.take(key, name, take)).collect::<Result<_, _>>()?,
            place: format!("line {}, `{key}`", self.source.line(at)),
        };
        let takes = |place: &usize| compiled.has(|hole| *hole == Hole::CodeCharacter(*place));
        compiled.last_of_code = (1..=MOST_CODE_PLACES).rev().find(takes);
        Ok(compiled)
    }

    /// Keys that say something of a form, or of a request of its own, only belong to such.
    fn belongs(&self, key: &str, at: usize, act: &Act) -> Result<(), ProfileError> {
        let form_only = [
            ("fill", !act.fill.is_empty()),
            ("tick", !act.tick.is_empty()),
            ("untick", !act.untick.is_empty()),
            ("tick_skip", act.tick_skip.is_some()),
            ("press", act.press.is_some()),
        ];
        let own_only =
            [("fields", !act.fields.is_empty()), ("json", act.json.is_some()), ("method", act.method.is_some())];
        let stray = |keys: &[(&'static str, bool)]| keys.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        let said = if act.form.is_none() { stray(&form_only).map(|name| (name, "form")) } else { None };
        let said = said.or_else(|| if act.path.is_none() { stray(&own_only).map(|name| (name, "path")) } else { None });
        match said {
            None => Ok(()),
            Some((name, needed)) => {
                let message = format!("`{name}` means something with `{needed}` only");
                Err(self.source.senseless(at..at, format!("{key}.{name}"), message))
            }
        }
    }

    fn own(&self, key: &str, at: usize, path: &Spanned<String>, act: &Act) -> Result<OwnAct, ProfileError> {
        let Some(method) = &act.method else {
            return Err(self.source.senseless(
                at..at,
                format!("{key}.method"),
                "`path` needs a `method`, e.g. `method = \"POST\"`",
            ));
        };
        if !METHODS.contains(&method.as_ref().as_str()) {
            let message = format!("`{}` is no method; there are {}", method.as_ref(), METHODS.join(", "));
            return Err(self.source.senseless(method.span(), format!("{key}.method"), message));
        }
        let method = Method::from_bytes(method.as_ref().as_bytes()).unwrap_or_default();
        let body = match (&act.json, act.fields.is_empty()) {
            (Some(json), true) => OwnBody::Json {
                always: self.json(&format!("{key}.json"), json.span().start, json.as_ref())?,
                with_skip: self.skip_members(key, act)?,
            },
            (Some(json), false) => {
                return Err(self.source.senseless(json.span(), key, "a request has either `fields` or `json`"));
            }
            (None, false) => OwnBody::Fields {
                always: self.own_fields(&format!("{key}.fields"), &act.fields)?,
                with_skip: self.own_skip_fields(key, at, act)?,
            },
            (None, true) if act.with_skip.is_some() => {
                OwnBody::Fields { always: Vec::new(), with_skip: self.own_skip_fields(key, at, act)? }
            }
            (None, true) => OwnBody::None,
        };
        let by_script = act.sent_by.map_or_else(
            || matches!(body, OwnBody::Json { .. }) || !matches!(method, Method::GET | Method::POST),
            |sent_by| sent_by == SentBy::Script,
        );
        let kind = if by_script { Kind::Fetch } else { Kind::Navigation };
        Ok(OwnAct {
            method,
            path: self.template(&format!("{key}.path"), path, Place::Step)?,
            body,
            kind,
            by_hand: false,
        })
    }

    /// What a field is given: one value, or several of which none may be left out.
    pub(super) fn several(&self, key: &str, text: &Spanned<Several<String>>) -> Result<Vec<Template>, ProfileError> {
        let at = text.span().start;
        if text.as_ref().0.is_empty() {
            return Err(self.source.senseless(at..at, key, "there is no value in the list: give one for each field"));
        }
        text.as_ref().0.iter().map(|text| self.template_at(key, at, text, Place::Step)).collect()
    }

    fn own_fields(
        &self,
        key: &str,
        all: &BTreeMap<String, Spanned<Several<String>>>,
    ) -> Result<Vec<(String, Template)>, ProfileError> {
        let mut fields = Vec::new();
        for (name, text) in all {
            let values = self.several(&format!("{key}.{name}"), text)?;
            fields.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(fields)
    }

    /// What a form, or a URL-encoded body, has only where the skip is asked for: texts, or lists of them.
    pub(super) fn skip_fields(
        &self,
        key: &str,
        at: usize,
        act: &Act,
    ) -> Result<Vec<(String, Vec<Template>)>, ProfileError> {
        let key = format!("{key}.with_skip");
        let Some(table) = &act.with_skip else { return Ok(Vec::new()) };
        let compile = |(name, value): (&String, &toml::Value)| {
            let texts = match value {
                toml::Value::String(text) => Some(vec![text.clone()]),
                toml::Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
                _ => None,
            };
            let texts = texts.ok_or_else(|| {
                self.source.senseless(at..at, format!("{key}.{name}"), "the value of a field is a text in quotes")
            })?;
            let texts = Spanned::new(table.span(), Several(texts));
            Ok((name.clone(), self.several(&key, &texts)?))
        };
        table.as_ref().iter().map(compile).collect()
    }

    fn own_skip_fields(&self, key: &str, at: usize, act: &Act) -> Result<Vec<(String, Template)>, ProfileError> {
        let fields = self.skip_fields(key, at, act)?.into_iter();
        Ok(fields.flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value))).collect())
    }

    fn skip_members(&self, key: &str, act: &Act) -> Result<Vec<(String, JsonTemplate)>, ProfileError> {
        let key = format!("{key}.with_skip");
        let Some(table) = &act.with_skip else { return Ok(Vec::new()) };
        let at = table.span().start;
        table.as_ref().iter().map(|(name, value)| Ok((name.clone(), self.json(&key, at, value)?))).collect()
    }

    /// Compiles a JSON document with holes.
    pub(super) fn json(&self, key: &str, at: usize, value: &toml::Value) -> Result<JsonTemplate, ProfileError> {
        match value {
            toml::Value::String(text) => {
                let template = self.template_at(key, at, text, Place::Step)?;
                Ok(if template.sole_hole() == Some(&Hole::Skip) {
                    JsonTemplate::Skip
                } else {
                    JsonTemplate::Text(template)
                })
            }
            toml::Value::Array(all) => {
                Ok(JsonTemplate::Array(all.iter().map(|one| self.json(key, at, one)).collect::<Result<_, _>>()?))
            }
            toml::Value::Table(members) => match (members.len(), members.get("$number"), members.get("$null")) {
                (1, Some(toml::Value::String(text)), _) => {
                    Ok(JsonTemplate::Number(self.template_at(key, at, text, Place::Step)?))
                }
                (1, _, Some(toml::Value::Boolean(true))) => Ok(JsonTemplate::Fixed(Value::Null)),
                _ => {
                    let compile = |(name, value): (&String, &toml::Value)| {
                        Ok((name.clone(), self.json(&format!("{key}.{name}"), at, value)?))
                    };
                    Ok(JsonTemplate::Object(members.iter().map(compile).collect::<Result<_, ProfileError>>()?))
                }
            },
            toml::Value::Datetime(_) => {
                Err(self.source.senseless(at..at, key, "JSON has no dates: write it in quotes, as a text"))
            }
            other => Ok(JsonTemplate::Fixed(serde_json::to_value(other).unwrap_or_default())),
        }
    }

    /// Compiles header fields.
    pub(super) fn headers(
        &self,
        key: &str,
        all: &BTreeMap<String, Spanned<String>>,
        place: Place,
    ) -> Result<Vec<(HeaderName, Template)>, ProfileError> {
        let compile = |(name, text): (&String, &Spanned<String>)| {
            let key = format!("{key}.headers.{name}");
            let (header, template) = self.header_field(&key, name, text, place)?;
            if let Some((_, why)) = NOT_BY_HAND.iter().find(|(known, _)| header == *known) {
                return Err(self.source.senseless(text.span(), key, format!("it cannot be set: {why}")));
            }
            Ok((header, template))
        };
        all.iter().map(compile).collect()
    }

    /// The steps of a change send what takes the place of the old: one without it would send empty fields. The steps of an address
    /// change and the number in its mail belong together: one without the other would send empty fields
    /// or wait for a mail that nobody could read.
    pub(super) fn address_change(
        &self,
        profile: &Profile,
        ways: &BTreeMap<Step, CompiledWay>,
    ) -> Result<(), ProfileError> {
        let knows = |step: Step| profile.steps.get(&step);
        for (step, hole, name) in [
            (Step::SubmitAddress, Hole::NewAddress, "new_address"),
            (Step::ConfirmAddress, Hole::ConfirmationNumber, "number"),
            (Step::SubmitPasswordChange, Hole::NewPassword, "new_password"),
        ] {
            if let (Some(way), Some(compiled)) = (knows(step), ways.get(&step))
                && !compiled.has(|found| *found == hole)
            {
                let message = format!("nothing in it is filled with `{{{name}}}`");
                return Err(self.source.senseless(way.span(), format!("steps.{step}"), message));
            }
        }
        if let (Some(way), Some(compiled)) = (knows(Step::SubmitAddress), ways.get(&Step::SubmitAddress))
            && compiled.acts[compiled.main].needs_page()
            && !ways.contains_key(&Step::OpenAddressChange)
        {
            let message = "there is no step `open-address-change` that opens its form; where a script makes the request up, write `method` \
                           and `path` in place of `form`";
            return Err(self.source.senseless(way.span(), "steps.submit-address", message));
        }
        match (&profile.mail.confirmation, knows(Step::ConfirmAddress)) {
            (Some(expression), None) => {
                let message = "there is no step `confirm-address` that would send the number";
                Err(self.source.senseless(expression.span(), "mail.confirmation", message))
            }
            (None, Some(way)) => {
                let message = "there is no `mail.confirmation` that finds the number in the mail to the new address";
                Err(self.source.senseless(way.span(), "steps.confirm-address", message))
            }
            _ => Ok(()),
        }
    }
}

/// Whether this is what a step submits: the request that puts it in is the one the step is about.
fn submits(step: Step, hole: &Hole) -> bool {
    match step {
        Step::SubmitPassword => *hole == Hole::Password,
        Step::SubmitCode => matches!(hole, Hole::Code | Hole::CodeCharacter(_)),
        Step::SubmitAddress => *hole == Hole::NewAddress,
        Step::ConfirmAddress => *hole == Hole::ConfirmationNumber,
        Step::SubmitPasswordChange | Step::SubmitAdditionalAccount => *hole == Hole::NewPassword,
        _ => false,
    }
}
