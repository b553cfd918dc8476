//! Opaque identifiers: drawn at random, handed to browsers, and kept on the server only as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::code::Code;

/// Bytes of randomness in a token: 128 bits, well over the 64 that FAQ-11 b asks for.
const TOKEN_BYTES: usize = 16;
/// Bytes of a token's hash.
const HASH_BYTES: usize = 16;

/// A source of randomness. Every generator of the `rand` family is one; the server uses the system's.
pub trait Draw {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);

    /// A code, each of its values equally likely.
    fn code(&mut self) -> Code {
        /// The largest multiple of the number of codes that 32 bits hold; what lies above would favour low codes.
        const FAIR: u32 = u32::MAX - u32::MAX % Code::VALUES;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let value = u32::from_be_bytes(bytes);
            if value < FAIR {
                return Code::from_value(value % Code::VALUES);
            }
        }
    }

    /// A token of 128 bits.
    fn token(&mut self) -> Token {
        let mut bytes = [0; TOKEN_BYTES];
        self.fill(&mut bytes);
        Token(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// An account's tag.
    fn slot(&mut self) -> Slot {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Slot(u64::from_be_bytes(bytes))
    }
}

impl<R: rand::Rng> Draw for R {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.fill_bytes(bytes);
    }
}

/// The value of a session, attempt, browser or skip identifier: who shows it, holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The value as it stands in a cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the server keeps of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl From<String> for Token {
    fn from(value: String) -> Self {
        Self(value)
    }
}

/// Shows nothing of the value: it opens somebody's session.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token's value, cut to 128 bits: as many as a token has, and a million accounts keep several each. The values are
/// random, so the hash needs no salt and may be compared in any time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; HASH_BYTES]);

/// What was kept is no hash of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a token")]
pub struct TokenHashError;

impl TokenHash {
    /// The hash of a value as a browser shows it.
    pub fn of(value: &str) -> Self {
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&Sha256::digest(value.as_bytes())[..HASH_BYTES]);
        Self(hash)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = TokenHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenHashError)?;
        bytes.try_into().map(Self).map_err(|_| TokenHashError)
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Which browser it is: the hash of the identifier that its sign-in page gave it.
pub type BrowserTag = TokenHash;

/// A random tag made with the account and derived from nothing. It names the account's skip cookie, so that skips of
/// several accounts live side by side in one browser (FAQ-15 c, FAQ-16 b).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot(pub u64);

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A cookie as a browser shows it or is to keep it, without its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The name, without the `__Host-` prefix.
    pub name: String,
    /// The value.
    pub value: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn tokens_are_distinct_and_carry_128_bits() {
        let mut draw = StdRng::seed_from_u64(1);
        let tokens: std::collections::HashSet<String> = (0..1000).map(|_| draw.token().0).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.iter().all(|token| URL_SAFE_NO_PAD.decode(token).unwrap().len() == 16));
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = StdRng::seed_from_u64(1).token();
        assert!(!format!("{token:?}").contains(token.as_str()));
    }

    #[test]
    fn values_that_would_favour_low_codes_are_drawn_again() {
        struct Script(Vec<u32>);
        impl Draw for Script {
            fn fill(&mut self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.0.remove(0).to_be_bytes());
            }
        }
        assert_eq!(Script(vec![u32::MAX, 4_294_000_000, 7]).code(), Code::parse("000007").unwrap());
        assert_eq!(Script(vec![4_293_999_999]).code(), Code::parse("999999").unwrap());
    }
}
