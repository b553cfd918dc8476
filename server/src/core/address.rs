//! Mail addresses, which are the sign-in IDs (NOTICE-3).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest address in bytes (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets).
pub const MAX_ADDRESS_BYTES: usize = 254;
/// The longest local part in bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;
/// The longest label of a domain in bytes (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// A mail address: `local@domain` in lower case, of characters that cannot break out of a mail header.
///
/// Its text is shared: account, index and open attempts hold the same one.
///
/// Quoted local parts, address literals and characters beyond ASCII are not taken: no account has such an address.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(Arc<str>);

/// The text is no mail address that an account may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct AddressError;

impl Address {
    /// Reads an address; blanks around it are dropped and capitals made small, so one mailbox is one ID.
    ///
    /// # Errors
    /// The text is no address that an account may have.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(AddressError)?;
        if text.len() <= MAX_ADDRESS_BYTES && is_local_part(local) && is_domain(domain) {
            Ok(Self(Arc::from(text.to_ascii_lowercase())))
        } else {
            Err(AddressError)
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.as_str().to_owned()
    }
}

/// A dot-atom of RFC 5322, 3.2.3.
fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_BYTES
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_mailbox_is_one_id() {
        assert_eq!(Address::parse(" Taro.Yamada+x@Example.TEST ").unwrap().as_str(), "taro.yamada+x@example.test");
        assert_eq!(Address::parse("a@b").unwrap().as_str(), "a@b");
    }

    #[test]
    fn what_could_break_a_header_is_no_address() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "a\n@b",
            "<a@b>",
            "a@b,c@d",
            "\"a\"@b",
            ".a@b",
            "a..b@c",
            "a@b..c",
            "a@-b",
            "a@[127.0.0.1]",
            "あ@b",
            "a@日本",
            "a@b\0",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError), "{text:?}");
        }
        assert!(Address::parse(&format!("{}@b", "a".repeat(65))).is_err());
        assert!(Address::parse(&format!("a@{}", "b.".repeat(140))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_read_the_same_twice(text in "\\PC{0,300}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(address.as_str()), Ok(address));
            }
        }
    }
}
