//! An office that is driven by requests to hooks of the target's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::Value;

use super::{Office, OfficeError, Procedure};
use crate::account::Account;
use crate::browser::Network;
use crate::hook::HookRequest;
use crate::target::{Fill, Hole};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The requests that drive an office, and where in their answers it stands what comes of them.
#[derive(Debug)]
pub struct OfficeRequests {
    pub(crate) request: HookRequest,
    pub(crate) identity: HookRequest,
    pub(crate) procedure: Option<String>,
    pub(crate) done_at: String,
}

/// An office that is driven by requests.
pub struct HttpOffice {
    requests: Arc<OfficeRequests>,
    network: Arc<Network>,
    /// Who asked for what, by the name of the procedure.
    opened: Mutex<HashMap<String, Opened>>,
}

#[derive(Clone)]
struct Opened {
    account: Account,
    new_address: String,
    procedure: String,
}

impl Fill for Opened {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(match hole {
            Hole::Portal => self.account.key.portal.name(),
            Hole::Address => &self.account.key.address,
            Hole::Id if self.account.id.is_empty() => &self.account.key.address,
            Hole::Id => &self.account.id,
            Hole::NewAddress => &self.new_address,
            Hole::Procedure => &self.procedure,
            _ => return None,
        }))
    }
}

impl HttpOffice {
    /// An office with these requests; nothing is sent yet.
    pub fn new(requests: Arc<OfficeRequests>, network: Arc<Network>) -> HttpOffice {
        HttpOffice { requests, network, opened: Mutex::default() }
    }

    async fn send(&self, request: &HookRequest, opened: &Opened) -> Result<bytes::Bytes, OfficeError> {
        let sent = request.send(&self.network, opened, PATIENCE).await;
        sent.map_err(|error| OfficeError::Control(error.to_string()))
    }
}

#[async_trait]
impl Office for HttpOffice {
    async fn request(&self, account: &Account, new_address: &str) -> Result<Procedure, OfficeError> {
        let mut opened =
            Opened { account: account.clone(), new_address: new_address.to_owned(), procedure: String::new() };
        let answer = self.send(&self.requests.request, &opened).await?;
        let name = match &self.requests.procedure {
            Some(pointer) => found("office.procedure", pointer, &answer)?,
            // An address asks for one change at a time.
            None => format!("{} {}", account.key.portal, account.key.address),
        };
        opened.procedure.clone_from(&name);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), opened);
        Ok(Procedure(name))
    }

    async fn check_identity(&self, procedure: &Procedure) -> Result<SystemTime, OfficeError> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&procedure.0).cloned();
        let opened = opened.ok_or_else(|| OfficeError::Control("there is no such procedure".to_owned()))?;
        let answer = self.send(&self.requests.identity, &opened).await?;
        let text = found("office.done_at", &self.requests.done_at, &answer)?;
        let done_at: jiff::Timestamp = text.parse().map_err(|error| {
            OfficeError::Control(format!("`{text}`, to which `office.done_at` points, is no instant: {error}"))
        })?;
        Ok(done_at.into())
    }
}

/// What a pointer leads to in an answer: a text or a number.
fn found(key: &str, pointer: &str, answer: &[u8]) -> Result<String, OfficeError> {
    let document: Value = serde_json::from_slice(answer)
        .map_err(|error| OfficeError::Control(format!("the answer in which `{key}` points is no JSON: {error}")))?;
    match document.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(OfficeError::Control(format!("`{pointer}` (`{key}`) leads to neither a text nor a number"))),
        None => Err(OfficeError::Control(format!("`{pointer}` (`{key}`) leads to nothing in the answer"))),
    }
}
