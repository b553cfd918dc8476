//! What the command line understands. The texts here are its `--help`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sekisho_rules::Level;
use sekisho_server::mail::MailCharset;

use crate::venue::Clocks;

mod profile;

pub(crate) use profile::{Profile, ProfileCheck, ProfileCommand, ProfileNew, WalkFormat};

/// Proves a login with a mailed one-time password right, and rehearses it at scale.
///
/// Without a command it does the main job: it starts the reference server and a mail sink on free ports, checks every rule, drives
/// 2,000 simulated users through the mixed scenarios, and writes a report.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
    /// Logs more on stderr (-vv: still more; RUST_LOG decides in detail).
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// How log lines are written: text for people, json (one object a line) for log collectors
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text, global = true)]
    pub(crate) log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

const EXIT_CODES: &str = "Exit codes: 0 conforms and goals met, 1 internal error, 2 usage or profile error or a port in use, \
3 nothing was selected, 10 nonconforming, 11 a threshold missed, 12 inconclusive or an invalid measurement, 130 interrupted \
(what was measured till then is written).";

const EXPLORE_EXIT_CODES: &str = "Exit codes: 0 every story went as the rules say, 1 internal error, 2 usage, profile or story file \
error or a port in use, 10 a story breaks a rule, 12 the target cannot be reached or too few stories could be told to their end, \
130 interrupted (what was found till then is written).";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The main job, all embedded: check every rule, then a load of simulated users, then the report
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// Runs the reference server alone
    Serve(Serve),
    /// Runs the SMTP sink alone and prints a line for every mail
    Sink(Sink),
    /// Tells each scenario once and says which rules hold
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// Lets simulated users live the stories of a mix, with the same assertions on
    #[command(after_help = EXIT_CODES)]
    Load(Load),
    /// Invents stories, judges every step, and shortens what breaks a rule
    #[command(after_help = EXPLORE_EXIT_CODES)]
    Explore(Explore),
    /// Proves the checks: runs them against faulty servers, each of which must be caught
    #[command(after_help = EXIT_CODES)]
    Selftest(Selftest),
    /// Prints the table of rules, clauses, checks, scenarios and defects
    Rules(Rules),
    /// Checks a target profile by a dry walk through the target, or drafts one from a sign-in page
    Profile(Profile),
    /// Shows a run record again; compare and merge are not built yet
    Report(Report),
}

/// Where a report goes, and what it keeps.
#[derive(Debug, Args, Clone)]
pub(crate) struct ReportOptions {
    /// The folder for run.json, junit.xml, index.html and the evidence
    #[arg(long, value_name = "DIR", default_value = "sekisho-report")]
    pub(crate) report_dir: PathBuf,
    /// Of which checks every exchange is kept
    #[arg(long, value_enum, default_value_t = EvidenceKept::Failed)]
    pub(crate) evidence: EvidenceKept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvidenceKept {
    /// Of those that did not pass
    Failed,
    /// Of all
    All,
}

/// Output for people or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For machines
    Json,
    /// For documents
    Markdown,
}

#[derive(Debug, Args, Clone)]
pub(crate) struct Run {
    /// How many simulated users the load has
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) users: u32,
    /// Draws people and their stories; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Which levels decide the verdict and the exit code
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', default_value = "must,derived", value_parser = level)]
    pub(crate) level: Vec<Level>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The profile of the target; without it the reference server is started and checked
    #[arg(long, value_name = "PROFILE")]
    pub(crate) target: Option<PathBuf>,
    /// How many of the accounts that the profile numbers or lists are left out at the beginning, beyond its own `offset`: a second run
    /// takes fresh ones
    #[arg(long, value_name = "N", default_value_t = 0, requires = "target")]
    pub(crate) account_offset: u32,
    /// Only these: ids of rules, clauses, scenarios or checks; `*` and `?` stand for any characters
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only these levels; they decide the verdict and the exit code
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', default_value = "must,derived",
        default_value_if("statistical", "true", "baseline"), value_parser = level)]
    pub(crate) level: Vec<Level>,
    /// Only the checks that decide by statistics, one after the other: thousands of mails are sent for them. Without it they are left out
    #[arg(long)]
    pub(crate) statistical: bool,
    /// Known deviations (TOML): `[[waiver]]` with check, reason, owner, until, perhaps portal; their failures do not count
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// Draws people; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How many stories run side by side
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) jobs: u16,
    /// Lists what would run and sends nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// The verdict as a table, or the whole run record as JSON, on stdout
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// The defect that the embedded reference server shall have, to see a check fail
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    pub(crate) defect: Option<String>,
    /// Whose clock is moved: that of each account; or, as if the target had one clock for all accounts, that of the whole embedded
    /// server, standing still between two moves or running
    #[arg(long, value_enum, default_value_t = ClockName::Account, conflicts_with = "target")]
    pub(crate) clock: ClockName,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Whose clock the embedded server moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockName {
    /// Each account's own
    Account,
    /// One for all, standing still between two moves
    Global,
    /// One for all, running
    GlobalRunning,
}

