//! Text with `{placeholders}`, checked when the profile is read and filled in when it is needed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::holes::known;
pub(crate) use super::holes::{Hole, MOST_CODE_PLACES, Place, Since, Unit};

/// A secret of the profile: it is put in like any other text, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What a profile defines for its templates.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// `[values]`: texts with holes of their own.
    pub(crate) values: BTreeMap<String, String>,
    /// `[secrets]`, read.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// What some step takes from an answer.
    pub(crate) taken: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Secret(Secret),
    Hole(Hole),
    /// A hole that may have no value (`{name?}`).
    Optional(Hole),
}

/// A text with holes. `{{` and `}}` stand for braces. What no answer may have given yet, and a cookie that the browser may not hold, has a
/// `?` behind its name: where it is missing nothing is put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

/// Gives the values for one filling.
pub(crate) trait Fill {
    /// What goes into a hole; `None` where it is not known now.
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>>;
}

/// A hole could not be filled: a value that no answer has given so far, or a cookie that the browser does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    /// No answer has given it.
    #[error("`{{{0}}}` was not taken from any answer so far; where it may be missing, write `{{{0}?}}`")]
    Taken(String),
    /// There is no such cookie.
    #[error("the browser holds no cookie `{0}`; where it may be missing, write `{{cookie:{0}?}}`")]
    Cookie(String),
    /// It is not known in this place. Our bug: the place was checked when the profile was read.
    #[error("a placeholder has no value here")]
    Unknown,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Names the placeholder that is not known, or that turns in a circle.
    pub(crate) fn parse(text: &str, place: Place, names: &Names) -> Result<Template, String> {
        let mut pieces = Vec::new();
        read(text, place, names, &mut Vec::new(), &mut pieces)?;
        Ok(Template(pieces))
    }

    /// Fills the holes; each value passes through `escape` first, the text between them does not.
    ///
    /// # Errors
    /// When a value is not known now.
    pub(crate) fn fill(&self, from: &impl Fill, escape: impl Fn(&str) -> String) -> Result<String, Unfilled> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Secret(secret) => filled.push_str(&escape(&secret.0)),
                Piece::Hole(hole) => {
                    let value = from.value(hole).ok_or_else(|| match hole {
                        Hole::Taken(name) => Unfilled::Taken(name.clone()),
                        Hole::Cookie(name) => Unfilled::Cookie(name.clone()),
                        _ => Unfilled::Unknown,
                    })?;
                    filled.push_str(&escape(&value));
                }
                Piece::Optional(hole) => {
                    if let Some(value) = from.value(hole) {
                        filled.push_str(&escape(&value));
                    }
                }
            }
        }
        Ok(filled)
    }

    /// The same without escaping, for what is left out as a whole (`None`) where something in it may be missing and is.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub(crate) fn plain_or_nothing(&self, from: &impl Fill) -> Result<Option<String>, Unfilled> {
        let missing = |piece: &Piece| matches!(piece, Piece::Optional(hole) if from.value(hole).is_none());
        if self.0.iter().any(missing) { Ok(None) } else { self.plain(from).map(Some) }
    }

    /// The same without escaping.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub(crate) fn plain(&self, from: &impl Fill) -> Result<String, Unfilled> {
        self.fill(from, str::to_owned)
    }

    /// Whether a hole of this kind stands in it.
    pub(crate) fn has(&self, wanted: impl Fn(&Hole) -> bool) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Hole(hole) | Piece::Optional(hole) if wanted(hole)))
    }

    /// A regular expression for what the template can become: `hole` gives that of a hole.
    pub(crate) fn expression(&self, hole: impl Fn(&Hole) -> &'static str) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Text(text) => regex::escape(text),
            Piece::Secret(secret) => regex::escape(&secret.0),
            Piece::Hole(found) | Piece::Optional(found) => hole(found).to_owned(),
        };
        self.0.iter().map(of).collect()
    }

    /// The text before the first thing that is put in.
    pub(crate) fn beginning(&self) -> String {
        let texts =
            self.0.iter().map_while(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
        texts.collect()
    }

    /// Whether nothing is put in, from nowhere.
    pub(crate) fn is_fixed(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// Whether it is one value that was taken from an answer, and nothing else.
    pub(crate) fn is_taken_whole(&self) -> bool {
        matches!(self.0.as_slice(), [Piece::Hole(Hole::Taken(_)) | Piece::Optional(Hole::Taken(_))])
    }

    /// The hole, where it is all there is.
    pub(crate) fn sole_hole(&self) -> Option<&Hole> {
        match self.0.as_slice() {
            [Piece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }
}

/// Nothing is known: for texts in which only secrets stand.
pub(crate) struct Nothing;

impl Fill for Nothing {
    fn value(&self, _: &Hole) -> Option<Cow<'_, str>> {
        None
    }
}

/// Reads a text into pieces. `within` are the values that it stands in, outermost first.
fn read<'a>(
    text: &str,
    place: Place,
    names: &'a Names,
    within: &mut Vec<&'a str>,
    pieces: &mut Vec<Piece>,
) -> Result<(), String> {
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
        rest = after;
        match names.values.get_key_value(name) {
            None => pieces.push(placeholder(name, place, names)?),
            Some((name, _)) if within.contains(&name.as_str()) => {
                let circle: Vec<_> =
                    within.iter().copied().chain([name.as_str()]).map(|n| format!("`{{{n}}}`")).collect();
                return Err(format!("the values turn in a circle: {}", circle.join(" holds ")));
            }
            Some((name, value)) => {
                within.push(name);
                read(value, place, names, within, pieces)?;
                within.pop();
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(())
}

fn placeholder(name: &str, place: Place, names: &Names) -> Result<Piece, String> {
    if let Some(name) = name.strip_suffix('?') {
        return match placeholder(name, place, names)? {
            Piece::Hole(hole @ (Hole::Taken(_) | Hole::Cookie(_))) => Ok(Piece::Optional(hole)),
            _ => Err(format!("`{{{name}}}` is never missing: leave the `?` out")),
        };
    }
    if !is_like_a_name(name) {
        // Text of another language, such as a query of GraphQL, has braces of its own.
        return Err(format!(
            "`{{{}` begins no placeholder: a brace itself is written twice, `{{{{` and `}}}}`",
            shortened(name)
        ));
    }
    let known = known(place);
    if let Some((_, hole)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(Piece::Hole(hole.clone()));
    }
    if let Some(secret) = name.strip_prefix("secret:") {
        let found = names.secrets.get(secret);
        return found.map(|secret| Piece::Secret(secret.clone())).ok_or_else(|| {
            format!(
                "`{{{name}}}` names a secret that `[secrets]` does not define{}",
                nearest(secret, names.secrets.keys())
            )
        });
    }
    match (place, name.split_once(':')) {
        (Place::Account, Some(("number", digits))) => {
            return match digits.parse() {
                Ok(digits @ 1..=9) => Ok(Piece::Hole(Hole::AccountNumber(digits))),
                _ => Err(format!("`{{{name}}}` has no number of digits from 1 to 9")),
            };
        }
        (Place::Step, Some(("code", place))) => {
            return match place.parse() {
                Ok(place @ 1..=MOST_CODE_PLACES) => Ok(Piece::Hole(Hole::CodeCharacter(place))),
                _ => Err(format!(
                    "`{{{name}}}` names no character of the code: `{{code:1}}` is the first, and there are up to {MOST_CODE_PLACES}"
                )),
            };
        }
        (Place::Step, Some(("cookie", cookie))) if !cookie.is_empty() => {
            return Ok(Piece::Hole(Hole::Cookie(cookie.to_owned())));
        }
        (Place::Step, None) if names.taken.contains(name) => return Ok(Piece::Hole(Hole::Taken(name.to_owned()))),
        _ => {}
    }
    let mut here: Vec<String> = known.iter().map(|(name, _)| format!("`{{{name}}}`")).collect();
    match place {
        Place::Step => here
            .push("`{code:1}` for a character of it, `{cookie:NAME}` and what a step takes from an answer".to_owned()),
        Place::Account => here.push("`{number:5}` for five digits".to_owned()),
        _ => {}
    }
    here.push("`{secret:NAME}` and what `[values]` defines".to_owned());
    let candidates = known.iter().map(|(name, _)| *name).chain(names.values.keys().map(String::as_str));
    let candidates: Vec<String> = candidates.chain(names.taken.iter().map(String::as_str)).map(str::to_owned).collect();
    Err(format!("`{{{name}}}` is not known here{}; there are {}", nearest(name, candidates.iter()), here.join(", ")))
}

/// Whether somebody meant a placeholder by it.
fn is_like_a_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '"' | '(' | ','))
}

