//! What is done with controls of a form that have no name of their own: one of several with the same, or those that a selector names
//! because their names change from page to page.

use super::form::{Control, Form, FormError};
use crate::browser::Request;

/// Controls that a selector names.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The selector, for people.
    pub(super) selector: String,
    /// Where they stand among the controls of their form.
    pub(super) places: Vec<usize>,
}

impl Form {
    /// Types one value after the other into the fields of that name, in tree order. An error leaves the form as it was.
    ///
    /// # Errors
    /// [`FormError::NoSuchField`] where there is none, [`FormError::FieldCount`] where there are not as many as values.
    pub fn fill_each(&mut self, name: &str, values: &[String]) -> Result<(), FormError> {
        let places = self.typed_into(name);
        if places.is_empty() {
            return Err(FormError::NoSuchField { name: name.to_owned() });
        }
        if places.len() != values.len() {
            return Err(FormError::FieldCount { name: name.to_owned(), count: places.len(), values: values.len() });
        }
        for (place, typed) in places.into_iter().zip(values) {
            if let Control::Field { value, .. } = &mut self.entries[place].control {
                value.clone_from(typed);
            }
        }
        Ok(())
    }

    /// Types into the one field that was chosen, or chooses in the list or the group of radio buttons.
    ///
    /// # Errors
    /// As [`Form::fill`].
    pub fn fill_chosen(&mut self, chosen: &Chosen, value: &str) -> Result<(), FormError> {
        let name = || chosen.selector.clone();
        let places = self.usable_of(chosen);
        let Some(first) = places.first().copied() else { return Err(FormError::NoSuchField { name: name() }) };
        let (group, alone) = (self.entries[first].name.clone(), places.len() == 1);
        let is_radio = |place: &usize| {
            matches!(self.entries[*place].control, Control::Radio { .. }) && self.entries[*place].name == group
        };
        if places.iter().all(is_radio) {
            return self.fill(&group, value);
        }
        if !alone {
            return Err(FormError::SeveralFields { name: name(), count: places.len() });
        }
        match &mut self.entries[first].control {
            Control::Field { value: held, .. } => value.clone_into(held),
            Control::Select { choices, .. } => {
                if !choices.iter().any(|choice| choice.value == value && !choice.disabled) {
                    return Err(FormError::NoSuchChoice { name: name(), value: value.to_owned() });
                }
                let mut done = false;
                for choice in choices {
                    choice.selected = !done && !choice.disabled && choice.value == value;
                    done |= choice.selected;
                }
            }
            Control::Checkbox { .. } | Control::Radio { .. } | Control::Button(_) => {
                return Err(FormError::NoSuchField { name: name() });
            }
        }
        Ok(())
    }

    /// Ticks or unticks the one check box that was chosen.
    ///
    /// # Errors
    /// [`FormError::CheckboxCount`] where it is not one.
    pub fn tick_chosen(&mut self, chosen: &Chosen, tick: bool) -> Result<(), FormError> {
        let is_box = |place: &usize| matches!(self.entries[*place].control, Control::Checkbox { .. });
        let places: Vec<usize> = self.usable_of(chosen).into_iter().filter(is_box).collect();
        if let [place] = places[..]
            && let Control::Checkbox { checked, .. } = &mut self.entries[place].control
        {
            *checked = tick;
            return Ok(());
        }
        Err(FormError::CheckboxCount { name: chosen.selector.clone(), count: places.len() })
    }

    /// Sends the form by the one button that was chosen.
    ///
    /// # Errors
    /// As [`Form::press`].
    pub fn press_chosen(&self, chosen: &Chosen) -> Result<Request, FormError> {
        let buttons: Vec<_> = self
            .usable_of(chosen)
            .into_iter()
            .filter_map(|place| match &self.entries[place].control {
                Control::Button(button) => Some(button),
                _ => None,
            })
            .collect();
        match buttons[..] {
            [button] => self.submit(Some(button)),
            _ => Err(FormError::ButtonCount { button: format!("`{}`", chosen.selector), count: buttons.len() }),
        }
    }

    fn usable_of(&self, chosen: &Chosen) -> Vec<usize> {
        let usable = |place: &usize| self.entries.get(*place).is_some_and(|entry| !entry.disabled);
        chosen.places.iter().copied().filter(usable).collect()
    }
}
