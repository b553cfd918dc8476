//! From a letter to what is sent: headers, MIME and the envelope.

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox, Message};

use super::charset::{MailCharset, encoded_words, to_iso_2022_jp};
use super::letter::Letter;
use crate::core::{Address, Token};
use crate::decisions::Recipients;

/// Whom the mails come from.
pub const SENDER: &str = "no-reply@sekisho.test";
/// The name that mail programs show for [`SENDER`].
pub const SENDER_NAME: &str = "Sekisho 参照サーバー";

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
    /// The content type is refused; our bug.
    #[error("the content type cannot be written: {0}")]
    ContentType(#[from] lettre::message::header::ContentTypeErr),
}

/// Writes a mail: plain text, one part, ASCII on the wire in either character set. It says that a machine wrote it (RFC 3834), so
/// that no machine answers.
///
/// # Errors
/// An address cannot be written.
pub fn compose(
    recipients: &Recipients,
    letter: &Letter,
    id: &Token,
    charset: MailCharset,
) -> Result<Mail, ComposeError> {
    let sender: lettre::Address = SENDER.parse()?;
    let to = parsed(&recipients.to)?;
    let cc = parsed(&recipients.cc)?;
    let everyone = to.iter().chain(&cc).cloned().chain(parsed(&recipients.bcc)?).collect();
    let mut builder = Message::builder()
        .envelope(Envelope::new(Some(sender), everyone)?)
        .date_now()
        .message_id(Some(format!("<{}@sekisho.test>", id.as_str())))
        .header(MIME_VERSION_1_0)
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Content-Language"), "ja".to_owned()))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    for address in to {
        builder = builder.to(Mailbox::new(None, address));
    }
    for address in cc {
        builder = builder.cc(Mailbox::new(None, address));
    }
    let ready = |name: &'static str, plain: &str, encoded: String| {
        HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), plain.to_owned(), encoded)
    };
    let from = format!("{}\r\n <{SENDER}>", encoded_words(SENDER_NAME, charset, "From: ".len()));
    let subject = encoded_words(&letter.subject, charset, "Subject: ".len());
    builder = builder.raw_header(ready("From", SENDER, from)).raw_header(ready("Subject", &letter.subject, subject));
    let message = match charset {
        MailCharset::Utf8 => builder.header(ContentType::TEXT_PLAIN).body(letter.body.clone())?,
        // The library writes UTF-8 only, so the body is handed to it ready made.
        MailCharset::Iso2022Jp => builder
            .header(ContentType::parse("text/plain; charset=ISO-2022-JP")?)
            .body(Body::dangerous_pre_encoded(to_iso_2022_jp(&letter.body), ContentTransferEncoding::SevenBit))?,
    };
    Ok(Mail { envelope: message.envelope().clone(), message: message.formatted() })
}

