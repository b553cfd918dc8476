//! Commands as clients write them, made into what `mailin` understands. Its parser refuses the null sender, parameters,
//! quoted local parts with a space, an argument to NOOP and trailing space, all of which RFC 5321 allows.

use mailin::Response;

/// Stands in a path for what `mailin` does not let through. DEL may not appear in a path (RFC 5321 §4.1.2), and
/// [`read`] refuses control characters, so a client can't send it.
const ESCAPE: char = '\u{7f}';
const EMPTY: char = 'e';
const ESCAPED: [(char, char); 3] = [(' ', 's'), ('<', 'l'), ('>', 'g')];

/// A command that this server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// EHLO: answered with our own list of extensions once `mailin` has agreed.
    Ehlo { line: String },
    /// MAIL with its parameters.
    Mail { line: String, smtputf8: bool, size: Option<u64>, ascii: bool },
    /// RCPT.
    Rcpt { line: String, ascii: bool },
    /// STARTTLS: not for `mailin`, which would want to see to it itself.
    Starttls,
    /// Any other command, for `mailin` as it stands.
    Other { line: String },
}

impl Command {
    /// Reads a command line (its CRLF taken off), or says what is to be answered to it.
    pub(super) fn read(line: &[u8]) -> Result<Command, Response> {
        let line = std::str::from_utf8(line).map_err(|_| reply(500, "Command is not UTF-8"))?;
        if line.chars().any(|char| char.is_control() && char != '\t') {
            return Err(reply(500, "Control character in command"));
        }
        let line = line.trim_end_matches([' ', '\t']);
        let (verb, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let argument = argument.trim();
        let verb = verb.to_ascii_uppercase();
        let other = |line: String| Ok(Command::Other { line });
        match (verb.as_str(), argument.is_empty()) {
            ("EHLO" | "HELO", true) => Err(reply(501, "Domain missing")),
            ("EHLO", false) => Ok(Command::Ehlo { line: format!("EHLO {}\r\n", first_word(argument)) }),
            ("HELO", false) => other(format!("HELO {}\r\n", first_word(argument))),
            ("MAIL", _) => mail(argument),
            ("RCPT", _) => rcpt(argument),
            ("STARTTLS", true) => Ok(Command::Starttls),
            ("DATA" | "RSET" | "QUIT" | "STARTTLS", false) => Err(reply(501, "No parameters allowed")),
            ("DATA" | "RSET" | "QUIT", true) | ("NOOP", _) => other(format!("{verb}\r\n")),
            ("VRFY", true) => Err(reply(501, "Name missing")),
            ("VRFY", false) => other(format!("VRFY {argument}\r\n")),
            ("AUTH" | "BDAT" | "EXPN" | "HELP", _) => Err(reply(502, "Command not implemented")),
            _ => Err(reply(500, "Command not recognized")),
        }
    }
}

/// A path as the handler gets it from `mailin`, put back as the client wrote it.
pub(super) fn unescape(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut chars = path.chars();
    while let Some(char) = chars.next() {
        if char != ESCAPE {
            plain.push(char);
            continue;
        }
        let code = chars.next();
        plain.extend(ESCAPED.iter().find(|(_, escaped)| code == Some(*escaped)).map(|(char, _)| *char));
    }
    plain
}

pub(super) fn reply(code: u16, text: &str) -> Response {
    Response::custom(code, text.to_owned())
}

fn escape(path: &str) -> String {
    if path.is_empty() {
        return [ESCAPE, EMPTY].iter().collect();
    }
    let mut escaped = String::with_capacity(path.len());
    for char in path.chars() {
        match ESCAPED.iter().find(|(plain, _)| *plain == char) {
            Some((_, code)) => escaped.extend([ESCAPE, *code]),
            None => escaped.push(char),
        }
    }
    escaped
}

fn mail(argument: &str) -> Result<Command, Response> {
    let (path, parameters) = path_after(argument, "FROM:")?;
    let (mut smtputf8, mut size, mut body) = (false, None, "");
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
            ("SIZE", value) => size = Some(value.parse().map_err(|_| reply(501, "SIZE is not a number"))?),
            ("BODY", "7BIT") => body = " BODY=7BIT",
            ("BODY", "8BITMIME") => body = " BODY=8BITMIME",
            ("SMTPUTF8", "") => smtputf8 = true,
            _ => return Err(reply(555, "Parameter not implemented")),
        }
    }
    Ok(Command::Mail {
        line: format!("MAIL FROM:<{}>{body}\r\n", escape(path)),
        smtputf8,
        size,
        ascii: path.is_ascii(),
    })
}

fn rcpt(argument: &str) -> Result<Command, Response> {
    let (path, parameters) = path_after(argument, "TO:")?;
    if path.is_empty() {
        return Err(reply(501, "Recipient missing"));
    }
    if !parameters.is_empty() {
        return Err(reply(555, "Parameter not implemented"));
    }
    Ok(Command::Rcpt { line: format!("RCPT TO:<{}>\r\n", escape(path)), ascii: path.is_ascii() })
}

