//! Mails without their secrets. A mail is taken apart and put together again as 8-bit UTF-8, so that no transfer coding,
//! charset or encoded word hides a secret. Structure, header fields and texts stay; preambles and foldings do not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::parsers::MessageStream;
use mail_parser::{Header, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::Scrubber;

/// Parts nested deeper than this are left out.
const DEEPEST: usize = 16;
/// Length of a line of base64 (RFC 2045, section 6.8).
const BASE64_LINE: usize = 76;

impl Scrubber {
    /// A mail as it may be shown. What is no mail is treated as text.
    pub fn mail(&self, raw: &[u8]) -> Vec<u8> {
        let Some(message) = MessageParser::new().parse(raw) else { return self.bytes(raw).into_owned() };
        let mut out = Vec::with_capacity(raw.len());
        self.part(&message, 0, DEEPEST, &mut out);
        out
    }

    fn part(&self, message: &Message<'_>, id: usize, depth: usize, out: &mut Vec<u8>) {
        let Some(part) = message.parts.get(id) else { return };
        if depth == 0 {
            out.extend_from_slice(b"\r\n(left out: nested too deeply)\r\n");
            return;
        }
        let damaged = part.is_encoding_problem && is_transfer_coded(part);
        self.part_headers(message, part, out);
        out.extend_from_slice(b"\r\n");
        match &part.body {
            _ if damaged => out.extend_from_slice(b"(left out: its transfer coding is damaged)"),
            PartType::Text(text) | PartType::Html(text) => out.extend_from_slice(self.text(text).as_bytes()),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let coded = STANDARD.encode(self.bytes(bytes));
                for line in coded.as_bytes().chunks(BASE64_LINE) {
                    out.extend_from_slice(line);
                    out.extend_from_slice(b"\r\n");
                }
            }
            PartType::Message(nested) => self.part(nested, 0, depth - 1, out),
            PartType::Multipart(children) => {
                let boundary = part.content_type().and_then(|kind| kind.attribute("boundary")).unwrap_or_default();
                let boundary = self.text(boundary).into_owned();
                for child in children {
                    out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
                    self.part(message, *child as usize, depth - 1, out);
                    end_line(out);
                }
                out.extend_from_slice(format!("--{boundary}--").as_bytes());
            }
        }
        end_line(out);
    }

    fn part_headers(&self, message: &Message<'_>, part: &MessagePart<'_>, out: &mut Vec<u8>) {
        let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
        let is_binary = matches!(part.body, PartType::Binary(_) | PartType::InlineBinary(_));
        for header in &part.headers {
            match header.name {
                HeaderName::ContentTransferEncoding => {}
                HeaderName::ContentType if is_text => {
                    let kind = part.content_type();
                    let main = kind.map_or("text", |kind| kind.ctype());
                    let sub = kind.and_then(|kind| kind.subtype()).unwrap_or("plain");
                    out.extend_from_slice(format!("Content-Type: {main}/{sub}; charset=utf-8\r\n").as_bytes());
                }
                _ => {
                    let line = format!("{}: {}\r\n", header.name.as_str(), self.field(message, header));
                    out.extend_from_slice(line.as_bytes());
                }
            }
        }
        if is_text {
            out.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n");
        } else if is_binary {
            out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n");
        }
    }

    /// The value of a field, unfolded and with its encoded words (RFC 2047) decoded.
    fn field(&self, message: &Message<'_>, header: &Header<'_>) -> String {
        let raw = message.raw_message.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
        let decoded = if raw.windows(2).any(|pair| pair == b"=?") {
            MessageStream::new(raw).parse_unstructured().into_text().map(|text| text.into_owned())
        } else {
            None
        };
        let text = decoded.unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned());
        let unfolded = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        self.text(&unfolded.join(" ")).into_owned()
    }
}

fn is_transfer_coded(part: &MessagePart<'_>) -> bool {
    let coding = part.content_transfer_encoding().unwrap_or_default();
    coding.eq_ignore_ascii_case("base64") || coding.eq_ignore_ascii_case("quoted-printable")
}

fn end_line(out: &mut Vec<u8>) {
    if !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
}
