//! Steps, compiled.

use std::collections::BTreeMap;

use super::super::Step;
use super::super::profile::Profile;
use super::super::template::{Hole, Place};
use super::{CompiledAct, Compiler, ProfileError, Way};

impl Compiler<'_> {
    pub(super) fn acts(&self, profile: &Profile) -> Result<BTreeMap<Step, CompiledAct>, ProfileError> {
        let mut acts = BTreeMap::new();
        for (step, act) in &profile.steps {
            let key = format!("steps.{step}");
            let way = match (&act.get, &act.form) {
                (Some(path), None) => Way::Get(self.template(&key, path, Place::Step)?),
                (None, Some(form)) => Way::Form(self.selector(&key, form)?),
                (both, _) => {
                    let at =
                        both.as_ref().map_or_else(|| self.source.text.find(&key).unwrap_or(0), |get| get.span().start);
                    return Err(self.source.senseless(at..at, key, "a step needs either `get` or `form`"));
                }
            };
            let fill = act
                .fill
                .iter()
                .map(|(field, text)| {
                    Ok((field.clone(), self.template(&format!("{key}.fill.{field}"), text, Place::Step)?))
                })
                .collect::<Result<_, ProfileError>>()?;
            let compiled = CompiledAct { way, fill, tick_skip: act.tick_skip.clone(), press: act.press.clone() };
            acts.insert(*step, compiled);
        }
        Ok(acts)
    }

    /// The steps of a change send what takes the place of the old: one without it would send empty fields. The steps of an address
    /// change and the number in its mail belong together: one without the other would send empty fields
    /// or wait for a mail that nobody could read.
    pub(super) fn address_change(
        &self,
        profile: &Profile,
        acts: &BTreeMap<Step, CompiledAct>,
    ) -> Result<(), ProfileError> {
        let fills = |step: Step, hole: Hole| {
            acts.get(&step).is_none_or(|act| act.fill.iter().any(|(_, template)| template.has(|found| *found == hole)))
        };
        let step = |step: Step| (format!("[steps.{step}]"), format!("steps.{step}"));
        let (submit, confirm) = (step(Step::SubmitAddress), step(Step::ConfirmAddress));
        let knows = |step: Step| acts.contains_key(&step);
        if !fills(Step::SubmitAddress, Hole::NewAddress) {
            return Err(self.missing(&submit.0, &submit.1, "no field is filled with `{new_address}`"));
        }
        if !fills(Step::ConfirmAddress, Hole::ConfirmationNumber) {
            return Err(self.missing(&confirm.0, &confirm.1, "no field is filled with `{number}`"));
        }
        let password = step(Step::SubmitPasswordChange);
        if !fills(Step::SubmitPasswordChange, Hole::NewPassword) {
            return Err(self.missing(&password.0, &password.1, "no field is filled with `{new_password}`"));
        }
        if knows(Step::SubmitAddress) && !knows(Step::OpenAddressChange) {
            return Err(self.missing(
                &submit.0,
                &submit.1,
                "there is no step `open-address-change` that opens its form",
            ));
        }
        match (&profile.mail.confirmation, knows(Step::ConfirmAddress)) {
            (Some(expression), false) => {
                let message = "there is no step `confirm-address` that would send the number";
                Err(self.source.senseless(expression.span(), "mail.confirmation", message))
            }
            (None, true) => {
                let message = "there is no `mail.confirmation` that finds the number in the mail to the new address";
                Err(self.missing(&confirm.0, &confirm.1, message))
            }
            _ => Ok(()),
        }
    }
}
