//! The driver: a step becomes requests, an answer becomes a screen, a mail gives up its code.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use sekisho_rules::Portal;
use url::Url;

use super::acts::{CompiledAct, CompiledWay, Hitch, WayThere};
use super::compile::{Target, Ways};
use super::marks::{CompiledMark, Sight};
use super::profile::MailPart;
use super::scope::{Scope, Taken, Vars};
use super::template::{Hole, Unfilled};
use super::{Screen, Step};
use crate::browser::site::is_same_origin;
use crate::browser::{Answer, FormError, Page, Request};
use crate::clock::ClockMeans;
use crate::mailbox::{Letter, html_as_text};

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
    /// The story needs the one request the step is about by itself, but the profile has others come before it.
    #[error(
        "step `{0}` begins with other requests than the one it is about, and the story needs that by itself; if one of them is what the step is about, write `main = true` on it"
    )]
    NotAlone(Step),
    /// The skip is asked for when the password is sent, and the story asks for it only with the code.
    #[error("the target asks for the skip in step `{0}`, and the story decides on it later")]
    SkipAskedEarlier(Step),
    /// No request of the step is for what was seen.
    #[error("step `{0}`: none of its requests is for this page (`if_page`)")]
    NothingToSend(Step),
    /// The step needs a page, but none is open in this browser.
    #[error("step `{step}` ({place}) needs a page, but none is open")]
    NoPage {
        /// The step.
        step: Step,
        /// Line and key of the profile.
        place: String,
    },
    /// The page has no such form or field, or more than one.
    #[error("step `{step}` ({place}): {error}")]
    Form {
        /// The step.
        step: Step,
        /// Line and key of the profile.
        place: String,
        /// What was wrong.
        error: FormError,
    },
    /// The page has no such link, or more than one.
    #[error("step `{step}` ({place}): the page has {count} links `{selector}` where one was expected")]
    Link {
        /// The step.
        step: Step,
        /// Line and key of the profile.
        place: String,
        /// What was looked for.
        selector: String,
        /// How many there are.
        count: usize,
    },
    /// A value that the step puts in is not known, or is not what it should be.
    #[error("step `{step}` ({place}): {cause}")]
    Unfilled {
        /// The step.
        step: Step,
        /// Line and key of the profile.
        place: String,
        /// Which, and why.
        cause: Unfilled,
    },
    /// What was put in makes no sense where it stands.
    #[error("step `{step}` ({place}): {what}")]
    Senseless {
        /// The step.
        step: Step,
        /// Line and key of the profile.
        place: String,
        /// What, and why not.
        what: String,
    },
}

/// What a step is done with.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// In which portal.
    pub portal: Portal,
    /// The step.
    pub step: Step,
    /// What the story puts in.
    pub vars: Vars<'a>,
    /// Whether the story asks for the skip.
    pub skip: bool,
    /// The page that is open.
    pub open: Option<&'a Answer>,
    /// What the browser has taken from earlier answers.
    pub taken: &'a Taken,
    /// The value of a cookie of the browser.
    pub cookie: &'a dyn Fn(&str) -> Option<String>,
}

static NOTHING_TAKEN: LazyLock<Taken> = LazyLock::new(Taken::new);

impl<'a> Asking<'a> {
    /// A step in a portal, on a page, with nothing else known.
    pub fn on(portal: Portal, step: Step, vars: Vars<'a>, open: Option<&'a Answer>) -> Asking<'a> {
        let vars = Vars { portal: portal.name(), ..vars };
        Asking { portal, step, vars, skip: false, open, taken: &NOTHING_TAKEN, cookie: &|_| None }
    }

    fn scope(&self) -> Scope<'a> {
        Scope { vars: self.vars, skip: self.skip, taken: self.taken, cookie: self.cookie, last_of_code: None }
    }
}

impl Target {
    /// Whether the profile says how this step is done, in any portal.
    pub fn knows(&self, step: Step) -> bool {
        self.ways.iter().any(|(_, ways)| ways.ways.contains_key(&step))
    }

    /// Whether the profile says how this screen is recognised, in any portal.
    pub fn recognises(&self, screen: Screen) -> bool {
        self.ways.iter().any(|(_, ways)| ways.screens.iter().any(|(known, _)| *known == screen))
    }

    /// Whether the profile says how this step is done in this portal: portals may differ in what they have.
    pub fn knows_in(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.contains_key(&step)
    }

