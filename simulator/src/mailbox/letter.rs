//! What a mail says once it is decoded. Parsing happens in the task of whoever waits for the mail, never where mail is
//! received; nothing is ever searched before it is decoded.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mail_parser::{
    Address, Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, html::html_to_text, quoted_printable::quoted_printable_decode},
};

use super::{Mail, charset, encoded_words};

/// The most `Content-Type` fields a mail may have to be parsed. A nested message is held in a recursive structure, and
/// each level takes one such field, so this bounds the depth of the recursion; code mails have at most five.
const MAX_CONTENT_TYPES: usize = 200;

/// A mail as a reader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The subject, decoded; `None` without such a field.
    pub subject: Option<String>,
    /// The addresses of the `From` fields, without display names.
    pub from: Vec<String>,
    /// The addresses of the `To` fields.
    pub to: Vec<String>,
    /// The addresses of the `Cc` fields.
    pub cc: Vec<String>,
    /// The addresses of the `Bcc` fields.
    pub bcc: Vec<String>,
    /// The text to read: the plain parts, or the HTML made to text where there is no plain part. Parts that don't
    /// decode are left out and listed in `problems`.
    pub text: String,
    /// The first HTML part as it was sent.
    pub html: Option<String>,
    /// What real mail clients may stumble over. Empty for a well-formed mail.
    pub problems: Vec<Problem>,
}

/// What a person reads of HTML; nothing where it cannot be made to text.
pub(crate) fn html_as_text(html: &str) -> String {
    catch_unwind(|| html_to_text(html)).unwrap_or_default()
}

/// Something in a mail that keeps readers from reading it, or may keep some of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There are no header fields; the whole message was read as text.
    #[error("the mail has no header fields (RFC 5322 §3.6)")]
    NoHeaders,
    /// The subject has bytes or encoded words that don't decode.
    #[error("the subject does not decode (RFC 2047)")]
    UndecodableSubject,
    /// The subject has characters outside ASCII that are not in encoded words.
    #[error("the subject has characters outside ASCII without encoding them (RFC 2047)")]
    UnencodedSubject,
    /// A character of the subject is split between two encoded words.
    #[error("a character of the subject is split between two encoded words (RFC 2047 §5)")]
    SplitCharacter,
    /// A character set is named that nobody knows.
    #[error("the character set `{0}` is unknown")]
    UnknownCharset(String),
    /// A text is ISO-2022-JP but does not say so.
    #[error("a text is ISO-2022-JP without being labelled as such (RFC 2045 §5.2)")]
    UnlabelledCharset,
    /// A part names a transfer encoding that nobody knows.
    #[error("the transfer encoding `{0}` is unknown (RFC 2045 §6)")]
    UnknownTransferEncoding(String),
    /// A text part is not in the transfer encoding or character set that it claims.
    #[error("a text part does not decode")]
    UndecodableText,
    /// There is no text to read, neither plain nor HTML.
    #[error("the mail has no text")]
    NoText,
    /// The message has so many parts that it was not parsed at all.
    #[error("the mail has more than {MAX_CONTENT_TYPES} `Content-Type` fields and was not parsed")]
    TooManyParts,
    /// The MIME parser failed on this message.
    #[error("the mail can't be parsed")]
    Unparsable,
}

impl Letter {
    /// Decodes a mail. Never fails: what can't be read is in [`Letter::problems`].
    pub fn parse(mail: &Mail) -> Letter {
        let raw = mail.raw.as_ref();
        if has_too_many_parts(raw) {
            return Letter { problems: vec![Problem::TooManyParts], ..Letter::default() };
        }
        look_into(raw, |message| match message {
            Some(message) => Reading::default().read(message),
            None => Letter::without_headers(raw),
        })
        .unwrap_or_else(|| Letter { problems: vec![Problem::Unparsable], ..Letter::default() })
    }

    fn without_headers(raw: &[u8]) -> Letter {
        let text = charset::decode_unlabelled(raw).trim().to_owned();
        let mut problems = vec![Problem::NoHeaders];
        if text.contains(char::REPLACEMENT_CHARACTER) {
            problems.push(Problem::UndecodableText);
        }
        if text.is_empty() {
            problems.push(Problem::NoText);
        }
        Letter { text, problems, ..Letter::default() }
    }
}

/// Has somebody look into the parsed message; into none where it has no header fields. `None` where the message is beyond the
/// parser, or the look has failed.
pub(super) fn look_into<T>(raw: &[u8], look: impl FnOnce(Option<&Message>) -> T) -> Option<T> {
    if has_too_many_parts(raw) {
        return None;
    }
    // The parser says that it never panics, but the bytes are the target's and the harness must outlive them.
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let message = MessageParser::default().parse(raw).filter(has_known_header);
        look(message.as_ref())
    }));
    looked.ok()
}

/// A letter in the making.
#[derive(Default)]
struct Reading {
    letter: Letter,
}

