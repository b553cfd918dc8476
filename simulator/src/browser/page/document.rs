//! A page as it is read. Not here: how it is scanned, and what forms do.

use std::borrow::Cow;
use std::sync::OnceLock;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

use super::super::Answer;
use super::chosen::Chosen;
use super::cost;
use super::form::{Form, FormError};
use super::scan::{self, Outline};
use super::selector::{Selector, Shortcut};
use super::text::collapse;

/// How far a page is searched for a `meta` that names its charset (HTML standard, prescan).
const CHARSET_PRESCAN_BYTES: usize = 1024;

/// A page, read only as far as it is asked. Redirects by `meta` and everything that needs a script are not followed.
#[derive(Debug)]
pub struct Page<'a> {
    url: &'a Url,
    encoding: &'static Encoding,
    html: Cow<'a, str>,
    garbled: bool,
    outline: OnceLock<Outline>,
}

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: Url,
    /// What it says, white space collapsed.
    pub text: String,
}

impl<'a> Page<'a> {
    /// The page of an answer, decoded by its byte order mark, its `Content-Type`, its `meta`, or else as UTF-8.
    pub fn of(answer: &'a Answer) -> Self {
        let (encoding, mark) = Encoding::for_bom(&answer.body).unwrap_or_else(|| (charset(answer), 0));
        let (html, garbled) = encoding.decode_without_bom_handling(&answer.body[mark..]);
        Self { url: &answer.url, encoding, html, garbled, outline: OnceLock::new() }
    }

    /// Whether bytes of it are no text in its charset; they are read as U+FFFD.
    pub fn is_garbled(&self) -> bool {
        self.garbled
    }

    /// The name of the charset it was read by.
    pub fn charset(&self) -> &'static str {
        self.encoding.name()
    }

    /// Why no tree is built of it, where it would cost too much: selectors then find nothing on it.
    pub fn too_costly(&self) -> Option<&'static str> {
        cost::too_costly(&self.html)
    }

    /// The address it came from.
    pub fn url(&self) -> &Url {
        self.url
    }

    /// The whole page as it was written.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The title, white space collapsed; `None` where there is none.
    pub fn title(&self) -> Option<&str> {
        self.outline().title.as_deref()
    }

    /// What a person reads: the text without title, scripts, styles, templates and text areas. White space is collapsed, and blocks are
    /// set apart by one space. Whether a style hides some of it is not looked at.
    pub fn text(&self) -> &str {
        &self.outline().text
    }

    /// Whether [`Page::text`] holds these words.
    pub fn text_contains(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// All links with an http(s) address, in order.
    pub fn links(&self) -> Vec<Link> {
        let outline = self.outline();
        let base = outline.base.as_ref().unwrap_or(self.url);
        let links = outline.links.iter().filter_map(|(href, words)| {
            let url = base.join(href).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
            Some(Link { url, text: outline.text[words.clone()].trim().to_owned() })
        });
        links.collect()
    }

    /// All forms, in order.
    pub fn forms(&self) -> &[Form] {
        &self.outline().forms
    }

    /// The one form the selector names.
    ///
    /// # Errors
    /// [`FormError::None`] and [`FormError::Several`] where there is not exactly one; [`FormError::Unclear`] where only the tree could tell
    /// and the page's mark-up is too broken to find it there.
    pub fn form(&self, selector: &Selector) -> Result<Form, FormError> {
        self.form_place(selector).map(|place| self.forms()[place].clone())
    }

    /// The controls that `selector` names in the one form that `form` names.
    ///
    /// # Errors
    /// As [`Page::form`]; none for want of such controls.
    pub fn chosen_in(&self, form: &Selector, selector: &Selector) -> Result<Chosen, FormError> {
        let place = self.form_place(form)?;
        let chosen = self.dom().controls_chosen(place, selector);
        if chosen.len() != self.forms()[place].entries.len() {
            return Err(FormError::Unclear { selector: form.to_string() });
        }
        let places = chosen.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(place, _)| place).collect();
        Ok(Chosen { selector: selector.to_string(), places })
    }

    fn form_place(&self, selector: &Selector) -> Result<usize, FormError> {
        let forms = self.forms();
        let is = |own: &Option<String>, wanted: &str| own.as_deref() == Some(wanted);
        let those = |fits: &dyn Fn(&Form) -> bool| {
            forms.iter().enumerate().filter(|(_, form)| fits(form)).map(|(place, _)| place).collect()
        };
        let found: Vec<usize> = match &selector.shortcut {
            Some(Shortcut::Any) => those(&|_| true),
            Some(Shortcut::Id(id)) => those(&|form| is(&form.id, id)),
            Some(Shortcut::Name(name)) => those(&|form| is(&form.name, name)),
            Some(Shortcut::Action(action)) => those(&|form| is(&form.own_action, action)),
            None => {
                let chosen = self.dom().forms_chosen(selector);
                if chosen.len() != forms.len() {
                    return Err(FormError::Unclear { selector: selector.to_string() });
                }
                chosen.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(place, _)| place).collect()
            }
        };
        match found[..] {
            [place] => Ok(place),
            [] => Err(FormError::None { selector: selector.to_string() }),
            _ => Err(FormError::Several { selector: selector.to_string(), count: found.len() }),
        }
    }

    /// Whether a form matches a selector that names forms so plainly that no tree is needed; `None` for other selectors.
    pub fn has_plain_form(&self, selector: &Selector) -> Option<bool> {
        let is = |own: &Option<String>, wanted: &str| own.as_deref() == Some(wanted);
        let mut forms = self.forms().iter();
        match selector.shortcut.as_ref()? {
            Shortcut::Any => Some(forms.next().is_some()),
            // An element of another kind may bear it too.
            Shortcut::Id(_) if !selector.names_forms_only() => None,
            Shortcut::Name(_) | Shortcut::Action(_) if !selector.names_forms_only() => None,
            Shortcut::Id(id) => Some(forms.any(|form| is(&form.id, id))),
            Shortcut::Name(name) => Some(forms.any(|form| is(&form.name, name))),
            Shortcut::Action(action) => Some(forms.any(|form| is(&form.own_action, action))),
        }
    }

    /// The text of the first element the selector names, white space collapsed. Builds the tree: for several questions use [`Page::dom`].
    pub fn select_text(&self, selector: &Selector) -> Option<String> {
        self.dom().texts(selector).into_iter().next()
    }

    /// Whether the selector names anything. Builds the tree: for several questions use [`Page::dom`].
    pub fn has(&self, selector: &Selector) -> bool {
        self.dom().has(selector)
    }

    /// Builds the tree; an empty one where that would cost too much ([`Page::too_costly`]). It must not be held across an await.
    pub fn dom(&self) -> Dom {
        let html = if self.too_costly().is_some() { "" } else { &*self.html };
        Dom(scraper::Html::parse_document(html))
    }

    fn outline(&self) -> &Outline {
        let read = || {
            let html = if cost::has_too_many_attributes(&self.html) { "" } else { &*self.html };
            scan::outline(html, self.url, self.encoding)
        };
        self.outline.get_or_init(read)
    }
}

