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

/// How many words of a text could be taken for this code: as long, parted at the same places, and of letters or digits otherwise. For a
/// code of digits alone that is every number that could be one.
pub(crate) fn code_like(text: &str, code: &str) -> usize {
    if code.bytes().all(|byte| byte.is_ascii_digit()) {
        return code_like_numbers(text);
    }
    let shouts = !code.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_like = |word: &&str| {
        let fits =
            |(own, other): (u8, u8)| own == other || (own.is_ascii_alphanumeric() && other.is_ascii_alphanumeric());
        word.len() == code.len()
            && code.bytes().zip(word.bytes()).all(fits)
            && !(shouts && word.bytes().any(|byte| byte.is_ascii_lowercase()))
            // A word of the language is no code.
            && (*word == code || !word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split(|c| !joins(c)).filter(is_like).count()
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
    fn what_is_like_a_code_of_letters_is_counted() {
        let text = "受付番号 20250106-1234 のコードは ABC-D2F です。SEK-ISHO";
        assert_eq!(code_like(text, "ABC-D2F"), 1);
        assert_eq!(code_like("ABC-D2F か XYZ-123 です", "ABC-D2F"), 2);
        assert_eq!(code_like("コードは xk29fq です, please answer", "xk29fq"), 1);
        assert_eq!(code_like("コード：012345、電話 03-1234-5678", "012345"), 3);
        assert_eq!(code_like("コードは件名にあります。", "ABC-D2F"), 0);
    }

    #[test]
    fn code_like_numbers_are_counted() {
        assert_eq!(code_like_numbers("コード：012345、30分、電話 03-1234-5678"), 3);
        assert_eq!(code_like_numbers("30分 123456789"), 0);
    }
}
