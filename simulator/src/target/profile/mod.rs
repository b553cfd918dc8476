//! The target profile as it is written: TOML, one struct a table, nothing unknown allowed.

mod accounts;
mod client;
mod clock;
mod hook;
mod mail;
mod numbers;
mod screens;
mod skip;
mod spanned;
mod steps;
mod text;
mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use accounts::{AccountSource, Accounts, Additional};
pub use client::Client;
pub use clock::{Clock, ClockDriver, ClockScope, Control, Office, OfficeDriver};
pub use hook::{CommandLine, HookRequest, Reset};
pub use mail::{Mail, MailPart, MailSource, MailTls};
pub use numbers::{Cooldown, Limit, Limits, Numbers, Policies, SkipsAfter, Superseded};
pub use screens::{HeaderMark, JsonKind, JsonMark, Mark, Marks, Several};
pub use skip::{Personal, Skip, Status};
pub use spanned::Spanned;
pub use steps::{Act, Button, Only, SentBy, Take, Way};
pub use text::Span;
pub use values::SecretSource;

use super::{Screen, Step};

/// A description of a login: everything that differs between systems.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of this format; 1.
    pub schema: u32,
    /// What people call the target.
    pub name: String,
    /// Scheme, host and port, without a path.
    pub base: Spanned<String>,
    /// Which portals the target has, by name.
    pub portals: Spanned<Vec<String>>,
    /// Says, in so many words, who allowed that a host other than this machine is put under load.
    #[serde(default)]
    pub authorized_by: Option<String>,
    /// Hosts beside that of `base` that a load may touch with the same permission, without scheme and port, e.g. `login.example.jp`;
    /// none by default. A load run connects to no other host, wherever a redirect leads; this machine excepted.
    #[serde(default)]
    pub also_authorized: Vec<Spanned<String>>,
    /// Texts that other texts put in by name, as `{name}`; they may hold placeholders themselves.
    #[serde(default)]
    pub values: BTreeMap<String, Spanned<String>>,
    /// Secrets that texts put in as `{secret:name}`.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
    /// How its certificate is trusted.
    #[serde(default)]
    pub tls: Tls,
    /// What the browsers send and which way their requests take.
    #[serde(default)]
    pub client: Client,
    /// Durations and limits the target declares.
    #[serde(default)]
    pub numbers: Numbers,
    /// How long the harness waits for it, in real time.
    #[serde(default)]
    pub limits: Limits,
    /// What it does where the source leaves it to the target.
    #[serde(default)]
    pub policies: Policies,
    /// Where its mails arrive, and how they are read.
    pub mail: Mail,
    /// Where a skip shows.
    pub skip: Skip,
    /// Its control listener, where it has one.
    pub control: Option<Control>,
    /// How its clock is moved.
    #[serde(default)]
    pub clock: Clock,
    /// What puts it in its first state before a run.
    pub reset: Option<Reset>,
    /// The office that changes an address in person (FAQ-05), where it can be driven.
    #[serde(default)]
    pub office: Office,
    /// Where accounts come from.
    pub accounts: Accounts,
    /// How each screen is recognised; any one of the forms given suffices.
    pub screens: BTreeMap<Screen, Spanned<Marks>>,
    /// How each step is done.
    pub steps: BTreeMap<Step, Spanned<Way>>,
    /// What differs from that in one portal, by the portal's name.
    #[serde(default)]
    pub in_portal: BTreeMap<String, Spanned<OwnWays>>,
    /// What the target does not offer: a clause or check id, and the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<String, String>,
}

/// What differs in one portal. What is not named here is as everywhere.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OwnWays {
    /// Scheme, host and port, where the portal has its own.
    pub base: Option<Spanned<String>>,
    /// Screens that are recognised otherwise.
    pub screens: BTreeMap<Screen, Spanned<Marks>>,
    /// Steps that are done otherwise.
    pub steps: BTreeMap<Step, Spanned<Way>>,
}

/// How the target's certificate is trusted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A PEM file of further authorities to trust, relative to the profile.
    pub ca_file: Option<Spanned<std::path::PathBuf>>,
}
