//! From the profile as written to a target ready to drive: selectors, expressions and templates compiled once, and
//! everything that can be found wrong without sending anything found here, with its line.

mod account_file;
mod accounts;
mod advice;
mod client;
mod clock;
mod examine;
mod form;
mod headers;
mod hook;
mod mail;
mod office;
mod reset;
mod screens;
mod skip;
mod steps;
mod take;
mod texts;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use mail::MailArrival;
use regex::Regex;
use sekisho_rules::Portal;
use sha2::{Digest, Sha256};
use url::Url;

use self::accounts::AccountsPlace;
use super::acts::CompiledWay;
use super::error::{ProfileError, Source};
use super::marks::CompiledMark;
use super::profile::{
    AccountSource, Limit, Limits, MailPart, Numbers, OfficeDriver, Personal, Policies, Profile, Spanned,
};
use super::status::CompiledStatus;
use super::template::Names;
use super::{Screen, Step};
use crate::account::{AccountPool, Listed, Need, Numbered};
use crate::browser::{ClientSettings, Loadable, Pace, Selector};
use crate::clock::ClockMeans;
use crate::hook::{Program, Reset};
use crate::office::OfficeRequests;

pub use advice::Advice;
pub use examine::Examined;

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
    /// What its browsers have in common beside their kind, and the proxy.
    pub client: ClientSettings,
    /// How hard it may be pressed.
    pub pace: Pace,
    /// Which hosts may be put under load beside this machine.
    pub loadable: Loadable,
    /// PEM file of further authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// Secrets of the profile, to be kept out of every report.
    pub secrets: Vec<String>,
    /// Where its mails arrive.
    pub mail_arrival: MailArrival,
    /// Its control listener.
    pub control: Option<Control>,
    /// How its clock is moved.
    pub clock: ClockMeans,
    /// How long, in real time, it is waited for after each move of the clock.
    pub clock_settle: Duration,
    /// Its clock, where it has one for all accounts.
    pub global_clock: Option<GlobalClockSettings>,
    /// What puts it in its first state before a run.
    pub reset: Option<Reset>,
    /// How the office is driven that changes an address in person.
    pub office: OfficeDriver,
    /// The requests that drive it, where that is how it is driven.
    pub office_requests: Option<Arc<OfficeRequests>>,
    /// Where accounts come from.
    pub accounts: AccountSource,
    /// What it does not offer: a clause or check id in lower case, and the reason.
    pub not_applicable: BTreeMap<String, String>,
    pub(crate) account_means: AccountMeans,
    accounts_place: AccountsPlace,
    pub(in crate::target) ways: Vec<(Portal, Arc<Ways>)>,
    pub(in crate::target) mail_part: MailPart,
    pub(in crate::target) mail_subject: Option<Regex>,
    pub(in crate::target) mail_from: Option<Regex>,
    pub(in crate::target) mail_code: Regex,
    pub(in crate::target) mail_code_without: Option<Regex>,
    pub(in crate::target) mail_confirmation: Option<Regex>,
    pub(in crate::target) skip_cookie: Regex,
    /// What the cookie of a skip may hold of a person (FAQ-11a).
    pub skip_may_hold: Vec<Personal>,
    pub(in crate::target) session_cookie: Option<Regex>,
    pub(in crate::target) session_values: Vec<String>,
    pub(in crate::target) script_cookie: Option<Regex>,
    pub(in crate::target) cross_site_cookie: Option<Regex>,
    pub(in crate::target) status: Option<CompiledStatus>,
    pub(in crate::target) cautions: Option<Selector>,
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

/// Where accounts come from, ready to be used.
#[derive(Debug)]
pub(crate) enum AccountMeans {
    /// The control listener makes them.
    Control,
    /// They exist already and are numbered.
    Numbered(Numbered),
    /// They exist already and were read from a file.
    Listed(Vec<Listed>),
    /// A program makes them.
    Command(Arc<Program>),
}

/// How one portal is driven.
#[derive(Debug)]
pub(in crate::target) struct Ways {
    pub(in crate::target) base: Url,
    pub(in crate::target) screens: Vec<(Screen, Vec<CompiledMark>)>,
    pub(in crate::target) ways: BTreeMap<Step, CompiledWay>,
}

