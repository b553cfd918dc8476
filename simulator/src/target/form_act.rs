//! A form of the open page, as a step fills it in and sends it.

use super::acts::Hitch;
use super::scope::Scope;
use super::template::{Hole, Template, Unfilled};
use crate::browser::{Form, FormError, Page, Press, Request, Selector};

/// A form on the open page.
#[derive(Debug)]
pub(super) struct FormAct {
    pub(super) form: Selector,
    pub(super) fill: Vec<Filled>,
    pub(super) tick: Vec<Field>,
    pub(super) untick: Vec<Field>,
    pub(super) tick_skip: Option<Field>,
    pub(super) with_skip: Vec<Filled>,
    pub(super) press: Option<Pressed>,
}

/// A control, or several of one name.
#[derive(Debug)]
pub(super) enum Field {
    Named(String),
    /// Where names change from page to page.
    Chosen(Selector),
}

/// What is typed or chosen.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) field: Field,
    pub(super) with: Values,
}

#[derive(Debug)]
pub(super) enum Values {
    One(Template),
    /// One for each of the fields of that name.
    Each(Vec<Template>),
}

/// Which button is pressed.
#[derive(Debug)]
pub(super) enum Pressed {
    Named(String),
    Valued(String, String),
    Labelled(String),
    Chosen(Selector),
}

impl Values {
    pub(super) fn all(&self) -> &[Template] {
        match self {
            Values::One(template) => std::slice::from_ref(template),
            Values::Each(all) => all,
        }
    }
}

impl FormAct {
    pub(super) fn asks_for_skip(&self) -> bool {
        self.tick_skip.is_some() || !self.with_skip.is_empty()
    }

    pub(super) fn has(&self, wanted: impl Fn(&Hole) -> bool + Copy) -> bool {
        let mut filled = self.fill.iter().chain(&self.with_skip);
        filled.any(|filled| filled.with.all().iter().any(|template| template.has(wanted)))
    }

    /// What it fills in by name, as far as it is known without the page.
    pub(super) fn fields(&self, scope: &Scope<'_>) -> Vec<(String, String)> {
        let named = self.fill.iter().filter_map(|filled| match &filled.field {
            Field::Named(name) => Some((name, &filled.with)),
            Field::Chosen(_) => None,
        });
        named
            .flat_map(|(name, with)| with.all().iter().map(move |value| (name, value)))
            .map(|(name, value)| (name.clone(), value.plain(scope).unwrap_or_default()))
            .collect()
    }

    /// The names of fields that get such a value; none where one of them has no name to rely on.
    pub(super) fn names_with(&self, wanted: impl Fn(&Template) -> bool) -> Vec<String> {
        let those = self.fill.iter().filter(|filled| filled.with.all().iter().any(&wanted));
        let names = those.map(|filled| match &filled.field {
            Field::Named(name) => Some(name.clone()),
            Field::Chosen(_) => None,
        });
        names.collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    pub(super) fn request(&self, scope: &Scope<'_>, page: &Page<'_>) -> Result<Request, Hitch> {
        let mut sheet = Sheet { form: page.form(&self.form).map_err(Hitch::Form)?, act: self, page };
        let with_skip: &[_] = if scope.skip { &self.with_skip } else { &[] };
        for filled in self.fill.iter().chain(with_skip) {
            sheet.fill(filled, scope)?;
        }
        for field in &self.tick {
            sheet.tick(field, true)?;
        }
        for field in &self.untick {
            sheet.tick(field, false)?;
        }
        if let Some(field) = &self.tick_skip {
            sheet.tick(field, scope.skip)?;
        }
        sheet.press(self.press.as_ref()).map_err(Hitch::Form)
    }
}

/// The form while it is filled in.
struct Sheet<'a> {
    form: Form,
    act: &'a FormAct,
    page: &'a Page<'a>,
}

impl Sheet<'_> {
    fn fill(&mut self, filled: &Filled, scope: &Scope<'_>) -> Result<(), Hitch> {
        match (&filled.field, &filled.with) {
            (Field::Named(name), Values::One(value)) => self.form.fill(name, &value.plain(scope)?),
            (Field::Named(name), Values::Each(values)) => {
                let values = values.iter().map(|value| value.plain(scope)).collect::<Result<Vec<_>, Unfilled>>()?;
                self.form.fill_each(name, &values)
            }
            (Field::Chosen(selector), with) => {
                let value = with.all().first().map(|value| value.plain(scope)).transpose()?.unwrap_or_default();
                let chosen = self.page.chosen_in(&self.act.form, selector).map_err(Hitch::Form)?;
                self.form.fill_chosen(&chosen, &value)
            }
        }
        .map_err(Hitch::Form)
    }

    fn tick(&mut self, field: &Field, tick: bool) -> Result<(), Hitch> {
        match field {
            Field::Named(name) if tick => self.form.tick(name),
            Field::Named(name) => self.form.untick(name),
            Field::Chosen(selector) => {
                self.page.chosen_in(&self.act.form, selector).and_then(|chosen| self.form.tick_chosen(&chosen, tick))
            }
        }
        .map_err(Hitch::Form)
    }

    fn press(&self, pressed: Option<&Pressed>) -> Result<Request, FormError> {
        match pressed {
            None => self.form.press(Press::Enter),
            Some(Pressed::Named(name)) => self.form.press(Press::Named(name)),
            Some(Pressed::Valued(name, value)) => self.form.press(Press::Valued(name, value)),
            Some(Pressed::Labelled(label)) => self.form.press(Press::Labelled(label)),
            Some(Pressed::Chosen(selector)) => self.form.press_chosen(&self.page.chosen_in(&self.act.form, selector)?),
        }
    }
}