impl Reading {
    fn read(mut self, message: &Message) -> Letter {
        let letter = &mut self.letter;
        letter.from = addresses(message, HeaderName::From);
        letter.to = addresses(message, HeaderName::To);
        letter.cc = addresses(message, HeaderName::Cc);
        letter.bcc = addresses(message, HeaderName::Bcc);
        self.read_subject(message);
        self.read_bodies(message);
        self.letter
    }

    fn read_subject(&mut self, message: &Message) {
        let Some(field) = message.headers().iter().find(|header| header.name == HeaderName::Subject) else { return };
        let range = field.offset_start as usize..field.offset_end as usize;
        let (subject, problems) = encoded_words::decode(message.raw_message.get(range).unwrap_or_default());
        self.letter.subject = Some(subject);
        problems.into_iter().for_each(|problem| self.note(problem));
    }

    fn read_bodies(&mut self, message: &Message) {
        // What is marked as an attachment is read where nothing else is there: clients show it too.
        let mut readable: Vec<&MessagePart> = message.text_bodies().collect();
        if readable.is_empty() {
            readable = message.parts.iter().filter(|part| part.is_text()).collect();
        }
        let mut texts = Vec::new();
        for part in readable {
            let Some(text) = self.text_of(message, part) else { continue };
            match part.body {
                PartType::Html(_) => texts.push(html_to_text(&text)),
                _ => texts.push(text.into_owned()),
            }
        }
        let html = message.html_bodies().find(|part| matches!(part.body, PartType::Html(_)));
        self.letter.html = html.and_then(|part| self.text_of(message, part)).map(Cow::into_owned);
        self.letter.text = texts.join("\n").trim().to_owned();
        if self.letter.text.is_empty() {
            self.note(Problem::NoText);
        }
    }

    /// The decoded text of a part, or `None` where its bytes did not decode: what is left then is not text.
    fn text_of<'m>(&mut self, message: &'m Message, part: &'m MessagePart) -> Option<Cow<'m, str>> {
        let (PartType::Text(decoded) | PartType::Html(decoded)) = &part.body else { return None };
        if let Some(encoding) = part.content_transfer_encoding().map(str::trim)
            && part.encoding == Encoding::None
            && !["7bit", "8bit", "binary", "base64", "quoted-printable"]
                .iter()
                .any(|known| encoding.eq_ignore_ascii_case(known))
        {
            self.note(Problem::UnknownTransferEncoding(encoding.to_owned()));
            return None;
        }
        if part.is_encoding_problem && !decoded.is_empty() {
            self.note(Problem::UndecodableText);
            return None;
        }
        let text = self.in_charset(message, part, decoded);
        if text.contains(char::REPLACEMENT_CHARACTER) {
            self.note(Problem::UndecodableText);
        }
        Some(text)
    }

    /// The parser reads a text as UTF-8 where it does not know the label: then we look once more.
    fn in_charset<'m>(&mut self, message: &'m Message, part: &'m MessagePart, text: &'m str) -> Cow<'m, str> {
        if let Some(label) = part.content_type().and_then(|content_type| content_type.attribute("charset")) {
            if charset::is_beyond_the_parser(label)
                && let Some(text) = undo_transfer(message, part).and_then(|bytes| charset::decode(label, &bytes))
            {
                return Cow::Owned(text);
            }
            if charset::decode(label, b"").is_none() {
                self.note(Problem::UnknownCharset(label.to_owned()));
            }
        }
        if charset::has_jis_escape(text.as_bytes()) {
            self.note(Problem::UnlabelledCharset);
        }
        charset::decode_unlabelled(text.as_bytes())
    }

    fn note(&mut self, problem: Problem) {
        if !self.letter.problems.contains(&problem) {
            self.letter.problems.push(problem);
        }
    }
}

/// The bytes of a part, its transfer encoding undone.
fn undo_transfer<'m>(message: &'m Message, part: &MessagePart) -> Option<Cow<'m, [u8]>> {
    let bytes = message.raw_message.get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        Encoding::None => Some(Cow::Borrowed(bytes)),
        Encoding::Base64 => base64_decode(bytes).map(Cow::Owned),
        Encoding::QuotedPrintable => quoted_printable_decode(bytes).map(Cow::Owned),
    }
}

fn addresses(message: &Message, field: HeaderName<'static>) -> Vec<String> {
    let fields = message.header_values(field).filter_map(|value| value.as_address());
    fields.flat_map(Address::iter).filter_map(|address| address.address()).map(str::to_owned).collect()
}

/// Whether the message has a header at all: a body such as `code: 123456` alone would otherwise pass for one.
fn has_known_header(message: &Message) -> bool {
    message.headers().iter().any(|header| !matches!(header.name, HeaderName::Other(_)))
}

fn has_too_many_parts(raw: &[u8]) -> bool {
    count_content_types(raw) > MAX_CONTENT_TYPES
}

fn count_content_types(raw: &[u8]) -> usize {
    const NAME: &[u8] = b"content-type";
    memchr::memchr2_iter(b'c', b'C', raw)
        .filter(|at| raw.get(*at..at + NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))
        .count()
}
