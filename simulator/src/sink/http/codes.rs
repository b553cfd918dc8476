//! Which numbers of a mail a person is likely to look for. Only a help for the eye: the checks find codes by what the
//! target's profile says.

/// How many digits a code has.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// At most so many are shown.
const MAX_CODES: usize = 3;
/// What counts something when it follows a number, or joins it to a longer one.
const NOT_AFTER: &str = "年月日時分秒円人件番名号-/@%％：:";
/// What joins two numbers to one where a digit follows.
const JOINTS: &str = ".,";
const NOT_BEFORE: &str = "-./,@#+￥¥";

/// The numbers of four to eight digits that stand alone. Those after a colon, as in `ワンタイムパスワード：123456`, go before all
/// others.
pub(super) fn codes_in(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut labelled, mut others): (Vec<String>, Vec<String>) = Default::default();
    let mut at = 0;
    while at < chars.len() {
        let run: String = chars[at..].iter().map_while(|char| digit(*char)).collect();
        let end = at + run.chars().count().max(1);
        let before = at.checked_sub(1).map(|before| chars[before]);
        if DIGITS.contains(&run.len()) && stands_alone(before, &chars[end..]) {
            let label = chars[..at].iter().rev().find(|char| !matches!(char, ' ' | '\u{3000}' | '\t'));
            let found = if matches!(label, Some(':' | '：')) { &mut labelled } else { &mut others };
            if !found.contains(&run) {
                found.push(run);
            }
        }
        at = end;
    }
    let mut codes = if labelled.is_empty() { others } else { labelled };
    codes.truncate(MAX_CODES);
    codes
}

fn stands_alone(before: Option<char>, after: &[char]) -> bool {
    let joins = |char: char, others: &str| char.is_ascii_alphanumeric() || char == '_' || others.contains(char);
    !before.is_some_and(|char| joins(char, NOT_BEFORE))
        && !after.first().is_some_and(|char| joins(*char, NOT_AFTER))
        && !matches!(after, [joint, next, ..] if JOINTS.contains(*joint) && digit(*next).is_some())
}

/// The digit in ASCII, also of a full-width one.
fn digit(char: char) -> Option<char> {
    match char {
        '0'..='9' => Some(char),
        '０'..='９' => char::from_digit(u32::from(char) - u32::from('０'), 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_found_and_what_only_looks_like_one_is_not() {
        for (text, expected) in [
            ("ワンタイムパスワード：042137\n有効期間は30分間です。", &["042137"][..]),
            ("確認番号： １２３４５６", &["123456"]),
            ("Your code is 4711. Bye", &["4711"]),
            ("code: 123456\norder 99887766", &["123456"]),
            ("2025年8月13日 0120-123-4567 1,234円 a1234 #5678 2025/08/13 10:2025:11", &[]),
            ("123456789 123", &[]),
            ("1111 2222 3333 4444", &["1111", "2222", "3333"]),
            ("1111 1111", &["1111"]),
        ] {
            assert_eq!(codes_in(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_searched(text in "\\PC{0,80}") {
            for code in codes_in(&text) {
                prop_assert!(DIGITS.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
