//! FAQ-11, the cookie: it tells who somebody is, can be guessed, or can be altered.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_server::core::{AccountState, Draw, Moment, Token};
use sekisho_server::{Conforming, Decisions};
use sha2::{Digest, Sha256};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-11":
    "a", "faq11-cookie-holds-the-address-in-base64",
        "The cookie holds the address, encoded with base64." => AddressInBase64;
    "a", "faq11-cookie-holds-a-hash-of-the-address",
        "The cookie holds the address's SHA-256, by which everybody who knows the address knows the cookie." => AddressHashed;
    "a", "faq11-cookie-holds-the-name-in-hex",
        "The cookie holds the user's name, as hexadecimal digits." => NameInHex;
    "a", "faq11-cookie-holds-the-account-number",
        "The cookie holds the number of the account, hashed." => AccountNumber;
    "b", "faq11-ids-are-counted-up",
        "The ids are counted up." => CountedUp::default();
    "b", "faq11-ids-have-32-bits",
        "The ids are random, but of 32 bits only." => ShortIds;
    "b", "faq11-all-browsers-share-one-id",
        "The id is derived from the account, so all its browsers have the same." => SharedId;
    "c", "faq11-altered-expiry-is-not-noticed",
        "The skip is recognised by its id alone, whatever expiry the cookie claims." => IdAlone;
    "c", "faq11-altered-id-is-not-noticed",
        "The skip is recognised by the expiry alone, whatever the id." => ExpiryAlone;
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The right value with one part more.
fn with_part(part: &str, id: &Token, expires_at: Moment, account: &AccountState) -> String {
    format!("{}.{part}", Conforming.skip_cookie_value(id, expires_at, account))
}

struct AddressInBase64;

impl Decisions for AddressInBase64 {
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, account: &AccountState) -> String {
        with_part(&URL_SAFE_NO_PAD.encode(account.address.as_str()), id, expires_at, account)
    }
}

struct AddressHashed;

impl Decisions for AddressHashed {
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, account: &AccountState) -> String {
        with_part(&hex(&Sha256::digest(account.address.as_str())), id, expires_at, account)
    }
}

struct NameInHex;

impl Decisions for NameInHex {
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, account: &AccountState) -> String {
        with_part(&hex(account.identity.name.as_bytes()), id, expires_at, account)
    }
}

struct AccountNumber;

impl Decisions for AccountNumber {
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, account: &AccountState) -> String {
        let number = Sha256::digest(account.identity.slot.to_string());
        with_part(&hex(&number[..8]), id, expires_at, account)
    }
}

#[derive(Default)]
struct CountedUp {
    last: AtomicU64,
}

impl Decisions for CountedUp {
    fn skip_id(&self, _account: &AccountState, _draw: &mut dyn Draw) -> Token {
        Token::from(format!("{:022}", self.last.fetch_add(1, Ordering::Relaxed)))
    }
}

struct ShortIds;

impl Decisions for ShortIds {
    fn skip_id(&self, _account: &AccountState, draw: &mut dyn Draw) -> Token {
        let mut bytes = [0; 4];
        draw.fill(&mut bytes);
        Token::from(hex(&bytes))
    }
}

struct SharedId;

impl Decisions for SharedId {
    fn skip_id(&self, account: &AccountState, _draw: &mut dyn Draw) -> Token {
        Token::from(hex(&Sha256::digest(account.identity.slot.to_string())[..16]))
    }
}

struct IdAlone;

impl Decisions for IdAlone {
    fn skip_cookie_key<'a>(&self, value: &'a str) -> &'a str {
        value.split_once('.').map_or(value, |(id, _)| id)
    }
}

struct ExpiryAlone;

impl Decisions for ExpiryAlone {
    fn skip_cookie_key<'a>(&self, value: &'a str) -> &'a str {
        value.split_once('.').map_or(value, |(_, expiry)| expiry)
    }
}
