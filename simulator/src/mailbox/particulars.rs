//! What an inbox shows of a mail beside its text: names, dates, all header fields, what is attached.

use mail_parser::{Address, HeaderName, Message, MimeHeaders};

use super::{Mail, letter};

/// At most so many addresses of one field, fields of one head, and attachments are read; real mails have far fewer.
const MAX_ENTRIES: usize = 200;
/// The longest text of one field that is kept. In characters.
const MAX_FIELD_CHARS: usize = 1_000;

/// What a mail says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// The `Message-ID`, without brackets.
    pub message_id: String,
    /// The first `From`.
    pub from: Option<Contact>,
    /// The `To` fields.
    pub to: Vec<Contact>,
    /// The `Cc` fields.
    pub cc: Vec<Contact>,
    /// The `Bcc` fields.
    pub bcc: Vec<Contact>,
    /// The `Reply-To` fields.
    pub reply_to: Vec<Contact>,
    /// The `Date`, in the form of RFC 3339.
    pub date: Option<String>,
    /// All header fields as they were sent, unfolded, in their order.
    pub headers: Vec<(String, String)>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// A name and an address; either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The display name, decoded.
    pub name: String,
    /// The address.
    pub address: String,
}

/// A part of a mail that is not its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The name of the file; empty where there is none.
    pub name: String,
    /// The media type it claims.
    pub media_type: String,
    /// The `Content-ID`; empty where there is none.
    pub content_id: String,
    /// Its bytes, decoded.
    pub content: Vec<u8>,
}

impl Particulars {
    /// Reads a mail. Never fails: what can't be read is left out.
    pub fn parse(mail: &Mail) -> Particulars {
        letter::look_into(&mail.raw, |message| message.map(read)).flatten().unwrap_or_default()
    }
}

fn read(message: &Message) -> Particulars {
    Particulars {
        message_id: message.message_id().map(bounded).unwrap_or_default(),
        from: contacts(message, HeaderName::From).into_iter().next(),
        to: contacts(message, HeaderName::To),
        cc: contacts(message, HeaderName::Cc),
        bcc: contacts(message, HeaderName::Bcc),
        reply_to: contacts(message, HeaderName::ReplyTo),
        date: message.date().filter(|date| date.is_valid()).map(|date| date.to_rfc3339()),
        headers: headers(message),
        attachments: message.attachments().take(MAX_ENTRIES).map(attachment).collect(),
    }
}

fn contacts(message: &Message, field: HeaderName<'static>) -> Vec<Contact> {
    let fields = message.header_values(field).filter_map(|value| value.as_address());
    let contact = |address: &mail_parser::Addr| Contact {
        name: address.name().map(bounded).unwrap_or_default(),
        address: address.address().map(bounded).unwrap_or_default(),
    };
    fields.flat_map(Address::iter).take(MAX_ENTRIES).map(contact).collect()
}

fn headers(message: &Message) -> Vec<(String, String)> {
    let raw = |header: &mail_parser::Header| {
        let value = message.raw_message.get(header.offset_start as usize..header.offset_end as usize);
        let value = String::from_utf8_lossy(value.unwrap_or_default());
        (bounded(header.name.as_str()), bounded(value.replace(['\r', '\n'], "").trim()))
    };
    message.headers().iter().take(MAX_ENTRIES).map(raw).collect()
}

fn attachment(part: &mail_parser::MessagePart) -> Attachment {
    let media_type = part.content_type().map(|media_type| match media_type.subtype() {
        Some(subtype) => format!("{}/{subtype}", media_type.ctype()),
        None => media_type.ctype().to_owned(),
    });
    Attachment {
        name: part.attachment_name().map(bounded).unwrap_or_default(),
        media_type: media_type.as_deref().map(bounded).unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: part.content_id().map(bounded).unwrap_or_default(),
        content: part.contents().to_vec(),
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_FIELD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;

    use super::*;

    fn particulars(raw: &'static str) -> Particulars {
        let raw = Bytes::from(raw.replace('\n', "\r\n"));
        let received_at = SystemTime::UNIX_EPOCH;
        Particulars::parse(&Mail { sequence: 1, received_at, from: String::new(), recipients: Vec::new(), raw })
    }

    #[test]
    fn names_dates_fields_and_attachments_are_read() {
        let seen = particulars(
            "From: =?ISO-2022-JP?B?GyRCNFg9ahsoQg==?= <a@x.test>\nTo: b@x.test, C <c@x.test>\nMessage-ID: <id@x>\n\
             Date: Mon, 23 Nov 2026 20:00:00 +0900\nX-Long: one\n two\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\ntext\n--b\n\
             Content-Type: image/png; name=p.png\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n",
        );
        let contact = |name: &str, address: &str| Contact { name: name.to_owned(), address: address.to_owned() };
        assert_eq!(seen.from, Some(contact("関所", "a@x.test")));
        assert_eq!(seen.to, [contact("", "b@x.test"), contact("C", "c@x.test")]);
        assert_eq!((seen.message_id.as_str(), seen.date.as_deref()), ("id@x", Some("2026-11-23T20:00:00+09:00")));
        assert!(seen.headers.contains(&("X-Long".to_owned(), "one two".to_owned())), "{:?}", seen.headers);
        let [attachment] = seen.attachments.as_slice() else { panic!("{:?}", seen.attachments) };
        assert_eq!((attachment.name.as_str(), attachment.media_type.as_str()), ("p.png", "image/png"));
        assert_eq!(attachment.content, [0, 1, 2]);
    }

    #[test]
    fn what_is_no_mail_has_none() {
        assert_eq!(particulars("code: 123456"), Particulars::default());
        assert_eq!(particulars(""), Particulars::default());
    }
}
