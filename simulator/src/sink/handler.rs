//! What is answered to whom, and what becomes of a mail: the one handler behind both front ends.

use std::{
    io,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use mailin::{Action, Handler, Response, response};

use super::{
    Office,
    command::{reply, unescape},
    count,
    delivery::QueueFull,
    faults::Reception,
};

/// The handler of one connection.
#[derive(Clone)]
pub(super) struct Clerk {
    office: Arc<Office>,
    pace: Pace,
    known: bool,
    recipients_so_far: usize,
    from: String,
    recipients: Vec<String>,
    body: Vec<u8>,
    failure: Option<Failure>,
}

/// How a handler, whose callbacks can't wait, lets the client wait.
#[derive(Clone)]
enum Pace {
    /// The driver of the session waits once the callback has returned.
    Deferred(Arc<Deferred>),
    /// The callback has a thread to itself and blocks it.
    Blocking,
}

/// What the handler of a session and its driver tell each other.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    pause_ns: AtomicU64,
    overlong: AtomicBool,
}

impl Deferred {
    /// How long the driver has to wait before it passes on the last answer.
    pub(super) fn take_pause(&self) -> Duration {
        Duration::from_nanos(self.pause_ns.swap(0, Ordering::Relaxed))
    }

    /// Says that a line of the present mail was too long to be kept.
    pub(super) fn report_overlong_line(&self) {
        self.overlong.store(true, Ordering::Relaxed);
    }
}

/// Why a mail is refused at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    TooBig,
    LineTooLong,
    BareLineFeed,
}

impl Clerk {
    /// A handler whose pauses are left to the driver.
    pub(super) fn deferring(office: Arc<Office>, deferred: Arc<Deferred>) -> Self {
        Clerk::new(office, Pace::Deferred(deferred))
    }

    /// A handler that may block its thread.
    pub(super) fn blocking(office: Arc<Office>) -> Self {
        Clerk::new(office, Pace::Blocking)
    }

    fn new(office: Arc<Office>, pace: Pace) -> Self {
        Clerk {
            office,
            pace,
            known: false,
            recipients_so_far: 0,
            from: String::new(),
            recipients: Vec::new(),
            body: Vec::new(),
            failure: None,
        }
    }

    fn pause(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        match &self.pace {
            Pace::Deferred(deferred) => {
                deferred.pause_ns.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
            Pace::Blocking => {
                let pause = time.min(self.office.limits.session);
                let stop = &self.office.stop;
                self.office.delivery.runtime.block_on(async {
                    stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                });
            }
        }
    }

    /// The slowest of the recipients sets the pace of the whole mail.
    fn pause_at_end(&self) -> Duration {
        let faults = &self.office.delivery.faults;
        self.recipients.iter().map(|recipient| faults.pause_at_end(recipient)).max().unwrap_or_default()
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.body = Vec::new();
    }

    fn finish(&mut self) -> Response {
        if let Pace::Deferred(deferred) = &self.pace
            && deferred.overlong.swap(false, Ordering::Relaxed)
        {
            self.fail(Failure::LineTooLong);
        }
        let mut body = std::mem::take(&mut self.body);
        if let Some(failure) = self.failure.take() {
            count(&self.office.tally.rejected);
            return match failure {
                Failure::TooBig => reply(552, "Mail too big"),
                Failure::LineTooLong => reply(500, "Line too long"),
                Failure::BareLineFeed => reply(421, "Bare line feed"),
            };
        }
        let pause = self.pause_at_end();
        // The mailbox counts bytes, not what a buffer might have held.
        body.shrink_to_fit();
        let (from, recipients) = (std::mem::take(&mut self.from), std::mem::take(&mut self.recipients));
        let sent = self.office.delivery.send(from, recipients, Bytes::from(body));
        self.pause(pause);
        match sent {
            Ok(()) => {
                count(&self.office.tally.accepted);
                response::OK
            }
            Err(QueueFull) => response::OUT_OF_SPACE,
        }
    }
}

impl Handler for Clerk {
    fn helo(&mut self, _ip: IpAddr, _domain: &str) -> Response {
        if self.office.stop.is_cancelled() {
            return response::NO_SERVICE;
        }
        if !self.known && matches!(self.pace, Pace::Blocking) {
            count(&self.office.tally.connections);
        }
        self.known = true;
        response::OK
    }

    fn mail(&mut self, _ip: IpAddr, _domain: &str, _from: &str) -> Response {
        if self.office.stop.is_cancelled() {
            return response::NO_SERVICE;
        }
        self.recipients_so_far = 0;
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if self.recipients_so_far >= self.office.limits.recipients {
            return reply(452, "Too many recipients");
        }
        match self.office.delivery.faults.reception(&unescape(to)) {
            Reception::Accept { pause } => {
                self.recipients_so_far += 1;
                self.pause(pause);
                response::OK
            }
            Reception::Refuse => {
                count(&self.office.tally.refused);
                response::NO_MAILBOX
            }
            Reception::TryLater => {
                count(&self.office.tally.put_off);
                reply(451, "Try again later")
            }
            Reception::Stall => {
                self.pause(self.office.limits.session);
                response::NO_SERVICE
            }
        }
    }

