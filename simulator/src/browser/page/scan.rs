//! One pass over the tokens of a page for title, text, links and forms. Not here: a tree, selectors, sending.
//!
//! A control belongs to the form that is open when it comes, as in the HTML standard's form element pointer: also where
//! the tree would have moved either. `noscript` is skipped, because the browser stands for one that runs scripts. That
//! controls in the first legend of a disabled fieldset stay enabled is not looked at.

use std::convert::Infallible;
use std::ops::Range;

use encoding_rs::Encoding;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use http::Method;
use url::Url;

use super::form::{Button, Choice, Control, Enctype, Entry, Form};
use super::tag::{Attribute, Element, Tag};
use super::text::Collapsed;

/// What a browser set to Japanese writes on a submit button that has no text of its own.
const DEFAULT_BUTTON_LABEL: &str = "送信";

/// What the pass found.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) title: Option<String>,
    pub(super) text: String,
    /// The `href` of each link as it was written, and where in `text` its words are.
    pub(super) links: Vec<(String, Range<usize>)>,
    /// What relative addresses are relative to, where the page says.
    pub(super) base: Option<Url>,
    pub(super) forms: Vec<Form>,
}

/// Reads a decoded page.
pub(super) fn outline(html: &str, page: &Url, encoding: &'static Encoding) -> Outline {
    let mut scanner = Scanner::new(page, encoding);
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
        scanner.take(event);
        None
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    scanner.finish()
}

/// Which form a control belongs to.
enum Owner {
    Nobody,
    Form(usize),
    Id(String),
}

struct Scanner<'a> {
    page: &'a Url,
    base: Option<Url>,
    encoding: &'static Encoding,
    tag: Tag,
    /// How many templates are open; nothing in them counts.
    templates: usize,
    /// Whether an element is open whose text nobody reads.
    unread: bool,
    /// The first title, once it has begun, and whether one is open.
    title: Option<Collapsed>,
    in_title: bool,
    text: Collapsed,
    /// The open link's `href`, and where its words begin in `text`.
    link: Option<(String, usize)>,
    links: Vec<(String, Range<usize>)>,
    forms: Vec<Form>,
    /// The form that is open.
    form: Option<usize>,
    controls: Vec<(Owner, Entry)>,
    /// The list, text area or button that is open.
    open: Option<usize>,
    /// What the open button says.
    label: Collapsed,
    /// The line of the open list that is open: its value where one is given, and what it says.
    choice: Option<(Choice, bool, Collapsed)>,
    /// Whether the open list chooses its first line where the page chooses none.
    drops_down: bool,
    group_disabled: bool,
    /// For each open fieldset, whether it is disabled.
    fieldsets: Vec<bool>,
}

impl<'a> Scanner<'a> {
    fn new(page: &'a Url, encoding: &'static Encoding) -> Self {
        Self {
            page,
            base: None,
            encoding,
            tag: Tag::new(),
            templates: 0,
            unread: false,
            title: None,
            in_title: false,
            text: Collapsed::default(),
            link: None,
            links: Vec::new(),
            forms: Vec::new(),
            form: None,
            controls: Vec::new(),
            open: None,
            label: Collapsed::default(),
            choice: None,
            drops_down: false,
            group_disabled: false,
            fieldsets: Vec::new(),
        }
    }

    fn take(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => self.tag.open(name),
            CallbackEvent::AttributeName { name } => self.tag.attribute_name(name),
            CallbackEvent::AttributeValue { value } => self.tag.attribute_value(value),
            CallbackEvent::CloseStartTag { .. } => self.start(),
            CallbackEvent::EndTag { name } => self.end(Element::of(name)),
            CallbackEvent::String { value } => self.string(&String::from_utf8_lossy(value)),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
    }

    fn start(&mut self) {
        let element = self.tag.element;
        if element == Element::Template {
            self.templates += 1;
        }
        if self.templates > 0 {
            return;
        }
        if element.separates() {
            self.separate();
        }
        match element {
            Element::Base if self.base.is_none() => {
                self.base = self.tag.get(Attribute::Href).and_then(|href| self.page.join(href).ok());
            }
            Element::Title => {
                self.unread = self.title.is_some();
                self.in_title = !self.unread;
                self.title.get_or_insert_default();
            }
            Element::Unread => self.unread = true,
            Element::Link => {
                self.close_link();
                self.link = self.tag.take(Attribute::Href).map(|href| (href, self.text.len()));
            }
            Element::Form => self.start_form(),
            Element::Fieldset => self.fieldsets.push(self.tag.has(Attribute::Disabled)),
            Element::Input => self.input(),
            Element::TextArea => {
                self.close_control();
                let value = String::new();
                self.open = Some(self.control(Control::Field { kind: "textarea".into(), value }));
            }
            Element::Button => self.start_button(),
            Element::Select => self.start_select(),
            Element::OptGroup => {
                self.close_choice();
                self.group_disabled = self.tag.has(Attribute::Disabled);
            }
            Element::Option => self.start_choice(),
            Element::Base | Element::Template | Element::Inline | Element::Block => {}
        }
    }