    /// Scheme, host and port of a portal: its own, where it has one.
    pub fn base_of(&self, portal: Portal) -> &Url {
        &self.ways(portal).base
    }

    /// Whether an address is the target's in this portal: at the base of either, or at an origin that the profile names
    /// (`client.origins`, a whole address in a step).
    pub fn owns(&self, portal: Portal, url: &Url) -> bool {
        let ways = self.ways(portal);
        let named = |origin: &Url| is_same_origin(origin, url);
        let in_a_step =
            |way: &CompiledWay| way.acts.iter().filter_map(CompiledAct::origin).any(|origin| named(&origin));
        named(&ways.base) || self.client.owns(url) || ways.ways.values().any(in_a_step)
    }

    /// Whether a step depends on whether the skip is asked for.
    pub fn asks_for_skip(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.get(&step).is_some_and(CompiledWay::asks_for_skip)
    }

    /// Whether the request that a step is about stands on a page, as a form or a link; where it does not, any browser can make it up.
    pub fn needs_page(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.get(&step).is_some_and(|way| way.acts[way.main].needs_page())
    }

    /// Whether a step that is refused by a redirect leaves the page open that was: a script asks, or the redirect is not followed.
    pub fn leaves_page_open(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.get(&step).is_some_and(|way| way.acts.iter().all(CompiledAct::leaves_page_open))
    }

    /// Whether the clock of each account can be moved by itself.
    pub fn moves_clocks_of_accounts(&self) -> bool {
        let by_account = match self.clock {
            ClockMeans::Control => self.control.is_some(),
            ClockMeans::Http(_) => true,
            ClockMeans::None | ClockMeans::Command(_) | ClockMeans::File(_) | ClockMeans::Wait { .. } => false,
        };
        by_account && self.global_clock.is_none()
    }

    /// Whether the request that a step is about carries JSON.
    pub fn sends_json(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.get(&step).is_some_and(|way| way.acts[way.main].sends_json())
    }

    /// The names under which a step sends the code character by character; none among them where only the page or the document says
    /// them. `None` where it sends it whole.
    pub(crate) fn pieces_of_code(&self, portal: Portal, step: Step) -> Option<Vec<String>> {
        let acts = &self.ways(portal).ways.get(&step)?.acts;
        let apart: Vec<_> = acts.iter().filter(|act| act.last_of_code.is_some()).collect();
        (!apart.is_empty()).then(|| apart.iter().flat_map(|act| act.names_of_pieces()).collect())
    }

    /// Whether a step changes the password, so that it needs a new one.
    pub fn takes_new_password(&self, portal: Portal, step: Step) -> bool {
        self.ways(portal).ways.get(&step).is_some_and(|way| way.has(|hole| *hole == Hole::NewPassword))
    }

    pub(super) fn ways(&self, portal: Portal) -> &Ways {
        let own = self.ways.iter().find(|(known, _)| *known == portal).or(self.ways.first());
        match own {
            Some((_, ways)) => ways,
            // A profile without portals is refused when it is read.
            None => unreachable!("a target has at least one portal"),
        }
    }

    pub(crate) fn way(&self, portal: Portal, step: Step) -> Result<&CompiledWay, DriverError> {
        self.ways(portal).ways.get(&step).ok_or(DriverError::StepMissing(step))
    }

    /// The request that a step is about, by itself and on the page that is open.
    ///
    /// # Errors
    /// When the profile lacks the step, other requests come before it, or the page lacks its form.
    pub fn request(&self, asking: &Asking<'_>) -> Result<Request, DriverError> {
        let way = self.way(asking.portal, asking.step)?;
        let comes_before = |act: &CompiledAct| act.suits(asking.skip) && !act.is_for_some_pages_only();
        if way.acts[..way.main].iter().any(comes_before) {
            return Err(DriverError::NotAlone(asking.step));
        }
        self.put_together(&way.acts[way.main], asking)
    }

    /// One request of a step.
    pub(crate) fn put_together(&self, act: &CompiledAct, asking: &Asking<'_>) -> Result<Request, DriverError> {
        let hitch = |hitch| error(asking.step, act, hitch);
        let way = WayThere { base: &self.ways(asking.portal).base, client: &self.client };
        act.request(&way, &asking.scope(), asking.open).map_err(hitch)
    }

