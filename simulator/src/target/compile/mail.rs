//! Where mails arrive, compiled.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use http::header::AUTHORIZATION;
use sekisho_certificate::{Certificate, CertificateError, MadeFor};

use super::super::profile::{Mail, MailSource, MailTls, Profile, Spanned};
use super::super::template::Place;
use super::{Compiler, ProfileError};
use crate::browser::basic;
use crate::mailbox::MailpitSettings;
use crate::sink::SinkTls;

/// How often a Mailpit is asked unless the profile says otherwise: a fifth of a second is soon for a mail and rare for a server.
const POLL: Duration = Duration::from_millis(200);
/// Asking more often would only keep both sides busy.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// Where the target's mails arrive.
#[derive(Debug, Clone)]
pub enum MailArrival {
    /// At our own sink.
    Sink {
        /// Where it listens.
        listen: SocketAddr,
        /// Whether it speaks TLS.
        tls: SinkTls,
    },
    /// At a foreign Mailpit.
    Mailpit(MailpitSettings),
}

impl Compiler<'_> {
    pub(super) fn mail_arrival(&self, profile: &Profile) -> Result<MailArrival, ProfileError> {
        let mail = &profile.mail;
        match mail.source {
            MailSource::Sink => {
                self.belongs_to("mailpit", &of_mailpit(mail))?;
                let listen = mail.listen.as_ref().map(|listen| *listen.as_ref()).ok_or_else(|| {
                    let message = "our sink needs an address to listen on, e.g. `listen = \"127.0.0.1:2525\"`; \
                                   or `source = \"mailpit\"` says that mails arrive elsewhere";
                    self.missing("[mail]", "mail.listen", message)
                })?;
                Ok(MailArrival::Sink { listen, tls: self.sink_tls(mail)? })
            }
            MailSource::Mailpit => {
                self.belongs_to("sink", &of_sink(mail))?;
                self.mailpit(mail).map(MailArrival::Mailpit)
            }
        }
    }

    /// A key that only another source has.
    fn belongs_to(&self, source: &str, keys: &[(&str, Option<Range<usize>>)]) -> Result<(), ProfileError> {
        match keys.iter().find_map(|(key, span)| Some((key, span.clone()?))) {
            None => Ok(()),
            Some((key, span)) => {
                let message = format!("this key is for `source = \"{source}\"`; leave it out, or change `mail.source`");
                Err(self.source.senseless(span, format!("mail.{key}"), message))
            }
        }
    }

    fn sink_tls(&self, mail: &Mail) -> Result<SinkTls, ProfileError> {
        let files = [("certificate", &mail.certificate), ("key", &mail.key)];
        let tls = mail.tls.as_ref().map(|tls| *tls.as_ref()).unwrap_or_default();
        let certificate = match (&mail.certificate, &mail.key) {
            (Some(certificate), Some(key)) => {
                Certificate::Given { certificates: self.file(certificate.as_ref()), key: self.file(key.as_ref()) }
            }
            (None, None) => Certificate::SelfMade,
            (Some(given), None) | (None, Some(given)) => {
                let message = "`certificate` and `key` belong together: give both, or neither";
                return Err(self.source.senseless(given.span(), "mail.certificate", message));
            }
        };
        if tls == MailTls::None
            && let Some((key, Some(file))) = files.iter().find(|(_, file)| file.is_some())
        {
            let message = "without TLS it is of no use; `tls = \"starttls\"` or `tls = \"implicit\"` speaks it";
            return Err(self.source.senseless(file.span(), format!("mail.{key}"), message));
        }
        if let Certificate::Given { key: key_file, .. } = &certificate {
            // Nothing is listened on here: whether the two work together does not depend on the address.
            certificate.settings(Ipv4Addr::LOCALHOST.into(), MadeFor::AnyClock).map_err(|error| {
                let about_key = match &error {
                    CertificateError::File { path, .. } => path == key_file,
                    _ => true,
                };
                let [(_, of_certificate), (_, of_key)] = files;
                let (name, at) = if about_key { ("mail.key", of_key) } else { ("mail.certificate", of_certificate) };
                self.source.senseless(at.as_ref().map_or(0..0, Spanned::span), name, error.to_string())
            })?;
        }
        Ok(match tls {
            MailTls::None => SinkTls::None,
            MailTls::Starttls => SinkTls::Starttls(certificate),
            MailTls::Implicit => SinkTls::Implicit(certificate),
        })
    }

    fn mailpit(&self, mail: &Mail) -> Result<MailpitSettings, ProfileError> {
        let url = mail.url.as_ref().ok_or_else(|| {
            let message = "a Mailpit needs its address, e.g. `url = \"http://127.0.0.1:8025\"`";
            self.missing("[mail]", "mail.url", message)
        })?;
        let address = self.origin("mail.url", url)?;
        if !address.username().is_empty() || address.password().is_some() || address.query().is_some() {
            let message = "name and password do not stand in the address: `username` and `password` take them";
            return Err(self.source.senseless(url.span(), "mail.url", message));
        }
        let headers = mail.headers.iter();
        let mut headers: Vec<_> =
            headers.map(|(name, value)| self.header("mail.headers", name, value)).collect::<Result<_, _>>()?;
        match (&mail.username, &mail.password) {
            (None, None) => {}
            (Some(user), Some(password)) => {
                let name = self.plain("mail.username", user, str::to_owned)?;
                self.comes_from_elsewhere(
                    "mail.password",
                    password,
                    &self.template("mail.password", password, Place::Plain)?,
                )?;
                let secret = self.plain("mail.password", password, str::to_owned)?;
                let value = basic(name.as_bytes(), secret.as_bytes()).ok_or_else(|| {
                    self.source.senseless(user.span(), "mail.username", "a user's name must not hold a colon")
                })?;
                headers.push((AUTHORIZATION, value));
            }
            (Some(given), None) | (None, Some(given)) => {
                let message = "`username` and `password` belong together";
                return Err(self.source.senseless(given.span(), "mail.username", message));
            }
        }
        let poll = match &mail.poll {
            None => POLL,
            Some(poll) if poll.as_ref().0 < SHORTEST_POLL => {
                let message = format!("to ask more often than every {} ms gains nothing", SHORTEST_POLL.as_millis());
                return Err(self.source.senseless(poll.span(), "mail.poll", message));
            }
            Some(poll) => poll.as_ref().0,
        };
        Ok(MailpitSettings { url: address, headers, poll })
    }
}

fn of_sink(mail: &Mail) -> [(&'static str, Option<Range<usize>>); 4] {
    [
        ("listen", mail.listen.as_ref().map(Spanned::span)),
        ("tls", mail.tls.as_ref().map(Spanned::span)),
        ("certificate", mail.certificate.as_ref().map(Spanned::span)),
        ("key", mail.key.as_ref().map(Spanned::span)),
    ]
}

fn of_mailpit(mail: &Mail) -> [(&'static str, Option<Range<usize>>); 5] {
    [
        ("url", mail.url.as_ref().map(Spanned::span)),
        ("headers", mail.headers.values().next().map(Spanned::span)),
        ("username", mail.username.as_ref().map(Spanned::span)),
        ("password", mail.password.as_ref().map(Spanned::span)),
        ("poll", mail.poll.as_ref().map(Spanned::span)),
    ]
}