    fn end(&mut self, element: Element) {
        if self.templates > 0 {
            if element == Element::Template {
                self.templates -= 1;
            }
            return;
        }
        if element.separates() {
            self.separate();
        }
        match element {
            Element::Title => (self.in_title, self.unread) = (false, false),
            Element::Unread => self.unread = false,
            Element::Link => self.close_link(),
            Element::Form => self.form = None,
            Element::Fieldset => {
                self.fieldsets.pop();
            }
            Element::TextArea | Element::Button | Element::Select => self.close_control(),
            Element::OptGroup => {
                self.close_choice();
                self.group_disabled = false;
            }
            Element::Option => self.close_choice(),
            Element::Base | Element::Input | Element::Template | Element::Inline | Element::Block => {}
        }
    }

    fn string(&mut self, text: &str) {
        if self.templates > 0 || self.unread {
            return;
        }
        if self.in_title {
            if let Some(title) = &mut self.title {
                title.push(text);
            }
            return;
        }
        match self.open_control() {
            Some(Control::Field { value, .. }) => {
                // The first line break of a text area is not part of its value.
                let text = if value.is_empty() { text.strip_prefix('\n').unwrap_or(text) } else { text };
                value.push_str(text);
                return;
            }
            Some(Control::Button(_)) => self.label.push(text),
            _ => {}
        }
        if let Some((_, _, label)) = &mut self.choice {
            label.push(text);
        }
        self.text.push(text);
    }

    fn separate(&mut self) {
        self.text.separate();
        self.label.separate();
    }

    /// A form within a form does not count (HTML standard, "in body").
    fn start_form(&mut self) {
        if self.form.is_some() {
            return;
        }
        let charsets = self.tag.keyword(Attribute::AcceptCharset);
        let wanted = charsets.split_ascii_whitespace().find_map(|label| Encoding::for_label(label.as_bytes()));
        self.form = Some(self.forms.len());
        self.forms.push(Form {
            id: self.tag.take(Attribute::Id),
            name: self.tag.take(Attribute::Name),
            action: self.page.clone(),
            own_action: self.tag.take(Attribute::Action),
            method: method(&self.tag.keyword(Attribute::Method)),
            enctype: enctype(&self.tag.keyword(Attribute::Enctype)),
            page: self.page.clone(),
            base: self.page.clone(),
            charset: wanted.unwrap_or(self.encoding).output_encoding(),
            entries: Vec::new(),
        });
    }

    fn input(&mut self) {
        if matches!(self.open_control(), Some(Control::Select { .. })) {
            self.close_control();
        }
        let kind = self.tag.keyword(Attribute::Type);
        let control = match kind.as_str() {
            "reset" | "button" => return,
            "submit" | "image" => {
                let value = self.tag.get(Attribute::Value).unwrap_or(DEFAULT_BUTTON_LABEL).to_owned();
                let label = self.tag.take(Attribute::Alt).filter(|_| kind == "image").unwrap_or_else(|| value.clone());
                Control::Button(self.button(value, label, kind == "image"))
            }
            "checkbox" | "radio" => {
                let value = self.tag.take(Attribute::Value).unwrap_or_else(|| "on".to_owned());
                let checked = self.tag.has(Attribute::Checked);
                if kind == "radio" { Control::Radio { value, checked } } else { Control::Checkbox { value, checked } }
            }
            _ => {
                let kind = if kind.is_empty() { "text".to_owned() } else { kind };
                Control::Field { kind, value: self.tag.take(Attribute::Value).unwrap_or_default() }
            }
        };
        self.control(control);
    }

    fn start_button(&mut self) {
        self.close_control();
        if matches!(self.tag.keyword(Attribute::Type).as_str(), "reset" | "button") {
            return;
        }
        let value = self.tag.take(Attribute::Value).unwrap_or_default();
        let button = self.button(value, String::new(), false);
        self.label = Collapsed::default();
        self.open = Some(self.control(Control::Button(button)));
    }

    fn button(&self, value: String, label: String, image: bool) -> Button {
        Button {
            name: self.tag.get(Attribute::Name).unwrap_or_default().to_owned(),
            value,
            label,
            image,
            action: self.tag.get(Attribute::FormAction).map(str::to_owned),
            method: self.tag.has(Attribute::FormMethod).then(|| method(&self.tag.keyword(Attribute::FormMethod))),
            enctype: self.tag.has(Attribute::FormEnctype).then(|| enctype(&self.tag.keyword(Attribute::FormEnctype))),
        }
    }