    /// Puts into the request that a step is about what keeps this browser signed in (`skip.session_values`) in place of what it holds of
    /// another browser.
    ///
    /// # Errors
    /// When this browser has no such value and the profile does not say that it may be missing.
    pub(crate) fn put_own_session_in(&self, asking: &Asking<'_>, request: &mut Request) -> Result<(), DriverError> {
        let Ok(way) = self.way(asking.portal, asking.step) else { return Ok(()) };
        let act = &way.acts[way.main];
        act.renew(request, &asking.scope(), &self.session_values).map_err(|hitch| error(asking.step, act, hitch))
    }

    /// The screen that an answer shows, or `None` where no mark fits. `step` is what led to it.
    pub fn recognise(&self, portal: Portal, step: Option<Step>, answer: &Answer) -> Option<Screen> {
        let page = Page::of(answer);
        let sight = Sight::of(answer, &page, step);
        let screens = &self.ways(portal).screens;
        screens.iter().find(|(_, marks)| marks.iter().any(|mark| mark.fits(&sight))).map(|(screen, _)| *screen)
    }

    /// Why an answer does not show each of the screens, for people: the screen, and what does not fit in each of its marks.
    pub fn misfits(&self, portal: Portal, step: Option<Step>, answer: &Answer) -> Vec<(Screen, Vec<String>)> {
        let page = Page::of(answer);
        let sight = Sight::of(answer, &page, step);
        let why =
            |marks: &[CompiledMark]| marks.iter().filter_map(|mark| Some(mark.misfit(&sight)?.to_string())).collect();
        self.ways(portal).screens.iter().map(|(screen, marks)| (*screen, why(marks))).collect()
    }

    /// What the skip settings screen says; `None` where it says neither or the profile names no place.
    pub fn status_on(&self, answer: &Answer) -> Option<Status> {
        self.status.as_ref()?.on(answer)
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
        let subject = |wanted: &Regex| letter.subject.as_ref().is_some_and(|subject| wanted.is_match(subject));
        let sender = |wanted: &Regex| letter.from.iter().any(|address| wanted.is_match(address));
        if !self.mail_subject.as_ref().is_none_or(subject) || !self.mail_from.as_ref().is_none_or(sender) {
            return None;
        }
        self.find_in(letter, &self.mail_code)
    }

    /// A code or number as it stands in its mail, where that differs from what is typed.
    pub fn as_written(&self, letter: &Letter, typed: &str) -> Option<String> {
        let expressions = std::iter::once(&self.mail_code).chain(&self.mail_confirmation);
        let mut written = expressions.filter_map(|expression| found_by(expression, self.code_part(letter)?));
        written.find(|written| *written != typed && self.typed(written).as_deref() == Some(typed)).map(str::to_owned)
    }

    /// Whether a new address counts only once a number that was mailed to it is sent back.
    pub fn confirms_addresses(&self) -> bool {
        self.mail_confirmation.is_some()
    }

    /// The number in a mail that confirms a new address; `None` where it is no such mail.
    pub fn confirmation_in(&self, letter: &Letter) -> Option<String> {
        self.find_in(letter, self.mail_confirmation.as_ref()?)
    }

