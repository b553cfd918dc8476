//! `sekisho selftest`: wires the faulty servers in, for the scenarios know no server.

mod matrix;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sekisho_reports::record::ExitCode;
use sekisho_scenarios::Selection;
use sekisho_scenarios::selftest::{self, Defect, Plan, RunningTarget, Scope, Targets, Train};
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_simulator::world::World;
use tokio_util::sync::CancellationToken;

use crate::cli::{Format, Selftest};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::progress;
use crate::venue::{Clocks, House, Setting, Venue, seed_or_fresh};

/// How many invented stories a defect in their reach has to hide through.
const CASES: u32 = 2_000;

/// How long a mail of a faulty server is waited for: some never send it, and those that do need milliseconds.
const MAIL_PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn selftest(options: &Selftest, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let chosen = chosen(&options.only)?;
    let plan = Plan {
        selection: Selection::new(&options.checks, &sekisho_rules::Level::ALL)?,
        scope: if options.quick { Scope::OwnRule } else { Scope::Everything },
        seed: seed_or_fresh(options.seed),
        clean_seeds: u64::from(options.clean_seeds),
        jobs: usize::from(options.jobs),
        cases: options.explore.then_some(CASES),
        complete: options.checks.is_empty() && chosen.len() == sekisho_defects::defects().len(),
    };
    // Before minutes pass: what is kept must be readable, and what is found must have a place.
    let kept = options.against.as_deref().map(matrix::kept).transpose()?;
    if let Some(folder) = &options.save {
        let unprepared = |error| CliError::Usage(format!("`{}` cannot be made: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(unprepared)?;
    }
    let bar = progress::bar("selftest", chosen.len());
    let servers = Servers { chosen, clocks: options.clock.into(), cancel: interrupt.token.clone() };
    let outcome = selftest::run(&servers, &plan, |defect| {
        bar.inc(1);
        if !defect.caught {
            progress::line(&format!("not caught: {}", defect.id));
        }
    })
    .await
    .map_err(CliError::Internal)?;
    bar.finish_and_clear();
    let differences = kept.map(|kept| matrix::differences(&kept, &outcome)).unwrap_or_default();
    if let Some(folder) = options.save.as_ref().filter(|_| !interrupt.heard()) {
        matrix::save(&outcome, folder)?;
    }
    match options.format {
        Format::Json => anstream::println!(
            "{}",
            serde_json::to_string_pretty(&outcome).map_err(|error| CliError::Internal(error.to_string()))?
        ),
        Format::Table | Format::Markdown => matrix::print(&outcome, options.format),
    }
    if interrupt.heard() {
        progress::line(&format!("interrupted: {} defects were tried", outcome.defects.len()));
        return Ok(ExitCode::Interrupted);
    }
    for difference in &differences {
        progress::line(&format!("not as kept: {difference}"));
    }
    Ok(if outcome.is_sound() && differences.is_empty() { ExitCode::Success } else { ExitCode::Nonconforming })
}

/// The decisions of a faulty server.
pub(crate) fn defective(id: &str) -> Result<Arc<dyn Decisions>, CliError> {
    let found = sekisho_defects::defects().iter().find(|defect| defect.id == id);
    found.map(|defect| defect.decisions()).ok_or_else(|| {
        let scored = sekisho_defects::defects().iter().map(|defect| (strsim::jaro_winkler(id, defect.id), defect.id));
        let nearest = scored.max_by(|one, other| one.0.total_cmp(&other.0)).map_or("", |(_, id)| id);
        CliError::Usage(format!(
            "there is no defect `{id}`\n\nhint: did you mean `{nearest}`? `sekisho rules` lists them"
        ))
    })
}

/// The house in which a defect shows: cookies for https only need https, and the time that a password takes its full cost.
pub(crate) fn house(id: &str) -> House {
    let clause = sekisho_defects::defect(id).map_or("", |defect| defect.clause);
    House { tls: matches!(clause, "BASE-COOKIE-4" | "BASE-COOKIE-5"), full_passwords: clause == "BASE-ACCOUNT-3" }
}

fn chosen(only: &[String]) -> Result<Vec<&'static sekisho_defects::Defect>, CliError> {
    let mut chosen = Vec::new();
    for pattern in only {
        let glob = globset::Glob::new(pattern).map_err(|error| CliError::Usage(error.to_string()))?.compile_matcher();
        let before = chosen.len();
        chosen.extend(sekisho_defects::defects().iter().filter(|defect| glob.is_match(defect.id)));
        if chosen.len() == before {
            defective(pattern)?;
        }
    }
    if only.is_empty() {
        chosen.extend(sekisho_defects::defects());
    }
    Ok(chosen)
}

struct Servers {
    chosen: Vec<&'static sekisho_defects::Defect>,
    clocks: Clocks,
    cancel: CancellationToken,
}

#[async_trait]
impl Targets for Servers {
    fn defects(&self) -> Vec<Defect> {
        let defect = |defect: &&sekisho_defects::Defect| Defect {
            id: defect.id.to_owned(),
            rule: defect.rule.to_owned(),
            clause: defect.clause.to_owned(),
            about: defect.about.to_owned(),
            train: defect
                .train()
                .map(|(rule, reason)| Train { rule: rule.to_owned(), reason: reason.to_owned() })
                .collect(),
            varies: defect.varies(),
            out_of_reach: defect.out_of_reach().map(str::to_owned),
            shows_as: defect.shows_as().to_owned(),
        };
        self.chosen.iter().map(defect).collect()
    }

    fn interrupted(&self) -> bool {
        self.cancel.is_cancelled()
    }

    async fn start(&self, defect: Option<&str>, seed: u64) -> Result<Box<dyn RunningTarget>, String> {
        let decisions: Arc<dyn Decisions> = match defect {
            None => Arc::new(Conforming),
            Some(id) => defective(id).map_err(|error| error.to_string())?,
        };
        let setting = Setting {
            clocks: self.clocks,
            seed,
            mail_patience: defect.map(|_| MAIL_PATIENCE),
            house: defect.map(house).unwrap_or_default(),
        };
        let venue = Venue::embedded(decisions, setting, self.cancel.clone()).await;
        venue.map(|venue| Box::new(Embedded(venue)) as Box<dyn RunningTarget>).map_err(|error| error.to_string())
    }
}

struct Embedded(Venue);

#[async_trait]
impl RunningTarget for Embedded {
    fn world(&self) -> Arc<World> {
        self.0.world.clone()
    }

    async fn stop(self: Box<Self>) {
        self.0.close().await;
    }
}
