//! `sekisho check`.

use std::path::Path;
use std::sync::Arc;

use sekisho_reports::record::{CheckVerdict, ExitCode};
use sekisho_scenarios::check::{self, Keep, Told};
use sekisho_scenarios::{Expectations, Selection};
use sekisho_server::Conforming;
use sekisho_simulator::world::World;

use crate::cli::{Check, EvidenceKept};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::outcome::{Found, Showing, Underway};
use crate::progress;
use crate::selftest::defective;
use crate::venue::{Setting, Venue, seed_or_fresh};

pub(crate) async fn check(options: &Check, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let expectations = options.expect.as_deref().map_or_else(|| Ok(Expectations::default()), expectations)?;
    let selection = Selection::new(&options.only, &options.level)?;
    if options.list {
        list(&selection);
        return Ok(ExitCode::Success);
    }
    let seed = seed_or_fresh(options.seed);
    let venue = match (&options.target, &options.defect) {
        (Some(profile), _) => Venue::of(Some(profile), seed, interrupt.token.clone()).await?,
        (None, defect) => {
            let decisions = defect.as_deref().map_or_else(|| Ok(Arc::new(Conforming) as Arc<_>), defective)?;
            let setting = Setting { clocks: options.clock.into(), ..Setting::of(seed) };
            Venue::embedded(decisions, setting, interrupt.token.clone()).await?.with_defect(defect.as_deref())
        }
    };
    let underway = Underway::begin(seed, &options.level, &options.report.report_dir)?;
    progress::line(&format!("checking {}, seed {seed}", venue.world.target.name));
    let told = tell_all(&venue.world, &selection, usize::from(options.jobs), options.report.evidence).await;
    let showing =
        Showing { report_dir: &options.report.report_dir, evidence: options.report.evidence, format: options.format };
    let code = underway.end(&venue, Found { told, expectations, ..Found::default() }, interrupt, &showing);
    venue.close().await;
    code
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
