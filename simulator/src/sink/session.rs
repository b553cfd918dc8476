//! One conversation of the asynchronous front end: lines in, answers out, with every bound and every pause.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use mailin::{Action, Response, Session, SessionBuilder};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until, timeout, timeout_at},
};

use super::{
    NAME, Office,
    command::{Command, reply},
    handler::{Clerk, Deferred, Guarded},
    line::{Line, LineReader},
};

/// Answers are collected while commands are at hand, as PIPELINING is for (RFC 2920 §3.2), up to this many bytes.
const MAX_HELD_ANSWERS_BYTES: usize = 16 * 1024;

/// Talks to one client until either side ends it.
///
/// # Errors
/// Where the connection fails, TLS is not agreed on, or the client does not take its answers in time.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: IpAddr,
    office: Arc<Office>,
) -> io::Result<()> {
    let end = Instant::now() + office.limits.session;
    match &office.tls {
        Some(tls) if tls.from_the_start => {
            let stream = tls.accept(stream).await?;
            Conversation::new(stream, peer, &office, true).greet().run(end).await?;
        }
        tls => {
            let conversation = Conversation::new(stream, peer, &office, false).greet();
            let (Some(rest), Some(tls)) = (conversation.run(end).await?, tls) else { return Ok(()) };
            // RFC 3207 section 4.2: what was said before is forgotten, and there is no second greeting. What the client sent behind
            // STARTTLS went with the reader: it may be somebody else's, put in to be taken for what comes through TLS.
            let stream = tls.accept(rest.stream).await?;
            let mut conversation = Conversation::new(stream, peer, &office, true);
            (conversation.dialogue.commands, conversation.dialogue.errors) = (rest.commands, rest.errors);
            conversation.run(end).await?;
        }
    }
    Ok(())
}

/// What is left of a conversation that goes on in TLS.
struct Rest<S> {
    stream: S,
    commands: u32,
    errors: u32,
}

struct Conversation<S> {
    reader: LineReader<S>,
    answers: Vec<u8>,
    dialogue: Dialogue,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    fn new(stream: S, peer: IpAddr, office: &Arc<Office>, secure: bool) -> Self {
        let deferred = Arc::new(Deferred::default());
        let clerk = Clerk::deferring(Arc::clone(office), Arc::clone(&deferred));
        let session = SessionBuilder::new(NAME).build(peer, Guarded::new(clerk, Arc::clone(office)));
        let office = Arc::clone(office);
        Conversation {
            reader: LineReader::new(stream, office.limits.line_bytes),
            answers: Vec::new(),
            dialogue: Dialogue {
                session,
                deferred,
                office,
                secure,
                in_data: false,
                smtputf8: false,
                commands: 0,
                errors: 0,
            },
        }
    }

    fn greet(mut self) -> Self {
        self.answers.extend(Answer::from(self.dialogue.session.greeting()).text);
        self
    }

    /// Says and hears until the conversation is over; what is left of it where it shall go on in TLS.
    async fn run(mut self, end: Instant) -> io::Result<Option<Rest<S>>> {
        loop {
            let line = match self.reader.buffered() {
                Some(line) if self.answers.len() < MAX_HELD_ANSWERS_BYTES => line,
                Some(line) => {
                    self.flush().await?;
                    line
                }
                None => {
                    self.flush().await?;
                    match self.next_line(end).await? {
                        Some(line) => line,
                        None => return Ok(None),
                    }
                }
            };
            let Some(answer) = self.dialogue.answer(line) else { continue };
            let pause = self.dialogue.deferred.take_pause();
            if !pause.is_zero() && !self.wait(pause, end).await? {
                return Ok(None);
            }
            self.answers.extend(answer.text);
            match answer.then {
                Then::GoOn => {}
                Then::Close => {
                    self.close().await?;
                    return Ok(None);
                }
                Then::Secure => {
                    self.flush().await?;
                    let Dialogue { commands, errors, .. } = self.dialogue;
                    return Ok(Some(Rest { stream: self.reader.into_stream(), commands, errors }));
                }
            }
        }
    }

