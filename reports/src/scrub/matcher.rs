//! Finding known secrets in a text, however they are encoded there.

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::decode::{each_reading, fold};

/// From this length on (in bytes) a secret is also sought in base64 and hexadecimal: shorter pieces occur by chance.
const SHORTEST_TRANSCODED: usize = 6;

/// What must stand on both sides of a secret for an occurrence to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edges {
    /// Anything: the secret is long enough not to occur by chance.
    Any,
    /// No digit: a six-digit code inside a longer number is not that code.
    NoDigit,
    /// No letter and no digit.
    NoAlphanumeric,
}

impl Edges {
    fn allow(self, neighbour: Option<&u8>) -> bool {
        match self {
            Edges::Any => true,
            Edges::NoDigit => neighbour.is_none_or(|byte| !byte.is_ascii_digit()),
            Edges::NoAlphanumeric => neighbour.is_none_or(|byte| !byte.is_ascii_alphanumeric()),
        }
    }
}

/// An automaton over all secrets of a run.
#[derive(Debug)]
pub(super) struct Matcher {
    automaton: AhoCorasick,
    /// For each pattern, which secret it stands for and what its edges must be.
    patterns: Vec<(usize, Edges)>,
}

/// An occurrence: the bytes of the source from `start` to `end` show the secret with that index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) secret: usize,
}

impl Matcher {
    /// `secrets`: an index by which the secret is known, the secret, and what must stand around it.
    pub(super) fn new<'a>(secrets: impl Iterator<Item = (usize, &'a str, Edges)>) -> Matcher {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut patterns = Vec::new();
        for (index, secret, edges) in secrets {
            texts.push(fold(secret.as_bytes()));
            patterns.push((index, edges));
            for transcoded in transcodings(secret.as_bytes()) {
                texts.push(fold(transcoded.as_bytes()));
                patterns.push((index, Edges::Any));
            }
        }
        let automaton = AhoCorasick::new(&texts).expect("the secrets of one run fit an automaton of 2^31 states");
        Matcher { automaton, patterns }
    }

    /// Where `source` shows secrets, in order and without overlap: what overlaps becomes one occurrence of the longest.
    pub(super) fn find(&self, source: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        each_reading(source, &mut |layer| {
            for found in self.automaton.find_overlapping_iter(&layer.bytes) {
                let (secret, edges) = self.patterns[found.pattern()];
                let before = found.start().checked_sub(1).and_then(|at| layer.bytes.get(at));
                if edges.allow(before) && edges.allow(layer.bytes.get(found.end())) {
                    let (start, end) = layer.source(found.start(), found.end());
                    all.push(Found { start, end, secret });
                }
            }
        });
        all.sort_unstable_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
        let mut apart: Vec<Found> = Vec::new();
        for found in all {
            match apart.last_mut() {
                Some(last) if found.start < last.end => {
                    if found.end - found.start > last.end - last.start {
                        last.secret = found.secret;
                    }
                    last.end = last.end.max(found.end);
                }
                _ => apart.push(found),
            }
        }
        apart
    }
}

/// What a secret looks like inside base64 and hexadecimal text. In base64 it may begin at any of three places of a group,
/// and the characters at its ends also hold bits of its neighbours: those are left out.
fn transcodings(secret: &[u8]) -> Vec<String> {
    if secret.len() < SHORTEST_TRANSCODED {
        return Vec::new();
    }
    let mut all = Vec::new();
    for shift in 0..3 {
        let shifted = [&[0; 2][..shift.min(2)], secret].concat();
        let (first, last) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            all.push(alphabet.encode(&shifted)[first..last].to_owned());
        }
    }
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.to_uppercase());
    all.push(hex);
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(secrets: &[(&str, Edges)]) -> Matcher {
        Matcher::new(secrets.iter().enumerate().map(|(index, (secret, edges))| (index, *secret, *edges)))
    }

    fn shown(secrets: &[(&str, Edges)], text: &str) -> Vec<usize> {
        matcher(secrets).find(text.as_bytes()).into_iter().map(|found| found.secret).collect()
    }

    #[test]
    fn a_code_counts_only_between_non_digits() {
        let secrets = [("012345", Edges::NoDigit)];
        for text in ["012345", "code=012345&", "%20012345", "コード：０１２３４５です", "a012345b", "&#48;12345"]
        {
            assert_eq!(shown(&secrets, text), [0], "{text}");
        }
        for text in ["9012345", "0123456", "01234", "1012345.0123450"] {
            assert_eq!(shown(&secrets, text), [] as [usize; 0], "{text}");
        }
    }

    #[test]
    fn a_short_secret_counts_only_as_a_word() {
        let secrets = [("abc", Edges::NoAlphanumeric)];
        assert_eq!(shown(&secrets, "abc, (abc) xabc abcx"), [0, 0]);
    }

    #[test]
    fn base64_and_hexadecimal_are_seen_wherever_they_begin() {
        let secret = "f00d/cafe+beef";
        for neighbours in ["", "a", "ab", "abc"] {
            let bytes = format!("{neighbours}{secret}{neighbours}");
            let texts = [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
            for text in texts {
                assert_eq!(shown(&[(secret, Edges::Any)], &text), [0], "{text}");
            }
        }
        assert_eq!(shown(&[("012345", Edges::NoDigit)], "x=303132333435"), [0]);
    }

    #[test]
    fn overlapping_secrets_become_one() {
        let secrets = [("abcdefgh", Edges::Any), ("efghijklmn", Edges::Any)];
        let found = matcher(&secrets).find(b"--abcdefghijklmn--");
        assert_eq!(found, [Found { start: 2, end: 16, secret: 1 }]);
    }
}
