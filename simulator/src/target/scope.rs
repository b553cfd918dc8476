//! The values that placeholders stand for: what a story knows, and what the browser has learnt.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::template::{Fill, Hole};

/// What a story puts in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vars<'a> {
    /// Name of the portal.
    pub portal: &'a str,
    /// Registered mail address.
    pub address: &'a str,
    /// Sign-in ID, where it is not the address; else empty.
    pub id: &'a str,
    /// Password.
    pub password: &'a str,
    /// The password that takes its place, or that of an additional account.
    pub new_password: &'a str,
    /// The name of the owner of an account.
    pub name: &'a str,
    /// One-time password.
    pub code: &'a str,
    /// The address that takes the place of the registered one.
    pub new_address: &'a str,
    /// The number that was mailed to it.
    pub confirmation: &'a str,
}

/// What was taken from answers, by name.
pub type Taken = BTreeMap<String, String>;

/// Everything a step can put in.
pub(crate) struct Scope<'a> {
    pub(crate) vars: Vars<'a>,
    pub(crate) skip: bool,
    pub(crate) taken: &'a Taken,
    pub(crate) cookie: &'a dyn Fn(&str) -> Option<String>,
    /// The last character of the code that the request has a place for: what follows it goes there too.
    pub(crate) last_of_code: Option<usize>,
}

impl Fill for Scope<'_> {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        let vars = &self.vars;
        let text = match hole {
            Hole::Portal => vars.portal,
            Hole::Address => vars.address,
            Hole::Id if vars.id.is_empty() => vars.address,
            Hole::Id => vars.id,
            Hole::Password => vars.password,
            Hole::NewPassword => vars.new_password,
            Hole::Name => vars.name,
            Hole::Code => vars.code,
            Hole::CodeCharacter(place) => return Some(Cow::Borrowed(self.of_code(*place))),
            Hole::NewAddress => vars.new_address,
            Hole::ConfirmationNumber => vars.confirmation,
            Hole::Skip if self.skip => "true",
            Hole::Skip => "false",
            Hole::Taken(name) => return self.taken.get(name).map(|value| Cow::Borrowed(value.as_str())),
            Hole::Cookie(name) => return (self.cookie)(name).map(Cow::Owned),
            _ => return None,
        };
        Some(Cow::Borrowed(text))
    }
}

impl<'a> Scope<'a> {
    /// The character of the code at a place, from 1; nothing where the code is shorter.
    fn of_code(&self, place: usize) -> &'a str {
        let from = |place: usize| {
            let code = self.vars.code;
            code.char_indices().nth(place).map_or("", |(at, _)| &code[at..])
        };
        let (this, next) = (from(place.saturating_sub(1)), from(place));
        if self.last_of_code == Some(place) { this } else { &this[..this.len() - next.len()] }
    }
}
