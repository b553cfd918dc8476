//! The mails: what they say, and how they are delivered.
//!
//! Whether a mail is sent and to whom is decided elsewhere; here it is written and brought to the mail host.

mod letter;

pub use letter::{Letter, code_letter};
