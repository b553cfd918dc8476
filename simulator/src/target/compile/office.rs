//! The office, compiled.

use std::ops::Range;
use std::sync::Arc;

use url::Url;

use super::super::profile::{OfficeDriver, Profile, Spanned};
use super::super::template::{Hole, Place};
use super::{Compiler, ProfileError};
use crate::hook::HookRequest;
use crate::office::OfficeRequests;

impl Compiler<'_> {
    /// The requests that drive the office; `None` where it is driven otherwise.
    pub(super) fn office(&self, profile: &Profile, base: &Url) -> Result<Option<Arc<OfficeRequests>>, ProfileError> {
        let office = &profile.office;
        let given: [(&str, Option<Range<usize>>); 4] = [
            ("request", office.request.as_ref().map(Spanned::span)),
            ("identity", office.identity.as_ref().map(Spanned::span)),
            ("procedure", office.procedure.as_ref().map(Spanned::span)),
            ("done_at", office.done_at.as_ref().map(Spanned::span)),
        ];
        if office.driver != OfficeDriver::Http {
            return match given.into_iter().find_map(|(key, span)| Some((key, span?))) {
                None => Ok(None),
                Some((key, span)) => {
                    let message =
                        format!("`{key}` is for `driver = \"http\"`\n\nhint: leave it out, or choose another `driver`");
                    Err(self.source.senseless(span, format!("office.{key}"), message))
                }
            };
        }
        let needed = |key: &str| {
            let message = format!("`driver = \"http\"` needs `{key}`");
            self.missing("[office]", &format!("office.{key}"), message)
        };
        let asking = office.request.as_ref().ok_or_else(|| needed("request"))?;
        let proving = office.identity.as_ref().ok_or_else(|| needed("identity"))?;
        let done_at = office.done_at.as_ref().ok_or_else(|| needed("done_at"))?;
        let request = self.hook_request("office.request", asking, base, Place::Office)?;
        let identity = self.hook_request("office.identity", proving, base, Place::Office)?;
        let has = |request: &HookRequest, hole: &Hole| request.texts().any(|text| text.has(|found| found == hole));
        if !has(&request, &Hole::NewAddress) {
            return Err(self.source.senseless(asking.span(), "office.request", "`{new_address}` stands nowhere in it"));
        }
        if has(&request, &Hole::Procedure) {
            let message = "`{procedure}` is known only once this request was answered";
            return Err(self.source.senseless(asking.span(), "office.request", message));
        }
        if has(&identity, &Hole::Procedure) && office.procedure.is_none() {
            let message = "`{procedure}` stands in it, and no `procedure` says where the answer of `request` names it";
            return Err(self.source.senseless(proving.span(), "office.identity", message));
        }
        let procedure = office.procedure.as_ref().map(|text| self.pointer("office.procedure", text)).transpose()?;
        let done_at = self.pointer("office.done_at", done_at)?;
        Ok(Some(Arc::new(OfficeRequests { request, identity, procedure, done_at })))
    }
}