/// The beginning of a text that may be long, on one line.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS: usize = 30;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SHOWN_CHARS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// A hint at the known name that one most resembles.
fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a String>) -> String {
    let nearest = known
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    nearest.map(|(_, known)| format!(" (did you mean `{known}`?)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    struct Given(&'static [(&'static str, Hole, &'static str)]);

    impl Fill for Given {
        fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
            self.0.iter().find(|(_, known, _)| known == hole).map(|(_, _, value)| Cow::Borrowed(*value))
        }
    }

    fn parse(text: &str, place: Place) -> Result<Template, String> {
        Template::parse(text, place, &Names::default())
    }

    #[test]
    fn holes_are_filled_and_escaped() {
        let given = Given(&[("", Hole::Portal, "see/ker"), ("", Hole::AccountNumber(5), "00007")]);
        let template = parse("/{portal}/{{x}}/{number:5}", Place::Account).unwrap();
        assert_eq!(template.plain(&given).unwrap(), "/see/ker/{x}/00007");
        assert_eq!(template.fill(&given, |value| value.replace('/', "%2F")).unwrap(), "/see%2Fker/{x}/00007");
    }

    #[test]
    fn values_are_put_in_wherever_they_are_named_and_may_not_turn_in_a_circle() {
        let values = [("api", "/api/{portal}"), ("login", "{api}/login"), ("a", "x{b}"), ("b", "{c}"), ("c", "{a}")];
        let values = values.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let names = Names { values: values.into(), ..Names::default() };
        let given = Given(&[("", Hole::Portal, "seeker")]);
        let template = Template::parse("{login}?a", Place::Step, &names).unwrap();
        assert_eq!(template.plain(&given).unwrap(), "/api/seeker/login?a");
        let error = Template::parse("{a}", Place::Step, &names).unwrap_err();
        assert_eq!(error, "the values turn in a circle: `{a}` holds `{b}` holds `{c}` holds `{a}`");
        // The same value twice side by side is no circle.
        assert!(Template::parse("{api}{api}", Place::Step, &names).is_ok());
    }

    #[test]
    fn a_brace_of_another_language_is_told_from_a_placeholder() {
        for text in ["query { viewer { id } }", "{ \"a\": 1 }", "mutation A($b: C) {d(b: $b)}", "{}"] {
            let message = parse(text, Place::Step).unwrap_err();
            assert!(message.contains("a brace itself is written twice"), "{message}");
        }
        assert!(parse("{cod}", Place::Step).unwrap_err().contains("did you mean `code`"));
    }

    #[test]
    fn characters_of_the_code_have_places() {
        assert!(parse("{code:1}{code:16}", Place::Step).is_ok());
        for wrong in ["{code:0}", "{code:17}", "{code:x}", "{code:}"] {
            assert!(parse(wrong, Place::Step).unwrap_err().contains("`{code:1}` is the first"), "{wrong}");
        }
        assert!(parse("{code:1}", Place::Account).is_err());
    }

    #[test]
    fn secrets_are_put_in_and_not_shown() {
        let secrets = [("token".to_owned(), Secret("s3cr3t".to_owned()))];
        let names = Names { secrets: secrets.into(), ..Names::default() };
        let template = Template::parse("Bearer {secret:token}", Place::Plain, &names).unwrap();
        assert_eq!(template.plain(&Nothing).unwrap(), "Bearer s3cr3t");
        assert!(!format!("{template:?}").contains("s3cr3t"));
        assert!(Template::parse("{secret:tokem}", Place::Plain, &names).unwrap_err().contains("did you mean `token`"));
    }

    #[test]
    fn what_no_answer_gave_cannot_be_put_in() {
        let names = Names { taken: ["csrf".to_owned()].into(), ..Names::default() };
        let template = Template::parse("{csrf}", Place::Step, &names).unwrap();
        assert_eq!(template.plain(&Nothing), Err(Unfilled::Taken("csrf".to_owned())));
        assert_eq!(parse("{cookie:a}", Place::Step).unwrap().plain(&Nothing), Err(Unfilled::Cookie("a".to_owned())));
        assert!(parse("{csrf}", Place::Step).unwrap_err().contains("`{csrf}` is not known here"));
    }

    #[test]
    fn what_may_be_missing_is_left_out() {
        let names = Names { taken: ["token".to_owned()].into(), ..Names::default() };
        struct OneCookie;
        impl Fill for OneCookie {
            fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
                matches!(hole, Hole::Cookie(name) if name == "xsrf").then_some(Cow::Borrowed("x1"))
            }
        }
        let given = OneCookie;
        let token = Template::parse("Bearer {token?}", Place::Step, &names).unwrap();
        assert_eq!(token.plain(&given).unwrap(), "Bearer ");
        assert_eq!(token.plain_or_nothing(&given).unwrap(), None);
        let cookie = Template::parse("{cookie:xsrf?}", Place::Step, &names).unwrap();
        assert_eq!(cookie.plain_or_nothing(&given).unwrap(), Some("x1".to_owned()));
        let needed = Template::parse("{token}", Place::Step, &names).unwrap();
        assert!(needed.plain_or_nothing(&given).is_err());
        let message = Template::parse("{address?}", Place::Step, &names).unwrap_err();
        assert_eq!(message, "`{address}` is never missing: leave the `?` out");
        assert!(Template::parse("{tokn?}", Place::Step, &names).unwrap_err().contains("did you mean `token`"));
    }

    #[test]
    fn unknown_holes_are_named_and_the_nearest_is_suggested() {
        for place in Place::ALL {
            assert!(parse("{porta}", place).unwrap_err().contains("{porta}"));
            assert!(parse("{number:x}", place).is_err());
            assert!(parse("half {open", place).is_err());
            assert!(parse("half open}", place).is_err());
        }
        assert!(parse("{porta}", Place::Step).unwrap_err().contains("did you mean `portal`"));
        assert!(parse("{new_address}", Place::Account).is_err() && parse("{number:5}", Place::Step).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_plain_text_stays(text in ".{0,60}") {
            if let Ok(template) = parse(&text, Place::Step) && !text.contains(['{', '}']) {
                prop_assert_eq!(template.plain(&Nothing).unwrap(), text);
            }
        }
    }
}
