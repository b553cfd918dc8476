//! The users of a load run: who they are, and how goose lets them live.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario as GooseScenario, Transaction};
use goose::{GooseAttack, GooseError};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sekisho_reports::record::LoadRecord;
use sekisho_rules::Portal;
use sekisho_simulator::Trouble;
use sekisho_simulator::account::{Account, Need};
use sekisho_simulator::browser::Network;
use sekisho_simulator::target::Target;
use sekisho_simulator::world::World;
use tokio_util::sync::CancellationToken;

use super::health::Watch;
use super::means::lacking;
use super::meter::{Meter, Progress};
use super::mix::{Mix, particulars};
use crate::check::needs_of;
use crate::scenario::Scenario;
use crate::stage::Stage;

/// What a load run shall do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stories and their weights.
    pub mix: Mix,
    /// How many users; each lives one story.
    pub users: usize,
    /// How many of them begin per second.
    pub starts_per_s: u32,
    /// Draws who lives which story.
    pub seed: u64,
}

/// Why a load run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There are not enough accounts.
    #[error("no accounts for the load: {0}")]
    Accounts(#[from] Trouble),
    /// The target's one clock could not be moved past go-live.
    #[error("no load before the target's clock is past go-live: {0}")]
    Clock(Trouble),
    /// The target is not on this machine, and the profile does not say who allowed it.
    #[error(
        "the target `{host}` is not on this machine\n\nhint: `authorized_by` in the profile must say who allowed that it is put under load"
    )]
    NotAuthorized {
        /// The target's host.
        host: String,
    },
    /// The mix has only stories that cannot be told at the target.
    #[error("no story of this mix can be told at the target, so nobody was sent there: {}\n\nhint: `sekisho profile check` says what a profile lacks", .reasons.join("; "))]
    NoStory {
        /// Why each cannot.
        reasons: Vec<String>,
    },
    /// The load engine gave up: a fault of ours.
    #[error("the load engine gave up: {0}")]
    Engine(#[from] Box<GooseError>),
}

/// One user's part: a story, a portal and an account.
struct Part {
    scenario: &'static Scenario,
    portal: Portal,
    account: Account,
}

/// What all users share while they live.
struct Play {
    world: Arc<World>,
    meter: Arc<Meter>,
    parts: Mutex<VecDeque<Part>>,
    /// Falls when every story is over.
    curtain: CancellationToken,
}

/// Runs the plan; `progress` is shown how far it has come, several times a second. What was measured until an interruption is returned
/// like any other result.
///
/// # Errors
/// When there are no accounts, the target must not be loaded, or the engine gives up.
pub async fn run(world: &Arc<World>, plan: &Plan, mut progress: impl FnMut(Progress)) -> Result<LoadRecord, LoadError> {
    may_be_loaded(&world.target, &world.network)?;
    world.begin_regularly().await.map_err(LoadError::Clock)?;
    let _guarded = world.network.put_under_load();
    let parts = cast(world, plan).await?;
    let meter = Arc::new(Meter::new(world.target.numbers.code_validity.0));
    let play = Arc::new(Play {
        world: world.clone(),
        meter: meter.clone(),
        parts: Mutex::new(parts),
        curtain: CancellationToken::new(),
    });
    let watch = Watch::start();
    let attack = attack(plan, &play)?.execute();
    let mut attack = std::pin::pin!(attack);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            ended = &mut attack => {
                ended.map_err(Box::new)?;
                break;
            }
            _ = tick.tick() => {
                progress(meter.progress());
                // The switch is global and cleared when a run starts, so it is thrown again until the run has ended.
                if meter.progress().over >= plan.users as u64 || world.cancel.is_cancelled() {
                    goose::trigger_killswitch("every story is over");
                    play.curtain.cancel();
                }
            }
        }
    }
    progress(meter.progress());
    let health = watch.stop();
    Ok(record(plan, &meter, health))
}

fn record(plan: &Plan, meter: &Meter, health: sekisho_reports::record::Health) -> LoadRecord {
    let sign_ins = meter.progress().sign_ins;
    let seconds = meter.until_last_sign_in().as_secs_f64();
    LoadRecord {
        mix: plan.mix.name.clone(),
        users: plan.users as u64,
        offered_per_s: f64::from(plan.starts_per_s),
        completed_per_s: if seconds > 0.0 { sign_ins as f64 / seconds } else { 0.0 },
        sign_ins,
        duration_s: seconds,
        steps: meter.steps(),
        intervals: meter.intervals(),
        mail: meter.mail(),
        violations: meter.violations(),
        broken_off: meter
            .troubles()
            .into_iter()
            .map(|(cause, count)| sekisho_reports::record::BrokenOffRow { cause, count })
            .collect(),
        thresholds: Vec::new(),
        health,
    }
}

/// Only this machine is loaded unless the profile says, in so many words, who allowed it. While the run goes on, every hop is asked
/// the same: a redirect must not put a stranger under load.
fn may_be_loaded(target: &Target, network: &Network) -> Result<(), LoadError> {
    let bases = target.portals.iter().map(|portal| target.base_of(*portal));
    match bases.into_iter().find(|base| !network.may_load(base)) {
        None => Ok(()),
        Some(base) => Err(LoadError::NotAuthorized { host: base.host_str().unwrap_or_default().to_owned() }),
    }
}

