//! The office on the control listener (FAQ-05 c, d): a request, the identity check, and days later the new address.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, Key, Refusal, no_such_path, read_json, unprocessable, wrong_method};
use crate::core::{Address, OfficeRefusal, ProcedureId, ProcedureReport, ProcedureState, Slot};
use crate::http::Body;

/// Where the procedures are.
pub(super) const REQUESTS: &str = "/office/requests";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requested {
    portal: String,
    address: String,
    new_address: String,
}

/// The office says no more than that it has checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {}

impl Control {
    /// Answers a request to the procedures; `rest` is what follows their path.
    pub(super) async fn office(&self, method: &Method, rest: &str, body: Body) -> Result<(StatusCode, Value), Refusal> {
        if rest.is_empty() {
            return if method == Method::POST { self.open(&read_json(body).await?).await } else { Err(wrong_method()) };
        }
        let rest = rest.strip_prefix('/').ok_or_else(no_such_path)?;
        let (id, action) = rest.split_once('/').map_or((rest, None), |(id, action)| (id, Some(action)));
        let (id, slot) = ProcedureId::parse(id).ok_or_else(|| refusal(OfficeRefusal::Unknown))?;
        match (method, action) {
            (&Method::GET, None) => answer(self.desk.view_procedure(&id, slot).await),
            (&Method::DELETE, None) => answer(self.desk.withdraw_procedure(&id, slot).await),
            (&Method::POST, Some("identity")) => self.check(&id, slot, read_json(body).await?).await,
            (_, None | Some("identity")) => Err(wrong_method()),
            _ => Err(no_such_path()),
        }
    }

    async fn open(&self, wanted: &Requested) -> Result<(StatusCode, Value), Refusal> {
        let account = self.find(&Key { portal: wanted.portal.clone(), address: wanted.address.clone() })?;
        let address = Address::parse(&wanted.new_address)
            .map_err(|error| unprocessable(&format!("`{}` is {error}", wanted.new_address)))?;
        let id = self.desk.open_procedure(&account, &address).await.map_err(refusal)?;
        let state = ProcedureState::Requested.id();
        Ok((StatusCode::CREATED, json!({ "id": id.as_str(), "state": state, "new_address": address.as_str() })))
    }

    async fn check(&self, id: &ProcedureId, slot: Slot, Checked {}: Checked) -> Result<(StatusCode, Value), Refusal> {
        answer(self.desk.check_identity(id, slot).await)
    }
}

fn answer(report: Result<ProcedureReport, OfficeRefusal>) -> Result<(StatusCode, Value), Refusal> {
    let report = report.map_err(refusal)?;
    let body = json!({
        "id": report.id.as_str(),
        "state": report.state.id(),
        "new_address": report.new_address.as_str(),
        "done_at": report.done_at.map(|moment| moment.to_string()),
    });
    Ok((StatusCode::OK, body))
}

fn refusal(refusal: OfficeRefusal) -> Refusal {
    match refusal {
        OfficeRefusal::Taken => (StatusCode::CONFLICT, "the address is taken".to_owned()),
        OfficeRefusal::OpenAlready => (StatusCode::CONFLICT, "a request of the account is open".to_owned()),
        OfficeRefusal::Unknown => (StatusCode::NOT_FOUND, "there is no such request".to_owned()),
        OfficeRefusal::NotNow(state) => (StatusCode::CONFLICT, format!("the request is `{}`", state.id())),
    }
}
