//! One browser of a story over the wire: its page, the pages it keeps open, and how a form is sent from it, whether it is there or not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sekisho_rules::Portal;
use sekisho_simulator::browser::{Answer, Body, Cookie, Request};
use sekisho_simulator::target::{DriverError, Screen, Step, Target, Vars};
use sekisho_simulator::{Seen, SkipBox, Trouble, Visitor};

use crate::moves::with_tokens_of;
use crate::oracle::AccountId;

/// Pages whose forms can still be sent after the browser went elsewhere.
const KEPT_OPEN: [Screen; 4] =
    [Screen::CodeEntry, Screen::SkipConfirmation, Screen::ResumeConfirmation, Screen::AddressConfirmation];

/// A form, and the page it stands on.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    pub step: Step,
    pub on: Screen,
    pub vars: Vars<'a>,
    pub tick: bool,
}

impl Form<'_> {
    /// A form in which nothing is filled in.
    pub(super) fn plain(step: Step, on: Screen) -> Self {
        Self { step, on, vars: Vars::default(), tick: false }
    }

    fn skip_box(&self) -> SkipBox {
        if self.tick { SkipBox::Ticked } else { SkipBox::Unticked }
    }
}

/// The forms of a portal as somebody saw them who came there rightly: what a stranger can forge.
#[derive(Debug, Default)]
pub(super) struct Forms(BTreeMap<(Step, bool), Request>);

impl Forms {
    /// Keeps a form of the open page; one that is not there is not kept.
    pub(super) fn learn(&mut self, visitor: &mut Visitor, form: Form<'_>) {
        if let Ok(request) = visitor.prepare(form.step, form.vars, form.skip_box()) {
            self.0.insert((form.step, form.tick), request);
        }
    }

    /// The form filled in, with the hidden fields of a page; none where nobody ever saw it.
    fn forged(&self, target: &Target, portal: Portal, form: &Form<'_>, page: Option<&Answer>) -> Option<Request> {
        let known = self.0.get(&(form.step, form.tick)).or_else(|| self.0.get(&(form.step, !form.tick)))?;
        let mut request = page.map_or_else(|| known.clone(), |page| with_tokens_of(page, known));
        if let Body::Form(fields) = &mut request.body {
            for (name, value) in target.fields(portal, form.step, &form.vars) {
                if let Some((_, old)) = fields.iter_mut().find(|(known, _)| *known == name) {
                    *old = value;
                }
            }
        }
        Some(request)
    }
}

/// A step that could not be done as the profile describes it.
pub(super) fn never_seen(step: Step) -> Trouble {
    Trouble::ControlArm(format!("the form of step `{step}`, as the profile describes it, was seen on no page"))
}

/// One browser of a story.
pub(super) struct Room {
    pub visitor: Visitor,
    /// Where the session was opened last.
    pub session: Option<AccountId>,
    /// The account whose attempt was begun last, and which of its codes belongs to it.
    pub attempt: Option<(AccountId, usize)>,
    /// Whether no code was sent in it yet.
    pub attempt_is_fresh: bool,
    /// Whether that attempt was begun with the wish for a skip, where the target wants to know it then.
    pub asked_for_skip: bool,
    /// The last skip cookie that each account set here.
    pub kept: HashMap<AccountId, Cookie>,
    /// The skip cookies that are known, by name, with their values.
    skips: HashMap<String, String>,
    forms: Arc<Forms>,
    /// What the open page was taken for; none where the cookies it came with are gone.
    screen: Option<Screen>,
    pages: BTreeMap<Screen, Answer>,
    /// The last page with a form on it: a stranger takes the tokens from there.
    with_form: Option<Answer>,
}

impl Room {
    pub(super) fn new(visitor: Visitor, forms: Arc<Forms>) -> Room {
        Room {
            visitor,
            session: None,
            attempt: None,
            attempt_is_fresh: false,
            asked_for_skip: false,
            kept: HashMap::new(),
            skips: HashMap::new(),
            forms,
            screen: None,
            pages: BTreeMap::new(),
            with_form: None,
        }
    }

