//! Text with `{placeholders}`, checked when the profile is read and filled in when a step is done.

use std::fmt::Write;

/// What can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Portal,
    Address,
    Password,
    Code,
    /// The number of an account, with at least so many digits.
    Number(usize),
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
    /// One-time password.
    pub code: &'a str,
    /// Number of an account.
    pub number: u32,
}

impl Template {
    /// Reads a template; the error names the placeholder that is not known.
    pub(crate) fn parse(text: &str) -> Result<Template, String> {
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
            pieces.push(Piece::Hole(placeholder(name)?));
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
                Piece::Hole(Placeholder::Code) => filled.push_str(&escape(vars.code)),
                Piece::Hole(Placeholder::Number(digits)) => {
                    // Writing to a string cannot fail.
                    let _ = write!(filled, "{:0digits$}", vars.number);
                }
            }
        }
        filled
    }

    /// Whether a hole of this kind is there.
    pub(crate) fn has_number(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Hole(Placeholder::Number(_))))
    }
}

fn placeholder(name: &str) -> Result<Placeholder, String> {
    Ok(match name.split_once(':') {
        None => match name {
            "portal" => Placeholder::Portal,
            "address" => Placeholder::Address,
            "password" => Placeholder::Password,
            "code" => Placeholder::Code,
            "number" => Placeholder::Number(1),
            _ => {
                return Err(format!(
                    "`{{{name}}}` is not known; there are `{{portal}}`, `{{address}}`, `{{password}}`, `{{code}}` and `{{number}}`"
                ));
            }
        },
        Some(("number", digits)) => match digits.parse() {
            Ok(digits @ 1..=9) => Placeholder::Number(digits),
            _ => return Err(format!("`{digits}` is no number of digits from 1 to 9")),
        },
        Some(_) => return Err(format!("`{{{name}}}` is not known; only `{{number:5}}` takes a width")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn holes_are_filled() {
        let vars = Vars { portal: "seeker", number: 7, ..Vars::default() };
        let filled = Template::parse("/{portal}/{{x}}/{number:5}").unwrap().fill(&vars, str::to_owned);
        assert_eq!(filled, "/seeker/{x}/00007");
    }

    #[test]
    fn unknown_holes_are_named() {
        assert!(Template::parse("{porta}").unwrap_err().contains("{porta}"));
        assert!(Template::parse("{number:x}").is_err());
        assert!(Template::parse("half {open").is_err());
        assert!(Template::parse("half open}").is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_plain_text_stays(text in ".{0,60}") {
            if let Ok(template) = Template::parse(&text) && !text.contains(['{', '}']) {
                prop_assert_eq!(template.fill(&Vars::default(), str::to_owned), text);
            }
        }
    }
}
