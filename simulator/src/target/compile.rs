//! From the profile as written to a target ready to drive: selectors, expressions and templates compiled once, and
//! everything that can be found wrong without sending anything found here, with its line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use regex::Regex;
use sekisho_rules::Portal;
use sha2::{Digest, Sha256};
use toml::Spanned;
use url::Url;

use super::error::{ProfileError, Source};
use super::profile::{
    self, AccountSource, ClockDriver, ClockScope, Limits, MailPart, Numbers, OfficeDriver, Policies, Profile,
};
use super::template::{Place, Placeholder, Template};
use super::{Screen, Step};
use crate::browser::Selector;

/// A target, ready to be driven.
#[derive(Debug)]
pub struct Target {
    /// What people call it.
    pub name: String,
    /// SHA-256 of the profile's text, in hexadecimal.
    pub profile_sha256: String,
    /// Scheme, host and port.
    pub base: Url,
    /// The portals it has.
    pub portals: Vec<Portal>,
    /// Durations and limits it declares.
    pub numbers: Numbers,
    /// How long it is waited for.
    pub limits: Limits,
    /// What it does where the source leaves it to the target.
    pub policies: Policies,
    /// Who allowed that it is put under load, where it is not on this machine.
    pub authorized_by: Option<String>,
    /// PEM file of further authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// Where our sink takes its mail.
    pub mail_listen: SocketAddr,
    /// Its control listener.
    pub control: Option<Control>,
    /// How its clock is moved.
    pub clock: ClockDriver,
    /// Its clock, where it has one for all accounts.
    pub global_clock: Option<GlobalClockSettings>,
    /// How the office is driven that changes an address in person.
    pub office: OfficeDriver,
    /// Where accounts come from.
    pub accounts: AccountSource,
    /// What it does not offer: a clause or check id in lower case, and the reason.
    pub not_applicable: BTreeMap<String, String>,
    pub(crate) numbered: Option<Numbered>,
    pub(super) screens: Vec<(Screen, Vec<CompiledMark>)>,
    pub(super) acts: BTreeMap<Step, CompiledAct>,
    pub(super) mail_part: MailPart,
    pub(super) mail_code: Regex,
    pub(super) mail_confirmation: Option<Regex>,
    pub(super) skip_cookie: Regex,
    pub(super) session_cookie: Regex,
    pub(super) status: Option<CompiledStatus>,
    pub(super) cautions: Option<Selector>,
}

/// Where the control listener is, and the token it wants.
#[derive(Clone)]
pub struct Control {
    /// Its address.
    pub url: Url,
    /// Its token.
    pub token: String,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// How the one clock of a target is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalClockSettings {
    /// What it shows when a run begins; `None` for the present.
    pub starts_at: Option<jiff::Timestamp>,
    /// Whether it stands still between two moves.
    pub frozen: bool,
}

/// Accounts that exist already.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) address: Template,
    pub(crate) password: Template,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

#[derive(Debug)]
pub(super) struct CompiledMark {
    pub(super) title: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) text: Option<String>,
    pub(super) selector: Option<Selector>,
    pub(super) path: Option<String>,
}

#[derive(Debug)]
pub(super) enum Way {
    Get(Template),
    Form(Selector),
}

#[derive(Debug)]
pub(super) struct CompiledAct {
    pub(super) way: Way,
    pub(super) fill: Vec<(String, Template)>,
    pub(super) tick_skip: Option<String>,
    pub(super) press: Option<profile::Button>,
}

#[derive(Debug)]
pub(super) struct CompiledStatus {
    pub(super) selector: Selector,
    pub(super) some: String,
    pub(super) none: String,
}

/// How a profile is loaded.
#[derive(Debug, Clone, Default)]
pub struct Loading {
    /// Replaces `base`: the embedded server listens on a port that no profile can know.
    pub base: Option<Url>,
    /// Replaces `[control]`.
    pub control: Option<Control>,
    /// Replaces what `[clock]` says about one clock for all accounts.
    pub global_clock: Option<GlobalClockSettings>,
}

