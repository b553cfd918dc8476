//! What a step does with a form of the open page, compiled.

use super::super::form_act::{Field, Filled, FormAct, Pressed, Values};
use super::super::profile::{Act, Button, Spanned};
use super::super::template::Template;
use super::{Compiler, ProfileError};

/// What stands before a selector where else the name of a control does.
const SELECTOR: &str = "css:";

impl Compiler<'_> {
    pub(super) fn form(
        &self,
        key: &str,
        at: usize,
        form: &Spanned<String>,
        act: &Act,
    ) -> Result<FormAct, ProfileError> {
        let boxes = |name: &str, all: &[Spanned<String>]| {
            let field =
                |field: &Spanned<String>| self.field(&format!("{key}.{name}"), field.span().start, field.as_ref());
            all.iter().map(field).collect::<Result<Vec<_>, _>>()
        };
        let mut fill = Vec::new();
        for (name, text) in &act.fill {
            let key = format!("{key}.fill.{name}");
            fill.push(self.filled(&key, text.span().start, name, self.several(&key, text)?)?);
        }
        let mut with_skip = Vec::new();
        for (name, values) in self.skip_fields(key, at, act)? {
            with_skip.push(self.filled(&format!("{key}.with_skip.{name}"), at, &name, values)?);
        }
        Ok(FormAct {
            form: self.selector(&format!("{key}.form"), form)?,
            fill,
            tick: boxes("tick", &act.tick)?,
            untick: boxes("untick", &act.untick)?,
            tick_skip: boxes("tick_skip", act.tick_skip.as_slice())?.pop(),
            with_skip,
            press: act.press.as_ref().map(|button| self.pressed(key, button)).transpose()?,
        })
    }

    fn filled(&self, key: &str, at: usize, name: &str, mut values: Vec<Template>) -> Result<Filled, ProfileError> {
        let field = self.field(key, at, name)?;
        let with = match (values.len(), &field) {
            (1, _) => Values::One(values.remove(0)),
            (_, Field::Named(_)) => Values::Each(values),
            (_, Field::Chosen(_)) => {
                let message = "a selector names one control, and takes one value; give each of several its own";
                return Err(self.source.senseless(at..at, key, message));
            }
        };
        Ok(Filled { field, with })
    }

    fn field(&self, key: &str, at: usize, name: &str) -> Result<Field, ProfileError> {
        match name.strip_prefix(SELECTOR) {
            None => Ok(Field::Named(name.to_owned())),
            Some(css) => self.selector(key, &Spanned::new(at..at, css.to_owned())).map(Field::Chosen),
        }
    }

    fn pressed(&self, key: &str, button: &Spanned<Button>) -> Result<Pressed, ProfileError> {
        let Button { name, value, label, css } = button.as_ref().clone();
        match (name, value, label, css) {
            (Some(name), Some(value), None, None) => Ok(Pressed::Valued(name, value)),
            (Some(name), None, None, None) => Ok(Pressed::Named(name)),
            (None, None, Some(label), None) => Ok(Pressed::Labelled(label)),
            (None, None, None, Some(css)) => self.selector(&format!("{key}.press.css"), &css).map(Pressed::Chosen),
            _ => {
                let message = "a button is named by `name`, by `name` and `value`, by `label`, or by `css`";
                Err(self.source.senseless(button.span(), format!("{key}.press"), message))
            }
        }
    }
}
