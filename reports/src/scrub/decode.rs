//! Reading a text as somebody would who undoes its encodings, without losing where in the source each byte stood.

use memchr::{memchr_iter, memchr2_iter};

/// How many encodings are undone one after the other: two, as for an address (percent) in a page (character references)
/// or for a page in JSON. Nothing that is sent in practice wraps a secret's own characters more often.
const DEPTH: usize = 2;

/// A text after some encodings were undone.
pub(super) struct Layer {
    /// The decoded text.
    pub(super) bytes: Vec<u8>,
    /// For each decoded byte, where the unit that it came from starts in the source.
    starts: Vec<usize>,
    source_len: usize,
}

impl Layer {
    fn of(source: &[u8]) -> Layer {
        Layer { bytes: source.to_vec(), starts: (0..source.len()).collect(), source_len: source.len() }
    }

    /// The part of the source that the decoded bytes from `start` to `end` came from.
    pub(super) fn source(&self, start: usize, end: usize) -> (usize, usize) {
        let last = self.starts[end - 1];
        let after = self.starts[end..].iter().copied().find(|start| *start != last);
        (self.starts[start], after.unwrap_or(self.source_len))
    }
}

/// Calls `look` with `source` as it stands and with each way of undoing up to [`DEPTH`] encodings. What `look` sees is
/// folded: see [`fold`].
pub(super) fn each_reading(source: &[u8], look: &mut dyn FnMut(&Layer)) {
    descend(&Layer::of(source), &[0, 1, 2], DEPTH, look);
}

/// The encodings that are undone: of addresses, of HTML, of JSON and scripts.
const CODINGS: [Coding; 3] = [
    Coding { marker: b'%', other: b'%', read: percent_unit },
    Coding { marker: b'&', other: b'&', read: entity_unit },
    Coding { marker: b'\\', other: b'\\', read: escape_unit },
];
const FOLDING: Coding = Coding { marker: b'+', other: 0xEF, read: folded_unit };

fn descend(layer: &Layer, codings: &[usize], depth: usize, look: &mut dyn FnMut(&Layer)) {
    look(&rewrite(layer, &FOLDING));
    for at in codings.iter().copied().filter(|_| depth > 0) {
        let decoded = rewrite(layer, &CODINGS[at]);
        if decoded.bytes.len() == layer.bytes.len() {
            continue;
        }
        // Two encodings that do not produce each other's marks can be undone in either order: one order is enough.
        let marks = |layer: &Layer, coding: &Coding| memchr_iter(coding.marker, &layer.bytes).count();
        let new = |then: &usize| marks(&decoded, &CODINGS[*then]) > marks(layer, &CODINGS[*then]);
        let produced =
            |then: &usize| if *then == at { marks(&decoded, &CODINGS[at]) > 0 } else { *then > at || new(then) };
        let next: Vec<usize> = (0..CODINGS.len()).filter(produced).collect();
        descend(&decoded, &next, depth - 1, look);
    }
}

/// Makes alike what is alike to a reader or to a form decoder: full-width forms are read as ASCII, `+` as a blank.
pub(super) fn fold(text: &[u8]) -> Vec<u8> {
    rewrite(&Layer::of(text), &FOLDING).bytes
}

/// Undoes the character references of HTML.
pub(super) fn unescape_html(text: &str) -> String {
    String::from_utf8_lossy(&rewrite(&Layer::of(text.as_bytes()), &CODINGS[1]).bytes).into_owned()
}

/// How an encoding is recognised and undone.
struct Coding {
    /// The bytes that its units start with: one or two.
    marker: u8,
    other: u8,
    /// What the unit at the start of a text stands for, if there is one.
    read: fn(&[u8]) -> Option<Unit>,
}

/// What one encoded unit at the start of a text stands for.
struct Unit {
    /// Bytes that the unit takes in the text.
    taken: usize,
    /// What it stands for, in UTF-8 or as a single byte.
    bytes: [u8; 4],
    len: usize,
}

impl Unit {
    fn of_char(taken: usize, c: char) -> Unit {
        let mut bytes = [0; 4];
        let len = c.encode_utf8(&mut bytes).len();
        Unit { taken, bytes, len }
    }

    fn of_byte(taken: usize, byte: u8) -> Unit {
        Unit { taken, bytes: [byte, 0, 0, 0], len: 1 }
    }
}

fn rewrite(layer: &Layer, coding: &Coding) -> Layer {
    let mut bytes = Vec::with_capacity(layer.bytes.len());
    let mut starts = Vec::with_capacity(layer.bytes.len());
    let mut copied = 0;
    for at in memchr2_iter(coding.marker, coding.other, &layer.bytes) {
        if at < copied {
            continue;
        }
        if let Some(unit) = (coding.read)(&layer.bytes[at..]) {
            bytes.extend_from_slice(&layer.bytes[copied..at]);
            starts.extend_from_slice(&layer.starts[copied..at]);
            bytes.extend_from_slice(&unit.bytes[..unit.len]);
            starts.extend(std::iter::repeat_n(layer.starts[at], unit.len));
            copied = at + unit.taken;
        }
    }
    bytes.extend_from_slice(&layer.bytes[copied..]);
    starts.extend_from_slice(&layer.starts[copied..]);
    Layer { bytes, starts, source_len: layer.source_len }
}