impl Target {
    /// Reads and compiles the profile in a file.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`Target::parse`].
    pub fn load(path: &Path, loading: &Loading) -> Result<Target, ProfileError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ProfileError::Unreadable { path: path.to_owned(), cause })?;
        let mut target = Target::parse(&path.display().to_string(), &text, loading)?;
        if let (Some(file), Some(folder)) = (&target.ca_file, path.parent()) {
            target.ca_file = Some(folder.join(file));
        }
        Ok(target)
    }

    /// Compiles the text of a profile; `name` is what errors call it.
    ///
    /// # Errors
    /// With line and key: what is not TOML, unknown, missing, of the wrong type or makes no sense.
    pub fn parse(name: &str, text: &str, loading: &Loading) -> Result<Target, ProfileError> {
        let source = Source { name, text };
        let profile: Profile = toml::from_str(text).map_err(|error| source.malformed(&error))?;
        if profile.schema != 1 {
            let at = text.find("schema").unwrap_or(0);
            return Err(source.senseless(at..at, "schema", "only version 1 of the format is known"));
        }
        let compiler = Compiler { source: &source };
        let screens = compiler.screens(&profile)?;
        let acts = compiler.acts(&profile)?;
        let numbered = compiler.numbered(&profile)?;
        let control = compiler.control(&profile, loading)?;
        if control.is_none() {
            compiler.nothing_needs_control(&profile)?;
        }
        let global_clock =
            loading.global_clock.map_or_else(|| compiler.global_clock(&profile), |given| Ok(Some(given)))?;
        compiler.address_change(&profile, &acts)?;
        compiler.not_applicable(&profile)?;
        Ok(Target {
            profile_sha256: Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect(),
            base: match &loading.base {
                Some(base) => base.clone(),
                None => compiler.origin("base", &profile.base)?,
            },
            portals: compiler.portals(&profile.portals)?,
            mail_code: compiler.expression("mail.code", &profile.mail.code)?,
            mail_confirmation: profile
                .mail
                .confirmation
                .as_ref()
                .map(|text| compiler.expression("mail.confirmation", text))
                .transpose()?,
            mail_listen: *profile.mail.listen.as_ref(),
            mail_part: profile.mail.part,
            skip_cookie: compiler.whole("skip.cookie", &profile.skip.cookie)?,
            session_cookie: compiler.whole("skip.session_cookie", &profile.skip.session_cookie)?,
            status: match profile.skip.status {
                None => None,
                Some(status) => Some(CompiledStatus {
                    selector: compiler.selector("skip.status.selector", &status.selector)?,
                    some: status.some,
                    none: status.none,
                }),
            },
            cautions: profile
                .skip
                .cautions
                .as_ref()
                .map(|text| compiler.selector("skip.cautions", text))
                .transpose()?,
            not_applicable: profile
                .not_applicable
                .into_iter()
                .map(|(id, reason)| (id.to_ascii_lowercase(), reason))
                .collect(),
            name: profile.name,
            limits: compiler.limits(profile.limits)?,
            numbers: profile.numbers,
            policies: profile.policies,
            authorized_by: profile.authorized_by,
            ca_file: profile.tls.ca_file,
            clock: profile.clock.driver,
            global_clock,
            office: profile.office.driver,
            accounts: *profile.accounts.source.as_ref(),
            control,
            numbered,
            screens,
            acts,
        })
    }
}

struct Compiler<'a> {
    source: &'a Source<'a>,
}

