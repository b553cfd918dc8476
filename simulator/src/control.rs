//! The control listener of the reference server, from outside: makes accounts, moves their clocks, and drives the office.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::account::{Account, AccountError, AccountKey, Accounts, Wanted};
use crate::browser::{Browser, Network, Request, UserAgent};
use crate::clock::{Clock, ClockError, GlobalClock, Time};
use crate::office::{Office, OfficeError, Procedure};
use crate::recorder::Unwatched;
use crate::target::{Control, ESCAPED_IN_ADDRESSES};

/// How many accounts are asked for in one request.
const BATCH: usize = 1_000;

/// How many connections to the control listener are kept.
const CONNECTIONS: usize = 4;

/// A control listener, ready to be asked. It keeps a few connections of its own.
pub struct ControlClient {
    control: Control,
    connections: Vec<Mutex<Browser>>,
    next: std::sync::atomic::AtomicUsize,
}

impl ControlClient {
    /// A client of this listener; nothing is sent yet.
    pub fn new(control: Control, network: &Arc<Network>) -> ControlClient {
        let connection =
            || Mutex::new(Browser::new(network.clone(), Arc::new(Unwatched), "control", "control", UserAgent::DESKTOP));
        ControlClient {
            control,
            connections: (0..CONNECTIONS).map(|_| connection()).collect(),
            next: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// Posts a request and gives the answer's body.
    async fn post(&self, path: &str, body: Value) -> Result<bytes::Bytes, String> {
        let url = self.control.url.join(path).map_err(|error| error.to_string())?;
        let token =
            HeaderValue::try_from(format!("Bearer {}", self.control.token)).map_err(|error| error.to_string())?;
        let request = Request::json(url, body).with_header(AUTHORIZATION, token);
        let turn = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % CONNECTIONS;
        let mut connection = self.connections[turn].lock().await;
        let answer =
            connection.navigate(request, "control", SystemTime::now()).await.map_err(|error| error.to_string())?;
        match answer.status {
            200..=299 => Ok(answer.body),
            status => Err(format!("`{path}` answered {status}: {}", String::from_utf8_lossy(&answer.body))),
        }
    }
}

#[async_trait]
impl Clock for ControlClient {
    async fn advance(&self, accounts: &[AccountKey], by: Duration) -> Result<(), ClockError> {
        let accounts: Vec<Value> =
            accounts.iter().map(|key| json!({ "portal": key.portal.name(), "address": key.address })).collect();
        let body = json!({ "accounts": accounts, "advance_ms": by.as_millis() as u64 });
        self.post("/clock", body).await.map(drop).map_err(ClockError::Control)
    }

    fn can_move(&self) -> bool {
        true
    }

    fn can_freeze(&self) -> bool {
        true
    }
}

/// All accounts move together, as if the target had one clock. They move by a span and not to an instant: accounts that the run did not
/// make may be ahead of its own, and no clock runs backwards.
#[async_trait]
impl GlobalClock for ControlClient {
    async fn advance_all(&self, _: Time, by: Duration) -> Result<(), ClockError> {
        let body = json!({ "accounts": "all", "advance_ms": by.as_millis() as u64 });
        self.post("/clock", body).await.map(drop).map_err(ClockError::Control)
    }
}

#[async_trait]
impl Accounts for ControlClient {
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError> {
        for batch in wanted.chunks(BATCH) {
            let accounts: Vec<Value> = batch.iter().map(describe).collect();
            self.post("/accounts", json!({ "accounts": accounts })).await.map_err(AccountError::Control)?;
        }
        Ok(wanted.into_iter().map(|wanted| wanted.account).collect())
    }

    fn has_additional(&self) -> bool {
        true
    }

    fn can_start_at(&self) -> bool {
        true
    }
}

#[async_trait]
impl Office for ControlClient {
    async fn request(&self, account: &Account, new_address: &str) -> Result<Procedure, OfficeError> {
        let account = &account.key;
        let body = json!({ "portal": account.portal.name(), "address": account.address, "new_address": new_address });
        let answer = self.post("/office/requests", body).await.map_err(OfficeError::Control)?;
        let opened: Opened = read("/office/requests", &answer)?;
        Ok(Procedure(match opened.id {
            Value::String(id) => id,
            other => other.to_string(),
        }))
    }

    async fn check_identity(&self, procedure: &Procedure) -> Result<SystemTime, OfficeError> {
        let id = percent_encoding::utf8_percent_encode(&procedure.0, ESCAPED_IN_ADDRESSES);
        let path = format!("/office/requests/{id}/identity");
        let answer = self.post(&path, json!({})).await.map_err(OfficeError::Control)?;
        let checked: Checked = read(&path, &answer)?;
        let done_at: jiff::Timestamp = checked.done_at.parse().map_err(|error| {
            OfficeError::Control(format!("`{}` in the answer of `{path}` is no instant: {error}", checked.done_at))
        })?;
        Ok(done_at.into())
    }
}

/// What the office says of a procedure that was asked for. Its name may be a string or a number.
#[derive(Deserialize)]
struct Opened {
    id: Value,
}

/// What the office says once it knows who asks.
#[derive(Deserialize)]
struct Checked {
    /// RFC 3339.
    done_at: String,
}

fn read<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, OfficeError> {
    serde_json::from_slice(body)
        .map_err(|error| OfficeError::Control(format!("the answer of `{path}` cannot be read: {error}")))
}

fn describe(wanted: &Wanted) -> Value {
    let starts_at =
        wanted.starts_at.and_then(|instant| jiff::Timestamp::try_from(instant).ok()).map(|instant| instant.to_string());
    json!({
        "portal": wanted.account.key.portal.name(),
        "address": wanted.account.key.address,
        "password": wanted.account.password,
        "name": wanted.account.name,
        "main": wanted.main,
        "starts_at": starts_at,
        "frozen": wanted.frozen,
    })
}
