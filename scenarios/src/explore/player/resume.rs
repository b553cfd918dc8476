//! The resume in a story: by its two buttons, or by another password.

use super::*;

impl Player {
    pub(super) async fn open_resume(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        self.speak_for(browser, None);
        let room = &mut self.rooms[browser.0];
        let (portal, world) = (room.portal(), self.world.clone());
        let knows = |step| world.target.knows_in(portal, step);
        let stands_on_settings = world.target.needs_page(portal, Step::Resume);
        if !knows(Step::Resume) || (stands_on_settings && !knows(Step::OpenSkipSettings)) {
            let seen = room.open(Step::OpenResume).await?;
            return self.told(browser, Step::OpenResume, &seen);
        }
        if knows(Step::OpenSkipSettings) && !room.shows(Shown::SkipSettings) {
            let seen = room.open(Step::OpenSkipSettings).await?;
            if !seen.is(Shown::SkipSettings) {
                let seen = if knows(Step::OpenResume) { room.open(Step::OpenResume).await? } else { seen };
                return self.told(browser, Step::OpenResume, &seen);
            }
        }
        let seen = room.send(Form::plain(Step::Resume, Shown::SkipSettings), None).await?;
        self.told(browser, Step::Resume, &seen)
    }

    /// Whether the resume is done by another password.
    pub(super) fn resumes_by_password(&self, browser: BrowserId) -> bool {
        self.world.target.takes_new_password(self.rooms[browser.0].portal(), Step::CompleteResume)
    }

    pub(super) async fn complete_resume(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        if self.resumes_by_password(browser) {
            return self.change_password(browser).await;
        }
        self.speak_for(browser, None);
        let form = Form::plain(Step::CompleteResume, Shown::ResumeConfirmation);
        let room = &self.rooms[browser.0];
        let (signed_in, is_open) = (room.session.is_some(), room.shows(form.on));
        if signed_in && !is_open && !self.world.target.knows_in(room.portal(), Step::OpenResume) {
            self.open_resume(browser).await?;
        }
        let reload = signed_in.then_some(Step::OpenResume);
        let seen = self.rooms[browser.0].send(form, reload).await?;
        if seen.is(Shown::ResumeConfirmation) {
            return Err(astray(Step::CompleteResume, Shown::SkipSettings, &seen));
        }
        self.told(browser, Step::CompleteResume, &seen)
    }

    /// The resume where it is another password. It is sent from its own page only, or nobody knew afterwards which password counts.
    async fn change_password(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let opened = self.open_resume(browser).await?;
        let holder = self.holder(browser);
        let room = &mut self.rooms[browser.0];
        if !room.shows(Shown::ResumeConfirmation) {
            return match opened {
                Screen::Inside(_) => Err(Trouble::Astray {
                    step: Step::OpenResume,
                    wanted: Shown::ResumeConfirmation.to_string(),
                    seen: opened.to_string(),
                }),
                shut => Ok(shut),
            };
        }
        let seen = room.visitor.look(Step::CompleteResume, Vars::default(), SkipBox::Unticked).await?;
        let seen = room.note(Step::CompleteResume, seen)?;
        match seen.screen {
            Some(Shown::ResumeConfirmation) => Err(astray(Step::CompleteResume, Shown::PasswordChanged, &seen)),
            // It was done, and whoever did it is to sign in anew.
            Some(Shown::SignIn) => Ok(Screen::Inside(holder)),
            _ => self.told(browser, Step::CompleteResume, &seen),
        }
    }
}