impl From<ClockName> for Clocks {
    fn from(name: ClockName) -> Clocks {
        match name {
            ClockName::Account => Clocks::PerAccount,
            ClockName::Global => Clocks::Global,
            ClockName::GlobalRunning => Clocks::GlobalRunning,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Load {
    /// The stories: mixed, first-sign-in, returning, expired-code, deleted-mail, cookie-cleared, revoke-all, lapsed-skip,
    /// many-browsers, additional-account, wrong-code, dead-address
    #[arg(value_name = "MIX")]
    pub(crate) mix: String,
    /// The profile of the target; without it the reference server is started and loaded
    #[arg(long, value_name = "PROFILE")]
    pub(crate) target: Option<PathBuf>,
    /// How many of the accounts that the profile numbers or lists are left out at the beginning, beyond its own `offset`: a second run
    /// takes fresh ones
    #[arg(long, value_name = "N", default_value_t = 0, requires = "target")]
    pub(crate) account_offset: u32,
    /// How many simulated users; each lives one story
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) users: u32,
    /// How many seconds it takes until all users have begun
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) ramp: u32,
    /// Arrivals per second, the open model (not built yet)
    #[arg(long, value_name = "R")]
    pub(crate) rate: Option<f64>,
    /// How long users go on (not built yet)
    #[arg(long, value_name = "TIME")]
    pub(crate) duration: Option<String>,
    /// When to begin (not built yet)
    #[arg(long, value_name = "TIME")]
    pub(crate) start_at: Option<String>,
    /// Goals such as `sign_in.p99 < 800ms` (not built yet)
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    pub(crate) threshold: Vec<String>,
    /// An earlier record to compare with (not built yet)
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Draws people and their stories; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The verdict as a table, or the whole run record as JSON, on stdout
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// The folder for run.json, junit.xml and index.html
    #[arg(long, value_name = "DIR", default_value = "sekisho-report")]
    pub(crate) report_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the portals listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The mail host, e.g. 127.0.0.1:2525; without it the mails go to an inbox of our own, which a browser shows
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) smtp: Option<String>,
    /// Where the inbox listens; by default 127.0.0.1:8025, or a free port where that is taken
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["smtp", "no_inbox"])]
    pub(crate) inbox: Option<SocketAddr>,
    /// Neither a mail host nor an inbox: no code can be delivered
    #[arg(long, conflicts_with = "smtp")]
    pub(crate) no_inbox: bool,
    /// The character set of the mails: utf-8 or iso-2022-jp
    #[arg(long, value_name = "CHARSET", default_value_t = MailCharset::default())]
    pub(crate) mail_charset: MailCharset,
    /// Where accounts are kept: `memory`, gone at the end, or `sqlite:PATH`, a file that is made if need be
    #[arg(long, value_name = "STORE", default_value = "memory")]
    pub(crate) store: String,
    /// How many accounts each portal has, up to a million (many: with --cheap-passwords): user00001@example.test with password-00001, and so on; those that the store has
    /// kept stay as they are
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) accounts: u32,
    /// From when on a code is asked, in the server's own time
    #[arg(long, value_name = "TIME", default_value = sekisho_rules::numbers::GO_LIVE)]
    pub(crate) go_live: String,
    /// How many business days the office needs from the identity check on (0: done at once)
    #[arg(long, value_name = "DAYS", default_value_t = sekisho_server::core::OFFICE_BUSINESS_DAYS,
        value_parser = clap::value_parser!(u16).range(..=i64::from(sekisho_server::core::MAX_OFFICE_BUSINESS_DAYS)))]
    pub(crate) office_days: u16,
    /// Speaks TLS, with HTTP/2 and HTTP/1.1; without --tls-cert a certificate is made for localhost and the listen address
    #[arg(long)]
    pub(crate) tls: bool,
    /// The certificate with the chain above it, in PEM; means --tls
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Writes the certificate to a file, for a profile's `ca_file` or for `curl --cacert`; means --tls
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_save: Option<PathBuf>,
    /// Where the control listener listens (clocks, accounts, office, /healthz, /metrics); its token is taken from
    /// SEKISHO_CONTROL_TOKEN
    #[arg(long, value_name = "ADDR")]
    pub(crate) control: Option<SocketAddr>,
    /// Hashes passwords as cheaply as possible, for load
    #[arg(long)]
    pub(crate) cheap_passwords: bool,
    /// The defect the server shall have (`sekisho rules` lists them)
    #[arg(long, value_name = "ID")]
    pub(crate) defect: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sink {
    /// Where SMTP is spoken
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    pub(crate) smtp: SocketAddr,
    /// Where the inbox listens: pages for people, and a JSON API like Mailpit's; without it there is none
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,
    /// The front end: any number of connections, or a thread for each
    #[arg(long, value_enum, default_value_t = EngineName::Async)]
    pub(crate) engine: EngineName,
    /// Speaks TLS: once the sender asks for it, or from the first byte; without it none
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) tls: Option<TlsName>,
    /// The certificate and the chain above it, in PEM; without it one is made at each start for localhost and the address
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_key"])]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_cert"])]
    pub(crate) tls_key: Option<PathBuf>,
    /// Writes the certificate here, in PEM, for the sender to trust
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) tls_save: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsName {
    /// By STARTTLS; mail without TLS is taken too
    Starttls,
    /// From the first byte, as on port 465
    Implicit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// The protocol core under tokio
    Async,
    /// mailin-embedded, 64 threads
    Threaded,
}