    fn data_start(&mut self, _domain: &str, from: &str, _is8bit: bool, to: &[String]) -> Response {
        self.from = unescape(from);
        self.recipients = to.iter().map(|recipient| unescape(recipient)).collect();
        self.body = Vec::new();
        self.failure = None;
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        let limits = &self.office.limits;
        let Some(text) = line.strip_suffix(b"\r\n") else {
            self.fail(Failure::BareLineFeed);
            return Ok(());
        };
        if text.len() > limits.line_bytes {
            self.fail(Failure::LineTooLong);
        } else if self.body.len() + line.len() > limits.message_bytes {
            self.fail(Failure::TooBig);
        } else if self.failure.is_none() {
            self.body.extend_from_slice(line);
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.finish()
    }
}

/// A handler whose panics become an answer: one in a thread of `mailin-embedded` would kill the thread and, in the end,
/// the process. Also sees to it that an error at the end of the data ends the data: `mailin` would stay in it and
/// swallow what follows.
#[derive(Clone)]
pub(super) struct Guarded<H> {
    handler: H,
    office: Arc<Office>,
    failed: bool,
}

impl<H: Handler> Guarded<H> {
    pub(super) fn new(handler: H, office: Arc<Office>) -> Self {
        Guarded { handler, office, failed: false }
    }

    fn guard<T>(&mut self, call: impl FnOnce(&mut H) -> T) -> Option<T> {
        // Whatever state a panic leaves behind is of this mail only, and `data_start` begins anew.
        let result = catch_unwind(AssertUnwindSafe(|| call(&mut self.handler)));
        if result.is_err() {
            count(&self.office.tally.panics);
        }
        result.ok()
    }
}

impl<H: Handler> Handler for Guarded<H> {
    fn helo(&mut self, ip: IpAddr, domain: &str) -> Response {
        self.guard(|handler| handler.helo(ip, domain)).unwrap_or(response::INTERNAL_ERROR)
    }

    fn mail(&mut self, ip: IpAddr, domain: &str, from: &str) -> Response {
        self.guard(|handler| handler.mail(ip, domain, from)).unwrap_or(response::INTERNAL_ERROR)
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.guard(|handler| handler.rcpt(to)).unwrap_or(response::INTERNAL_ERROR)
    }

    fn data_start(&mut self, domain: &str, from: &str, is8bit: bool, to: &[String]) -> Response {
        self.failed = false;
        self.guard(|handler| handler.data_start(domain, from, is8bit, to)).unwrap_or(response::INTERNAL_ERROR)
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        // An error here would be answered in the midst of the data, to every line of it.
        if !self.failed && !matches!(self.guard(|handler| handler.data(line)), Some(Ok(()))) {
            self.failed = true;
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let answer = if self.failed { None } else { self.guard(Handler::data_end) };
        self.failed = false;
        let mut answer = answer.unwrap_or(response::INTERNAL_ERROR);
        answer.is_error &= answer.action == Action::Close;
        answer
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::Ipv4Addr;

    use mailin::SessionBuilder;

    use super::*;
    use crate::sink::{Sink, SinkConfig};

    /// Panics or fails at one callback.
    struct Faulty(&'static str);

    impl Faulty {
        fn answer(&self, callback: &str) -> Response {
            assert_ne!(self.0, callback, "on purpose");
            response::OK
        }
    }

    impl Handler for Faulty {
        fn helo(&mut self, _: IpAddr, _: &str) -> Response {
            self.answer("helo")
        }
        fn mail(&mut self, _: IpAddr, _: &str, _: &str) -> Response {
            self.answer("mail")
        }
        fn rcpt(&mut self, _: &str) -> Response {
            self.answer("rcpt")
        }
        fn data_start(&mut self, _: &str, _: &str, _: bool, _: &[String]) -> Response {
            self.answer("data_start")
        }
        fn data(&mut self, _: &[u8]) -> io::Result<()> {
            self.answer("data");
            if self.0 == "data fails" { Err(io::Error::other("on purpose")) } else { Ok(()) }
        }
        fn data_end(&mut self) -> Response {
            self.answer("data_end")
        }
    }

    #[tokio::test]
    async fn panic_of_any_callback_becomes_an_answer_and_the_session_goes_on() {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let dialogue = ["HELO x", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA", "text", "text", ".", "NOOP"];
        for (callback, expected, panics) in [
            ("helo", vec![451, 503, 503, 503, 500, 500, 500, 250], 1),
            ("mail", vec![250, 451, 503, 503, 500, 500, 500, 250], 1),
            ("rcpt", vec![250, 250, 451, 503, 500, 500, 500, 250], 1),
            ("data_start", vec![250, 250, 250, 451, 500, 500, 500, 250], 1),
            ("data", vec![250, 250, 250, 354, 0, 0, 451, 250], 1),
            ("data fails", vec![250, 250, 250, 354, 0, 0, 451, 250], 0),
            ("data_end", vec![250, 250, 250, 354, 0, 0, 451, 250], 1),
            ("none", vec![250, 250, 250, 354, 0, 0, 250, 250], 0),
        ] {
            let before = sink.counts().panics;
            let handler = Guarded::new(Faulty(callback), Arc::clone(&sink.office));
            let mut session = SessionBuilder::new("test").build(IpAddr::V4(Ipv4Addr::LOCALHOST), handler);
            let codes = dialogue.map(|line| session.process(format!("{line}\r\n").as_bytes()).code);
            assert_eq!(codes.as_slice(), expected, "{callback}");
            assert_eq!(sink.counts().panics - before, panics, "{callback}");
        }
    }
}
