//! What a mail says once it is decoded: Japanese mails of every kind that targets send, and broken ones.
#![allow(clippy::unwrap_used)]

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use proptest::prelude::*;
use sekisho_simulator::mailbox::{Letter, Mail, Problem};

const TEXT: &str = "ワンタイムパスワード: 012345";
/// [`TEXT`] in ISO-2022-JP, as Python's `iso2022_jp` codec writes it.
const TEXT_JIS: &[u8] = b"\x1b$B%o%s%?%$%`%Q%9%o!<%I\x1b(B: 012345";
/// [`TEXT`] in Shift_JIS.
const TEXT_SJIS: &[u8] = b"\x83\x8f\x83\x93\x83^\x83C\x83\x80\x83p\x83X\x83\x8f\x81[\x83h: 012345";

fn parse(raw: impl Into<Vec<u8>>) -> Letter {
    Letter::parse(&Mail {
        sequence: 1,
        received_at: SystemTime::UNIX_EPOCH,
        from: String::new(),
        recipients: Vec::new(),
        raw: Bytes::from(raw.into()),
    })
}

/// A mail with the given fields behind a usual head, and the given body.
fn mail(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = "From: =?UTF-8?B?6Zai5omA?= <no-reply@example.jp>\r\nTo: hanako@example.jp\r\n\
                Date: Wed, 13 Aug 2025 06:00:00 +0900\r\nMIME-Version: 1.0\r\n";
    [head.as_bytes(), fields.as_bytes(), b"\r\n", body, b"\r\n"].concat()
}

fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    let encoded = BASE64_STANDARD.encode(bytes);
    encoded.as_bytes().chunks(76).collect::<Vec<_>>().join(b"\r\n".as_slice())
}

#[test]
fn japanese_bodies_decode_in_every_encoding_in_use() {
    let quoted = TEXT.bytes().map(|byte| format!("={byte:02X}")).collect::<Vec<_>>().join("=\r\n");
    for (charset, transfer, body) in [
        ("UTF-8", "8bit", TEXT.as_bytes().to_vec()),
        ("utf-8", "base64", base64_lines(TEXT.as_bytes())),
        ("UTF-8", "quoted-printable", quoted.into_bytes()),
        ("ISO-2022-JP", "7bit", TEXT_JIS.to_vec()),
        ("ISO-2022-JP", "base64", base64_lines(TEXT_JIS)),
        ("cp50221", "7bit", TEXT_JIS.to_vec()),
        ("cp50221", "base64", base64_lines(TEXT_JIS)),
        ("Shift_JIS", "8bit", TEXT_SJIS.to_vec()),
        ("cp932", "8bit", TEXT_SJIS.to_vec()),
        ("cp932", "base64", base64_lines(TEXT_SJIS)),
    ] {
        let fields =
            format!("Content-Type: text/plain; charset=\"{charset}\"\r\nContent-Transfer-Encoding: {transfer}\r\n");
        let letter = parse(mail(&fields, &body));
        assert_eq!((letter.text.as_str(), &letter.problems), (TEXT, &vec![]), "{charset} {transfer}");
    }
}

#[test]
fn addresses_come_from_every_field_without_names() {
    let letter = parse(mail(
        "Cc: \"B, C\" <b@example.jp>, d@example.jp\r\nBcc: e@example.jp\r\nSubject: =?UTF-8?B?6Zai5omA?=\r\n",
        b"x",
    ));
    assert_eq!(letter.from, ["no-reply@example.jp"]);
    assert_eq!(letter.to, ["hanako@example.jp"]);
    assert_eq!(letter.cc, ["b@example.jp", "d@example.jp"]);
    assert_eq!(letter.bcc, ["e@example.jp"]);
    assert_eq!(letter.subject.as_deref(), Some("関所"));
}

#[test]
fn html_is_made_to_text_only_where_there_is_no_plain_part() {
    let html = format!("<html><head><style>p{{width:999999px}}</style></head><body><p>{TEXT}</p></body></html>");
    let only_html = parse(mail("Content-Type: text/html; charset=utf-8\r\n", html.as_bytes()));
    assert_eq!((only_html.text.as_str(), only_html.html.as_deref()), (TEXT, Some(format!("{html}\r\n").as_str())));

    let both = format!(
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
    );
    let both = parse(mail("Content-Type: multipart/alternative; boundary=b\r\n", both.as_bytes()));
    assert_eq!((both.text.as_str(), both.html.as_deref()), ("plain", Some(html.as_str())));
    assert_eq!(both.problems, []);
}