    /// The portal it visits.
    pub(super) fn portal(&self) -> Portal {
        self.visitor.portal()
    }

    /// Whether this is the open page.
    pub(super) fn shows(&self, screen: Screen) -> bool {
        self.screen == Some(screen)
    }

    /// Opens a page by its address.
    pub(super) async fn open(&mut self, step: Step) -> Result<Seen, Trouble> {
        let seen = self.visitor.look_at(step).await?;
        self.note(step, seen)
    }

    /// Opens a page by its address; where a stranger does not even know that, because it holds what an answer gives, My Page.
    pub(super) async fn open_if_it_can(&mut self, step: Step) -> Result<Seen, Trouble> {
        match self.open(step).await {
            Err(Trouble::Driver(DriverError::Unfilled { .. })) if step != Step::OpenMyPage => {
                self.open(Step::OpenMyPage).await
            }
            seen => seen,
        }
    }

    /// Sends a form from the open page, from one that was kept open, from the page loaded again at `reload`, or forged, in this order. What
    /// stands on no page is sent as it is, after a look at `reload` unless its page is open.
    pub(super) async fn send(&mut self, form: Form<'_>, reload: Option<Step>) -> Result<Seen, Trouble> {
        let world = self.visitor.world().clone();
        let form = Form { vars: self.in_portal(form.vars), ..form };
        let (is_open, portal) = (self.shows(form.on), self.portal());
        let reload = reload.filter(|reload| world.target.knows_in(portal, *reload));
        if !world.target.needs_page(portal, form.step) {
            if let Some(reload) = reload.filter(|_| !is_open) {
                self.open(reload).await?;
            }
            return self.forge(form).await;
        }
        if let Some(seen) = self.send_from_open(form, is_open).await? {
            return Ok(seen);
        }
        if let Some(reload) = reload {
            let seen = self.open(reload).await?;
            if seen.is(form.on) {
                return self.look(form).await;
            }
        }
        self.forge(form).await
    }