/// Gives every user a story, a portal and an account. The seed alone decides who gets what, so a run can be repeated; goose would
/// draw for itself.
async fn cast(world: &Arc<World>, plan: &Plan) -> Result<VecDeque<Part>, LoadError> {
    let roles = roles(&world.target, plan)?;
    let people: Vec<_> = roles.iter().map(|(scenario, portal)| (*portal, scenario.portals.need_pairs())).collect();
    let accounts = world.crowd(&people).await?;
    Ok(roles
        .into_iter()
        .zip(accounts)
        .map(|((scenario, portal), account)| Part { scenario, portal, account })
        .collect())
}

/// How many accounts the users of a plan need at least.
///
/// # Errors
/// When no portal can tell the stories of the mix, or the target must not be loaded: that is said before accounts are counted.
pub fn needs(target: &Target, network: &Network, plan: &Plan) -> Result<Vec<Need>, LoadError> {
    may_be_loaded(target, network)?;
    let people: Vec<_> =
        roles(target, plan)?.iter().map(|(scenario, portal)| (*portal, scenario.portals.need_pairs())).collect();
    Ok(needs_of(target, &people))
}

/// Which stories of the mix nobody lives, because the target or its profile lacks what they need, and why.
pub fn left_out(target: &Target, mix: &Mix) -> Vec<String> {
    mix.stories.iter().filter_map(|(scenario, _)| told_in(target, scenario).err()).collect()
}

/// The portals in which a story can be told; where there is none, why.
fn told_in(target: &Target, scenario: &Scenario) -> Result<Vec<Portal>, String> {
    let mut why = None;
    let mut portals = target.portals.clone();
    portals.retain(|portal| match lacking(target, scenario, *portal) {
        None => true,
        Some(reason) => {
            why.get_or_insert(reason);
            false
        }
    });
    match why {
        Some(reason) if portals.is_empty() => Err(format!("`{}`: {reason}", particulars(scenario).0)),
        _ => Ok(portals),
    }
}

/// Every user's story and portal.
fn roles(target: &Target, plan: &Plan) -> Result<Vec<(&'static Scenario, Portal)>, LoadError> {
    let told = plan.mix.stories.iter().filter_map(|(scenario, weight)| {
        let portals = told_in(target, scenario).ok().filter(|portals| !portals.is_empty())?;
        Some((*scenario, *weight, portals))
    });
    let stories: Vec<_> = told.collect();
    let total: u64 = stories.iter().map(|(_, weight, _)| u64::from(*weight)).sum();
    if total == 0 {
        return Err(LoadError::NoStory { reasons: left_out(target, &plan.mix) });
    }
    let mut scenarios: Vec<usize> = Vec::with_capacity(plan.users);
    let mut weight_so_far = 0;
    for (place, (_, weight, _)) in stories.iter().enumerate() {
        weight_so_far += u64::from(*weight);
        let until = (plan.users as u64 * weight_so_far).div_ceil(total) as usize;
        scenarios.resize(until.min(plan.users), place);
    }
    scenarios.shuffle(&mut ChaCha8Rng::seed_from_u64(plan.seed));
    let role = |(place, story): (usize, usize)| {
        let (scenario, _, portals) = &stories[story];
        (*scenario, portals[place % portals.len()])
    };
    Ok(scenarios.into_iter().enumerate().map(role).collect())
}

/// How long users who have lived their story stay between two looks at the switch.
const LEAVING_PERIOD: Duration = Duration::from_millis(20);

/// Users live on until the switch is thrown: in goose's mode of counted iterations it prints to stdout, where records belong.
fn attack(plan: &Plan, play: &Arc<Play>) -> Result<GooseAttack, LoadError> {
    let play = play.clone();
    let life = Transaction::new(Arc::new(move |_| {
        let play = play.clone();
        Box::pin(async move {
            play.live().await;
            play.curtain.cancelled().await;
            // goose calls again until it has seen the switch: a call that returned at once would starve whoever throws it.
            tokio::time::sleep(LEAVING_PERIOD).await;
            Ok(())
        })
    }));
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some("http://sekisho.invalid/".to_owned());
    configuration.users = Some(plan.users);
    configuration.increase_rate = Some(plan.starts_per_s.to_string());
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    let attack = GooseAttack::initialize_with_config(configuration)
        // One client for all, never used: a client of its own would cost every user 115 kB.
        .and_then(|attack| attack.set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies()))
        .map_err(Box::new)?;
    Ok(attack.register_scenario(GooseScenario::new("story").register_transaction(life)))
}

impl Play {
    /// The life of one user: one story. Whatever happens in it, goose sees it end well; a panic would hang the run.
    async fn live(&self) {
        let part = self.parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(part) = part else { return };
        if self.world.cancel.is_cancelled() {
            return;
        }
        self.meter.begin();
        let stage = Arc::new(
            Stage::for_load(self.world.clone(), part.portal, self.meter.clone(), vec![part.account])
                .with_pairs(part.scenario.portals.need_pairs()),
        );
        let outcome = AssertUnwindSafe((part.scenario.tell)(stage.clone())).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(Trouble::ControlArm("the story itself panicked".to_owned())));
        self.meter.end(&stage, outcome);
    }
}
