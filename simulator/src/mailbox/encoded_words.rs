//! Header text with encoded words (RFC 2047), read more patiently than the mail parser does: words that were split
//! inside a character are joined before they are decoded, and text that was not encoded at all is still read.

use mail_parser::parsers::MessageStream;

use super::{charset, letter::Problem};

/// A header's text, and what was wrong with it.
pub(super) fn decode(raw: &[u8]) -> (String, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut note = |problem: Problem| {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    };
    let unfolded: Vec<u8> = raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut text = String::new();
    let mut words: Vec<Word> = Vec::new();
    let mut rest = unfolded.trim_ascii();
    while let Some(start) = memchr::memmem::find(rest, b"=?") {
        let (before, from_word) = rest.split_at(start);
        let Some((word, length)) = Word::read(from_word) else {
            flush(&mut text, &mut words, &mut note);
            text.push_str(&plain(&rest[..start + 2], &mut note));
            rest = &rest[start + 2..];
            continue;
        };
        // White space between two encoded words is not part of the text (RFC 2047 §6.2).
        if words.is_empty() || !before.iter().all(u8::is_ascii_whitespace) {
            flush(&mut text, &mut words, &mut note);
            text.push_str(&plain(before, &mut note));
        }
        words.push(word);
        rest = &from_word[length..];
    }
    flush(&mut text, &mut words, &mut note);
    text.push_str(&plain(rest, &mut note));
    if is_broken(&text) || text.contains("=?") {
        note(Problem::UndecodableSubject);
    }
    (text, problems)
}

struct Word {
    charset: String,
    bytes: Vec<u8>,
}

impl Word {
    /// The encoded word at the start of `input`, and how many bytes it takes.
    fn read(input: &[u8]) -> Option<(Word, usize)> {
        let mut fields = input.strip_prefix(b"=?")?.splitn(3, |byte| *byte == b'?');
        let (charset, encoding) = (fields.next()?, fields.next()?);
        let mut stream = MessageStream::new(fields.next()?);
        let bytes = match encoding {
            b"B" | b"b" => stream.decode_base64_word()?,
            b"Q" | b"q" => stream.decode_quoted_printable_word()?,
            _ => return None,
        };
        // A language may follow the character set: `charset*language` (RFC 2231 §5).
        let charset = std::str::from_utf8(charset).ok()?.split('*').next()?.to_ascii_lowercase();
        let length = "=?".len() + charset_and_encoding_length(input)? + stream.offset();
        (!charset.is_empty()).then_some((Word { charset, bytes }, length))
    }
}

/// The bytes of `charset?encoding?` behind the opening `=?`.
fn charset_and_encoding_length(input: &[u8]) -> Option<usize> {
    let body = input.get(2..)?;
    memchr::memchr_iter(b'?', body).nth(1).map(|second| second + 1)
}

/// Decodes the words read so far, those of one character set joined where a character was split between them.
fn flush(text: &mut String, words: &mut Vec<Word>, note: &mut impl FnMut(Problem)) {
    for run in words.chunk_by(|one, next| one.charset == next.charset) {
        let label = &run[0].charset;
        let apart: Option<String> = run.iter().map(|word| charset::decode(label, &word.bytes)).collect();
        let Some(apart) = apart else {
            note(Problem::UnknownCharset(label.clone()));
            run.iter().for_each(|word| text.push_str(&String::from_utf8_lossy(&word.bytes)));
            continue;
        };
        let joined: Vec<u8> = run.iter().flat_map(|word| &word.bytes).copied().collect();
        match charset::decode(label, &joined) {
            Some(joined) if is_broken(&apart) && !is_broken(&joined) => {
                note(Problem::SplitCharacter);
                text.push_str(&joined);
            }
            _ => text.push_str(&apart),
        }
    }
    words.clear();
}

fn is_broken(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}

/// Text outside encoded words, which must be ASCII (RFC 5322 §2.2) unless the mail came by SMTPUTF8.
fn plain(bytes: &[u8], note: &mut impl FnMut(Problem)) -> String {
    if bytes.iter().all(|byte| byte.is_ascii() && *byte != 0x1b) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    note(Problem::UnencodedSubject);
    charset::decode_unlabelled(bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;

    fn word(charset: &str, bytes: &[u8]) -> String {
        format!("=?{charset}?B?{}?=", BASE64_STANDARD.encode(bytes))
    }

    #[test]
    fn japanese_subjects_decode() {
        let jis = b"\x1b$B%m%0%$%s\x1b(B";
        for (raw, expected) in [
            (word("UTF-8", "ワンタイムパスワード".as_bytes()), "ワンタイムパスワード"),
            (word("ISO-2022-JP", jis), "ログイン"),
            (word("iso-2022-jp*ja", jis), "ログイン"),
            (word("cp50221", jis), "ログイン"),
            (word("Shift_JIS", b"\x83\x8d\x83O\x83C\x83\x93"), "ログイン"),
            ("=?UTF-8?Q?=E9=96=A2=E6=89=80_123?=".into(), "関所 123"),
            ("Code 123".into(), "Code 123"),
            (format!("Re: {} (1)", word("UTF-8", "関所".as_bytes())), "Re: 関所 (1)"),
            (format!("{}\r\n {}", word("UTF-8", "関".as_bytes()), word("UTF-8", "所".as_bytes())), "関所"),
            (format!("{} {}", word("UTF-8", "関".as_bytes()), word("ISO-2022-JP", jis)), "関ログイン"),
        ] {
            assert_eq!(decode(raw.as_bytes()), (expected.to_owned(), vec![]), "{raw}");
        }
    }

    #[test]
    fn character_split_between_words_is_joined_and_reported() {
        let bytes = "関所".as_bytes();
        let raw = format!("{}\r\n {}", word("UTF-8", &bytes[..4]), word("UTF-8", &bytes[4..]));
        assert_eq!(decode(raw.as_bytes()), ("関所".to_owned(), vec![Problem::SplitCharacter]));
    }

    #[test]
    fn subject_without_encoding_is_read_and_reported() {
        for raw in ["関所".as_bytes(), b"\x1b$B4X=j\x1b(B"] {
            assert_eq!(decode(raw), ("関所".to_owned(), vec![Problem::UnencodedSubject]));
        }
    }

    #[test]
    fn broken_words_are_reported() {
        for raw in [word("UTF-8", b"\xff\xfe"), "=?UTF-8?B?44O?".into(), "=?UTF-8?X?abc?=".into()] {
            assert!(decode(raw.as_bytes()).1.contains(&Problem::UndecodableSubject), "{raw}");
        }
        assert_eq!(
            decode(word("x-none", b"a").as_bytes()),
            ("a".into(), vec![Problem::UnknownCharset("x-none".into())])
        );
    }
}
