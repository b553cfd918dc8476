//! The character sets a mail can be written in, and ISO-2022-JP as mail needs it (RFC 1468, RFC 2047).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use encoding_rs::ISO_2022_JP;
use unicode_normalization::UnicodeNormalization;

/// How the mails are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailCharset {
    /// UTF-8, its transfer encoding chosen by the text.
    #[default]
    Utf8,
    /// ISO-2022-JP, seven bits, as Japanese services have long mailed and many still do.
    Iso2022Jp,
}

/// There is no such character set here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are `utf-8` and `iso-2022-jp`")]
pub struct UnknownCharset;

impl FromStr for MailCharset {
    type Err = UnknownCharset;

    fn from_str(name: &str) -> Result<Self, UnknownCharset> {
        [Self::Utf8, Self::Iso2022Jp]
            .into_iter()
            .find(|charset| charset.to_string().eq_ignore_ascii_case(name.trim()))
            .ok_or(UnknownCharset)
    }
}

impl fmt::Display for MailCharset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Utf8 => "utf-8",
            Self::Iso2022Jp => "iso-2022-jp",
        })
    }
}

/// Stands for a character that ISO-2022-JP lacks; Japanese printers have long set it where a type was missing.
const MISSING: char = '〓';
/// The longest encoded word (RFC 2047 §2), in characters.
const WORD_CHARS: usize = 75;
/// The longest line that bears an encoded word (RFC 2047 §2), in characters.
const LINE_CHARS: usize = 76;
/// How the two-byte set of JIS X 0208 begins and ends within a text.
const KANJI_IN: &[u8] = b"\x1b$B";
const ASCII: &[u8] = b"\x1b(B";

/// A text in ISO-2022-JP. Each of its lines ends in ASCII, with CRLF.
///
/// What JIS X 0208 lacks is written by what stands for it there: half-width kana as full-width, `〜` and its like by the twin
/// that the set has, `①` and `㈱` by what Unicode says they are made of. What is left becomes `〓`.
pub(super) fn to_iso_2022_jp(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + text.len() / 8);
    for line in text.lines() {
        bytes.extend(encoded(&expressible(line)));
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A header's text as encoded words, folded. Every word can be read by itself: no character is split, and in ISO-2022-JP it begins
/// and ends in ASCII. `indent` says how many characters of the first line are taken already. A text in ASCII stays as it is.
///
/// The mail library's own words make lines of up to 78 characters.
pub(super) fn encoded_words(text: &str, charset: MailCharset, indent: usize) -> String {
    let text = text.replace(char::is_control, " ");
    let text = if charset == MailCharset::Iso2022Jp { expressible(&text) } else { text };
    if text.is_ascii() {
        return text;
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for char in text.chars() {
        let room = if words.is_empty() { WORD_CHARS.min(LINE_CHARS.saturating_sub(indent)) } else { WORD_CHARS };
        word.push(char);
        if encoded_word(&word, charset).len() > room && word.chars().nth(1).is_some() {
            word.pop();
            words.push(encoded_word(&word, charset));
            word = char.to_string();
        }
    }
    words.push(encoded_word(&word, charset));
    words.join("\r\n ")
}

fn encoded_word(word: &str, charset: MailCharset) -> String {
    match charset {
        MailCharset::Utf8 => format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word)),
        MailCharset::Iso2022Jp => format!("=?ISO-2022-JP?B?{}?=", BASE64_STANDARD.encode(encoded(word))),
    }
}

fn encoded(expressible: &str) -> Vec<u8> {
    ISO_2022_JP.encode(expressible).0.into_owned()
}

/// The text with nothing in it that ISO-2022-JP lacks.
fn expressible(text: &str) -> String {
    let mut expressed = String::with_capacity(text.len());
    let mut others = String::new();
    for char in text.chars().map(twin) {
        if is_in_set(char) {
            expressed.extend(made_of(&std::mem::take(&mut others)));
            expressed.push(char);
        } else {
            others.push(char);
        }
    }
    expressed.extend(made_of(&others));
    expressed
}

/// What characters outside the set are made of. They are taken together: a half-width kana and its voicing mark become one.
fn made_of(others: &str) -> impl Iterator<Item = char> {
    others.nfkc().map(twin).map(|char| if is_in_set(char) { char } else { MISSING })
}

/// Whether ISO-2022-JP has the character: ASCII that is no control character but the tab, and JIS X 0208. The encoder also
/// knows the rows 13 and 89 to 92, which vendors have added and strict readers refuse.
fn is_in_set(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_control() || char == '\t';
    }
    // The encoder makes half-width kana full-width, but one by one, so that voicing marks stay apart.
    if ('\u{ff61}'..='\u{ff9f}').contains(&char) {
        return false;
    }
    let mut utf8 = [0; 4];
    let (bytes, _, lacks) = ISO_2022_JP.encode(char.encode_utf8(&mut utf8));
    let two_bytes = bytes.strip_prefix(KANJI_IN).and_then(|rest| rest.strip_suffix(ASCII));
    !lacks && matches!(two_bytes, Some([row, _]) if *row != 0x2d && *row <= 0x74)
}

