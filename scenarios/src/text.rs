//! Looking for something in a text without being fooled by what it is part of.

/// Whether `needle` stands in `text` as a word of its own: no letter, digit, `-` or `_` on either side.
pub(crate) fn stands_alone(text: &str, needle: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    !needle.is_empty()
        && text
            .match_indices(needle)
            .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + needle.len()..].chars().next()))
}

/// How many runs of 4 to 8 digits a text has that could be taken for a code.
pub(crate) fn code_like_numbers(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| (4..=8).contains(&run.len())).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_inside_something_longer_does_not_count() {
        assert!(stands_alone("コード：123456\n", "123456"));
        assert!(stands_alone("123456", "123456"));
        for text in ["1234567", "id=ab123456", "x-123456", "123456_", ""] {
            assert!(!stands_alone(text, "123456"), "{text}");
        }
        assert!(stands_alone("9123456 123456", "123456"), "a later place counts");
    }

    #[test]
    fn code_like_numbers_are_counted() {
        assert_eq!(code_like_numbers("コード：012345、30分、電話 03-1234-5678"), 3);
        assert_eq!(code_like_numbers("30分 123456789"), 0);
    }
}
