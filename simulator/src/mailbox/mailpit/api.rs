//! Mailpit's HTTP API, as far as it is used: the list of messages, and a message as it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::MailpitSettings;
use crate::browser::{Browser, Kind, Network, NetworkConfig, NetworkSetupError, Request, UserAgent};
use crate::mailbox::MailboxError;
use crate::recorder::Unwatched;

/// How many messages are asked for at once.
pub(super) const CONNECTIONS: usize = 8;
/// The largest message or page of a list. In bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How much of a number that is no message's an error repeats.
const MAX_ID_CHARS: usize = 80;

/// One page of the list, the newest first.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// All messages there are.
    pub(super) total: usize,
    #[serde(deserialize_with = "or_empty")]
    pub(super) messages: Vec<Row>,
}

/// A message in the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    #[serde(rename = "ID")]
    pub(super) id: String,
    from: Option<Person>,
    #[serde(default, deserialize_with = "or_empty")]
    to: Vec<Person>,
    #[serde(default, deserialize_with = "or_empty")]
    cc: Vec<Person>,
    #[serde(default, deserialize_with = "or_empty")]
    bcc: Vec<Person>,
    /// The envelope, where it is told: our own sink does.
    #[serde(default, deserialize_with = "or_empty")]
    recipients: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Person {
    #[serde(default)]
    address: String,
}

/// Go writes an empty list as `null`.
fn or_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Row {
    /// Who sent it: the address in `From`, for the list has no other.
    pub(super) fn sender(&self) -> String {
        self.from.as_ref().map(|person| person.address.clone()).unwrap_or_default()
    }

    /// Whom it reached: the envelope where it is told. Mailpit does not, but lists recipients that no header names under `Bcc`.
    pub(super) fn recipients(&self) -> Vec<String> {
        if !self.recipients.is_empty() {
            return self.recipients.clone();
        }
        let named = self.to.iter().chain(&self.cc).chain(&self.bcc);
        named.map(|person| person.address.clone()).filter(|address| !address.is_empty()).collect()
    }
}

/// A client of the API. It keeps a few connections of its own.
pub(super) struct Api {
    settings: MailpitSettings,
    connections: Vec<Mutex<Browser>>,
    next: AtomicUsize,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("url", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}

impl Api {
    pub(super) fn new(settings: MailpitSettings, network: NetworkConfig) -> Result<Api, NetworkSetupError> {
        let network = Arc::new(Network::new(NetworkConfig { max_body_bytes: MAX_ANSWER_BYTES, ..network })?);
        let connection =
            || Mutex::new(Browser::new(network.clone(), Arc::new(Unwatched), "mailpit", "mailpit", UserAgent::DESKTOP));
        Ok(Api { settings, connections: (0..CONNECTIONS).map(|_| connection()).collect(), next: AtomicUsize::new(0) })
    }

    /// A page of the list, from the message at `start` on.
    pub(super) async fn page(&self, start: usize, limit: usize) -> Result<Page, MailboxError> {
        let path = format!("api/v1/messages?start={start}&limit={limit}");
        let body = self.get(&path).await?.ok_or_else(|| self.failed(&path, "it answered 404".to_owned()))?;
        serde_json::from_slice(&body)
            .map_err(|error| self.failed(&path, format!("the answer is not what it should be: {error}")))
    }

    /// A message as it was sent; `None` where it is gone.
    pub(super) async fn raw(&self, id: &str) -> Result<Option<Bytes>, MailboxError> {
        let escaped = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        if id.is_empty() || id.len() > MAX_ID_CHARS {
            return Err(self.failed("api/v1/messages", "a message has no usable `ID`".to_owned()));
        }
        self.get(&format!("api/v1/message/{escaped}/raw")).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, MailboxError> {
        let url = self.base().join(path).map_err(|error| self.failed(path, error.to_string()))?;
        let mut request = Request::get(url).forged();
        request.kind = Kind::Fetch;
        request.headers.clone_from(&self.settings.headers);
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let mut connection = self.connections[turn].lock().await;
        let answer = connection.navigate(request, "mailpit", SystemTime::now()).await;
        match answer {
            Err(error) => Err(self.failed(path, error.to_string())),
            Ok(answer) if answer.status == 200 => Ok(Some(answer.body)),
            Ok(answer) if answer.status == 404 => Ok(None),
            Ok(answer) if matches!(answer.status, 401 | 403) => {
                let reason = format!(
                    "it answered {}; `username` and `password`, or `headers`, of `[mail]` say who asks",
                    answer.status
                );
                Err(self.failed(path, reason))
            }
            Ok(answer) => Err(self.failed(path, format!("it answered {}", answer.status))),
        }
    }

    /// Mailpit may live below a path (its `--webroot`).
    fn base(&self) -> Url {
        let mut base = self.settings.url.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        base
    }

    pub(super) fn failed(&self, path: &str, reason: String) -> MailboxError {
        MailboxError::Source { url: format!("{}{path}", self.base()), reason }
    }
}
