//! The driver: a step becomes a request, an answer becomes a screen, a mail gives up its code.

use regex::Regex;

use super::compile::{CompiledMark, Target, Way};
use super::profile::MailPart;
use super::scope::{Scope, Taken, Vars};
use super::template::{Template, Unfilled};
use super::{Screen, Step};
use crate::browser::{Answer, FormError, Page, Press, Request};
use crate::mailbox::Letter;

/// Whether a browser of the account holds a skip, as the skip settings screen says (FAQ-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// あり
    Some,
    /// なし
    None,
}

/// Why a step could not be turned into a request. Target and profile do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// The profile does not say how the step is done.
    #[error("the profile has no step `{0}`")]
    StepMissing(Step),
    /// The step sends a form, but no page is open in this browser.
    #[error("step `{0}` sends a form, but no page is open")]
    NoPage(Step),
    /// The page has no such form, or more than one.
    #[error("step `{step}`: {error}")]
    Form {
        /// The step.
        step: Step,
        /// What was wrong.
        error: FormError,
    },
    /// A value that the step puts in is not known.
    #[error("step `{step}`: {cause}")]
    Unfilled {
        /// The step.
        step: Step,
        /// Which, and why.
        cause: Unfilled,
    },
    /// The address that the profile gives cannot be put together.
    #[error("step `{step}`: `{path}` is no path: {cause}")]
    Path {
        /// The step.
        step: Step,
        /// The path as filled in.
        path: String,
        /// Why not.
        cause: url::ParseError,
    },
}

impl Target {
    /// Whether the profile says how this step is done.
    pub fn knows(&self, step: Step) -> bool {
        self.acts.contains_key(&step)
    }

    /// The request that does a step, on the page that is open. `tick_skip` only matters where the step has the box.
    ///
    /// # Errors
    /// When the profile lacks the step or the page lacks its form.
    pub fn request(
        &self,
        step: Step,
        vars: &Vars<'_>,
        open: Option<&Answer>,
        tick_skip: bool,
    ) -> Result<Request, DriverError> {
        let act = self.acts.get(&step).ok_or(DriverError::StepMissing(step))?;
        let (taken, cookie) = (Taken::new(), |_: &str| None);
        let scope = Scope { vars: *vars, skip: tick_skip, taken: &taken, cookie: &cookie };
        let unfilled = |cause| DriverError::Unfilled { step, cause };
        let selector = match &act.way {
            Way::Get(path) => {
                let path = path.fill(&scope, encode_segment).map_err(unfilled)?;
                return match self.base.join(&path) {
                    Ok(url) => Ok(Request::get(url)),
                    Err(cause) => Err(DriverError::Path { step, path, cause }),
                };
            }
            Way::Form(selector) => selector,
        };
        let page = Page::of(open.ok_or(DriverError::NoPage(step))?);
        let form_error = |error| DriverError::Form { step, error };
        let mut form = page.form(selector).map_err(form_error)?;
        for (field, value) in &act.fill {
            form.fill(field, &value.plain(&scope).map_err(unfilled)?).map_err(form_error)?;
        }
        if let Some(name) = &act.tick_skip {
            if tick_skip { form.tick(name) } else { form.untick(name) }.map_err(form_error)?;
        }
        let press = act.press.as_ref().map_or(Press::Enter, |button| Press::Valued(&button.name, &button.value));
        form.press(press).map_err(form_error)
    }

    /// The screen that an answer shows, or `None` where no mark fits.
    pub fn recognise(&self, answer: &Answer) -> Option<Screen> {
        let page = Page::of(answer);
        self.screens
            .iter()
            .find(|(_, marks)| marks.iter().any(|mark| mark.fits(answer, &page)))
            .map(|(screen, _)| *screen)
    }

    /// What the skip settings screen says; `None` where it says neither or the profile names no place.
    pub fn status_on(&self, answer: &Answer) -> Option<Status> {
        let place = self.status.as_ref()?;
        let text = Page::of(answer).select_text(&place.selector)?;
        match text.trim() {
            text if text == place.some => Some(Status::Some),
            text if text == place.none => Some(Status::None),
            _ => None,
        }
    }

    /// Whether the profile says where the skip settings tell the status.
    pub fn tells_status(&self) -> bool {
        self.status.is_some()
    }

    /// The cautions on the skip confirmation screen (FAQ-06g), empty where there are none; `None` where the profile names no place.
    pub fn cautions_on(&self, answer: &Answer) -> Option<String> {
        let place = self.cautions.as_ref()?;
        Some(Page::of(answer).select_text(place).unwrap_or_default())
    }

    /// The code in a mail; `None` where it is no code mail.
    pub fn code_in(&self, letter: &Letter) -> Option<String> {
        self.find_in(letter, &self.mail_code)
    }

    /// Whether a new address counts only once a number that was mailed to it is sent back.
    pub fn confirms_addresses(&self) -> bool {
        self.mail_confirmation.is_some()
    }

    /// The number in a mail that confirms a new address; `None` where it is no such mail.
    pub fn confirmation_in(&self, letter: &Letter) -> Option<String> {
        self.find_in(letter, self.mail_confirmation.as_ref()?)
    }

    fn find_in(&self, letter: &Letter, expression: &Regex) -> Option<String> {
        let text = match self.mail_part {
            MailPart::Text => letter.text.as_str(),
            MailPart::Subject => letter.subject.as_deref()?,
            MailPart::Html => letter.html.as_deref()?,
        };
        expression.captures(text)?.get(1).map(|found| found.as_str().to_owned())
    }

    /// The fields that a step fills in, with their values; empty where the profile has no such step. For forms that are forged
    /// (FAQ-05a): what a person would send, without the page it stands on.
    pub fn fields(&self, step: Step, vars: &Vars<'_>) -> Vec<(String, String)> {
        let (taken, cookie) = (Taken::new(), |_: &str| None);
        let scope = Scope { vars: *vars, skip: false, taken: &taken, cookie: &cookie };
        let filled = |(field, value): &(String, Template)| (field.clone(), value.plain(&scope).unwrap_or_default());
        self.acts.get(&step).map(|act| act.fill.iter().map(filled).collect()).unwrap_or_default()
    }

    /// Whether a cookie of this name holds a skip.
    pub fn is_skip_cookie(&self, name: &str) -> bool {
        self.skip_cookie.is_match(name)
    }

    /// Whether a cookie of this name holds a session.
    pub fn is_session_cookie(&self, name: &str) -> bool {
        self.session_cookie.is_match(name)
    }

    /// The expression that finds a code in a mail.
    pub fn code_expression(&self) -> &Regex {
        &self.mail_code
    }
}

impl CompiledMark {
    /// The cheap conditions first: most marks are told apart by status and title.
    fn fits(&self, answer: &Answer, page: &Page<'_>) -> bool {
        self.status.is_none_or(|status| status == answer.status)
            && self.path.as_ref().is_none_or(|path| answer.url.path().starts_with(path.as_str()))
            && self
                .title
                .as_ref()
                .is_none_or(|title| page.title().is_some_and(|found| found.starts_with(title.as_str())))
            && self.text.as_ref().is_none_or(|text| page.text_contains(text))
            && self.selector.as_ref().is_none_or(|selector| page.dom().has(selector))
    }
}

fn encode_segment(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}
