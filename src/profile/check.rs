//! `sekisho profile check`: everything that is wrong without sending anything, then the walk.

use sekisho_reports::record::ExitCode;
use sekisho_rules::Portal;
use sekisho_scenarios::checks_that_need;
use sekisho_simulator::Trouble;
use sekisho_simulator::account::Need;
use sekisho_simulator::target::{Advice, Examined, Loading, ProfileError, Screen, Step, Target};
use sekisho_simulator::walk::{Walk, Wish, walk};
use serde::Serialize;

use super::show;
use crate::cli::{ProfileCheck, WalkFormat};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::progress;
use crate::venue::{Venue, seed_or_fresh};

/// What the command found; its form is what `--format json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) profile: String,
    pub(super) problems: Vec<Problem>,
    pub(super) advice: Vec<Advice>,
    pub(super) lacking: Vec<Lacking>,
    pub(super) walk: Option<Walk>,
    /// Why there was no walk, or none to the end.
    pub(super) broken_off: Option<String>,
}

/// Something that is wrong with the profile.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) key: Option<String>,
    pub(super) message: String,
}

/// A step that the profile does not have, and the checks that cannot be judged for that.
#[derive(Debug, Serialize)]
pub(super) struct Lacking {
    pub(super) step: &'static str,
    pub(super) checks: Vec<&'static str>,
}

pub(crate) async fn check(options: &ProfileCheck, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let portal = options.portal.as_deref().map(portal).transpose()?;
    let loading = Loading { account_offset: options.account_offset, ..Loading::default() };
    let Examined { target, problems, advice } = Target::examine(&options.file, &loading)?;
    let mut report = Report {
        profile: options.file.display().to_string(),
        problems: problems.iter().map(Problem::of).collect(),
        advice,
        lacking: target.as_ref().map(lacking).unwrap_or_default(),
        walk: None,
        broken_off: None,
    };
    let Some(target) = target else {
        print(&report, options.format)?;
        return Ok(ExitCode::Usage);
    };
    if let Some(portal) = portal.filter(|portal| !target.portals.contains(portal)) {
        return Err(CliError::Usage(format!(
            "the profile has no portal `{portal}`\n\nhint: add it to `portals`, or choose another by `--portal`"
        )));
    }
    let walked_in = portal.or(target.portals.first().copied());
    let needs: Vec<Need> = walked_in.map(|portal| Need { portal, accounts: 1, pairs: 0 }).into_iter().collect();
    target.has_accounts_for(&needs)?;
    if options.offline {
        print(&report, options.format)?;
        return Ok(ExitCode::Success);
    }
    let venue = Venue::of_target(target, &options.file, seed_or_fresh(options.seed), interrupt.token.clone()).await?;
    progress::line(&format!("walking through {}", venue.world.target.name));
    let tick = if options.tick { Some(true) } else { options.no_tick.then_some(false) };
    let walked = walk(&venue.world, Wish { portal, tick, clock: options.clock }).await;
    venue.close().await;
    let code = match walked {
        Ok(walk) => {
            let code = if walk.is_as_expected() { ExitCode::Success } else { ExitCode::Inconclusive };
            report.walk = Some(walk);
            code
        }
        Err(Trouble::Interrupted) => {
            report.broken_off = Some("the run was interrupted".to_owned());
            ExitCode::Interrupted
        }
        Err(trouble) => {
            report.broken_off = Some(trouble.to_string());
            ExitCode::Inconclusive
        }
    };
    print(&report, options.format)?;
    Ok(code)
}

impl Problem {
    fn of(error: &ProfileError) -> Problem {
        let (line, column) = error.place().unzip();
        Problem { line, column, key: error.key().map(str::to_owned), message: error.message() }
    }
}

fn portal(name: &str) -> Result<Portal, CliError> {
    Portal::named(name)
        .ok_or_else(|| CliError::Usage(format!("`{name}` is no portal; there are `seeker`, `employer` and `provider`")))
}

/// What is not offered needs no step, and where the skip comes with the code it needs no confirmation.
fn lacking(target: &Target) -> Vec<Lacking> {
    let offered = |check: &&&str| {
        let ids = sekisho_rules::check(check).map(|(rule, clause)| [rule.id, clause.id]);
        let mut ids = ids.iter().flatten().copied().chain([**check]);
        !ids.any(|id| target.not_applicable.contains_key(&id.to_ascii_lowercase()))
    };
    let asks = |step| target.portals.iter().any(|portal| target.asks_for_skip(*portal, step));
    let with_code = asks(Step::SubmitCode) || asks(Step::SubmitPassword);
    let confirms = target.portals.iter().any(|portal| target.knows_screen(*portal, Screen::SkipConfirmation));
    let spared = |step| with_code && !confirms && matches!(step, Step::ConfirmSkip | Step::CancelSkip);
    let needs_page = |step| target.portals.iter().any(|portal| target.needs_page(*portal, step));
    let by_script = |open: &Step| {
        let forms = [
            (Step::OpenAddressChange, Step::SubmitAddress),
            (Step::OpenPasswordChange, Step::SubmitPasswordChange),
            (Step::OpenAdditionalAccounts, Step::SubmitAdditionalAccount),
        ];
        forms.iter().any(|(opened, submit)| opened == open && target.knows(*submit) && !needs_page(*submit))
    };
    let missing = Step::ALL.iter().filter(|step| !target.knows(**step) && !spared(**step) && !by_script(step));
    missing
        .map(|step| Lacking {
            step: step.name(),
            checks: checks_that_need(*step).iter().filter(offered).copied().collect(),
        })
        .filter(|lacking| !lacking.checks.is_empty())
        .collect()
}

fn print(report: &Report, format: WalkFormat) -> Result<(), CliError> {
    match format {
        WalkFormat::Text => anstream::print!("{}", show::report(report)),
        WalkFormat::Json => {
            let text = serde_json::to_string_pretty(report).map_err(|error| CliError::Internal(error.to_string()))?;
            anstream::println!("{text}");
        }
    }
    Ok(())
}
