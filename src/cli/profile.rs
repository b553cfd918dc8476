//! `sekisho profile`: what its commands understand.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

const CHECK_EXIT_CODES: &str = "Exit codes: 0 the profile is valid and every step was recognised and as expected, 1 internal error, \
2 the profile cannot be used or its mail port is taken, 12 a step was not recognised, no mail came, or the target cannot be reached, \
130 interrupted.";

const NEW_EXIT_CODES: &str = "Exit codes: 0 a draft was written, 1 internal error, 2 the address is none, or a file exists already or cannot be read or written, \
12 the address cannot be reached.";

#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(subcommand)]
    pub(crate) command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Says everything that is wrong with a profile, then walks one account through every step and says what was recognised
    #[command(after_help = CHECK_EXIT_CODES)]
    Check(ProfileCheck),
    /// Fetches a sign-in page and writes a commented draft of a profile from the forms on it
    #[command(after_help = NEW_EXIT_CODES)]
    New(ProfileNew),
}

#[derive(Debug, Args)]
pub(crate) struct ProfileCheck {
    /// The profile
    pub(crate) file: PathBuf,
    /// Only reads the profile: nothing is sent
    #[arg(long)]
    pub(crate) offline: bool,
    /// The portal to walk in: seeker, employer or provider; by default the first of the profile
    #[arg(long, value_name = "NAME")]
    pub(crate) portal: Option<String>,
    /// Asks for the skip; by default where the profile says how
    #[arg(long, overrides_with = "no_tick")]
    pub(crate) tick: bool,
    /// Does not ask for the skip
    #[arg(long, overrides_with = "tick")]
    pub(crate) no_tick: bool,
    /// Moves the target's clock at the end until a code has to run out, and tries it; the clock is left there
    #[arg(long)]
    pub(crate) clock: bool,
    /// Leaves out the first accounts of those that exist already
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) account_offset: u32,
    /// Draws people; the same seed draws the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t = WalkFormat::Text)]
    pub(crate) format: WalkFormat,
}

/// How a walk is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WalkFormat {
    /// For people
    Text,
    /// For machines
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileNew {
    /// The address of the sign-in page; redirects are followed. Without it the command asks for it
    pub(crate) url: Option<String>,
    /// A file of certificates in PEM to trust beside the public ones, for a target with an authority of its own
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Where the draft is written; without it on stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrites the file
    #[arg(long)]
    pub(crate) force: bool,
}