/// How a profile is loaded.
#[derive(Debug, Clone, Default)]
pub struct Loading {
    /// The folder that files are relative to which the profile names; [`Target::load`] gives that of the profile.
    pub folder: Option<PathBuf>,
    /// Replaces `base`: the embedded server listens on a port that no profile can know.
    pub base: Option<Url>,
    /// Replaces `[control]`.
    pub control: Option<Control>,
    /// How many of the accounts that exist are left out, beyond those that the profile leaves out.
    pub account_offset: u32,
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
        let folder = path.parent().map(Path::to_owned);
        Target::parse(&path.display().to_string(), &text, &Loading { folder, ..loading.clone() })
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
        let compiler = Compiler {
            source: &source,
            folder: loading.folder.as_deref(),
            names: values::names(&profile, &source, loading.folder.as_deref())?,
        };
        let portals = compiler.portals(&profile.portals)?;
        let base = match &loading.base {
            Some(base) => base.clone(),
            None => compiler.origin("base", &profile.base)?,
        };
        let ways = compiler.ways_of(&profile, &portals, &base, loading.base.is_some())?;
        let (account_means, accounts_place) = compiler.accounts(&profile, &portals, loading)?;
        let control = compiler.control(&profile, loading)?;
        if control.is_none() {
            compiler.nothing_needs_control(&profile)?;
        }
        let clock = compiler.clock(&profile, &base)?;
        let office_requests = compiler.office(&profile, &base)?;
        let reset = profile.reset.as_ref().map(|reset| compiler.reset(reset, &base)).transpose()?;
        for (_, ways) in &ways {
            compiler.address_change(&profile, &ways.ways)?;
        }
        compiler.not_applicable(&profile)?;
        let (ca_file, secrets) = (compiler.ca_file(&profile)?, compiler.secrets(&profile)?);
        Ok(Target {
            profile_sha256: Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect(),
            client: compiler.client(&profile, &base)?,
            pace: Compiler::pace(&profile.limits),
            loadable: compiler.loadable(&profile, &base)?,
            base,
            portals,
            mail_subject: compiler.condition("mail.subject", profile.mail.subject.as_ref())?,
            mail_from: compiler.condition("mail.from", profile.mail.from.as_ref())?,
            mail_code: compiler.expression("mail.code", &profile.mail.code)?,
            mail_code_without: compiler.condition("mail.code_without", profile.mail.code_without.as_ref())?,
            mail_confirmation: profile
                .mail
                .confirmation
                .as_ref()
                .map(|text| compiler.expression("mail.confirmation", text))
                .transpose()?,
            mail_arrival: compiler.mail_arrival(&profile)?,
            mail_part: profile.mail.part,
            skip_may_hold: profile.skip.may_hold.clone(),
            skip_cookie: compiler.whole("skip.cookie", &profile.skip.cookie)?,
            session_cookie: compiler.session_cookie(&profile.skip)?,
            session_values: compiler.session_values(&profile.skip.session_values)?,
            script_cookie: profile
                .skip
                .script_cookie
                .as_ref()
                .map(|text| compiler.whole("skip.script_cookie", text))
                .transpose()?,
            cross_site_cookie: profile
                .skip
                .cross_site_cookie
                .as_ref()
                .map(|text| compiler.whole("skip.cross_site_cookie", text))
                .transpose()?,
            status: match profile.skip.status {
                None => None,
                Some(status) => Some(compiler.status(&status)?),
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
            numbers: {
                compiler.numbers(&profile.numbers)?;
                profile.numbers
            },
            policies: profile.policies,
            authorized_by: profile.authorized_by,
            ca_file,
            secrets,
            clock: clock.means,
            clock_settle: clock.settle,
            global_clock: loading.global_clock.or(clock.global),
            reset,
            office: profile.office.driver,
            office_requests,
            accounts: *profile.accounts.source.as_ref(),
            control,
            account_means,
            accounts_place,
            ways,
        })
    }
}

impl Target {
    /// Compares the accounts that there are with what a run needs at least.
    ///
    /// # Errors
    /// Where there are too few; where they are made there are always enough.
    pub fn has_accounts_for(&self, needs: &[Need]) -> Result<(), ProfileError> {
        let shortage = AccountPool::of(self).and_then(|pool| pool.shortage(needs));
        shortage.map_or(Ok(()), |shortage| Err(self.accounts_place.too_few(&shortage)))
    }
}

struct Compiler<'a> {
    source: &'a Source<'a>,
    names: Names,
    folder: Option<&'a Path>,
}