#[test]
fn message_without_header_fields_is_read_as_text() {
    for (raw, text) in [
        ("code: 012345\r\n".as_bytes(), "code: 012345"),
        ("\r\ncode: 012345\r\n".as_bytes(), "code: 012345"),
        (TEXT.as_bytes(), TEXT),
        (TEXT_JIS, TEXT),
    ] {
        let letter = parse(raw);
        assert_eq!((letter.text.as_str(), letter.problems.as_slice()), (text, [Problem::NoHeaders].as_slice()));
    }
}

#[test]
fn undecoded_bytes_never_pass_for_text() {
    // `%o%s%?` and `!<` are JIS; the digits of base64 and of an unknown encoding are no code either.
    let unlabelled = parse(mail("", TEXT_JIS));
    assert_eq!((unlabelled.text.as_str(), unlabelled.problems), (TEXT, vec![Problem::UnlabelledCharset]));

    let unknown = parse(mail("Content-Transfer-Encoding: x-secret\r\n", b"012345"));
    assert_eq!(unknown.text, "");
    let expected = [Problem::UnknownTransferEncoding("x-secret".into()), Problem::NoText];
    assert_eq!(unknown.problems, expected);

    let broken = parse(mail("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", b"!!! 012345 !!!"));
    assert_eq!(broken.text, "");
    assert_eq!(broken.problems, [Problem::UndecodableText, Problem::NoText]);
}

#[test]
fn what_readers_stumble_over_is_listed() {
    for (fields, body, problem) in [
        ("Content-Type: text/plain; charset=x-none\r\n", "text".as_bytes(), Problem::UnknownCharset("x-none".into())),
        ("Content-Type: text/plain; charset=utf-8\r\n", b"\xff\xfe", Problem::UndecodableText),
        ("Subject: =?UTF-8?B?/w==?=\r\n", b"text", Problem::UndecodableSubject),
        ("Subject: 関所\r\n", b"text", Problem::UnencodedSubject),
        ("Subject: =?UTF-8?B?6Zai5g==?= =?UTF-8?B?iYA=?=\r\n", b"text", Problem::SplitCharacter),
        ("Content-Type: text/plain\r\n", b"", Problem::NoText),
    ] {
        assert_eq!(parse(mail(fields, body)).problems, [problem], "{fields}");
    }
}

#[test]
fn deeply_nested_message_is_not_parsed() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(200_000);
    assert_eq!(parse(nested).problems, [Problem::TooManyParts]);
    let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n".repeat(200_000);
    assert_eq!(parse(digest).problems, [Problem::TooManyParts]);
    let shallow = "Content-Type: message/rfc822\r\n\r\n".repeat(200);
    assert!(!parse(shallow).problems.contains(&Problem::TooManyParts));
}

/// Pieces that parsers have special ways for, so that arbitrary mails get past the first line.
fn mime_pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "Content-Type: ",
            "multipart/mixed; boundary=b",
            "message/rfc822",
            "text/html; charset=iso-2022-jp",
            "Content-Transfer-Encoding: base64",
            "Content-Transfer-Encoding: quoted-printable",
            "Subject: ",
            "=?ISO-2022-JP?B?",
            "=?utf-8?q?",
            "?=",
            "\r\n",
            "\n",
            "--b",
            "--b--",
            " ",
            "\x1b$B",
            "\x1b(B",
            "=\r\n",
            "=3",
            "From: <a@b>",
            "To: x:",
            "&#x1F600;",
            "<p>",
            "<!--",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_parsing_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        parse(raw);
    }

    #[test]
    fn no_mime_soup_makes_parsing_panic(raw in mime_pieces()) {
        parse(raw);
    }

    #[test]
    fn any_text_survives_its_way_through_base64(text in "[ -~ぁ-んァ-ヶ一-龠]{1,200}") {
        let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n";
        let letter = parse(mail(fields, &base64_lines(text.as_bytes())));
        prop_assert_eq!(letter.text, text.trim());
    }
}
