//! A form and what a person does with it. Not here: finding it in a page, and encoding what is sent.

use encoding_rs::Encoding;
use http::Method;
use url::Url;

use super::super::request::Request;

/// A form of a page with its controls in tree order, filled in as the page has it until somebody changes that.
#[derive(Debug, Clone)]
pub struct Form {
    /// The `id` attribute.
    pub id: Option<String>,
    /// The `name` attribute.
    pub name: Option<String>,
    /// Where it is sent; the page itself where it names no address, or none that can be read.
    pub action: Url,
    /// `GET` or `POST`.
    pub method: Method,
    /// The `action` attribute as it was written.
    pub(super) own_action: Option<String>,
    /// How the fields are encoded.
    pub(super) enctype: Enctype,
    /// The address of the page it stands on.
    pub(super) page: Url,
    /// What relative addresses of the page are relative to.
    pub(super) base: Url,
    /// The charset its fields are sent in.
    pub(super) charset: &'static Encoding,
    pub(super) entries: Vec<Entry>,
}

/// The three encodings of form data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enctype {
    UrlEncoded,
    Multipart,
    Plain,
}

/// A control with what all controls have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) disabled: bool,
    pub(super) control: Control,
}

/// One control of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A text field of any type, a hidden field or a text area.
    Field {
        /// The `type`, in lower case; `textarea` for a text area.
        kind: String,
        /// What it holds.
        value: String,
    },
    /// A check box.
    Checkbox {
        /// What is sent where it is ticked.
        value: String,
        /// Whether it is ticked.
        checked: bool,
    },
    /// One button of a radio group.
    Radio {
        /// What is sent where it is chosen.
        value: String,
        /// Whether it is chosen.
        checked: bool,
    },
    /// A list to choose from.
    Select {
        /// Whether several can be chosen.
        multiple: bool,
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// A button that sends the form.
    Button(Button),
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is chosen.
    pub selected: bool,
    /// Whether it cannot be chosen.
    pub disabled: bool,
}

/// A button that sends the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// Its name; empty where it has none, and then it sends nothing of its own.
    pub name: String,
    /// What it sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is an image, which sends where it was clicked.
    pub(super) image: bool,
    pub(super) action: Option<String>,
    pub(super) method: Option<Method>,
    pub(super) enctype: Option<Enctype>,
}

/// A check box as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkbox<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is sent where it is ticked.
    pub value: &'a str,
    /// Whether it is ticked.
    pub checked: bool,
}