/// The path between `<` and `>`, and what follows it. Space before the path is not allowed by RFC 5321 §3.3, but many
/// mail programs send it and most servers take it.
fn path_after<'a>(argument: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Response> {
    let syntax = || reply(501, "Path not understood");
    let start = argument.get(..keyword.len()).filter(|start| start.eq_ignore_ascii_case(keyword)).ok_or_else(syntax)?;
    let path = argument[start.len()..].trim_start().strip_prefix('<').ok_or_else(syntax)?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in path.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => {
                let rest = &path[at + 1..];
                let parted = rest.is_empty() || rest.starts_with([' ', '\t']);
                return if parted { Ok((&path[..at], rest.trim())) } else { Err(syntax()) };
            }
            ' ' | '\t' | '<' if !quoted => return Err(syntax()),
            '\t' => return Err(syntax()),
            _ => {}
        }
    }
    Err(syntax())
}

fn first_word(argument: &str) -> &str {
    argument.split_ascii_whitespace().next().unwrap_or(argument)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use mailin::{Handler, SessionBuilder};
    use proptest::prelude::*;

    use super::*;

    fn code(line: &str) -> u16 {
        Command::read(line.as_bytes()).unwrap_err().code
    }

    #[test]
    fn paths_and_parameters_are_understood() {
        for (line, expected, smtputf8, size, ascii) in [
            ("MAIL FROM:<a@b.jp>", "MAIL FROM:<a@b.jp>\r\n", false, None, true),
            ("mail from: <a@b.jp> size=12 ", "MAIL FROM:<a@b.jp>\r\n", false, Some(12), true),
            ("MAIL FROM:<> BODY=8BITMIME", "MAIL FROM:<\x7fe> BODY=8BITMIME\r\n", false, None, true),
            ("MAIL FROM:<関@b.jp> SMTPUTF8", "MAIL FROM:<関@b.jp>\r\n", true, None, false),
            (r#"MAIL FROM:<"a >\" b"@b.jp>"#, "MAIL FROM:<\"a\x7fs\x7fg\\\"\x7fsb\"@b.jp>\r\n", false, None, true),
        ] {
            let expected = Command::Mail { line: expected.into(), smtputf8, size, ascii };
            assert_eq!(Command::read(line.as_bytes()).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn other_commands_are_brought_into_one_form() {
        for (line, expected) in
            [("NOOP x y", "NOOP\r\n"), ("quit  ", "QUIT\r\n"), ("data", "DATA\r\n"), ("vrfy a b", "VRFY a b\r\n")]
        {
            assert_eq!(Command::read(line.as_bytes()).unwrap(), Command::Other { line: expected.into() });
        }
        let ehlo = Command::Ehlo { line: "EHLO [127.0.0.1]\r\n".into() };
        assert_eq!(Command::read(b"ehlo [127.0.0.1] x").unwrap(), ehlo);
    }

    #[test]
    fn faulty_commands_get_the_code_of_their_fault() {
        for (line, expected) in [
            ("", 500),
            ("HELLO", 500),
            ("NOOP \x00", 500),
            ("MAIL FROM:<\x7fe>", 500),
            ("EHLO", 501),
            ("DATA now", 501),
            ("MAIL FROM:a@b", 501),
            ("MAIL FROM:<a@b", 501),
            ("MAIL FROM:<a b@c>", 501),
            ("MAIL FROM:<a>b>", 501),
            ("MAIL FROM:<a@b> SIZE=x", 501),
            ("RCPT TO:<>", 501),
            ("RCPT FROM:<a@b>", 501),
            ("STARTTLS now", 501),
            ("AUTH PLAIN AAAA", 502),
            ("MAIL FROM:<a@b> RET=FULL", 555),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", 555),
            ("RCPT TO:<a@b> NOTIFY=NEVER", 555),
        ] {
            assert_eq!(code(line), expected, "{line:?}");
        }
        assert_eq!(Command::read(b"NOOP \xff").unwrap_err().code, 500);
    }

    #[derive(Default)]
    struct Paths(Vec<String>);

    impl Handler for &mut Paths {
        fn rcpt(&mut self, to: &str) -> Response {
            self.0.push(unescape(to));
            mailin::response::OK
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in prop::collection::vec(any::<u8>(), 0..80)) {
            drop(Command::read(&line));
        }

        #[test]
        fn quoted_path_comes_through_mailin_as_it_was_written(local in r#"[ -!#-\[\]-~関é]{0,20}"#) {
            let path = format!("\"{local}\"@example.jp");
            let Ok(Command::Rcpt { line, .. }) = Command::read(format!("RCPT TO:<{path}>").as_bytes()) else {
                return Err(TestCaseError::fail("not understood"));
            };
            let mut paths = Paths::default();
            let mut session = SessionBuilder::new("test").build(IpAddr::V4(Ipv4Addr::LOCALHOST), &mut paths);
            for line in ["HELO x\r\n", "MAIL FROM:<a@b>\r\n", &line] {
                prop_assert_eq!(session.process(line.as_bytes()).code, 250);
            }
            drop(session);
            prop_assert_eq!(&paths.0, &[path]);
        }
    }
}