/// `%41`, as addresses and forms write it.
fn percent_unit(text: &[u8]) -> Option<Unit> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| (byte as char).to_digit(16);
    let byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    Some(Unit::of_byte(3, byte))
}

/// `\"`, `\/`, `\x41` and `\u0041`, as JSON and scripts write them.
fn escape_unit(text: &[u8]) -> Option<Unit> {
    let hex = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'\\', b'u', ..] => {
            let high = hex(text.get(2..6)?)?;
            let low = (text.get(6..8) == Some(br"\u")).then(|| hex(text.get(8..12)?)).flatten();
            match (high, low) {
                (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                    let c = char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?;
                    Some(Unit::of_char(12, c))
                }
                _ => Some(Unit::of_char(6, char::from_u32(high)?)),
            }
        }
        [b'\\', b'x', high, low, ..] => Some(Unit::of_char(4, char::from_u32(hex(&[*high, *low])?)?)),
        [b'\\', b'n', ..] => Some(Unit::of_byte(2, b'\n')),
        [b'\\', b'r', ..] => Some(Unit::of_byte(2, b'\r')),
        [b'\\', b't', ..] => Some(Unit::of_byte(2, b'\t')),
        [b'\\', other, ..] if !other.is_ascii_alphanumeric() => Some(Unit::of_byte(2, *other)),
        _ => None,
    }
}

/// The longest character reference that is read, with `&` and `;`: `&NewLine;` or `&#x10FFFF;`.
const LONGEST_ENTITY: usize = 10;

/// `&amp;`, `&#39;` and `&#x27;`, as HTML and XML write them.
fn entity_unit(text: &[u8]) -> Option<Unit> {
    let name = text.strip_prefix(b"&")?;
    let end = name.iter().take(LONGEST_ENTITY).position(|byte| *byte == b';')?;
    let (taken, name) = (end + 2, std::str::from_utf8(&name[..end]).ok()?);
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some(Unit::of_char(taken, c))
}

/// The named references of ASCII characters (HTML, section 13.5): what a secret can be made of.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("rcub", '}'),
];

fn folded_unit(text: &[u8]) -> Option<Unit> {
    match text {
        [b'+', ..] => Some(Unit::of_byte(1, b' ')),
        // U+FF01 to U+FF5E, the full-width forms of `!` to `~`.
        [0xEF, 0xBC, third @ 0x81..=0xBF, ..] => Some(folded(third - 0x81 + b'!')),
        [0xEF, 0xBD, third @ 0x80..=0x9E, ..] => Some(folded(third - 0x80 + b'`')),
        _ => None,
    }
}

fn folded(ascii: u8) -> Unit {
    Unit::of_byte(3, if ascii == b'+' { b' ' } else { ascii })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(source: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_reading(source.as_bytes(), &mut |layer| all.push(String::from_utf8_lossy(&layer.bytes).into_owned()));
        all
    }

    #[test]
    fn each_encoding_and_each_pair_of_them_is_undone() {
        for source in [
            "p@ss/wörd",
            "p%40ss%2fw%C3%B6rd",
            "p&commat;ss&#47;w&#xf6;rd",
            r"p\u0040ss\/w\xf6rd",
            "p%2540ss%252Fw%25C3%25B6rd",
            "p&amp;commat;ss/wörd",
            "p%26%2364%3Bss/wörd",
            r"p\u0026commat;ss/wörd",
        ] {
            assert!(readings(source).contains(&"p@ss/wörd".to_owned()), "{source}: {:?}", readings(source));
        }
        assert!(readings(r"\ud83d\ude00").contains(&"😀".to_owned()));
    }

    #[test]
    fn full_width_and_form_blanks_are_folded() {
        assert_eq!(fold("１２３＋ａＺ～ +".as_bytes()), b"123 aZ~  ");
        assert_eq!(fold("ワンタイム".as_bytes()), "ワンタイム".as_bytes());
    }

    #[test]
    fn what_is_no_encoding_stays() {
        for text in ["100%", "%zz", "a & b", "&bogus;", "&#xD800;", r"C:\users", r"\u12", r"\ud800", "\\"] {
            assert!(readings(text).iter().any(|reading| reading == text), "{text}");
        }
    }

    #[test]
    fn a_decoded_range_knows_its_source() {
        let mut found = None;
        each_reading("x=%41&#66;c".as_bytes(), &mut |layer| {
            if layer.bytes == b"x=ABc" {
                found = Some((layer.source(2, 4), layer.source(4, 5)));
            }
        });
        assert_eq!(found, Some(((2, 10), (10, 11))));
    }
}