impl Compiler<'_> {
    fn selector(&self, key: &str, text: &Spanned<String>) -> Result<Selector, ProfileError> {
        Selector::parse(text.as_ref()).map_err(|error| self.source.senseless(text.span(), key, error.to_string()))
    }

    fn expression(&self, key: &str, text: &Spanned<String>) -> Result<Regex, ProfileError> {
        let regex = Regex::new(text.as_ref())
            .map_err(|error| self.source.senseless(text.span(), key, format!("no regular expression: {error}")))?;
        if regex.captures_len() < 2 {
            let message = "the expression needs a group `( … )` round what is to be taken out";
            return Err(self.source.senseless(text.span(), key, message));
        }
        Ok(regex)
    }

    fn whole(&self, key: &str, text: &Spanned<String>) -> Result<Regex, ProfileError> {
        Regex::new(&format!("^(?:{})$", text.as_ref()))
            .map_err(|error| self.source.senseless(text.span(), key, format!("no regular expression: {error}")))
    }

    fn template(&self, key: &str, text: &Spanned<String>, place: Place) -> Result<Template, ProfileError> {
        Template::parse(text.as_ref(), place).map_err(|message| self.source.senseless(text.span(), key, message))
    }

    fn origin(&self, key: &str, text: &Spanned<String>) -> Result<Url, ProfileError> {
        let url = Url::parse(text.as_ref()).map_err(|error| {
            self.source.senseless(text.span(), key, format!("`{}` is no address: {error}", text.as_ref()))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            let message = "the address must begin with `http://` or `https://` and name a host";
            return Err(self.source.senseless(text.span(), key, message));
        }
        Ok(url)
    }

    /// Without any patience every answer would come too late.
    fn limits(&self, given: Limits) -> Result<Limits, ProfileError> {
        let named = [
            ("connect_patience", given.connect_patience),
            ("answer_patience", given.answer_patience),
            ("story_patience", given.story_patience),
        ];
        match named.into_iter().find(|(_, patience)| patience.0.is_zero()) {
            None => Ok(given),
            Some((key, _)) => {
                Err(self.missing(key, &format!("limits.{key}"), "with no time to wait nothing can be answered"))
            }
        }
    }

    fn portals(&self, names: &Spanned<Vec<String>>) -> Result<Vec<Portal>, ProfileError> {
        if names.as_ref().is_empty() {
            return Err(self.source.senseless(names.span(), "portals", "at least one portal is needed"));
        }
        names
            .as_ref()
            .iter()
            .map(|name| {
                Portal::named(name).ok_or_else(|| {
                    let message = format!("`{name}` is no portal; there are `seeker`, `employer` and `provider`");
                    self.source.senseless(names.span(), "portals", message)
                })
            })
            .collect()
    }

    fn control(&self, profile: &Profile, loading: &Loading) -> Result<Option<Control>, ProfileError> {
        if let Some(control) = &loading.control {
            return Ok(Some(control.clone()));
        }
        let Some(control) = &profile.control else { return Ok(None) };
        let url = self.origin("control.url", &control.url)?;
        let token = std::env::var(&control.token_env).map_err(|_| ProfileError::SecretMissing {
            name: self.source.name.to_owned(),
            variable: control.token_env.clone(),
        })?;
        Ok(Some(Control { url, token }))
    }

    fn numbered(&self, profile: &Profile) -> Result<Option<Numbered>, ProfileError> {
        let accounts = &profile.accounts;
        if accounts.source.as_ref() != &AccountSource::Numbered {
            return Ok(None);
        }
        let (Some(address), Some(password)) = (&accounts.address, &accounts.password) else {
            let message = "numbered accounts need `address` and `password`";
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        };
        let template = self.template("accounts.address", address, Place::Account)?;
        if !template.has_account_number() {
            let message = "without `{number}` every account would be the same";
            return Err(self.source.senseless(address.span(), "accounts.address", message));
        }
        if accounts.last < accounts.first {
            let message = format!("`last` ({}) lies before `first` ({})", accounts.last, accounts.first);
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        }
        let password = self.template("accounts.password", password, Place::Account)?;
        Ok(Some(Numbered { address: template, password, first: accounts.first, last: accounts.last }))
    }

    fn screens(&self, profile: &Profile) -> Result<Vec<(Screen, Vec<CompiledMark>)>, ProfileError> {
        let mut screens = Vec::new();
        for (screen, marks) in &profile.screens {
            let mut compiled = Vec::new();
            for mark in marks {
                let key = format!("screens.{screen}");
                if *mark == profile::Mark::default() {
                    let at = self.source.text.find(screen.name()).unwrap_or(0);
                    return Err(self.source.senseless(at..at, key, "a mark without a condition would fit every page"));
                }
                compiled.push(CompiledMark {
                    title: mark.title.clone(),
                    status: mark.status,
                    text: mark.text.clone(),
                    path: mark.path.clone(),
                    selector: mark.selector.as_ref().map(|text| self.selector(&key, text)).transpose()?,
                });
            }
            screens.push((*screen, compiled));
        }
        Ok(screens)
    }

    fn acts(&self, profile: &Profile) -> Result<BTreeMap<Step, CompiledAct>, ProfileError> {
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

    /// Without a control listener no driver may name it.
    fn nothing_needs_control(&self, profile: &Profile) -> Result<(), ProfileError> {
        let source = &profile.accounts.source;
        if source.as_ref() == &AccountSource::Control {
            let message = "there is no `[control]` table to make accounts with";
            return Err(self.source.senseless(source.span(), "accounts.source", message));
        }
        let drivers = [
            ("clock", profile.clock.driver == ClockDriver::Control, "move the clock with"),
            ("office", profile.office.driver == OfficeDriver::Control, "drive the office with"),
        ];
        match drivers.into_iter().find(|(_, needs_control, _)| *needs_control) {
            None => Ok(()),
            Some((table, _, purpose)) => {
                let message = format!("there is no `[control]` table to {purpose}");
                Err(self.missing(&format!("[{table}]"), &format!("{table}.driver"), message))
            }
        }
    }

    fn global_clock(&self, profile: &Profile) -> Result<Option<GlobalClockSettings>, ProfileError> {
        let clock = &profile.clock;
        let senseless = |key: &str, message: &str| Err(self.missing("[clock]", &format!("clock.{key}"), message));
        if clock.scope != ClockScope::Global {
            if clock.frozen.is_some() || clock.starts_at.is_some() {
                return senseless("scope", "`frozen` and `starts_at` are for a clock with `scope = \"global\"`");
            }
            return Ok(None);
        }
        if clock.driver == ClockDriver::None {
            return senseless("scope", "without a `driver` there is nothing to move it by");
        }
        if profile.accounts.source.as_ref() != &AccountSource::Control {
            let message = "by the control listener only accounts that it makes can go by one clock: `accounts.source` must be `control`";
            return senseless("scope", message);
        }
        let starts_at = clock.starts_at.map(|instant| instant.0);
        Ok(Some(GlobalClockSettings { starts_at, frozen: clock.frozen.unwrap_or_default() }))
    }

    /// The steps of a change send what takes the place of the old: one without it would send empty fields. The steps of an address
    /// change and the number in its mail belong together: one without the other would send empty fields
    /// or wait for a mail that nobody could read.
    fn address_change(&self, profile: &Profile, acts: &BTreeMap<Step, CompiledAct>) -> Result<(), ProfileError> {
        let fills = |step: Step, hole: Placeholder| {
            acts.get(&step).is_none_or(|act| act.fill.iter().any(|(_, template)| template.has(hole)))
        };
        let step = |step: Step| (format!("[steps.{step}]"), format!("steps.{step}"));
        let (submit, confirm) = (step(Step::SubmitAddress), step(Step::ConfirmAddress));
        let knows = |step: Step| acts.contains_key(&step);
        if !fills(Step::SubmitAddress, Placeholder::NewAddress) {
            return Err(self.missing(&submit.0, &submit.1, "no field is filled with `{new_address}`"));
        }
        if !fills(Step::ConfirmAddress, Placeholder::ConfirmationNumber) {
            return Err(self.missing(&confirm.0, &confirm.1, "no field is filled with `{number}`"));
        }
        let password = step(Step::SubmitPasswordChange);
        if !fills(Step::SubmitPasswordChange, Placeholder::NewPassword) {
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

    /// Something is wrong with a table as a whole; its line is where its header stands.
    fn missing(&self, header: &str, key: &str, message: impl Into<String>) -> ProfileError {
        let at = self.source.text.find(header).unwrap_or(0);
        self.source.senseless(at..at, key, message)
    }

    fn not_applicable(&self, profile: &Profile) -> Result<(), ProfileError> {
        for id in profile.not_applicable.keys() {
            let known = sekisho_rules::check(id).is_some()
                || sekisho_rules::clauses()
                    .any(|(rule, clause)| clause.id.eq_ignore_ascii_case(id) || rule.id.eq_ignore_ascii_case(id));
            if !known {
                let at = self.source.text.find(id.as_str()).unwrap_or(0);
                let message = "no rule, clause or check has this id; `sekisho rules` lists them";
                return Err(self.source.senseless(at..at, format!("not_applicable.{id}"), message));
            }
        }
        Ok(())
    }
}