    /// The client's next line, or `None` where the conversation is over.
    async fn next_line(&mut self, end: Instant) -> io::Result<Option<Line>> {
        let office = Arc::clone(&self.dialogue.office);
        let deadline = end.min(Instant::now() + office.limits.idle);
        let last_words = match office.stop.run_until_cancelled(timeout_at(deadline, self.reader.line())).await {
            Some(Ok(line)) => return line,
            Some(Err(_elapsed)) => reply(421, "Time is over"),
            None => reply(421, "Shutting down"),
        };
        self.answers.extend(Answer::from(last_words).text);
        self.close().await?;
        Ok(None)
    }

    /// Lets the client wait. Returns whether the conversation goes on: not where the client has gone meanwhile.
    async fn wait(&mut self, pause: Duration, end: Instant) -> io::Result<bool> {
        self.flush().await?;
        let until = end.min(Instant::now() + pause);
        tokio::select! {
            () = sleep_until(until) => Ok(true),
            () = self.reader.gone() => Ok(false),
            () = self.dialogue.office.stop.cancelled() => Ok(true),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.answers.is_empty() {
            let idle = self.dialogue.office.limits.idle;
            timeout(idle, self.reader.stream().write_all(&self.answers)).await??;
            self.answers.clear();
        }
        Ok(())
    }

    async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.reader.stream().shutdown().await
    }
}

/// The state of a dialogue beside what `mailin` keeps.
struct Dialogue {
    session: Session<Guarded<Clerk>>,
    deferred: Arc<Deferred>,
    office: Arc<Office>,
    /// Whether it goes on in TLS.
    secure: bool,
    in_data: bool,
    smtputf8: bool,
    commands: u32,
    errors: u32,
}

impl Dialogue {
    /// What is answered to a line; nothing within the data of a mail.
    fn answer(&mut self, line: Line) -> Option<Answer> {
        if self.in_data {
            return self.data(line);
        }
        let answer = match line {
            Line::TooLong => reply(500, "Line too long").into(),
            Line::Whole(line) => match Command::read(line.strip_suffix(b"\r\n").unwrap_or(&line)) {
                Ok(command) => self.obey(command),
                Err(fault) => fault.into(),
            },
        };
        self.commands += 1;
        self.errors += u32::from(matches!(answer.code, 500..=504 | 555));
        let limits = &self.office.limits;
        if answer.then == Then::Close {
            Some(answer)
        } else if self.errors > limits.errors {
            Some(reply(421, "Too many errors").into())
        } else if self.commands > limits.commands {
            Some(reply(421, "Too many commands").into())
        } else {
            Some(answer)
        }
    }

    fn data(&mut self, line: Line) -> Option<Answer> {
        let Line::Whole(line) = line else {
            self.deferred.report_overlong_line();
            return None;
        };
        let response = self.session.process(&line);
        if response.action == Action::NoReply {
            return None;
        }
        self.in_data = false;
        if response.code == 250 {
            (self.commands, self.errors) = (0, 0);
        }
        Some(response.into())
    }

    fn obey(&mut self, command: Command) -> Answer {
        match command {
            Command::Ehlo { line } => {
                let response = self.session.process(line.as_bytes());
                if response.code == 250 { self.extensions() } else { response.into() }
            }
            Command::Starttls => match &self.office.tls {
                Some(tls) if !tls.from_the_start && !self.secure => {
                    Answer { then: Then::Secure, ..reply(220, "Ready to start TLS").into() }
                }
                Some(_) => reply(503, "TLS is spoken already").into(),
                None => reply(502, "Command not implemented").into(),
            },
            Command::Mail { ascii: false, smtputf8: false, .. } => reply(553, "Address needs SMTPUTF8").into(),
            Command::Mail { size: Some(size), .. } if size > self.office.limits.message_bytes as u64 => {
                reply(552, "Mail too big").into()
            }
            Command::Mail { line, smtputf8, .. } => {
                let response = self.session.process(line.as_bytes());
                if !response.is_error {
                    self.smtputf8 = smtputf8;
                }
                response.into()
            }
            Command::Rcpt { ascii: false, .. } if !self.smtputf8 => reply(553, "Address needs SMTPUTF8").into(),
            Command::Rcpt { line, .. } | Command::Other { line } => {
                let response = self.session.process(line.as_bytes());
                self.in_data = response.code == 354;
                response.into()
            }
        }
    }

