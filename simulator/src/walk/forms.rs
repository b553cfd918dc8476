//! The forms on a page, each with a selector that is ready to be put into a profile.

use serde::Serialize;

use crate::browser::{Control, Form, Page, Selector};
use crate::description::shortened;

/// How many forms of a page are told of, and how many fields of a form: a page may have thousands.
const MAX_FORMS: usize = 20;
const MAX_FIELDS: usize = 60;

/// A form on a page.
#[derive(Debug, Clone, Serialize)]
pub struct FormSeen {
    /// A CSS selector that names it and no other form of the page; `None` where none of the plain ones does.
    pub selector: Option<String>,
    /// The method.
    pub method: String,
    /// The path it is sent to.
    pub action: String,
    /// Its fields, check boxes and buttons, in their order.
    pub fields: Vec<FieldSeen>,
}

/// A field, check box or button of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSeen {
    /// Its type, as in HTML; `select`, `textarea` or `button` for those elements.
    pub kind: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// What is sent for a check box or button, and the choices of a list; nothing for fields, which may hold a secret.
    pub value: String,
    /// What stands on a button.
    pub label: String,
    /// Whether a check box comes ticked.
    pub ticked: bool,
}

/// The forms of a page in order.
pub fn forms_on(page: &Page<'_>) -> Vec<FormSeen> {
    page.forms().iter().take(MAX_FORMS).enumerate().map(|(place, form)| seen(page, place, form)).collect()
}

fn seen(page: &Page<'_>, place: usize, form: &Form) -> FormSeen {
    let controls = form.controls().take(MAX_FIELDS).map(|(name, control)| field(name, control));
    FormSeen {
        selector: selector(page, place, form),
        method: form.method.to_string(),
        action: shortened(form.action.path()),
        fields: controls.collect(),
    }
}

fn field(name: &str, control: &Control) -> FieldSeen {
    let blank = |kind: &str| FieldSeen {
        kind: kind.to_owned(),
        name: shortened(name),
        value: String::new(),
        label: String::new(),
        ticked: false,
    };
    match control {
        Control::Field { kind, .. } => blank(&shortened(kind)),
        Control::Checkbox { value, checked } => {
            FieldSeen { value: shortened(value), ticked: *checked, ..blank("checkbox") }
        }
        Control::Radio { value, checked } => FieldSeen { value: shortened(value), ticked: *checked, ..blank("radio") },
        Control::Select { choices, .. } => {
            let values: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
            FieldSeen { value: shortened(&values.join(", ")), ..blank("select") }
        }
        Control::Button(button) => {
            FieldSeen { value: shortened(&button.value), label: shortened(&button.label), ..blank("button") }
        }
    }
}

/// The plainest selector that names this form alone.
fn selector(page: &Page<'_>, place: usize, form: &Form) -> Option<String> {
    let mut candidates = Vec::new();
    if let Some(id) = &form.id {
        candidates.push(format!("form#{id}"));
        candidates.push(format!("form[id={}]", quoted(id)));
    }
    if let Some(name) = form.name.as_ref().filter(|name| !name.is_empty()) {
        candidates.push(format!("form[name={}]", quoted(name)));
    }
    if let Some(action) = form.written_action() {
        candidates.push(format!("form[action={}]", quoted(action)));
    }
    for (name, _) in form.controls().filter(|(name, _)| !name.is_empty()) {
        candidates.push(format!("form:has([name={}])", quoted(name)));
    }
    candidates.push("form".to_owned());
    let is_alone = |text: &String| {
        let found = Selector::parse(text).ok().and_then(|selector| page.form(&selector).ok());
        found.is_some_and(|found| page.forms().iter().position(|other| same(other, &found)) == Some(place))
    };
    candidates.into_iter().find(is_alone)
}

fn same(one: &Form, other: &Form) -> bool {
    one.id == other.id && one.name == other.name && one.action == other.action && one.fields() == other.fields()
}

/// A CSS string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => quoted.push_str(&format!("\\{:x} ", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