/// The tree of a page, for selectors.
#[derive(Debug)]
pub struct Dom(scraper::Html);

impl Dom {
    /// Whether the selector names anything.
    pub fn has(&self, selector: &Selector) -> bool {
        self.0.select(&selector.css).next().is_some()
    }

    /// The texts of all elements it names, white space collapsed.
    pub fn texts(&self, selector: &Selector) -> Vec<String> {
        self.0.select(&selector.css).map(|element| collapse(element.text())).collect()
    }

    /// The values of an attribute of all elements it names that have it.
    pub fn attributes(&self, selector: &Selector, name: &str) -> Vec<String> {
        self.0.select(&selector.css).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// For each form outside templates, in order: whether the selector names it.
    fn forms_chosen(&self, selector: &Selector) -> Vec<bool> {
        self.forms().map(|form| selector.css.matches(&form)).collect()
    }

    /// For each control of the form of that place, in order: whether the selector names it. Buttons that send nothing are none.
    fn controls_chosen(&self, form: usize, selector: &Selector) -> Vec<bool> {
        let forms: Vec<scraper::ElementRef<'_>> = self.forms().collect();
        let Some(owner) = forms.get(form).copied() else { return Vec::new() };
        let is_owned = |element: &scraper::ElementRef<'_>| match element.attr("form") {
            Some(id) => forms.iter().find(|form| form.attr("id") == Some(id)) == Some(&owner),
            None => elements_above(element).find(|above| above.value().name() == "form") == Some(owner),
        };
        let controls =
            self.0.root_element().descendent_elements().filter(|element| sends(element) && is_owned(element));
        controls.filter(|control| !in_template(control)).map(|control| selector.css.matches(&control)).collect()
    }

    fn forms(&self) -> impl Iterator<Item = scraper::ElementRef<'_>> {
        let forms = self.0.root_element().descendent_elements().filter(|element| element.value().name() == "form");
        forms.filter(|form| !in_template(form))
    }
}

fn elements_above<'a>(element: &scraper::ElementRef<'a>) -> impl Iterator<Item = scraper::ElementRef<'a>> {
    element.ancestors().filter_map(scraper::ElementRef::wrap)
}

fn in_template(element: &scraper::ElementRef<'_>) -> bool {
    elements_above(element).any(|ancestor| ancestor.value().name() == "template")
}

/// Whether an element is a control of which something can be sent, as the scan takes it.
fn sends(element: &scraper::ElementRef<'_>) -> bool {
    let kind = || element.attr("type").unwrap_or_default().to_ascii_lowercase();
    match element.value().name() {
        "select" | "textarea" => true,
        "input" | "button" => !matches!(kind().as_str(), "reset" | "button"),
        _ => false,
    }
}

/// The charset by `Content-Type`, else by the page's own `meta`, else UTF-8.
fn charset(answer: &Answer) -> &'static Encoding {
    let label_after = |text: &[u8]| -> Option<&'static Encoding> {
        let lower = text.to_ascii_lowercase();
        let start = memchr::memmem::find(&lower, b"charset=")? + b"charset=".len();
        let rest = lower[start..].trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let ends = |byte: &u8| matches!(byte, b'"' | b'\'' | b';' | b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r');
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        Encoding::for_label(&rest[..end])
    };
    let declared = answer.headers.get(http::header::CONTENT_TYPE).and_then(|value| label_after(value.as_bytes()));
    declared.unwrap_or_else(|| {
        let start = &answer.body[..answer.body.len().min(CHARSET_PRESCAN_BYTES)];
        let found = memchr::memmem::find(start, b"<meta").and_then(|at| label_after(&start[at..]));
        // A page that could be read so far cannot be UTF-16, whatever it says (HTML standard, prescan).
        found.map_or(UTF_8, Encoding::output_encoding)
    })
}
