//! What a browser keeps of the target: cookies, and values taken from answers.

use super::Visitor;
use crate::browser::Cookie;

impl Visitor {
    /// The cookies that hold a skip, expired ones excepted.
    pub fn skip_cookies(&self) -> Vec<Cookie> {
        let target = &self.life.world.target;
        self.browser.jar().cookies(self.now()).filter(|cookie| target.is_skip_cookie(&cookie.name())).cloned().collect()
    }

    /// Deletes what keeps somebody signed in, the session's cookies above all, and keeps all other cookies (FAQ-10d).
    pub fn forget_session(&mut self) {
        self.is_inside = false;
        let target = &self.life.world.target;
        let jar = self.browser.jar();
        let names: Vec<String> = jar.cookies(self.life.now()).map(|cookie| cookie.name().into_owned()).collect();
        for name in names.iter().filter(|name| target.is_session_cookie(name)) {
            self.browser.jar_mut().remove(name);
        }
        for name in self.life.world.target.session_values() {
            self.taken.remove(name);
        }
    }

    /// Lets none of its cookies lapse any more, whatever their end: what is refused later is refused by the target, and not because the
    /// browser, whose time is ours, brought nothing to know it by.
    pub fn keep_cookies(&mut self) {
        let cookies = self.browser.jar().cookies(self.life.now());
        let kept: Vec<Cookie> = cookies.map(|cookie| cookie.clone().with_expires(None)).collect();
        for cookie in kept {
            self.plant(cookie);
        }
    }

    /// What this browser has learnt from the target and no stranger knows: the values taken from answers, and those of its cookies.
    pub fn learnt(&self) -> Vec<String> {
        let cookies = self.browser.jar().cookies(self.now()).map(|cookie| cookie.value().into_owned());
        self.taken.values().cloned().chain(cookies).filter(|value| !value.is_empty()).collect()
    }

    /// Puts a cookie into this browser in place of its own of that name.
    pub fn plant(&mut self, cookie: Cookie) {
        self.browser.jar_mut().insert(cookie);
    }
}
