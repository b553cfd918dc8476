//! A request that a profile names: sent by itself, with no cookies and no sign of a page.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::HookError;
use super::error::without_secrets;
use crate::browser::{Body, Browser, Network, Request, UserAgent};
use crate::recorder::Unwatched;
use crate::target::{Fill, Hole, Secret, Template, Unfilled};

/// How many characters of an answer stand in an error.
const WORDS_CHARS: usize = 300;

/// What a body is sent as whose profile gives no `content-type`.
const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A request with placeholders.
#[derive(Debug)]
pub struct HookRequest {
    pub(crate) method: Method,
    /// What a path is relative to.
    pub(crate) base: Url,
    pub(crate) url: Template,
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) body: HookBody,
    /// What errors must not repeat.
    pub(crate) secrets: Vec<Secret>,
}

/// What a request carries.
#[derive(Debug)]
pub(crate) enum HookBody {
    None,
    Json(JsonText),
    Text(Template),
}

/// A JSON document whose strings hold placeholders.
#[derive(Debug)]
pub(crate) enum JsonText {
    /// What has none: a number, a truth value, null.
    Plain(Value),
    Text(Template),
    Array(Vec<JsonText>),
    Object(Vec<(String, JsonText)>),
}

impl HookRequest {
    /// Sends it and gives the answer's body.
    ///
    /// # Errors
    /// When no answer comes in time, or not one of 2xx from where it was asked.
    pub(crate) async fn send(
        &self,
        network: &Arc<Network>,
        fill: &impl Fill,
        patience: Duration,
    ) -> Result<Bytes, HookError> {
        let request = self.filled(fill)?;
        let name = format!("{} {}", request.method, self.scrubbed(request.url.path()));
        let mut browser = Browser::new(network.clone(), Arc::new(Unwatched), "hook", "hook", UserAgent::DESKTOP);
        let answer = tokio::time::timeout(patience, browser.navigate(request, "hook", SystemTime::now()))
            .await
            .map_err(|_| HookError::TooSlow {
                what: name.clone(),
                seconds: patience.as_secs_f64(),
                words: String::new(),
            })?
            .map_err(|cause| HookError::Network { request: name.clone(), cause: Box::new(cause) })?;
        if !answer.redirects.is_empty() {
            return Err(HookError::Redirected { request: name, place: self.scrubbed(answer.url.path()) });
        }
        if answer.is_success() {
            return Ok(answer.body);
        }
        let text: String = String::from_utf8_lossy(&answer.body).into_owned();
        let words = self.scrubbed(&text).chars().take(WORDS_CHARS).collect();
        Err(HookError::Refused { request: name, status: answer.status, words })
    }

    /// All texts in which placeholders may stand.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Template> {
        let mut texts = vec![&self.url];
        texts.extend(self.headers.iter().map(|(_, text)| text));
        match &self.body {
            HookBody::None => {}
            HookBody::Text(text) => texts.push(text),
            HookBody::Json(document) => document.texts(&mut texts),
        }
        texts.into_iter()
    }

    fn filled(&self, fill: &impl Fill) -> Result<Request, HookError> {
        let text = self.url.fill(fill, in_an_address)?;
        let unsendable = |message: String| HookError::Unsendable {
            request: format!("{} {}", self.method, self.scrubbed(&text)),
            message,
        };
        let url = self.base.join(&text).map_err(|error| unsendable(error.to_string()))?;
        let mut request = Request { method: self.method.clone(), ..Request::get(url).forged() };
        request.body = match &self.body {
            HookBody::None => Body::None,
            HookBody::Json(document) => Body::Json(document.filled(fill)?),
            HookBody::Text(text) => {
                Body::Raw { content_type: PLAIN_TEXT, bytes: Bytes::from(text.plain(fill)?.into_bytes()) }
            }
        };
        for (name, text) in &self.headers {
            let value = HeaderValue::try_from(text.plain(fill)?);
            let value = value.map_err(|_| unsendable(format!("the header field `{name}` has a line break in it")))?;
            match &mut request.body {
                Body::Raw { content_type, .. } if *name == CONTENT_TYPE => *content_type = value,
                _ => request.headers.push((name.clone(), value)),
            }
        }
        Ok(request)
    }

    fn scrubbed(&self, text: &str) -> String {
        let escaped: Vec<String> = self.secrets.iter().map(|secret| in_an_address(&secret.0)).collect();
        let written = self.secrets.iter().map(|secret| secret.0.as_str());
        without_secrets(text, written.chain(escaped.iter().map(String::as_str)))
    }
}

impl JsonText {
    fn texts<'a>(&'a self, all: &mut Vec<&'a Template>) {
        match self {
            JsonText::Plain(_) => {}
            JsonText::Text(text) => all.push(text),
            JsonText::Array(items) => items.iter().for_each(|item| item.texts(all)),
            JsonText::Object(fields) => fields.iter().for_each(|(_, value)| value.texts(all)),
        }
    }

    /// A string that is one placeholder of a number becomes a number.
    fn filled(&self, fill: &impl Fill) -> Result<Value, Unfilled> {
        Ok(match self {
            JsonText::Plain(value) => value.clone(),
            JsonText::Text(text) => {
                let filled = text.plain(fill)?;
                let number = text.sole_hole().filter(|hole| is_number(hole)).and_then(|_| filled.parse::<i64>().ok());
                number.map_or_else(|| Value::String(filled), Value::from)
            }
            JsonText::Array(items) => items.iter().map(|item| item.filled(fill)).collect::<Result<Vec<_>, _>>()?.into(),
            JsonText::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((name.clone(), value.filled(fill)?)));
                Value::Object(fields.collect::<Result<_, Unfilled>>()?)
            }
        })
    }
}

fn is_number(hole: &Hole) -> bool {
    matches!(hole, Hole::Moved(..) | Hole::UnixSeconds)
}

/// A value within a path or a query: nothing in it may end the part that it stands in.
fn in_an_address(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, crate::target::ESCAPED_IN_ADDRESSES).to_string()
}
