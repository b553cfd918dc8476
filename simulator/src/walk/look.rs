//! What is looked for beside the screen of a step: cookies, values taken from answers, cautions, mail that should not have come.

use std::time::Duration;

use super::notes::Notes;
use super::story::Walker;
use crate::mailbox::Mark;
use crate::target::Screen;
use crate::trouble::Trouble;
use crate::visitor::{Seen, Visitor};

/// So long a value that was taken, and no part of an address, stands under its own name where it is shown: a short one may be a word.
const NAMED_FROM_CHARS: usize = 16;

impl Walker {
    pub(super) fn look_for_session(&mut self, visitor: &mut Visitor) {
        let names = cookies_of(visitor);
        let by_value = self.world.target.session_values().iter().any(|name| visitor.taken().contains_key(name));
        let by_cookie = names.iter().any(|name| self.world.target.is_session_cookie(name));
        if let Some(stop) = self.stops.last_mut().filter(|_| !by_value && !by_cookie) {
            let remark = format!("no cookie matches `skip.session_cookie`; the browser holds {}", listed(&names));
            let hint = "make `skip.session_cookie` match the cookie that holds the session, or let `skip.session_values` name what was taken in its place";
            stop.lacks(remark, hint);
        }
    }

    pub(super) fn look_for_skip(&mut self, visitor: &mut Visitor) {
        let (names, has_skip) = (cookies_of(visitor), !visitor.skip_cookies().is_empty());
        if let Some(stop) = self.stops.last_mut().filter(|_| !has_skip) {
            let remark = format!("the browser holds no cookie that `skip.cookie` matches; it holds {}", listed(&names));
            stop.lacks(remark, "make `skip.cookie` match the whole name of the cookie that holds the skip");
        }
    }

    pub(super) fn look_for_cautions(&mut self, seen: &Seen) {
        if self.world.target.cautions_on(&seen.answer).is_some_and(|cautions| cautions.trim().is_empty())
            && let Some(stop) = self.stops.last_mut()
        {
            stop.lacks(
                "`skip.cautions` names nothing on the page",
                "make `skip.cautions` select what cautions the user",
            );
        }
    }

    /// A code page after a wrong password tells nobody which half was wrong. It does so only where no mail comes.
    pub(super) async fn look_for_no_mail(&mut self, seen: Option<&Seen>, since: Mark) -> Result<(), Trouble> {
        if !seen.is_some_and(|seen| seen.is(Screen::CodeEntry)) {
            return Ok(());
        }
        let quiet: Duration = self.world.target.numbers.quiet_time.0;
        let address = self.account.key.address.clone();
        let wait = self.world.cancel.run_until_cancelled(self.world.mailbox.next_for(&address, since, quiet));
        let came = wait.await.ok_or(Trouble::Interrupted)??.is_some();
        let Some(stop) = self.stops.last_mut() else { return Ok(()) };
        if came {
            stop.lacks(
                "a mail came although the password was wrong",
                "is the password of the account another, or does the target mail codes to whoever knows the address?",
            );
        } else {
            stop.remarks.push(
                "the code page comes after a wrong password too, and no mail: nobody learns which was wrong".to_owned(),
            );
        }
        Ok(())
    }
}

/// What was taken stands under the name that the profile gave it.
pub(super) fn name_what_was_taken(visitor: &Visitor, notes: &Notes) {
    let long = |value: &String| value.chars().count() >= NAMED_FROM_CHARS && !value.contains(['/', ' ']);
    for (name, value) in visitor.taken().iter().filter(|(_, value)| long(value)) {
        notes.hide(name, value);
    }
}

fn cookies_of(visitor: &mut Visitor) -> Vec<String> {
    let now = visitor.now();
    visitor.browser().jar().cookies(now).map(|cookie| cookie.name().into_owned()).collect()
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", crate::description::shortened(name))).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
