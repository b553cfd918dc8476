//! Text with `{placeholders}`, checked when the profile is read and filled in when a step is done.

use std::fmt::Write;

/// What can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Portal,
    Address,
    Password,
    /// The password that takes the place of the present one.
    NewPassword,
    /// The name of the owner of an additional account.
    Name,
    Code,
    /// The address that takes the place of the registered one (NOTICE-4).
    NewAddress,
    /// The number that was mailed to it.
    ConfirmationNumber,
    /// The number of an account, with at least so many digits.
    AccountNumber(usize),
}

/// Where a text with holes stands, and so what can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a step: what a person knows then.
    Step,
    /// In the accounts that exist already: what tells them apart.
    Account,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Placeholder),
}

/// A text with holes. `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

/// The values for one filling.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vars<'a> {
    /// Name of the portal.
    pub portal: &'a str,
    /// Sign-in ID.
    pub address: &'a str,
    /// Password.
    pub password: &'a str,
    /// The password that takes its place, or that of an additional account.
    pub new_password: &'a str,
    /// The name of the owner of an additional account.
    pub name: &'a str,
    /// One-time password.
    pub code: &'a str,
    /// The address that takes the place of the registered one.
    pub new_address: &'a str,
    /// The number that was mailed to it.
    pub confirmation: &'a str,
    /// Number of an account.
    pub number: u32,
}

impl Template {
    /// Reads a template; the error names the placeholder that is not known.
    pub(crate) fn parse(text: &str, place: Place) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let from_brace = &rest[at..];
            if let Some(after) = from_brace.strip_prefix("{{").or_else(|| from_brace.strip_prefix("}}")) {
                plain.push_str(&from_brace[..1]);
                rest = after;
                continue;
            }
            let Some((name, after)) = from_brace.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
                return Err("a brace stands alone; write `{{` or `}}` for the character itself".to_owned());
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(placeholder(name, place)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template(pieces))
    }

    /// Fills the holes; each value passes through `escape` first.
    pub(crate) fn fill(&self, vars: &Vars<'_>, escape: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Hole(Placeholder::Portal) => filled.push_str(&escape(vars.portal)),
                Piece::Hole(Placeholder::Address) => filled.push_str(&escape(vars.address)),
                Piece::Hole(Placeholder::Password) => filled.push_str(&escape(vars.password)),
                Piece::Hole(Placeholder::NewPassword) => filled.push_str(&escape(vars.new_password)),
                Piece::Hole(Placeholder::Name) => filled.push_str(&escape(vars.name)),
                Piece::Hole(Placeholder::Code) => filled.push_str(&escape(vars.code)),
                Piece::Hole(Placeholder::NewAddress) => filled.push_str(&escape(vars.new_address)),
                Piece::Hole(Placeholder::ConfirmationNumber) => filled.push_str(&escape(vars.confirmation)),
                Piece::Hole(Placeholder::AccountNumber(digits)) => {
                    // Writing to a string cannot fail.
                    let _ = write!(filled, "{:0digits$}", vars.number);
                }
            }
        }
        filled
    }

    /// Whether the number of an account stands in it.
    pub(crate) fn has_account_number(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Hole(Placeholder::AccountNumber(_))))
    }

    /// Whether this is put in somewhere.
    pub(crate) fn has(&self, placeholder: Placeholder) -> bool {
        self.0.contains(&Piece::Hole(placeholder))
    }
}

fn placeholder(name: &str, place: Place) -> Result<Placeholder, String> {
    match (place, name) {
        (_, "portal") => Ok(Placeholder::Portal),
        (Place::Step, "address") => Ok(Placeholder::Address),
        (Place::Step, "password") => Ok(Placeholder::Password),
        (Place::Step, "new_password") => Ok(Placeholder::NewPassword),
        (Place::Step, "name") => Ok(Placeholder::Name),
        (Place::Step, "code") => Ok(Placeholder::Code),
        (Place::Step, "new_address") => Ok(Placeholder::NewAddress),
        (Place::Step, "number") => Ok(Placeholder::ConfirmationNumber),
        (Place::Step, _) => Err(format!(
            "`{{{name}}}` is not known in a step; there are `{{portal}}`, `{{address}}`, `{{password}}`, `{{new_password}}`, `{{name}}`, \
             `{{code}}`, `{{new_address}}` and `{{number}}`, the number that confirms the new address"
        )),
        (Place::Account, "number") => Ok(Placeholder::AccountNumber(1)),
        (Place::Account, _) => match name.strip_prefix("number:").map(str::parse) {
            Some(Ok(digits @ 1..=9)) => Ok(Placeholder::AccountNumber(digits)),
            Some(_) => Err(format!("`{{{name}}}` has no number of digits from 1 to 9")),
            None => Err(format!(
                "`{{{name}}}` is not known in an account; there are `{{portal}}`, `{{number}}`, and `{{number:5}}` for five digits"
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn holes_are_filled() {
        let vars = Vars { portal: "seeker", number: 7, ..Vars::default() };
        let filled = Template::parse("/{portal}/{{x}}/{number:5}", Place::Account).unwrap().fill(&vars, str::to_owned);
        assert_eq!(filled, "/seeker/{x}/00007");
    }

    #[test]
    fn the_number_of_a_step_is_the_one_that_confirms_an_address() {
        let vars = Vars { new_address: "new@a.test", confirmation: "012345", number: 7, ..Vars::default() };
        let filled = Template::parse("{new_address} {number}", Place::Step).unwrap().fill(&vars, str::to_owned);
        assert_eq!(filled, "new@a.test 012345");
        assert!(Template::parse("{number:5}", Place::Step).is_err());
        assert!(Template::parse("{new_address}", Place::Account).is_err());
    }

    #[test]
    fn unknown_holes_are_named() {
        for place in [Place::Step, Place::Account] {
            assert!(Template::parse("{porta}", place).unwrap_err().contains("{porta}"));
            assert!(Template::parse("{number:x}", place).is_err());
            assert!(Template::parse("half {open", place).is_err());
            assert!(Template::parse("half open}", place).is_err());
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_plain_text_stays(text in ".{0,60}") {
            if let Ok(template) = Template::parse(&text, Place::Step) && !text.contains(['{', '}']) {
                prop_assert_eq!(template.fill(&Vars::default(), str::to_owned), text);
            }
        }
    }
}