    fn start_select(&mut self) {
        let closes = matches!(self.open_control(), Some(Control::Select { .. }));
        self.close_control();
        // A list within a list only ends the outer one.
        if closes {
            return;
        }
        let multiple = self.tag.has(Attribute::Multiple);
        let rows = self.tag.get(Attribute::Size).and_then(|size| size.trim_ascii().parse().ok()).unwrap_or(1u32);
        self.drops_down = !multiple && rows <= 1;
        self.group_disabled = false;
        self.open = Some(self.control(Control::Select { multiple, choices: Vec::new() }));
    }

    fn start_choice(&mut self) {
        self.close_choice();
        if !matches!(self.open_control(), Some(Control::Select { .. })) {
            return;
        }
        let value = self.tag.take(Attribute::Value);
        let has_value = value.is_some();
        let choice = Choice {
            value: value.unwrap_or_default(),
            label: self.tag.take(Attribute::Label).unwrap_or_default(),
            selected: self.tag.has(Attribute::Selected),
            disabled: self.group_disabled || self.tag.has(Attribute::Disabled),
        };
        self.choice = Some((choice, has_value, Collapsed::default()));
    }

    fn close_choice(&mut self) {
        let Some((mut choice, has_value, said)) = self.choice.take() else { return };
        let said = said.into_string();
        if !has_value {
            choice.value.clone_from(&said);
        }
        if choice.label.is_empty() {
            choice.label = said;
        }
        if let Some(Control::Select { multiple, choices }) = self.open_control() {
            // Of a list with one choice the last one the page chooses counts.
            if choice.selected && !*multiple {
                choices.iter_mut().for_each(|earlier| earlier.selected = false);
            }
            choices.push(choice);
        }
    }

    fn close_control(&mut self) {
        self.close_choice();
        let (label, drops_down) = (std::mem::take(&mut self.label), self.drops_down);
        match self.open_control() {
            Some(Control::Button(button)) => button.label = label.into_string(),
            Some(Control::Select { choices, .. }) if drops_down && choices.iter().all(|choice| !choice.selected) => {
                if let Some(first) = choices.iter_mut().find(|choice| !choice.disabled) {
                    first.selected = true;
                }
            }
            _ => {}
        }
        self.open = None;
    }

    fn close_link(&mut self) {
        if let Some((href, start)) = self.link.take() {
            self.links.push((href, start..self.text.len()));
        }
    }

    /// Adds a control with the name and owner of the current tag; returns its place.
    fn control(&mut self, control: Control) -> usize {
        let owner = match (self.tag.take(Attribute::Form), self.form) {
            (Some(id), _) => Owner::Id(id),
            (None, Some(form)) => Owner::Form(form),
            (None, None) => Owner::Nobody,
        };
        let disabled = self.tag.has(Attribute::Disabled) || self.fieldsets.contains(&true);
        let name = self.tag.take(Attribute::Name).unwrap_or_default();
        self.controls.push((owner, Entry { name, disabled, control }));
        self.controls.len() - 1
    }

    fn open_control(&mut self) -> Option<&mut Control> {
        let place = self.open?;
        Some(&mut self.controls[place].1.control)
    }

    fn finish(mut self) -> Outline {
        self.close_control();
        self.close_link();
        let base = self.base.as_ref().unwrap_or(self.page);
        for form in &mut self.forms {
            form.base = base.clone();
            if let Ok(action) = form.target(None) {
                form.action = action;
            }
        }
        for (owner, entry) in self.controls {
            let form = match owner {
                Owner::Nobody => None,
                Owner::Form(place) => self.forms.get_mut(place),
                Owner::Id(id) => self.forms.iter_mut().find(|form| form.id.as_ref() == Some(&id)),
            };
            if let Some(form) = form {
                form.entries.push(entry);
            }
        }
        Outline {
            title: self.title.map(Collapsed::into_string),
            text: self.text.into_string(),
            links: self.links,
            base: self.base,
            forms: self.forms,
        }
    }
}

/// `POST` where the keyword says so, else `GET`. A `dialog` form sends nothing in a browser; here it counts as `GET`.
fn method(keyword: &str) -> Method {
    if keyword == "post" { Method::POST } else { Method::GET }
}

fn enctype(keyword: &str) -> Enctype {
    match keyword {
        "multipart/form-data" => Enctype::Multipart,
        "text/plain" => Enctype::Plain,
        _ => Enctype::UrlEncoded,
    }
}
