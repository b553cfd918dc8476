//! The cookie jar: RFC 6265bis to the letter, with the clock as an argument.
//!
//! Everything here is pure: no clock is read and nothing is sent. `set_cookie` reads a `Set-Cookie` line, `date` reads
//! its `Expires`, `cookie` is one stored cookie, `store` keeps them and answers which go with a request.
//!
//! Three decisions the document leaves to the browser: loopback over plain http counts as secure (as in Chrome); no
//! public suffix list is kept, so a `Domain` is refused by shape only (see [`super::site`]); a cookie without `SameSite`
//! is treated as `Lax`, but goes with an unsafe cross-site navigation for its first two minutes (as in Chrome).

mod cookie;
mod date;
mod set_cookie;
mod store;

pub use cookie::{Cookie, SameSite};
pub use store::{Ignored, Jar, SiteContext, Stored};

/// Longest name and value together, in bytes (RFC 6265bis section 5.6).
const MAX_NAME_AND_VALUE_BYTES: usize = 4096;
/// Longest attribute value, in bytes; a longer one is treated as absent (RFC 6265bis section 5.6).
const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// Longest life of a cookie from the moment it is set (RFC 6265bis section 5.5): 400 days.
const MAX_LIFETIME_SECONDS: u64 = 400 * 24 * 60 * 60;
/// Cookies kept for one domain (Chrome's number; RFC 6265bis section 6.1 asks for at least 50).
const MAX_COOKIES_PER_DOMAIN: usize = 180;
/// Cookies kept altogether (RFC 6265bis section 6.1 asks for at least 3,000).
const MAX_COOKIES: usize = 3000;
