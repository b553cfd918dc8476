//! The mails: what they say, and how they are delivered.
//!
//! Whether a mail is sent and to whom is decided elsewhere; here it is written and brought to the mail host.

mod delivery;
mod letter;
mod message;
mod outbox;
mod smtp;

pub use delivery::{Delivery, DeliveryError, NoDelivery};
pub use letter::{Letter, code_letter};
pub use message::{ComposeError, Mail, SENDER, compose};
pub use outbox::{MAIL_QUEUE, Outbox, RETRY_AFTER, Room};
pub use smtp::{MAIL_CONNECTIONS, SmtpDelivery};