#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// The profile of the target; without it the reference server is started and explored
    #[arg(long, value_name = "PROFILE")]
    pub(crate) target: Option<PathBuf>,
    /// How many of the accounts that the profile numbers or lists are left out at the beginning, beyond its own `offset`: a second run
    /// takes fresh ones
    #[arg(long, value_name = "N", default_value_t = 0, requires = "target")]
    pub(crate) account_offset: u32,
    /// How many stories
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) cases: u32,
    /// How many steps a story has at the most
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) steps: u32,
    /// Draws the stories and the people; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Tells a saved story again instead: 10 if it still breaks a rule, 0 if it holds now
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "steps"])]
    pub(crate) replay: Option<PathBuf>,
    /// How many stories are told side by side
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) jobs: u16,
    /// The verdict as a table, or the whole run record as JSON, on stdout
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// The defect that the embedded reference server shall have, to see a story break a rule
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    pub(crate) defect: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Selftest {
    /// Only these defects: `*` and `?` stand for any characters
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only these checks, as for `check --only`; then a check that catches nothing is no fault
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub(crate) checks: Vec<String>,
    /// Runs only the checks of each defect's own rule: tells whether it is caught, not what else fails
    #[arg(long)]
    pub(crate) quick: bool,
    /// The matrix as a table or as JSON, on stdout
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Draws people; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Lets invented stories look for each defect in their reach too, as `explore` makes them; takes longer
    #[arg(long)]
    pub(crate) explore: bool,
    /// Writes the matrix into a folder too: kill-matrix.md and kill-matrix.json
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Fails where the checks that catch the defects are not those of a matrix that was kept (its kill-matrix.json)
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// With how many seeds, from --seed on, the right server is tried: it must never raise an alarm
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) clean_seeds: u32,
    /// How many stories run side by side
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) jobs: u16,
    /// Whose clock is moved: that of each account; or, as if the target had one clock for all accounts, that of the whole embedded
    /// server, standing still between two moves or running
    #[arg(long, value_enum, default_value_t = ClockName::Account)]
    pub(crate) clock: ClockName,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// How the table is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(subcommand)]
    pub(crate) command: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Prints the verdict table of a record
    Show {
        /// The run.json, or the folder it lies in
        record: PathBuf,
    },
    /// Sets two records side by side (not built yet)
    Compare {
        /// The records
        records: Vec<PathBuf>,
    },
    /// Adds records up (not built yet)
    Merge {
        /// The records
        records: Vec<PathBuf>,
    },
}

/// A mail host as it is written on the command line: without a port no mail could ever go there.
fn host_and_port(text: &str) -> Result<String, String> {
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(1..) => Ok(text.to_owned()),
        _ => Err("write a host and its port, like 127.0.0.1:2525".to_owned()),
    }
}

fn level(name: &str) -> Result<Level, String> {
    Level::named(name.trim()).ok_or_else(|| "there are `must`, `derived` and `baseline`".to_owned())
}
