//! `sekisho load`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_reports::record::{ExitCode, LoadRecord};
use sekisho_scenarios::load::{self, Mix, Plan};
use sekisho_simulator::browser::Network;
use sekisho_simulator::target::Target;
use sekisho_simulator::world::World;

use crate::cli::{EvidenceKept, Load};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::outcome::{Found, Showing, Underway};
use crate::progress;
use crate::venue::{Demand, Venue, seed_or_fresh};

pub(crate) async fn load(options: &Load, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let not_built = [
        (options.rate.is_some(), "`--rate`"),
        (options.duration.is_some(), "`--duration`"),
        (options.start_at.is_some(), "`--start-at`"),
        (!options.threshold.is_empty(), "`--threshold`"),
        (options.baseline.is_some(), "`--baseline`"),
    ];
    if let Some((_, option)) = not_built.iter().find(|(given, _)| *given) {
        return Err(CliError::NotBuilt(option));
    }
    let seed = seed_or_fresh(options.seed);
    let plan = Plan {
        mix: Mix::named(&options.mix)?,
        users: options.users as usize,
        starts_per_s: options.users.div_ceil(options.ramp),
        seed,
    };
    let levels = [sekisho_rules::Level::Must, sekisho_rules::Level::Derived];
    let needs = |target: &Target, network: &Network| Ok(load::needs(target, network, &plan)?);
    let demand = Demand { account_offset: options.account_offset, needs: &needs };
    let venue = Venue::of(options.target.as_deref(), demand, seed, interrupt.token.clone()).await?;
    let underway = Underway::begin(seed, &levels, &options.report_dir)?;
    progress::line(&format!(
        "loading {} with {} users of `{}`, seed {seed}",
        venue.world.target.name, plan.users, plan.mix.name
    ));
    let left_out = load::left_out(&venue.world.target, &plan.mix);
    let left_out = left_out.iter().map(|story| format!("Left out of the mix, nobody lived it: {story}."));
    let cooldown = venue.world.target.numbers.mail_cooldown.map(|span| {
        format!(
            "Whoever asks for a second code waits `numbers.mail_cooldown` out before, {} s of real time; it is no part of any latency.",
            span.0.as_secs()
        )
    });
    let notes: Vec<String> = left_out.chain(cooldown).collect();
    notes.iter().for_each(|note| progress::line(note));
    let found = Found { load: Some(load_it(&venue.world, &plan).await?), notes, ..Found::default() };
    let showing = Showing { report_dir: &options.report_dir, evidence: EvidenceKept::Failed, format: options.format };
    let code = underway.end(&venue, found, interrupt, &showing);
    venue.close().await;
    code
}

/// How often a log without a terminal hears how far the load has come.
const TELLING_PERIOD: Duration = Duration::from_secs(2);

/// Runs the load with a bar of progress.
pub(crate) async fn load_it(world: &Arc<World>, plan: &Plan) -> Result<LoadRecord, CliError> {
    let bar = progress::bar("loading", plan.users);
    let mut told = Instant::now();
    let record = load::run(world, plan, |so_far| {
        if told.elapsed() >= TELLING_PERIOD && so_far.sign_ins > 0 {
            told = Instant::now();
            progress::line(&format!("{} of {} users done, {} sign-ins", so_far.over, plan.users, so_far.sign_ins));
        }
        bar.set_position(so_far.over);
        bar.set_message(format!("users done, {} sign-ins", so_far.sign_ins));
    })
    .await;
    bar.finish_and_clear();
    Ok(record?)
}
