//! The one-time password itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

/// How many digits a code has; leading zeros count.
pub const CODE_DIGITS: usize = 6;

/// Longer input is no code, whatever it is made into; the bound keeps normalisation cheap. In bytes: it leaves room for
/// full-width digits and blanks.
const MAX_TYPED_BYTES: usize = 64;

/// A one-time password of six digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code([u8; CODE_DIGITS]);

impl Code {
    /// How many codes there are.
    pub const VALUES: u32 = 1_000_000;

    /// The code whose digits are those of `value`, taken modulo the number of codes.
    pub fn from_value(value: u32) -> Self {
        let mut digits = [b'0'; CODE_DIGITS];
        let mut rest = value;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(digits)
    }

    /// Reads exactly six ASCII digits; use [`normalised`] first on what a person typed.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; CODE_DIGITS] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether two codes are the same, in a time that tells nothing about where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// What was kept is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code of six digits")]
pub struct CodeError;

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(CodeError)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.as_str().to_owned()
    }
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Shows nothing of the digits: they open somebody's account.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// What a person meant by what they typed: full-width digits become ASCII (NFKC), surrounding blanks go. Over-long input
/// becomes empty.
pub fn normalised(typed: &str) -> String {
    if typed.len() > MAX_TYPED_BYTES {
        return String::new();
    }
    typed.nfkc().collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leading_zeros_are_kept() {
        assert_eq!(Code::from_value(42).as_str(), "000042");
        assert_eq!(Code::from_value(0).as_str(), "000000");
        assert_eq!(Code::from_value(999_999).as_str(), "999999");
    }

    #[test]
    fn full_width_digits_are_the_same_code() {
        assert_eq!(normalised(" ０１２３４５\u{3000}"), "012345");
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        for text in ["", "12345", "1234567", "12345a", "-12345", "１２３４５６", "12 345"] {
            assert!(Code::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_value_reads_back(value in 0..Code::VALUES) {
            let code = Code::from_value(value);
            prop_assert_eq!(Code::parse(code.as_str()), Some(code));
            prop_assert_eq!(code.as_str().parse::<u32>().unwrap(), value);
        }

        #[test]
        fn codes_match_only_themselves(a in 0..Code::VALUES, b in 0..Code::VALUES) {
            prop_assert_eq!(Code::from_value(a).matches(&Code::from_value(b)), a == b);
        }

        #[test]
        fn anything_typed_is_survived(typed in "\\PC{0,300}") {
            prop_assert!(normalised(&typed).len() <= 64 * 18, "NFKC grows a character at most eighteenfold");
        }
    }
}
