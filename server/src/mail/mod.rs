//! The mails: what they say, and how they are delivered.
//!
//! Whether a mail is sent and to whom is decided elsewhere; here it is written and brought to the mail host.

mod backoff;
mod charset;
mod delivery;
mod letter;
mod message;
mod outbox;
mod smtp;

pub use backoff::{FIRST_PAUSE, LONGEST_PAUSE};
pub use charset::{MailCharset, UnknownCharset};
pub use delivery::{Delivery, DeliveryError, NoDelivery};
pub use letter::{Letter, address_notice, code_letter, number_letter, password_notice};
pub use message::{ComposeError, Mail, SENDER, SENDER_NAME, compose};
pub use outbox::{DELIVERY_TIME, MAIL_QUEUE, Outbox, Room};
pub use smtp::{MAIL_CONNECTIONS, SmtpDelivery};
