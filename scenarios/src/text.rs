//! Looking for something in a text without being fooled by what it is part of.

/// Whether `needle` stands in `text` as a word of its own: no letter, digit, `-` or `_` on either side.
pub(crate) fn stands_alone(text: &str, needle: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    !needle.is_empty()
        && text
            .match_indices(needle)
            .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + needle.len()..].chars().next()))
}

/// Whether a character joins what stands on both sides of it to one thing: an address, an account, a telephone number, a date.
fn joins_to_one(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@' | '.' | '/' | '+')
}

/// How many numbers of a text could be taken for a code of so many digits: those that are as long and part of nothing longer, and the
/// code itself wherever it stands.
fn code_like_numbers(text: &str, code: &str) -> usize {
    let own = text.split(|c: char| !c.is_ascii_digit()).filter(|run| *run == code).count();
    let words = text.split(|c| !joins_to_one(c)).map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    let is_like = |word: &&str| word.len() == code.len() && word.bytes().all(|b| b.is_ascii_digit()) && *word != code;
    own + words.filter(is_like).count()
}

/// The text without a name, an ID or an address that stands in it by itself: the reader knows their own.
fn without(text: &str, own: &str) -> String {
    if own.is_empty() {
        return text.to_owned();
    }
    let (mut rest, mut kept) = (text, String::new());
    while let Some(at) = rest.find(own) {
        let (before, after) = (&rest[..at], &rest[at + own.len()..]);
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let part_of_more = joined(before.chars().next_back()) || joined(after.chars().next());
        kept.push_str(before);
        kept.push_str(if part_of_more { own } else { " " });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// How many words of a text could be taken for this code: as long, parted at the same places, and of letters or digits otherwise. For a
/// code of digits alone that is every number that could be one. What is the reader's `own` (name, ID, address) is none.
pub(crate) fn code_like(text: &str, code: &str, own: &[&str]) -> usize {
    let text = &own.iter().fold(text.to_owned(), |text, own| without(&text, own));
    if code.bytes().all(|byte| byte.is_ascii_digit()) {
        return code_like_numbers(text, code);
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
        assert_eq!(code_like(text, "ABC-D2F", &[]), 1);
        assert_eq!(code_like("ABC-D2F か XYZ-123 です", "ABC-D2F", &[]), 2);
        assert_eq!(code_like("ABC-D2F です、XYZ-123 様", "ABC-D2F", &["XYZ-123"]), 1);
        assert_eq!(code_like("コードは xk29fq です, please answer", "xk29fq", &[]), 1);
        assert_eq!(code_like("コードは件名にあります。", "ABC-D2F", &[]), 0);
    }

    #[test]
    fn numbers_like_the_code_are_counted_and_no_others() {
        let count = |text: &str, code: &str| code_like(text, code, &["w0001@people.test", "000321", "利用者 1"]);
        assert_eq!(count("コード：012345、30分、電話 03-1234-5678", "012345"), 1);
        assert_eq!(count("コードは012345です。受付番号は 543210。", "012345"), 2);
        assert_eq!(count("012345 (または 012345)", "012345"), 2, "the code twice leaves one to wonder");
        assert_eq!(count("G-012345 is your code.", "012345"), 1, "the code counts wherever it stands");
        assert_eq!(count("30分 123456789", "012345"), 0);
        // None of these can be taken for the code: of another length, part of something longer, or the reader's own.
        for beside in [
            "w0001@people.test 様",
            "000321 様",
            "利用者 1 様",
            "(c) 2026 会員サービス",
            "電話 03-1234-5678",
            "会員番号 A-123456",
            "2026.08.13",
            "https://login.test/m/123456",
            "u123456@login.test",
            "20250106 12:34",
        ] {
            assert_eq!(count(&format!("{beside}\nコード: 012345\n"), "012345"), 1, "{beside}");
        }
        assert_eq!(count("(c) 2026 コード: 4711", "4711"), 2, "a year is as long as a code of four digits");
    }
}