/// Unicode has two characters for some of JIS X 0208, and the encoder knows one of each pair.
fn twin(char: char) -> char {
    match char {
        '〜' => '～',
        '‖' => '∥',
        '−' => '－',
        '—' => '―',
        '¢' => '￠',
        '£' => '￡',
        '¬' => '￢',
        '¥' => '￥',
        '‾' => '￣',
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> String {
        let (text, _, malformed) = ISO_2022_JP.decode(bytes);
        assert!(!malformed, "{bytes:x?}");
        text.into_owned()
    }

    fn words_of(header: &str) -> Vec<String> {
        let undo = |word: &str| {
            let (charset, base64) =
                word.strip_prefix("=?").unwrap().strip_suffix("?=").unwrap().split_once("?B?").unwrap();
            let bytes = BASE64_STANDARD.decode(base64).unwrap();
            if charset == "UTF-8" { String::from_utf8(bytes).unwrap() } else { read(&bytes) }
        };
        header.split("\r\n ").map(undo).collect()
    }

    #[test]
    fn what_the_set_lacks_is_written_by_what_stands_for_it() {
        for (text, expected) in [
            ("ワンタイムパスワード：042137", "ワンタイムパスワード：042137"),
            ("ﾜﾝﾀｲﾑ ﾊﾟｽﾜｰﾄﾞ｡", "ワンタイム パスワード。"),
            ("9時〜17時 — ‖ − ¥100", "9時～17時 ― ∥ － ￥100"),
            ("①㈱Ⅳ㌔", "1(株)IVキロ"),
            ("髙橋 𠮷野 😀 é", "〓橋 〓野 〓 〓"),
            ("a\u{1b}b\u{0}c\u{7f}", "a〓b〓c〓"),
        ] {
            assert_eq!(read(&to_iso_2022_jp(text)), format!("{expected}\r\n"), "{text}");
        }
    }

    #[test]
    fn a_subject_is_folded_between_characters() {
        let subject = "【求人・求職情報提供サービス】ワンタイムパスワードのお知らせ";
        for charset in [MailCharset::Utf8, MailCharset::Iso2022Jp] {
            let header = encoded_words(subject, charset, "Subject: ".len());
            let words = words_of(&header);
            assert!(words.len() > 1, "{header}");
            assert_eq!(words.concat(), subject);
            let plain = encoded_words("plain\r\nX: y", charset, 9);
            assert_eq!(plain, "plain  X: y", "what is ASCII stays, and no line is broken");
        }
    }

    #[test]
    fn names_are_understood() {
        assert_eq!("UTF-8".parse(), Ok(MailCharset::Utf8));
        assert_eq!("iso-2022-jp".parse(), Ok(MailCharset::Iso2022Jp));
        assert_eq!("shift_jis".parse::<MailCharset>(), Err(UnknownCharset));
    }

    proptest! {
        #[test]
        fn any_text_is_seven_bits_and_every_line_ends_in_ascii(text in "[ -~ぁ-ん一-龠ｱ-ﾝ①-⑳〜\\PC\n]{0,200}") {
            let bytes = to_iso_2022_jp(&text);
            prop_assert!(bytes.is_ascii());
            for line in bytes.split(|byte| *byte == b'\n') {
                let last = line.windows(3).rfind(|three| three[0] == 0x1b);
                prop_assert!(last.is_none_or(|escape| escape == ASCII), "{line:x?}");
                prop_assert!(!line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r'));
            }
            read(&bytes);
        }

        #[test]
        fn any_header_keeps_to_its_lengths_and_says_the_same(
            text in "[ -~ぁ-ん一-龠①〜😀]{0,120}",
            indent in 0_usize..30,
            seven_bits in any::<bool>(),
        ) {
            let charset = if seven_bits { MailCharset::Iso2022Jp } else { MailCharset::Utf8 };
            let said = if seven_bits { expressible(&text) } else { text.clone() };
            let header = encoded_words(&text, charset, indent);
            prop_assert!(header.is_ascii());
            if !said.is_ascii() {
                for (index, line) in header.split("\r\n").enumerate() {
                    let taken = if index == 0 { indent } else { 0 };
                    prop_assert!(taken + line.len() <= LINE_CHARS, "{} in {line}", taken + line.len());
                    prop_assert!(line.trim_start().len() <= WORD_CHARS);
                }
                prop_assert_eq!(words_of(&header).concat(), said);
            }
        }
    }
}
