//! Another address in a story: in My Page, or by the office.

use super::*;

impl Player {
    pub(super) async fn change_address(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        match self.ask_address(browser).await? {
            Screen::Inside(_) if self.world.target.confirms_addresses() => self.confirm_address(browser, true).await,
            Screen::Inside(account) => {
                self.register_asked(account);
                Ok(Screen::Inside(account))
            }
            refused => Ok(refused),
        }
    }

    pub(super) async fn ask_address(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let account = self.holder(browser);
        self.speak_for(browser, Some(account));
        let new = self.world.fresh_address();
        let vars = Vars { new_address: &new, ..Vars::default() };
        let form = Form { step: Step::SubmitAddress, on: Shown::AddressChange, vars, tick: false };
        let room = &mut self.rooms[browser.0];
        let opened = room.open(Step::OpenAddressChange).await?;
        let known = room.visitor.prepare(form.step, vars, SkipBox::Unticked).is_ok();
        if opened.is(Shown::AddressChange) && !known {
            if !room.knows(form.step) {
                return Err(never_seen(form.step));
            }
            // The page opens, but offers no change: the office is at work.
            return Ok(Screen::Outside);
        }
        self.post.ask(account, &new);
        let seen = match opened.is(Shown::AddressChange) {
            true => room.send(form, None).await?,
            false => room.forge(form).await?,
        };
        let again = seen.is(Shown::AddressChange) && seen.answer.status >= 400;
        let screen = if again { Screen::Outside } else { self.told(browser, form.step, &seen)? };
        if matches!(screen, Screen::Inside(_)) {
            self.asked[account.0] = Some(new);
        }
        Ok(screen)
    }

    pub(super) async fn confirm_address(&mut self, browser: BrowserId, right: bool) -> Result<Screen, Trouble> {
        let account = self.holder(browser);
        let asked = self.asked[account.0].clone();
        let number = match &asked {
            Some(asked) if right && self.post.last_number(asked).is_none() => {
                let (number, came) = self.post.number_for(asked).await?;
                self.came.add(came);
                number
            }
            Some(asked) if right => self.post.last_number(asked).unwrap_or_default(),
            Some(asked) => wrong_code(self.post.last_number(asked).as_deref().unwrap_or(NO_CODE)),
            None => NO_CODE.to_owned(),
        };
        let vars = Vars { confirmation: &number, ..Vars::default() };
        let form = Form { step: Step::ConfirmAddress, on: Shown::AddressConfirmation, vars, tick: false };
        let seen = self.rooms[browser.0].send(form, None).await?;
        // A number that is not taken leads back, to where it is asked for or where the address is.
        let led_back = seen.is(Shown::AddressChange) && !self.says_registered(account, asked.as_deref(), right, &seen);
        if seen.is(Shown::AddressConfirmation) || led_back {
            return Ok(Screen::Outside);
        }
        let screen = self.told(browser, form.step, &seen)?;
        if screen == Screen::Inside(account) {
            self.register_asked(account);
        }
        Ok(screen)
    }

    /// Whether the page that also asks for another address says that this one is registered now: by naming it, or, after the right number, by
    /// not naming the one before.
    fn says_registered(&self, account: AccountId, asked: Option<&str>, right: bool, seen: &Answered) -> bool {
        let text = seen.text();
        let names = |address: &str| text.contains(address);
        let before = &self.accounts[account.0].key.address;
        asked.is_some_and(|asked| names(asked) || (right && !names(before)))
    }

    fn register_asked(&mut self, account: AccountId) {
        if let Some(new) = self.asked[account.0].take() {
            self.register(account, &new);
        }
    }

    fn register(&mut self, account: AccountId, new: &str) {
        self.post.register(account, new);
        self.accounts[account.0] = self.person.moved(&self.accounts[account.0], new);
    }

    pub(super) async fn ask_the_office(&mut self, account: AccountId) -> Result<Screen, Trouble> {
        let new = self.world.fresh_address();
        match self.person.ask_the_office(&self.accounts[account.0], &new).await {
            Ok(procedure) => {
                self.post.ask(account, &new);
                self.procedures[account.0] = Some((procedure, new));
                Ok(Screen::Nothing)
            }
            // A second request beside one that is open may well be refused.
            Err(Trouble::Office(_)) if self.procedures[account.0].is_some() => Ok(Screen::Outside),
            Err(trouble) => Err(trouble),
        }
    }

    /// The office satisfies itself who asks, and the days pass that it needs.
    pub(super) async fn office_works(
        &mut self,
        account: AccountId,
        before: &mut Vec<(Action, Seen)>,
    ) -> Result<Screen, Trouble> {
        let quietly = |screen| Seen { screen, mails: Vec::new() };
        if self.procedures[account.0].is_none() {
            let asked = self.ask_the_office(account).await?;
            before.push((Action::OfficeTakesRequest(account), quietly(asked)));
        }
        let Some((procedure, new)) = self.procedures[account.0].take() else { return Ok(Screen::Outside) };
        let done_at = self.person.prove_identity(&procedure).await?;
        if let Ok(days) = done_at.duration_since(self.person.now()) {
            self.wait(days).await?;
            let ms = i64::try_from(days.as_millis()).unwrap_or(i64::MAX);
            before.push((Action::Wait(ms), quietly(Screen::Nothing)));
        }
        self.asked[account.0] = None;
        self.register(account, &new);
        Ok(Screen::Nothing)
    }
}
