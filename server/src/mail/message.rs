//! From a letter to what is sent: headers, MIME and the envelope.

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};

use super::letter::Letter;
use crate::core::{Address, Token};
use crate::decisions::Recipients;

/// Whom the mails come from.
pub const SENDER: &str = "no-reply@sekisho.test";

/// A mail ready to be sent.
#[derive(Clone, Debug)]
pub struct Mail {
    pub(super) envelope: Envelope,
    pub(super) message: Vec<u8>,
}

impl Mail {
    /// The message as it goes over the wire: headers and MIME body.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The addresses of the envelope.
    pub fn recipients(&self) -> Vec<String> {
        self.envelope.to().iter().map(ToString::to_string).collect()
    }
}

/// A mail that cannot be written; the address is beyond what the mail library takes.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An address is refused.
    #[error("the address cannot be written: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The message lacks something.
    #[error("the mail cannot be written: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Writes a mail: UTF-8, plain text, one part.
///
/// # Errors
/// An address cannot be written.
pub fn compose(recipients: &Recipients, letter: &Letter, id: &Token) -> Result<Mail, ComposeError> {
    let sender: lettre::Address = SENDER.parse()?;
    let to = parsed(&recipients.to)?;
    let cc = parsed(&recipients.cc)?;
    let everyone = to.iter().chain(&cc).cloned().chain(parsed(&recipients.bcc)?).collect();
    let mut builder = Message::builder()
        .from(Mailbox::new(None, sender.clone()))
        .subject(&letter.subject)
        .message_id(Some(format!("<{}@sekisho.test>", id.as_str())))
        .envelope(Envelope::new(Some(sender), everyone)?)
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        builder = builder.to(Mailbox::new(None, address));
    }
    for address in cc {
        builder = builder.cc(Mailbox::new(None, address));
    }
    let message = builder.body(letter.body.clone())?;
    Ok(Mail { envelope: message.envelope().clone(), message: message.formatted() })
}

fn parsed(addresses: &[Address]) -> Result<Vec<lettre::Address>, lettre::address::AddressError> {
    addresses.iter().map(|address| address.as_str().parse()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::letter::code_letter;
    use super::*;
    use crate::core::{Code, Portal};

    fn only(address: &str) -> Recipients {
        Recipients { to: vec![Address::parse(address).unwrap()], cc: Vec::new(), bcc: Vec::new() }
    }

    #[test]
    fn the_mail_is_ascii_on_the_wire_and_names_its_recipient_only() {
        let letter = code_letter(&Code::from_value(42), Portal::Seeker);
        let mail = compose(&only("hanako@example.test"), &letter, &Token::from("id".to_owned())).unwrap();
        let text = String::from_utf8(mail.message().to_vec()).unwrap();
        assert!(text.is_ascii());
        assert!(text.contains("\r\nTo: hanako@example.test\r\n") && text.contains("From: no-reply@sekisho.test\r\n"));
        assert!(text.contains("Content-Type: text/plain; charset=utf-8"));
        assert!(!text.contains("Cc:") && !text.contains("Bcc:"));
        assert_eq!(mail.recipients(), ["hanako@example.test"]);
    }

    #[test]
    fn every_address_an_account_may_have_can_be_written() {
        let letter = Letter { subject: "件名".to_owned(), body: "本文".to_owned() };
        for address in ["a@b", "a.b+c@d-e.test", "!#$%&'*+-/=?^_`{|}~@x.test"] {
            let mail = compose(&only(address), &letter, &Token::from("id".to_owned())).unwrap();
            assert_eq!(mail.recipients(), [address]);
        }
    }
}