    /// Sends a form from the page that is open, or from one that was kept open; nothing where it stands on neither.
    async fn send_from_open(&mut self, form: Form<'_>, is_open: bool) -> Result<Option<Seen>, Trouble> {
        let request = match self.pages.get(&form.on) {
            _ if is_open => self.visitor.prepare(form.step, form.vars, form.skip_box()),
            Some(page) => self.visitor.prepare_on(page, form.step, form.vars, form.skip_box()),
            None => return Ok(None),
        };
        match request {
            Ok(request) => {
                let seen = self.visitor.send(form.step, request).await?;
                let seen = self.note(form.step, seen)?;
                // A target may want its form fresh: an old one that was refused proves nothing.
                Ok((is_open || !seen.is(Screen::Refused)).then_some(seen))
            }
            // The first of its requests may be for another page than this one.
            Err(Trouble::Driver(DriverError::NotAlone(_))) if is_open => match self.look(form).await {
                Err(Trouble::Driver(_)) => Ok(None),
                seen => seen.map(Some),
            },
            Err(Trouble::Driver(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Does the whole step on the page that is open.
    async fn look(&mut self, form: Form<'_>) -> Result<Seen, Trouble> {
        let seen = self.visitor.look(form.step, form.vars, form.skip_box()).await?;
        self.note(form.step, seen)
    }

    /// Sends a form that does not stand on the open page, forged from one that was seen; a browser that has no page with a form on it opens
    /// My Page first. What needs no page is sent as it is.
    pub(super) async fn forge(&mut self, form: Form<'_>) -> Result<Seen, Trouble> {
        let world = self.visitor.world().clone();
        let form = Form { vars: self.in_portal(form.vars), ..form };
        // Also where the page lacks the form: what follows it in the same step is to know what it was begun with.
        let prepared = self.visitor.prepare(form.step, form.vars, form.skip_box());
        if !world.target.needs_page(self.portal(), form.step) {
            return match prepared {
                Ok(request) => {
                    let seen = self.visitor.send(form.step, request).await?;
                    self.note(form.step, seen)
                }
                Err(Trouble::Driver(DriverError::NotAlone(_))) => self.look(form).await,
                Err(Trouble::Driver(_)) => self.my_page_instead(form.step).await,
                Err(trouble) => Err(trouble),
            };
        }
        if self.with_form.is_none() {
            let seen = self.my_page_instead(form.step).await?;
            if self.with_form.is_none() {
                return Ok(seen);
            }
        }
        match self.forms.forged(&world.target, self.portal(), &form, self.with_form.as_ref()) {
            Some(request) => {
                let seen = self.visitor.send(form.step, request).await?;
                self.note(form.step, seen)
            }
            // Nobody ever saw it, so it may be the profile that describes it wrongly: what was not sent cannot be judged.
            None => Err(never_seen(form.step)),
        }
    }

    /// What somebody sees who cannot even make the request up. Where they are signed in, that says nothing of the step, but for the code,
    /// which nobody asks them for.
    async fn my_page_instead(&mut self, step: Step) -> Result<Seen, Trouble> {
        let seen = self.open(Step::OpenMyPage).await?;
        if seen.is_signed_in() && self.with_form.is_none() && step != Step::SubmitCode {
            return Err(never_seen(step));
        }
        Ok(seen)
    }

    /// Whether somebody saw the form of this step, so that a page without it is without it.
    pub(super) fn knows(&self, step: Step) -> bool {
        self.forms.0.keys().any(|(known, _)| *known == step)
    }

    fn in_portal<'a>(&self, vars: Vars<'a>) -> Vars<'a> {
        Vars { portal: self.visitor.portal().name(), ..vars }
    }

    /// Takes note of a page; one that the profile does not know ends the story.
    pub(super) fn note(&mut self, step: Step, seen: Seen) -> Result<Seen, Trouble> {
        self.screen = seen.screen;
        let screen = self.visitor.recognised(step, &seen)?;
        if KEPT_OPEN.contains(&screen) {
            self.pages.insert(screen, seen.answer.clone());
        }
        if seen.answer.body.windows(FORM.len()).any(|bytes| bytes == FORM) {
            self.with_form = Some(seen.answer.clone());
        }
        Ok(seen)
    }

    /// The skip cookies that are new since this was asked last.
    pub(super) fn new_skips(&mut self) -> Vec<Cookie> {
        let mut new = self.visitor.skip_cookies();
        new.retain(|cookie| {
            let value = cookie.value().into_owned();
            self.skips.insert(cookie.name().into_owned(), value.clone()).is_none_or(|old| old != value)
        });
        new
    }

    /// Puts a skip cookie in, one that no browser would ever let go.
    pub(super) fn plant(&mut self, cookie: Cookie) {
        self.skips.insert(cookie.name().into_owned(), cookie.value().into_owned());
        self.visitor.plant(cookie.with_expires(None));
    }

    /// A session begins or ends: pages of the one before are of no use, but that of the code is.
    pub(super) fn session_is(&mut self, session: Option<AccountId>) {
        self.session = session;
        let open = self.screen;
        self.pages.retain(|screen, _| *screen == Screen::CodeEntry || Some(*screen) == open);
    }

    /// Deletes all cookies, or all but the skips.
    pub(super) fn delete_cookies(&mut self, skips_too: bool) {
        self.visitor.forget_session();
        let now = self.visitor.now();
        let world = self.visitor.world().clone();
        let jar = self.visitor.browser().jar_mut();
        let names: Vec<String> = jar.cookies(now).map(|cookie| cookie.name().into_owned()).collect();
        for name in names.iter().filter(|name| skips_too || !world.target.is_skip_cookie(name)) {
            jar.remove(name);
        }
        if skips_too {
            jar.clear();
            self.skips.clear();
        }
        self.session = None;
        self.attempt = None;
        self.asked_for_skip = false;
        self.attempt_is_fresh = false;
        self.screen = None;
        self.pages.clear();
        self.with_form = None;
    }
}

const FORM: &[u8] = b"<form";
