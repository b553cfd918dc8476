//! The browser: cookies, the current page, and navigations through redirects. Not here: sockets, and reading pages.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use http::header::SET_COOKIE;

use super::agent::UserAgent;
use super::answer::{Answer, OfferedCookie};
use super::client::{KeptConnections, Network};
use super::connection::Received;
use super::error::NetworkError;
use super::hop::Hop;
use super::jar::Jar;
use super::request::{Kind, Request};
use super::witness::{AnswerView, ExchangeView, Witness};

/// Redirects followed in one navigation.
const MAX_REDIRECTS: usize = 10;

/// One browser of one person: it runs no scripts and loads no images, but is otherwise to the target what Chrome is.
pub struct Browser {
    network: Arc<Network>,
    witness: Arc<dyn Witness>,
    name: Arc<str>,
    person: Arc<str>,
    agent: UserAgent,
    jar: Jar,
    refuses_cookies: bool,
    connections: KeptConnections,
    current: Option<Answer>,
    sending: Sending,
}

/// When the last navigation was really sent.
#[derive(Debug, Clone, Copy, Default)]
struct Sending {
    /// Its first request.
    first: Option<(Instant, SystemTime)>,
    /// How long its requests were held back, all together.
    held_back: Duration,
}

impl Browser {
    /// A browser that has been nowhere yet. `name` tells it from the person's others, e.g. `A`.
    pub fn new(
        network: Arc<Network>,
        witness: Arc<dyn Witness>,
        name: impl Into<Arc<str>>,
        person: impl Into<Arc<str>>,
        agent: UserAgent,
    ) -> Self {
        Self {
            network,
            witness,
            name: name.into(),
            person: person.into(),
            agent,
            jar: Jar::new(),
            refuses_cookies: false,
            connections: KeptConnections::default(),
            current: None,
            sending: Sending::default(),
        }
    }

    /// Does what is asked and follows redirects (at most 10) as a browser would. `now` is the clock its cookies live by.
    ///
    /// Every hop is shown to the witness under `step`. The final answer becomes the current page, whatever its status;
    /// after an error the current page is what it was. Dropping the future closes the connection it used.
    ///
    /// # Errors
    /// [`NetworkError`] where no complete answer came; see its variants for whose fault each is.
    pub async fn navigate(&mut self, request: Request, step: &str, now: SystemTime) -> Result<Answer, NetworkError> {
        let begun = Instant::now();
        self.sending = Sending::default();
        let mut offered = Vec::new();
        let follows = request.follows_redirects;
        let kind = request.kind;
        let mut hop = Hop::first(request);
        loop {
            let received = self.exchange(&hop, step, now).await?;
            self.take_cookies(&hop, &received.headers, now, &mut offered);
            let next = if follows { hop.redirected(received.status, &received.headers)? } else { None };
            let Some(next) = next else {
                let answer = Answer {
                    status: received.status.as_u16(),
                    headers: received.headers,
                    body: received.body,
                    url: hop.url,
                    redirects: hop.passed,
                    cookies: offered,
                    duration_us: microseconds(begun.elapsed().saturating_sub(self.sending.held_back)),
                };
                // What a script fetches is not shown, and a redirect is nothing to be shown: the page stays open.
                if kind == Kind::Navigation && (follows || !received.status.is_redirection()) {
                    self.current = Some(answer.clone());
                }
                return Ok(answer);
            };
            if next.passed.len() > MAX_REDIRECTS {
                return Err(NetworkError::RedirectLoop { limit: MAX_REDIRECTS, url: next.url.into() });
            }
            hop = next;
        }
    }

    /// What the last navigation ended with.
    pub fn current(&self) -> Option<&Answer> {
        self.current.as_ref()
    }

    /// How long the last navigation was held back before its requests were sent (see [`super::Pace`]): the harness's time, not the target's.
    pub fn held_back(&self) -> Duration {
        self.sending.held_back
    }

    /// When the first request of the last navigation was sent, by two clocks; `None` where none was.
    pub fn sent_at(&self) -> Option<(Instant, SystemTime)> {
        self.sending.first
    }

    /// Which of the person's browsers this is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it presents itself.
    pub fn agent(&self) -> &UserAgent {
        &self.agent
    }

    /// Its cookies.
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// Its cookies, to delete, alter or carry some over.
    pub fn jar_mut(&mut self) -> &mut Jar {
        &mut self.jar
    }

    /// Deletes all cookies, as "clear browsing data" does.
    pub fn clear_cookies(&mut self) {
        self.jar.clear();
    }

    /// Deletes the session cookies, as closing the browser does.
    pub fn clear_session_cookies(&mut self) {
        self.jar.clear_session();
    }

    /// Whether cookies are neither taken nor sent from now on. Those it has are kept.
    pub fn refuse_cookies(&mut self, refuse: bool) {
        self.refuses_cookies = refuse;
    }

    /// Closes its connections and gives their memory back; the next navigation opens new ones.
    pub fn rest(&mut self) {
        self.connections.close_all();
    }

    /// Sends one hop and shows it to the witness.
    async fn exchange(&mut self, hop: &Hop, step: &str, now: SystemTime) -> Result<Received, NetworkError> {
        let cookies = if self.refuses_cookies { None } else { self.jar.header(&hop.url, hop.site_context(), now) };
        let headers = hop.headers(&self.agent, self.network.client(), cookies)?;
        let request = hop.to_request(headers.clone())?;
        let asked = Instant::now();
        let _pass = self.network.pass(&hop.url).await;
        let (begun, started_at) = (Instant::now(), SystemTime::now());
        self.sending.held_back += begun.duration_since(asked);
        self.sending.first.get_or_insert((begun, started_at));
        let outcome = self.network.exchange(&mut self.connections, &hop.url, request).await;
        let duration_us = match &outcome {
            Ok(received) => u64::try_from(received.duration.as_micros()).unwrap_or(u64::MAX),
            Err(_) => microseconds(begun.elapsed()),
        };
        self.witness.exchange(&ExchangeView {
            started_at,
            person: &self.person,
            browser: &self.name,
            step,
            method: &hop.method,
            url: &hop.url,
            headers: &headers,
            body: &hop.body,
            outcome: outcome.as_ref().map(|received| AnswerView {
                status: received.status.as_u16(),
                headers: &received.headers,
                body: &received.body,
            }),
            duration_us,
        });
        outcome
    }

    fn take_cookies(&mut self, hop: &Hop, headers: &HeaderMap, now: SystemTime, offered: &mut Vec<OfferedCookie>) {
        for line in headers.get_all(SET_COOKIE) {
            let fate =
                (!self.refuses_cookies).then(|| self.jar.store(line.as_bytes(), &hop.url, hop.site_context(), now));
            offered.push(OfferedCookie { url: hop.url.clone(), line: line.clone(), fate });
        }
    }
}

fn microseconds(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