    /// Our own answer to EHLO: `mailin` offers 8BITMIME only.
    fn extensions(&self) -> Answer {
        let size = self.office.limits.message_bytes;
        let starttls = if self.office.tls.is_some() && !self.secure { "250-STARTTLS\r\n" } else { "" };
        let text =
            format!("250-{NAME}\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n{starttls}250 SMTPUTF8\r\n");
        Answer { text: text.into_bytes(), code: 250, then: Then::GoOn }
    }
}

/// An answer as it goes over the wire.
struct Answer {
    text: Vec<u8>,
    code: u16,
    then: Then,
}

/// How a conversation goes on after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoOn,
    Close,
    Secure,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let mut text = Vec::new();
        // Writing into memory does not fail.
        let _ = response.write_to(&mut text);
        let then = if response.action == Action::Close { Then::Close } else { Then::GoOn };
        Answer { text, code: response.code, then }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;
    use crate::{
        mailbox::Mark,
        sink::{Sink, SinkConfig, SinkLimits},
    };

    /// What a client hears that sends `bytes` in pieces of these lengths and then leaves, and how many mails came.
    async fn hear(bytes: &[u8], pieces: &[usize]) -> (String, usize) {
        let limits = SinkLimits { line_bytes: 60, message_bytes: 200, ..SinkLimits::default() };
        let sink = Sink::start(SinkConfig { limits, ..SinkConfig::default() }).await.unwrap();
        let (mut client, server) = duplex(64 * 1024);
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let conversation = tokio::spawn(converse(server, peer, Arc::clone(&sink.office)));
        let mut rest = bytes;
        for length in pieces.iter().copied().chain([usize::MAX]) {
            let (piece, later) = rest.split_at(length.min(rest.len()));
            // The conversation may be over by QUIT.
            let _ = client.write_all(piece).await;
            tokio::task::yield_now().await;
            rest = later;
        }
        let _ = client.shutdown().await;
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        // A client that has gone before its last answer is no fault of ours.
        let _ = conversation.await.unwrap();
        let mails = sink.mailbox().everything_after(Mark::START).await.unwrap().len();
        (heard, mails)
    }

    fn dialogue() -> impl Strategy<Value = String> {
        let long = "x".repeat(70);
        let lines = [
            "EHLO x",
            "HELO x",
            "MAIL FROM:<a@x>",
            "MAIL FROM:<> SIZE=20",
            "RCPT TO:<b@x>",
            "RCPT TO:<>",
            "DATA",
            "DATA",
            "text",
            "..dots",
            ".",
            ".",
            "RSET",
            "NOOP x",
            "VRFY x",
            "",
            "a\nb",
            "\n.",
            "nonsense",
            "AUTH PLAIN",
            &long,
        ]
        .map(|line| format!("{line}\r\n"));
        prop::collection::vec(prop::sample::select(lines.to_vec()), 0..30)
            .prop_map(|lines| format!("EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n{}", lines.concat()))
    }

    proptest! {
        #[test]
        fn pieces_do_not_change_the_dialogue(dialogue in dialogue(), pieces in prop::collection::vec(1_usize..30, 0..40)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (whole, pieced) = runtime.block_on(async {
                (hear(dialogue.as_bytes(), &[]).await, hear(dialogue.as_bytes(), &pieces).await)
            });
            prop_assert!(whole.0.starts_with("220 "), "the dialogue was looked at");
            prop_assert_eq!(whole, pieced);
        }

        #[test]
        fn no_bytes_end_the_sink(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (heard, _) = runtime.block_on(hear(&bytes, &[]));
            prop_assert!(heard.starts_with("220 "));
        }
    }
}
