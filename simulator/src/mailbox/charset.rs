//! Bytes into text: by the label they bear, or by what they look like where they bear none.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// The text of `bytes` in the character set `label`, with U+FFFD for what does not decode; `None` where nobody knows
/// such a character set.
pub(super) fn decode(label: &str, bytes: &[u8]) -> Option<String> {
    let label = label.trim().to_ascii_lowercase();
    let label = alias(&label).unwrap_or(&label);
    if label == "utf-8" {
        // The parser's table leaves it to its caller.
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    charset_decoder(label.as_bytes()).map(|decoder| decoder(bytes))
}

/// Whether the parser's own table lacks this label, so that a text under it is still to be decoded.
pub(super) fn is_beyond_the_parser(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    alias(&label).is_some_and(|known| known != "utf-8")
}

/// Other names of character sets, as Windows and old mail programs write them.
fn alias(label: &str) -> Option<&'static str> {
    match label {
        "utf8" => Some("utf-8"),
        "cp50220" | "cp50221" | "cp50222" | "iso-2022-jp-ms" | "iso-2022-jp-1" | "x-iso-2022-jp" => Some("iso-2022-jp"),
        "cp932" | "cswindows31j" => Some("shift_jis"),
        _ => None,
    }
}

/// The text of bytes without a label: ISO-2022-JP where its escapes stand in them, otherwise UTF-8.
pub(super) fn decode_unlabelled(bytes: &[u8]) -> Cow<'_, str> {
    if has_jis_escape(bytes)
        && let Some(text) = decode("iso-2022-jp", bytes)
    {
        return Cow::Owned(text);
    }
    String::from_utf8_lossy(bytes)
}

/// Whether bytes hold an escape by which ISO-2022-JP changes to Japanese characters. What follows one looks like ASCII,
/// digits included, and must not be read as such.
pub(super) fn has_jis_escape(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0x1b, bytes).any(|at| matches!(bytes.get(at + 1), Some(b'$' | b'(')))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn japanese_character_sets_decode() {
        let jis = b"\x1b$B4X=j\x1b(B";
        for (label, bytes) in [
            ("ISO-2022-JP", jis.as_slice()),
            ("cp50221", jis),
            ("Shift_JIS", b"\x8a\xd6\x8f\x8a"),
            ("CP932", b"\x8a\xd6\x8f\x8a"),
            ("EUC-JP", b"\xb4\xd8\xbd\xea"),
            ("utf-8", "関所".as_bytes()),
        ] {
            assert_eq!(decode(label, bytes).unwrap(), "関所", "{label}");
        }
        assert_eq!(decode("x-none", b"a"), None);
    }

    #[test]
    fn unlabelled_text_is_told_by_its_escapes() {
        assert_eq!(decode_unlabelled(b"\x1b$B4X=j\x1b(B 12"), "関所 12");
        assert_eq!(decode_unlabelled("関所 12".as_bytes()), "関所 12");
    }
}