/// Which button is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press<'a> {
    /// The Enter key: the first button that is not disabled, or none where there is none.
    Enter,
    /// No button, as a script sends a form.
    NoButton,
    /// The button of that name.
    Named(&'a str),
    /// The button of that name and value.
    Valued(&'a str, &'a str),
    /// The button that says exactly this.
    Labelled(&'a str),
}

/// Why a form cannot be found, filled in or sent: the page is not what the profile or the scenario expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// No form matches.
    #[error("the page has no form `{selector}`")]
    None {
        /// What was looked for.
        selector: String,
    },
    /// More than one form matches.
    #[error("the page has {count} forms `{selector}` where one was expected")]
    Several {
        /// What was looked for.
        selector: String,
        /// How many there are.
        count: usize,
    },
    /// The page's mark-up is so broken that its tree has other forms than its text.
    #[error("the page's mark-up is too broken to find the form `{selector}` in it")]
    Unclear {
        /// What was looked for.
        selector: String,
    },
    /// No control of that name can be filled in.
    #[error("the form has no field `{name}` to fill in")]
    NoSuchField {
        /// The name.
        name: String,
    },
    /// Several fields to type into have that name, and only one value is there.
    #[error(
        "the form has {count} fields `{name}`: give a list with a value for each of them, or name one by a selector (`css:…`)"
    )]
    SeveralFields {
        /// The name, or the selector.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// A list of values does not go with the fields of that name.
    #[error("the form has {count} fields `{name}` to type into, but {values} values are given")]
    FieldCount {
        /// The name.
        name: String,
        /// How many there are.
        count: usize,
        /// How many values there are.
        values: usize,
    },
    /// The list or radio group has no such line.
    #[error("the field `{name}` does not offer `{value}`")]
    NoSuchChoice {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// Not exactly one check box has that name.
    #[error("the form has {count} check boxes `{name}` where one was expected")]
    CheckboxCount {
        /// The name.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// Not exactly one button matches.
    #[error("the form has {count} buttons {button} where one was expected")]
    ButtonCount {
        /// What was looked for.
        button: String,
        /// How many there are.
        count: usize,
    },
    /// The form does not send to an http address.
    #[error("the form sends to `{action}`, which is not an http address")]
    BadAction {
        /// The `action` as it was written.
        action: String,
    },
}

impl Control {
    /// Whether this value can be given to it; `None` where it takes none.
    fn offers(&self, wanted: &str) -> Option<bool> {
        match self {
            Self::Field { .. } => Some(true),
            Self::Radio { value, .. } => Some(value == wanted),
            Self::Select { choices, .. } => {
                Some(choices.iter().any(|choice| choice.value == wanted && !choice.disabled))
            }
            Self::Checkbox { .. } | Self::Button(_) => None,
        }
    }
}

impl Form {
    /// The `action` attribute as it was written.
    pub fn written_action(&self) -> Option<&str> {
        self.own_action.as_deref()
    }

    /// What would be sent without a button: names and values of the successful controls in tree order (HTML standard, constructing the entry list).
    pub fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = Vec::with_capacity(self.entries.len());
        for entry in self.usable() {
            let name = entry.name.as_str();
            match &entry.control {
                Control::Field { value, .. }
                | Control::Checkbox { value, checked: true }
                | Control::Radio { value, checked: true } => fields.push((name, value.as_str())),
                Control::Select { choices, .. } => {
                    let chosen = choices.iter().filter(|choice| choice.selected && !choice.disabled);
                    fields.extend(chosen.map(|choice| (name, choice.value.as_str())));
                }
                Control::Checkbox { .. } | Control::Radio { .. } | Control::Button(_) => {}
            }
        }
        fields.retain(|(name, _)| !name.is_empty());
        fields
    }

    /// The first value that would be sent under that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields().into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Whether a control of that name exists and is not disabled.
    pub fn has(&self, name: &str) -> bool {
        self.usable().any(|entry| entry.name == name)
    }

    /// Names and controls that are not disabled, in tree order.
    pub fn controls(&self) -> impl Iterator<Item = (&str, &Control)> {
        self.usable().map(|entry| (entry.name.as_str(), &entry.control))
    }

    /// Names and values of its hidden fields, in tree order: where tokens against forged requests are kept.
    pub fn hidden_fields(&self) -> Vec<(String, String)> {
        let hidden = self.usable().filter_map(|entry| match &entry.control {
            Control::Field { kind, value } if kind == "hidden" => Some((entry.name.clone(), value.clone())),
            _ => None,
        });
        hidden.collect()
    }

    /// How many things a person can decide in it: check boxes, radio buttons, lines of lists, and buttons.
    pub fn ways_to_choose(&self) -> usize {
        let ways = self.usable().map(|entry| match &entry.control {
            Control::Field { .. } => 0,
            Control::Checkbox { .. } | Control::Radio { .. } | Control::Button(_) => 1,
            Control::Select { choices, .. } => choices.iter().filter(|choice| !choice.disabled).count(),
        });
        ways.sum()
    }

    /// Its check boxes, in tree order.
    pub fn checkboxes(&self) -> impl Iterator<Item = Checkbox<'_>> {
        self.usable().filter_map(|entry| match &entry.control {
            Control::Checkbox { value, checked } => Some(Checkbox { name: &entry.name, value, checked: *checked }),
            _ => None,
        })
    }

    /// Its buttons that send it, in tree order.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.usable().filter_map(|entry| match &entry.control {
            Control::Button(button) => Some(button),
            _ => None,
        })
    }

    /// Types into the field of that name, or chooses in a list or radio group. A field that a person sees goes before hidden ones of
    /// its name. An error leaves the form as it was.
    ///
    /// `maxlength` and `pattern` do not bind: what the target does then is of interest.
    pub fn fill(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        let offers = self.usable().filter(|entry| entry.name == name).filter_map(|entry| entry.control.offers(value));
        match offers.reduce(|one, other| one || other) {
            Some(true) => {}
            Some(false) => {
                return Err(FormError::NoSuchChoice { name: name.to_owned(), value: value.to_owned() });
            }
            None => return Err(FormError::NoSuchField { name: name.to_owned() }),
        }
        let typed_into = self.typed_into(name);
        if typed_into.len() > 1 {
            return Err(FormError::SeveralFields { name: name.to_owned(), count: typed_into.len() });
        }
        let mut done = false;
        let named = |(_, entry): &(usize, &mut Entry)| entry.name == name && !entry.disabled;
        for (place, entry) in self.entries.iter_mut().enumerate().filter(named) {
            match &mut entry.control {
                Control::Field { value: held, .. } if !done && typed_into.contains(&place) => {
                    value.clone_into(held);
                    done = true;
                }
                Control::Radio { value: own, checked } => {
                    *checked = !done && own == value;
                    done |= *checked;
                }
                Control::Select { choices, .. } => {
                    for choice in choices {
                        choice.selected = !done && !choice.disabled && choice.value == value;
                        done |= choice.selected;
                    }
                }
                Control::Field { .. } | Control::Checkbox { .. } | Control::Button(_) => {}
            }
        }
        Ok(())
    }

    /// Sends this value under this name whatever the page offers: replaces all controls of that name, or adds one. For forged forms.
    pub fn force(&mut self, name: &str, value: &str) {
        let control = Control::Field { kind: "hidden".into(), value: value.to_owned() };
        let forced = Entry { name: name.to_owned(), disabled: false, control };
        let place = self.entries.iter().position(|entry| entry.name == name).unwrap_or(self.entries.len());
        self.entries.retain(|entry| entry.name != name);
        self.entries.insert(place, forced);
    }

    /// Ticks the one check box of that name.
    pub fn tick(&mut self, name: &str) -> Result<(), FormError> {
        self.check(name, true)
    }

    /// Unticks the one check box of that name.
    pub fn untick(&mut self, name: &str) -> Result<(), FormError> {
        self.check(name, false)
    }

    /// Sends the form from its page: the request to hand to the browser.
    ///
    /// # Errors
    /// [`FormError::ButtonCount`] where not exactly one button is meant, [`FormError::BadAction`] where it does not lead to http(s).
    pub fn press(&self, press: Press<'_>) -> Result<Request, FormError> {
        let found: Vec<&Button> = match press {
            Press::NoButton => return self.submit(None),
            Press::Enter => return self.submit(self.buttons().next()),
            Press::Named(name) => self.buttons().filter(|button| button.name == name).collect(),
            Press::Valued(name, value) => {
                self.buttons().filter(|button| button.name == name && button.value == value).collect()
            }
            Press::Labelled(label) => self.buttons().filter(|button| button.label == label).collect(),
        };
        match found[..] {
            [button] => self.submit(Some(button)),
            _ => {
                let button = match press {
                    Press::Valued(name, value) => format!("`{name}={value}`"),
                    Press::Named(text) | Press::Labelled(text) => format!("`{text}`"),
                    Press::Enter | Press::NoButton => String::new(),
                };
                Err(FormError::ButtonCount { button, count: found.len() })
            }
        }
    }

    /// Where the fields of that name stand into which a person types: hidden ones only where there are no others.
    pub(super) fn typed_into(&self, name: &str) -> Vec<usize> {
        let fields = self.entries.iter().enumerate().filter(|(_, entry)| entry.name == name && !entry.disabled);
        let fields = fields.filter_map(|(place, entry)| match &entry.control {
            Control::Field { kind, .. } => Some((place, kind == "hidden")),
            _ => None,
        });
        let (hidden, seen): (Vec<_>, Vec<_>) = fields.partition(|(_, hidden)| *hidden);
        let those = if seen.is_empty() { hidden } else { seen };
        those.into_iter().map(|(place, _)| place).collect()
    }

    fn check(&mut self, name: &str, tick: bool) -> Result<(), FormError> {
        let mut boxes: Vec<&mut bool> = self
            .entries
            .iter_mut()
            .filter(|entry| entry.name == name && !entry.disabled)
            .filter_map(|entry| match &mut entry.control {
                Control::Checkbox { checked, .. } => Some(checked),
                _ => None,
            })
            .collect();
        match &mut boxes[..] {
            [checked] => {
                **checked = tick;
                Ok(())
            }
            several => Err(FormError::CheckboxCount { name: name.to_owned(), count: several.len() }),
        }
    }

    fn usable(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.disabled)
    }
}
