//! Steps, compiled.

use std::collections::BTreeMap;

use http::{HeaderName, Method};
use serde_json::Value;

use super::super::Step;
use super::super::acts::{
    ActKind, CompiledAct, CompiledTake, CompiledWay, FormAct, JsonTemplate, OwnAct, OwnBody, Pressed,
};
use super::super::profile::{Act, Button, Profile, SentBy, Spanned, Take, Way};
use super::super::template::{Hole, Place, Template};
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
                let submits = submitted(step);
                let first = submits.and_then(|hole| compiled.iter().position(|act| act.has(|found| *found == hole)));
                first.unwrap_or(compiled.len() - 1)
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
        Ok(CompiledAct {
            kind,
            headers: self.headers(key, &act.headers, Place::Step)?,
            follows_redirects: act.follow_redirects.unwrap_or(true),
            only: act.only,
            if_page: act.if_page.as_ref().map(|marks| self.marks(&format!("{key}.if_page"), at, marks)).transpose()?,
            take: act.take.iter().map(|(name, take)| self.take(key, name, take)).collect::<Result<_, _>>()?,
            place: format!("line {}, `{key}`", self.source.line(at)),
        })
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

    fn form(&self, key: &str, at: usize, form: &Spanned<String>, act: &Act) -> Result<FormAct, ProfileError> {
        let names = |all: &[Spanned<String>]| all.iter().map(|name| name.as_ref().clone()).collect();
        Ok(FormAct {
            form: self.selector(&format!("{key}.form"), form)?,
            fill: self.templates(&format!("{key}.fill"), &act.fill)?,
            tick: names(&act.tick),
            untick: names(&act.untick),
            tick_skip: act.tick_skip.as_ref().map(|name| name.as_ref().clone()),
            with_skip: self.skip_fields(key, at, act)?,
            press: act.press.as_ref().map(|button| self.pressed(key, button)).transpose()?,
        })
    }

    fn pressed(&self, key: &str, button: &Spanned<Button>) -> Result<Pressed, ProfileError> {
        let Button { name, value, label } = button.as_ref().clone();
        match (name, value, label) {
            (Some(name), Some(value), None) => Ok(Pressed::Valued(name, value)),
            (Some(name), None, None) => Ok(Pressed::Named(name)),
            (None, None, Some(label)) => Ok(Pressed::Labelled(label)),
            _ => {
                let message = "a button is named by `name`, by `name` and `value`, or by `label`";
                Err(self.source.senseless(button.span(), format!("{key}.press"), message))
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
                always: self.templates(&format!("{key}.fields"), &act.fields)?,
                with_skip: self.skip_fields(key, at, act)?,
            },
            (None, true) if act.with_skip.is_some() => {
                OwnBody::Fields { always: Vec::new(), with_skip: self.skip_fields(key, at, act)? }
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

    fn templates(
        &self,
        key: &str,
        all: &BTreeMap<String, Spanned<String>>,
    ) -> Result<Vec<(String, Template)>, ProfileError> {
        let compile = |(name, text): (&String, &Spanned<String>)| {
            Ok((name.clone(), self.template(&format!("{key}.{name}"), text, Place::Step)?))
        };
        all.iter().map(compile).collect()
    }

    /// What a form, or a URL-encoded body, has only where the skip is asked for: texts.
    fn skip_fields(&self, key: &str, at: usize, act: &Act) -> Result<Vec<(String, Template)>, ProfileError> {
        let key = format!("{key}.with_skip");
        let Some(table) = &act.with_skip else { return Ok(Vec::new()) };
        let compile = |(name, value): (&String, &toml::Value)| {
            let text = value.as_str().ok_or_else(|| {
                self.source.senseless(at..at, format!("{key}.{name}"), "the value of a field is a text in quotes")
            })?;
            Ok((name.clone(), self.template_at(&key, table.span().start, text, Place::Step)?))
        };
        table.as_ref().iter().map(compile).collect()
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

    fn take(&self, key: &str, name: &str, take: &Spanned<Take>) -> Result<(String, CompiledTake), ProfileError> {
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
        let compiled = match (&given.selector, &given.json, &given.regex, &given.header) {
            (Some(selector), None, None, None) => {
                CompiledTake::Selector(self.selector(&key, selector)?, given.attribute.clone())
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
        if let (Some(way), None) = (knows(Step::SubmitAddress), knows(Step::OpenAddressChange)) {
            let message = "there is no step `open-address-change` that opens its form";
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

/// What a step submits: the request that puts it in is the one the step is about.
fn submitted(step: Step) -> Option<Hole> {
    match step {
        Step::SubmitPassword => Some(Hole::Password),
        Step::SubmitCode => Some(Hole::Code),
        Step::SubmitAddress => Some(Hole::NewAddress),
        Step::ConfirmAddress => Some(Hole::ConfirmationNumber),
        Step::SubmitPasswordChange | Step::SubmitAdditionalAccount => Some(Hole::NewPassword),
        _ => None,
    }
}
