//! `sekisho check`.

use std::path::Path;
use std::sync::Arc;

use sekisho_reports::record::{CheckVerdict, ExitCode};
use sekisho_scenarios::check::{self, Keep, Told};
use sekisho_scenarios::{Expectations, Selection};
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_simulator::browser::Network;
use sekisho_simulator::target::Target;
use sekisho_simulator::world::World;

use crate::cli::{Check, EvidenceKept};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::outcome::{Found, Showing, Underway};
use crate::progress;
use crate::selftest::{defective, house};
use crate::venue::{Demand, House, Setting, Venue, seed_or_fresh};

pub(crate) async fn check(options: &Check, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let expectations = options.expect.as_deref().map_or_else(|| Ok(Expectations::default()), expectations)?;
    let selection = match options.statistical {
        true => Selection::statistical(&options.only, &options.level)?,
        false => Selection::new(&options.only, &options.level)?,
    };
    if options.list {
        list(&selection);
        return Ok(ExitCode::Success);
    }
    let seed = seed_or_fresh(options.seed);
    let venue = match &options.target {
        Some(profile) => {
            let needs = |target: &Target, _: &Network| Ok(check::needs(target, &selection));
            let demand = Demand { account_offset: options.account_offset, needs: &needs };
            Venue::of(Some(profile), demand, seed, interrupt.token.clone()).await?
        }
        None => embedded(options, options.defect.as_deref().map(house).unwrap_or_default(), seed, interrupt).await?,
    };
    let underway = Underway::begin(seed, &options.level, &options.report.report_dir)?;
    progress::line(&format!("checking {}, seed {seed}", venue.world.target.name));
    let jobs = if options.statistical { 1 } else { usize::from(options.jobs) };
    let (timed, others) = selection.split(TIMED);
    let mut told = tell_all(&venue.world, &others, jobs, options.report.evidence).await;
    if !timed.is_empty() {
        told.extend(time_it(options, &venue, &timed, seed, interrupt).await?);
    }
    let showing =
        Showing { report_dir: &options.report.report_dir, evidence: options.report.evidence, format: options.format };
    let code = underway.end(&venue, Found { told, expectations, ..Found::default() }, interrupt, &showing);
    venue.close().await;
    code
}

/// The embedded server, with the defect and the clock asked for.
async fn embedded(options: &Check, house: House, seed: u64, interrupt: &Interrupt) -> Result<Venue, CliError> {
    let defect = options.defect.as_deref();
    let decisions = defect.map_or_else(|| Ok(Arc::new(Conforming) as Arc<dyn Decisions>), defective)?;
    let setting = Setting { clocks: options.clock.into(), house, ..Setting::of(seed) };
    Ok(Venue::embedded(decisions, setting, interrupt.token.clone()).await?.with_defect(defect))
}

/// The scenario that looks at how long passwords take.
const TIMED: &str = "base-account-time";

/// Tells the story that times answers: of the embedded server in a house of its own, where passwords cost what they cost in earnest.
async fn time_it(
    options: &Check,
    venue: &Venue,
    timed: &Selection,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Vec<Told>, CliError> {
    if options.target.is_some() {
        return Ok(tell_all(&venue.world, timed, 1, options.report.evidence).await);
    }
    let apart = embedded(options, House { full_passwords: true, ..House::default() }, seed, interrupt).await?;
    let told = tell_all(&apart.world, timed, 1, options.report.evidence).await;
    apart.close().await;
    Ok(told)
}

/// Reads the waivers of a file.
fn expectations(path: &Path) -> Result<Expectations, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("the waivers in `{shown}` cannot be read: {error}")))?;
    Expectations::parse(&text).map_err(|error| CliError::Usage(format!("`{shown}`: {error}")))
}

/// Tells the selected stories with a bar of progress.
pub(crate) async fn tell_all(
    world: &Arc<World>,
    selection: &Selection,
    jobs: usize,
    evidence: EvidenceKept,
) -> Vec<Told> {
    let keep = if evidence == EvidenceKept::All { Keep::Everything } else { Keep::Unexplained };
    let bar = progress::bar("checking", check::plan(world, selection).len());
    let mut failed = 0;
    let told = check::run(world, selection, jobs, keep, |told| {
        failed += told.rows.iter().filter(|row| row.verdict == CheckVerdict::Fail).count();
        bar.inc(1);
        if failed > 0 {
            bar.set_message(format!("{failed} checks failed"));
        }
    })
    .await;
    bar.finish_and_clear();
    told
}

fn list(selection: &Selection) {
    for scenario in selection.scenarios() {
        anstream::println!("{}  {}", scenario.id, scenario.about);
        for id in scenario.checks.iter().filter(|id| selection.contains(id)) {
            if let Some((_, clause)) = sekisho_rules::check(id) {
                anstream::println!("    {id}  ({}, {})", clause.id, clause.level);
            }
        }
    }
}