impl Compiler<'_> {
    /// How each portal is driven. Portals without anything of their own share what is compiled.
    fn ways_of(
        &self,
        profile: &Profile,
        portals: &[Portal],
        base: &Url,
        base_is_given: bool,
    ) -> Result<Vec<(Portal, Arc<Ways>)>, ProfileError> {
        for (name, own) in &profile.in_portal {
            if !portals.iter().any(|portal| portal.name() == name) {
                let message = format!("`{name}` is not among `portals`; add it there, or leave this table out");
                return Err(self.source.senseless(own.span(), format!("in_portal.{name}"), message));
            }
        }
        let (screens, ways) = (self.screens("screens", &profile.screens)?, self.ways("steps", &profile.steps)?);
        let common = Arc::new(Ways { base: base.clone(), screens, ways });
        let of = |portal: &Portal| {
            let Some(own) = profile.in_portal.get(portal.name()) else { return Ok((*portal, common.clone())) };
            let (own, table) = (own.as_ref(), format!("in_portal.{portal}"));
            let mut screens = profile.screens.clone();
            screens.extend(own.screens.clone());
            let mut steps = profile.steps.clone();
            steps.extend(own.steps.clone());
            let base = match &own.base {
                Some(own) if !base_is_given => self.origin(&format!("{table}.base"), own)?,
                _ => base.clone(),
            };
            let screens = self.screens(&format!("{table}.screens"), &screens)?;
            let ways = self.ways(&format!("{table}.steps"), &steps)?;
            Ok((*portal, Arc::new(Ways { base, screens, ways })))
        };
        portals.iter().map(of).collect()
    }

    fn origin(&self, key: &str, text: &Spanned<String>) -> Result<Url, ProfileError> {
        let url = Url::parse(text.as_ref()).map_err(|error| {
            self.source.senseless(text.span(), key, format!("`{}` is no address: {error}", text.as_ref()))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            let message = "the address must begin with `http://` or `https://` and name a host";
            return Err(self.source.senseless(text.span(), key, message));
        }
        let is_base = key == "base" || key.ends_with(".base");
        if is_base && (url.path() != "/" || url.query().is_some()) {
            let message = "it has no path: put what follows the host into the addresses of the steps, e.g. `get = \"/app/login\"`";
            return Err(self.source.senseless(text.span(), key, message));
        }
        if is_base && (!url.username().is_empty() || url.password().is_some()) {
            let message = "it holds a user: write `username` and `password = \"{secret:NAME}\"` under `[client]`";
            return Err(self.source.senseless(text.span(), key, message));
        }
        Ok(url)
    }

    /// Numbers with which nothing could be judged, or everything would pass.
    fn numbers(&self, given: &Numbers) -> Result<(), ProfileError> {
        let limit = |limit: &Option<Limit>| limit.is_some_and(|limit| limit.count == 0 || limit.window.0.is_zero());
        let wrong = [
            ("code_validity", given.code_validity.0.is_zero(), "a code that is never good cannot be judged"),
            ("skip_validity", given.skip_validity.0.is_zero(), "a skip that is never good cannot be judged"),
            (
                "tolerance",
                given.tolerance.0 * 2 >= given.code_validity.0,
                "it leaves nothing of `code_validity` to judge: less than half of that is needed",
            ),
            (
                "browsers_tried",
                given.browsers_tried < 2,
                "with less than 2 browsers \"no limit\" (FAQ-07) is not tried",
            ),
            ("mail_patience", given.mail_patience.0.is_zero(), "with no time to wait no mail can come"),
            (
                "wrong_codes",
                given.wrong_codes == Some(0),
                "an attempt takes at least one code; leave it out where there is no limit",
            ),
            (
                "wrong_codes_limit",
                limit(&given.wrong_codes_limit),
                "`count` and `window` are more than 0; leave it out where there is no limit",
            ),
            (
                "mail_limit",
                limit(&given.mail_limit),
                "`count` and `window` are more than 0; leave it out where there is no limit",
            ),
        ];
        match wrong.into_iter().find(|(_, is_wrong, _)| *is_wrong) {
            None => Ok(()),
            Some((key, _, message)) => {
                // At the beginning of its line: a comment may speak of it before.
                let at = self.source.text.find(&format!("\n{key}")).map_or(0, |at| at + 1);
                Err(self.source.senseless(at..at, format!("numbers.{key}"), message))
            }
        }
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

    /// Something is wrong with a table as a whole; its line is where its header stands.
    fn missing(&self, header: &str, key: &str, message: impl Into<String>) -> ProfileError {
        let at = self.source.text.find(header).unwrap_or(0);
        self.source.senseless(at..at, key, message)
    }

    fn not_applicable(&self, profile: &Profile) -> Result<(), ProfileError> {
        profile.not_applicable.keys().try_for_each(|id| self.known_id(id))
    }

    fn known_id(&self, id: &str) -> Result<(), ProfileError> {
        let known = sekisho_rules::check(id).is_some()
            || sekisho_rules::clauses()
                .any(|(rule, clause)| clause.id.eq_ignore_ascii_case(id) || rule.id.eq_ignore_ascii_case(id));
        if known {
            return Ok(());
        }
        let at = self.source.text.find(id).unwrap_or(0);
        let message = "no rule, clause or check has this id; `sekisho rules` lists them";
        Err(self.source.senseless(at..at, format!("not_applicable.{id}"), message))
    }
}
