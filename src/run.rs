//! `sekisho run`: the main job.

use std::sync::Arc;
use std::time::Instant;

use sekisho_reports::record::ExitCode;
use sekisho_scenarios::Selection;
use sekisho_scenarios::load::{Mix, Plan};
use sekisho_server::decisions::Conforming;

use crate::check::tell_all;
use crate::cli::{Format, Run};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::load::load_it;
use crate::outcome::{Found, Showing, Underway};
use crate::progress;
use crate::venue::{Setting, Venue, seed_or_fresh};

/// How many stories are checked side by side.
const JOBS: usize = 32;

/// In how many seconds all users begin.
const RAMP_S: u32 = 2;

pub(crate) async fn run(options: &Run, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let seed = seed_or_fresh(options.seed);
    let venue = Venue::embedded(Arc::new(Conforming), Setting::of(seed), interrupt.token.clone()).await?;
    let underway = Underway::begin(seed, &options.level, &options.report.report_dir)?;
    progress::line(&format!("checking the reference server, seed {seed}"));
    let begun = Instant::now();
    // Every level is looked at; `--level` says which of them decide.
    let selection = Selection::new(&[], &sekisho_rules::Level::ALL)?;
    let told = tell_all(&venue.world, &selection, JOBS, options.report.evidence).await;
    progress::line(&format!("checked in {:.1} s; now {} users", begun.elapsed().as_secs_f64(), options.users));
    let mut found = Found { told, ..Found::default() };
    if !interrupt.heard() {
        let plan = Plan {
            mix: Mix::named("mixed")?,
            users: options.users as usize,
            starts_per_s: options.users.div_ceil(RAMP_S),
            seed,
        };
        found.load = Some(load_it(&venue.world, &plan).await?);
    }
    let showing =
        Showing { report_dir: &options.report.report_dir, evidence: options.report.evidence, format: Format::Table };
    let code = underway.end(&venue, found, interrupt, &showing);
    venue.close().await;
    code
}
