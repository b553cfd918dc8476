//! Texts of others in our log: without the addresses that stand in them.

use std::fmt::{self, Write as _};

/// A longer text is cut: a log line is no place for a whole mail. In characters.
const MAX_CHARS: usize = 400;

/// Shows a text with every mail address in it masked down to its first character and its domain, and without control
/// characters, so that it stays within its line.
pub(crate) fn masked(text: &str) -> Masked<'_> {
    Masked(text)
}

/// A text that is shown masked.
pub(crate) struct Masked<'a>(&'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.char_indices().nth(MAX_CHARS).map_or(self.0.len(), |(at, _)| at);
        let text = &self.0[..end];
        let mut word_start = 0;
        for (at, character) in text.char_indices() {
            if is_between_words(character) {
                write_word(&text[word_start..at], f)?;
                f.write_char(if character.is_control() { ' ' } else { character })?;
                word_start = at + character.len_utf8();
            }
        }
        write_word(&text[word_start..], f)?;
        if end < self.0.len() { f.write_char('…') } else { Ok(()) }
    }
}

fn is_between_words(character: char) -> bool {
    character.is_whitespace() || character.is_control() || "<>()[],;:\"".contains(character)
}

fn write_word(word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match word.rsplit_once('@') {
        Some((local, domain)) => {
            if let Some(first) = local.chars().next() {
                f.write_char(first)?;
            }
            write!(f, "…@{domain}")
        }
        None => f.write_str(word),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_masked_and_the_rest_stands() {
        let text = "550 5.1.1 <hanako.sato@example.test>: no such user \"taro@a.test\"";
        assert_eq!(masked(text).to_string(), "550 5.1.1 <h…@example.test>: no such user \"t…@a.test\"");
        assert_eq!(masked("421 try later").to_string(), "421 try later");
    }

    #[test]
    fn a_text_stays_in_its_line_and_is_cut() {
        assert_eq!(masked("a\r\nb\u{1b}c").to_string(), "a  b c");
        assert_eq!(masked(&"あ".repeat(500)).to_string().chars().count(), MAX_CHARS + 1);
    }

    proptest! {
        #[test]
        fn no_address_survives(local in "[a-z0-9.+_-]{2,20}", domain in "[a-z]{1,9}\\.test", before in "\\PC{0,30}", after in "[ >)\\]:;]\\PC{0,30}") {
            let address = format!("{local}@{domain}");
            let text = format!("{before}{address}{after}");
            let shown = masked(&text).to_string();
            prop_assert!(!shown.contains(&address), "{}", shown);
        }
    }
}
