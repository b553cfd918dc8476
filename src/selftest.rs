//! `sekisho selftest`: wires the faulty servers in, for the scenarios know no server.

use std::sync::Arc;

use async_trait::async_trait;
use sekisho_reports::record::ExitCode;
use sekisho_scenarios::Selection;
use sekisho_scenarios::selftest::{self, Defect, Outcome, RunningTarget, Scope, Targets};
use sekisho_server::decisions::{Conforming, Decisions};
use sekisho_simulator::world::World;
use tokio_util::sync::CancellationToken;

use crate::cli::{Format, Selftest};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::venue::{House, Venue, seed_or_fresh};
use crate::{progress, table};

pub(crate) async fn selftest(options: &Selftest, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let seed = seed_or_fresh(options.seed);
    let servers = Servers { chosen: chosen(&options.only)?, seed, cancel: interrupt.token.clone() };
    let selection = Selection::new(&[], &sekisho_rules::Level::ALL)?;
    let bar = progress::bar("selftest", servers.chosen.len());
    let scope = if options.quick { Scope::OwnRule } else { Scope::Everything };
    let outcome = selftest::run(&servers, &selection, scope, usize::from(options.jobs), |defect| {
        bar.inc(1);
        if !defect.caught {
            progress::line(&format!("not caught: {}", defect.id));
        }
    })
    .await
    .map_err(CliError::Internal)?;
    bar.finish_and_clear();
    if interrupt.heard() {
        return Ok(ExitCode::Interrupted);
    }
    match options.format {
        Format::Json => anstream::println!(
            "{}",
            serde_json::to_string_pretty(&outcome).map_err(|error| CliError::Internal(error.to_string()))?
        ),
        Format::Table | Format::Markdown => print(&outcome, options.format),
    }
    Ok(if outcome.is_sound() { ExitCode::Success } else { ExitCode::Nonconforming })
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
    seed: u64,
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
        };
        self.chosen.iter().map(defect).collect()
    }

    async fn start(&self, defect: Option<&str>) -> Result<Box<dyn RunningTarget>, String> {
        let decisions: Arc<dyn Decisions> = match defect {
            None => Arc::new(Conforming),
            Some(id) => defective(id).map_err(|error| error.to_string())?,
        };
        let house = defect.map(house).unwrap_or_default();
        let venue = Venue::embedded_in(house, decisions, self.seed, self.cancel.clone()).await;
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

fn print(outcome: &Outcome, format: Format) {
    let mut table = table::table(format, 120);
    let separator = table::separator(format);
    table.set_header(["rule", "defect", "caught by its own rule", "failed too"]);
    for defect in &outcome.defects {
        let caught = match (&defect.error, defect.caught) {
            (Some(error), _) => format!("not tried: {error}"),
            (None, true) => defect.caught_by.join(separator),
            (None, false) => "NOT CAUGHT".to_owned(),
        };
        table.add_row([defect.rule.clone(), defect.id.clone(), caught, defect.also_failed.join(separator)]);
    }
    anstream::println!("{table}");
    for alarm in &outcome.clean.false_alarms {
        anstream::println!("false alarm on the right server: {alarm}");
    }
    for check in outcome.checks.iter().filter(|check| check.kills == 0) {
        anstream::println!("catches no defect: {}", check.id);
    }
    let caught = outcome.defects.iter().filter(|defect| defect.caught).count();
    anstream::println!(
        "{caught} of {} defects caught by their own rule; {} false alarms on the right server; {:.1} s",
        outcome.defects.len(),
        outcome.clean.false_alarms.len(),
        outcome.wall_ms as f64 / 1000.0,
    );
}
