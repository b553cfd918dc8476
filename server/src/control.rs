//! The control listener: makes accounts, moves their clocks, and stands in for the office. For tests only; it is off
//! unless configured, listens apart, and every request bears its token.

mod office;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tracing::Instrument;

use crate::core::{Address, MAX_NAME_BYTES, Moment, Portal};
use crate::desk::{Desk, system};
use crate::http::{Answer, Body, plain_refusal, read_body};
use crate::passwords::MAX_PASSWORD_BYTES;
use crate::status::{self, ControlMeters};
use crate::store::{Account, AccountClock, InsertError, NewAccount, StoreDown};
use crate::watch::Watched;

/// The largest body: some ten thousand accounts. In bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The control listener's answers.
pub(crate) struct Control {
    desk: Arc<Desk>,
    token: [u8; 32],
    meters: ControlMeters,
    /// Held while clocks are moved, so that what was checked still holds when it is done.
    moves: Mutex<()>,
}

/// A refusal: status and message.
type Refusal = (StatusCode, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccounts {
    accounts: Vec<AccountSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountSpec {
    portal: String,
    address: String,
    password: String,
    name: String,
    #[serde(default)]
    main: Option<String>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    frozen: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    accounts: Whose,
    #[serde(default)]
    advance_ms: Option<u64>,
    #[serde(default)]
    set: Option<String>,
    #[serde(default)]
    frozen: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Whose {
    All(All),
    These(Vec<Key>),
}

#[derive(Deserialize)]
enum All {
    #[serde(rename = "all")]
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    portal: String,
    address: String,
}

impl Answer for Control {
    async fn answer(&self, request: Request<Body>) -> Response<Full<Bytes>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let watched = Watched::begin(request.headers(), &method, self.meters.of(&path), "");
        let span = watched.span();
        let answering = async {
            match status::answer(&self.desk, &method, &path).await {
                Some(response) => response,
                None => self.answer_in_json(request).await,
            }
        };
        watched.end(answering.instrument(span).await, &self.desk.metrics)
    }

    fn refusal(&self, status: StatusCode) -> Response<Full<Bytes>> {
        if status.is_server_error() {
            self.desk.metrics.panicked();
        }
        plain_refusal(status)
    }
}

impl Control {
    async fn answer_in_json(&self, request: Request<Body>) -> Response<Full<Bytes>> {
        let (status, body) = match self.respond(request).await {
            Ok(answer) => answer,
            Err((status, error)) => (status, json!({ "error": error })),
        };
        // Whatever was done or seen must be on disk.
        let (status, body) = match self.desk.store.everything().wait().await {
            Ok(()) if !self.desk.store.is_down() => (status, body),
            _ => (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": StoreDown.to_string() })),
        };
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// Answers for this desk to those who have the token.
    pub(crate) fn new(desk: Arc<Desk>, token: &str) -> Self {
        Self { desk, token: Sha256::digest(token).into(), meters: ControlMeters::new(), moves: Mutex::new(()) }
    }

    async fn respond(&self, request: Request<Body>) -> Result<(StatusCode, Value), Refusal> {
        if !self.is_authorized(request.headers()) {
            return Err((StatusCode::UNAUTHORIZED, "the token is missing or wrong".to_owned()));
        }
        self.desk.store.room().await;
        let (head, body) = request.into_parts();
        if let Some(rest) = head.uri.path().strip_prefix(office::REQUESTS) {
            return self.office(&head.method, rest, body).await;
        }
        match (&head.method, head.uri.path()) {
            (&Method::GET, "/clock") => self.show_clock(head.uri.query().unwrap_or_default()),
            (&Method::POST, "/accounts") => self.make_accounts(read_json(body).await?).await,
            (&Method::POST, "/clock") => self.move_clocks(&read_json(body).await?),
            (_, "/clock" | "/accounts") => Err(wrong_method()),
            _ => Err(no_such_path()),
        }
    }

    /// Hashed before the comparison, so that neither value nor length shows in the time it takes.
    fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| Sha256::digest(token).as_slice().ct_eq(&self.token).into())
    }

    async fn make_accounts(&self, wanted: NewAccounts) -> Result<(StatusCode, Value), Refusal> {
        let real = self.desk.real_time.now();
        let mut passwords = Vec::with_capacity(wanted.accounts.len());
        let mut accounts = Vec::with_capacity(wanted.accounts.len());
        for (index, spec) in wanted.accounts.into_iter().enumerate() {
            let (account, password) =
                spec.checked(real).map_err(|error| unprocessable(&format!("account {index}: {error}")))?;
            accounts.push(account);
            passwords.push(password);
        }
        let desk = self.desk.clone();
        let hashes = tokio::task::spawn_blocking(move || desk.passwords.hash_all(&passwords)).await;
        let hashes = hashes.map_err(internal)?.map_err(internal)?;
        for (account, hash) in accounts.iter_mut().zip(hashes) {
            account.password_hash = hash;
        }
        let created = accounts.len();
        let inserted = self.desk.store.insert(accounts, real, &mut system(), &*self.desk.decisions);
        inserted.map_err(|error| match error {
            InsertError::Taken { .. } => (StatusCode::CONFLICT, error.to_string()),
            InsertError::NoMain { .. } => unprocessable(&error.to_string()),
        })?;
        Ok((StatusCode::CREATED, json!({ "created": created })))
    }

    fn show_clock(&self, query: &str) -> Result<(StatusCode, Value), Refusal> {
        let field = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        };
        let (portal, address) =
            field("portal").zip(field("address")).ok_or_else(|| unprocessable("portal or address is missing"))?;
        let account = self.find(&Key { portal, address })?;
        let clock = account.clock();
        let now = clock.now(self.desk.real_time.now());
        Ok((StatusCode::OK, json!({ "now": now.to_string(), "frozen": clock.is_frozen() })))
    }

    /// Moves all the clocks or none.
    fn move_clocks(&self, wanted: &ClockMove) -> Result<(StatusCode, Value), Refusal> {
        let accounts = match &wanted.accounts {
            Whose::All(All::All) => self.desk.store.all(),
            Whose::These(keys) => keys.iter().map(|key| self.find(key)).collect::<Result<_, _>>()?,
        };
        let to =
            wanted.set.as_deref().map(Moment::parse).transpose().map_err(|error| unprocessable(&error.to_string()))?;
        if to.is_some() && wanted.advance_ms.is_some() {
            return Err(unprocessable("give `set` or `advance_ms`, not both"));
        }
        let by = Duration::from_millis(wanted.advance_ms.unwrap_or(0));
        let _moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let real = self.desk.real_time.now();
        let moved = |clock: AccountClock| {
            let frozen = wanted.frozen.unwrap_or_else(|| clock.is_frozen());
            match to {
                Some(to) => clock.set(to, frozen, real),
                None => clock.advanced(by, frozen, real),
            }
        };
        let clocks = accounts.iter().map(|account| moved(account.clock())).collect::<Result<Vec<_>, _>>();
        let clocks = clocks.map_err(|error| (StatusCode::CONFLICT, error.to_string()))?;
        for (account, clock) in accounts.iter().zip(&clocks) {
            self.desk.store.set_clock(account, *clock, real);
            self.desk.note_time_passed(account);
        }
        let now = clocks.first().map_or(real, |clock| clock.now(real));
        Ok((StatusCode::OK, json!({ "now": now.to_string() })))
    }

    fn find(&self, key: &Key) -> Result<Arc<Account>, Refusal> {
        let portal: Option<Portal> = key.portal.parse().ok();
        let id = portal.zip(Address::parse(&key.address).ok());
        let account = id.and_then(|(portal, address)| self.desk.find(portal, &address));
        account.ok_or_else(|| (StatusCode::NOT_FOUND, format!("no account `{}` at `{}`", key.address, key.portal)))
    }
}

impl AccountSpec {
    /// The account without its password's hash, and the password.
    fn checked(self, real: Moment) -> Result<(NewAccount, String), String> {
        let portal = self.portal.parse().map_err(|_| format!("no portal `{}`", self.portal))?;
        let address = |text: &str| Address::parse(text).map_err(|error| format!("`{text}` is {error}"));
        if self.password.is_empty() || self.password.len() > MAX_PASSWORD_BYTES {
            return Err(format!("a password has 1 to {MAX_PASSWORD_BYTES} bytes"));
        }
        if self.name.len() > MAX_NAME_BYTES {
            return Err(format!("a name has at most {MAX_NAME_BYTES} bytes"));
        }
        let starts_at = self.starts_at.as_deref().map(Moment::parse).transpose().map_err(|error| error.to_string())?;
        let clock = match (starts_at, self.frozen) {
            (None, false) => AccountClock::REAL,
            (starts_at, frozen) => {
                AccountClock::starting_at(starts_at.unwrap_or(real), frozen, real).map_err(|error| error.to_string())?
            }
        };
        let account = NewAccount {
            portal,
            address: address(&self.address)?,
            name: self.name,
            password_hash: Arc::from(""),
            main: self.main.as_deref().map(address).transpose()?,
            clock,
        };
        Ok((account, self.password))
    }
}

async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let bytes =
        read_body(body, MAX_BODY_BYTES).await.map_err(|status| (status, "the body cannot be read".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|error| unprocessable(&error.to_string()))
}

fn wrong_method() -> Refusal {
    (StatusCode::METHOD_NOT_ALLOWED, "the path takes another method".to_owned())
}

fn no_such_path() -> Refusal {
    (StatusCode::NOT_FOUND, "there is no such path".to_owned())
}

fn unprocessable(error: &str) -> Refusal {
    (StatusCode::UNPROCESSABLE_ENTITY, error.to_owned())
}

fn internal(error: impl std::error::Error) -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