    /// What is read where the code stands, as a person sees it; the code itself as it is typed.
    pub fn code_stands_in<'l>(&self, letter: &'l Letter) -> Cow<'l, str> {
        let part = self.code_part(letter).unwrap_or_default();
        let typed = found_by(&self.mail_code, part).and_then(|written| Some((written, self.typed(written)?)));
        let part = match typed {
            Some((written, typed)) if typed != written => Cow::Owned(part.replacen(written, &typed, 1)),
            _ => Cow::Borrowed(part),
        };
        match self.mail_part {
            MailPart::Text | MailPart::Subject => part,
            MailPart::Html => Cow::Owned(html_as_text(&part)),
        }
    }

    fn code_part<'l>(&self, letter: &'l Letter) -> Option<&'l str> {
        match self.mail_part {
            MailPart::Text => Some(letter.text.as_str()),
            MailPart::Subject => letter.subject.as_deref(),
            MailPart::Html => letter.html.as_deref(),
        }
    }

    fn find_in(&self, letter: &Letter, expression: &Regex) -> Option<String> {
        self.typed(found_by(expression, self.code_part(letter)?)?)
    }

    /// What is typed of what stands in a mail; `None` where nothing is left of it.
    fn typed(&self, written: &str) -> Option<String> {
        let typed = match &self.mail_code_without {
            None => Cow::Borrowed(written),
            Some(without) => without.replace_all(written, ""),
        };
        (!typed.is_empty()).then(|| typed.into_owned())
    }

    /// The fields that a step fills in, with their values; empty where the profile has no such step. For forms that are forged
    /// (FAQ-05a): what a person would send, without the page it stands on.
    pub fn fields(&self, portal: Portal, step: Step, vars: &Vars<'_>) -> Vec<(String, String)> {
        let asking = Asking::on(portal, step, *vars, None);
        let way = self.ways(portal).ways.get(&step);
        way.map(|way| way.acts[way.main].fields(&asking.scope())).unwrap_or_default()
    }

    /// Whether a cookie of this name holds a skip.
    pub fn is_skip_cookie(&self, name: &str) -> bool {
        self.skip_cookie.is_match(name)
    }

    /// Whether a cookie of this name holds a session.
    pub fn is_session_cookie(&self, name: &str) -> bool {
        self.session_cookie.as_ref().is_some_and(|names| names.is_match(name))
    }

    /// Values taken from answers that keep somebody signed in, by name.
    pub fn session_values(&self) -> &[String] {
        &self.session_values
    }

    /// Whether a cookie of this name is needed on requests from other sites, as the profile declares.
    pub fn is_cross_site_cookie(&self, name: &str) -> bool {
        self.cross_site_cookie.as_ref().is_some_and(|names| names.is_match(name))
    }

    /// Whether a cookie of this name is there for scripts to read, as the profile declares; those of session and skip never are.
    pub fn is_script_cookie(&self, name: &str) -> bool {
        let declared = self.script_cookie.as_ref().is_some_and(|names| names.is_match(name));
        declared && !self.is_session_cookie(name) && !self.is_skip_cookie(name)
    }

    /// The expression that finds a code in a mail.
    pub fn code_expression(&self) -> &Regex {
        &self.mail_code
    }
}

impl CompiledWay {
    /// Its requests in order, each with whether it is the one the step is about.
    pub(crate) fn acts(&self) -> impl Iterator<Item = (usize, &CompiledAct)> {
        self.acts.iter().enumerate()
    }

    /// Where among its requests the one stands that the step is about.
    pub(crate) fn main(&self) -> usize {
        self.main
    }
}

impl CompiledAct {
    /// Whether it is only sent where a certain page is open.
    pub(crate) fn is_for_some_pages_only(&self) -> bool {
        self.if_page.is_some()
    }

    /// Whether it is sent in this story and on this page: the last answer of the step, or the open page where there is none yet.
    pub(crate) fn is_due(&self, skip: bool, step: Step, seen: Option<&Answer>) -> bool {
        let fits = |marks: &Vec<CompiledMark>, answer: &Answer| {
            let page = Page::of(answer);
            let sight = Sight::of(answer, &page, Some(step));
            marks.iter().any(|mark| mark.fits(&sight))
        };
        self.suits(skip) && self.if_page.as_ref().is_none_or(|marks| seen.is_some_and(|answer| fits(marks, answer)))
    }

    /// What its answer gives, by name.
    pub(crate) fn gives(&self, answer: &Answer) -> Vec<(String, String)> {
        self.taken(answer)
    }
}

/// The group with the code or number, as it stands there.
fn found_by<'t>(expression: &Regex, text: &'t str) -> Option<&'t str> {
    let found = expression.captures(text)?;
    let named = found.name("code").or_else(|| found.name("number"));
    Some(named.or_else(|| found.iter().skip(1).flatten().next())?.as_str())
}

fn error(step: Step, act: &CompiledAct, hitch: Hitch) -> DriverError {
    let place = act.place.clone();
    match hitch {
        Hitch::NoPage => DriverError::NoPage { step, place },
        Hitch::Form(error) => DriverError::Form { step, place, error },
        Hitch::Link { selector, count } => DriverError::Link { step, place, selector, count },
        Hitch::Unfilled(cause) => DriverError::Unfilled { step, place, cause },
        Hitch::Path { path, cause } => {
            DriverError::Senseless { step, place, what: format!("`{path}` is no path: {cause}") }
        }
        Hitch::Foreign { origin } => DriverError::Senseless {
            step,
            place,
            what: format!(
                "the answer leads to {origin}, which is not the target's: if it is, name it in `client.origins`"
            ),
        },
        Hitch::Header(name) => DriverError::Senseless {
            step,
            place,
            what: format!("what is put in is no value for the header field `{name}`"),
        },
        Hitch::Number(text) => DriverError::Senseless {
            step,
            place,
            what: format!("what is put in has {} characters and is no number", text.chars().count()),
        },
    }
}