fn parsed(addresses: &[Address]) -> Result<Vec<lettre::Address>, lettre::address::AddressError> {
    addresses.iter().map(|address| address.as_str().parse()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail_parser::{HeaderName, MessageParser, MimeHeaders};

    use super::super::letter::code_letter;
    use super::*;
    use crate::core::{Code, Portal};

    const BOTH: [MailCharset; 2] = [MailCharset::Utf8, MailCharset::Iso2022Jp];
    /// The longest line RFC 5322 §2.1.1 wants, its CRLF aside. In characters.
    const LINE_CHARS: usize = 78;

    fn only(address: &str) -> Recipients {
        Recipients { to: vec![Address::parse(address).unwrap()], cc: Vec::new(), bcc: Vec::new() }
    }

    fn mail(letter: &Letter, charset: MailCharset) -> Mail {
        compose(&only("hanako@example.test"), letter, &Token::from("id".to_owned()), charset).unwrap()
    }

    #[test]
    fn the_mail_is_ascii_in_short_lines_and_names_its_recipient_only() {
        for (charset, portal) in BOTH.into_iter().flat_map(|set| Portal::ALL.map(|portal| (set, portal))) {
            let mail = mail(&code_letter(&Code::from_value(42), portal), charset);
            let text = String::from_utf8(mail.message().to_vec()).unwrap();
            assert!(text.is_ascii());
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            for field in [
                "To: hanako@example.test",
                "MIME-Version: 1.0",
                "Message-ID: <id@sekisho.test>",
                "Content-Language: ja",
                "Auto-Submitted: auto-generated",
            ] {
                assert!(head.lines().any(|line| line == field), "{charset}: no `{field}` in\n{head}");
            }
            assert!(!head.contains("Cc:") && !head.contains("Bcc:"));
            assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{charset}: a bare line end");
            let longest = text.split("\r\n").map(str::len).max().unwrap();
            assert!(longest <= LINE_CHARS, "{charset}: a line of {longest}");
            assert!(head.split("\r\n").filter(|line| line.contains("=?")).all(|line| line.len() <= 76));
            assert_eq!(mail.recipients(), ["hanako@example.test"]);
        }
    }

    #[test]
    fn a_foreign_parser_reads_what_was_written() {
        for (charset, portal) in BOTH.into_iter().flat_map(|set| Portal::ALL.map(|portal| (set, portal))) {
            let letter = code_letter(&Code::from_value(42), portal);
            let mail = mail(&letter, charset);
            let seen = MessageParser::default().parse(mail.message()).unwrap();
            assert_eq!(seen.subject(), Some(letter.subject.as_str()));
            assert_eq!(seen.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), letter.body.trim_end());
            let from = seen.from().and_then(|from| from.first()).unwrap();
            assert_eq!((from.name(), from.address()), (Some(SENDER_NAME), Some(SENDER)));
            assert!(seen.date().is_some());
            let content_type = seen.content_type().unwrap();
            assert!(content_type.attribute("charset").unwrap().eq_ignore_ascii_case(&charset.to_string()));
            let names: Vec<_> = seen.headers().iter().map(|header| header.name.as_str().to_owned()).collect();
            let mut once = names.clone();
            once.sort();
            once.dedup();
            assert_eq!(names.len(), once.len(), "a field stands twice in {names:?}");
            assert!(seen.header(HeaderName::MimeVersion).is_some());
        }
    }

    #[test]
    fn the_seven_bit_mail_is_what_it_says() {
        let mail = mail(&code_letter(&Code::from_value(42), Portal::Seeker), MailCharset::Iso2022Jp);
        let text = String::from_utf8(mail.message().to_vec()).unwrap();
        assert!(text.contains("Content-Type: text/plain; charset=iso-2022-jp\r\n"), "{text}");
        assert!(text.contains("Content-Transfer-Encoding: 7bit\r\n"));
        assert!(text.contains("Subject: =?ISO-2022-JP?B?"));
        assert!(text.contains("\r\n <no-reply@sekisho.test>\r\n"));
    }

    #[test]
    fn every_address_an_account_may_have_can_be_written() {
        let letter = Letter { subject: "件名".to_owned(), body: "本文".to_owned() };
        for (address, charset) in
            ["a@b", "a.b+c@d-e.test", "!#$%&'*+-/=?^_`{|}~@x.test"].into_iter().zip(BOTH.repeat(2))
        {
            let mail = compose(&only(address), &letter, &Token::from("id".to_owned()), charset).unwrap();
            assert_eq!(mail.recipients(), [address]);
        }
    }

    #[test]
    fn a_letter_writes_no_header_of_its_own() {
        let letter =
            Letter { subject: "件名\r\nBcc: x@evil.test".to_owned(), body: "本文\n.\nMAIL FROM:<x>\n".to_owned() };
        for charset in BOTH {
            let mail = mail(&letter, charset);
            let seen = MessageParser::default().parse(mail.message()).unwrap();
            assert!(seen.bcc().is_none(), "{charset}");
            assert!(seen.subject().unwrap().starts_with("件名"), "{charset}");
        }
    }
}
