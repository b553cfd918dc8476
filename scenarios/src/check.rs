//! Runs each selected scenario once in each portal, side by side, and turns what was judged into rows of the record.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sekisho_reports::record::{CheckRow, CheckVerdict};
use sekisho_rules::Portal;
use sekisho_simulator::Trouble;
use sekisho_simulator::account::Need;
use sekisho_simulator::clock::Seat;
use sekisho_simulator::target::Target;
use sekisho_simulator::world::World;

use crate::evidence::Keeper;
pub use crate::evidence::Kept;
use crate::scenario::{Portals, Scenario};
use crate::select::Selection;
use crate::stage::{Judged, Judgement, Stage};

/// How much of a reason, or of what was observed, a row repeats.
const MAX_TEXT_CHARS: usize = 2_000;

/// What one scenario found in one portal.
#[derive(Debug, Clone)]
pub struct Told {
    /// Id of the scenario.
    pub scenario: &'static str,
    /// The portal it was told in.
    pub portal: Portal,
    /// A row for each selected check it decides.
    pub rows: Vec<CheckRow>,
    /// Checks that failed after time was let pass for the target.
    pub failed_later: Vec<&'static str>,
    /// Checks that rest on time which the story could not show to have passed for the target.
    pub resting_on_time: Vec<&'static str>,
    /// What was kept of the story.
    pub kept: Kept,
}

/// Of which stories the exchanges and mails are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Of those in which a check did not pass.
    Unexplained,
    /// Of all.
    Everything,
}

/// Runs the selection, at most `jobs` stories at once; `told` hears of each story as it ends. The order of the result is that of
/// the rules, whatever ended first.
pub async fn run(
    world: &Arc<World>,
    selection: &Selection,
    jobs: usize,
    keep: Keep,
    told: impl FnMut(&Told),
) -> Vec<Told> {
    run_stories(world, plan(world, selection), selection, jobs, keep, told).await
}

/// The same with the stories picked by hand.
pub(crate) async fn run_stories(
    world: &Arc<World>,
    stories: Vec<(&'static Scenario, Portal)>,
    selection: &Selection,
    jobs: usize,
    keep: Keep,
    mut told: impl FnMut(&Told),
) -> Vec<Told> {
    let seats = world.seats(stories.len(), jobs).await;
    // Whoever waits for a clock that belongs to all keeps nobody from beginning: there the seats count those who are busy.
    let begun_at_once = if seats.is_some() { stories.len() } else { jobs };
    let mut seats = seats.into_iter().flatten();
    let running: Vec<_> = stories
        .into_iter()
        .enumerate()
        .map(|(place, (scenario, portal))| {
            let (world, seat) = (world.clone(), seats.next());
            async move { (place, tokio::spawn(tell(world, scenario, portal, seat)).await, scenario, portal) }
        })
        .collect();
    let mut running = stream::iter(running).buffer_unordered(begun_at_once.max(1));
    let mut ended = Vec::new();
    let mut kept_bytes = 0;
    while let Some((place, outcome, scenario, portal)) = running.next().await {
        let mut outcome = outcome.unwrap_or_else(|error| Told {
            scenario: scenario.id,
            portal,
            rows: scenario.checks.iter().map(|check| lost(check, portal, &error.to_string())).collect(),
            failed_later: Vec::new(),
            resting_on_time: Vec::new(),
            kept: Kept::default(),
        });
        outcome.rows.retain(|row| selection.contains(&row.id));
        if keep == Keep::Unexplained && outcome.rows.iter().all(|row| row.verdict == CheckVerdict::Pass) {
            // Hundreds of stories that passed would hold tens of megabytes.
            outcome.kept.exchanges = Vec::new();
            outcome.kept.mails = Vec::new();
        }
        outcome.kept.fit(&mut kept_bytes);
        told(&outcome);
        ended.push((place, outcome));
    }
    ended.sort_by_key(|(place, _)| *place);
    let mut ended: Vec<Told> = ended.into_iter().map(|(_, outcome)| outcome).collect();
    if !world.time_proof.is_given() {
        let needed = world.time_proof.is_lacking();
        ended.iter_mut().for_each(|told| doubt_what_needs_time(told, needed));
    }
    ended
}

/// Nothing in the whole run showed that the target's time passes: what needed it to is in doubt and, where the means say nothing of
/// themselves (`needed`), what failed after it should have.
fn doubt_what_needs_time(told: &mut Told, needed: bool) {
    for row in &mut told.rows {
        let failed = row.verdict == CheckVerdict::Fail;
        let judged = failed || row.verdict == CheckVerdict::Pass;
        let is_among = |checks: &[&str]| checks.iter().any(|check| *check == row.id);
        if judged && is_among(&told.resting_on_time) || needed && failed && is_among(&told.failed_later) {
            row.verdict = CheckVerdict::Inconclusive;
            row.reason = TIME_STANDS.to_owned();
        }
    }
}

const TIME_STANDS: &str = "nothing in this run showed that the target's time passes, neither its `Date` nor a code or a skip that ran out: does `[clock]` move the \
                           clock it goes by? `sekisho profile check --clock` tries it";

/// The stories to tell: each scenario in each portal where it is told. One that is told in no portal of the target still has its rows, which
/// say so.
pub fn plan(world: &World, selection: &Selection) -> Vec<(&'static Scenario, Portal)> {
    plan_for(&world.target, selection)
}

/// How many accounts the stories need at least: one each, and those of main and additional accounts a pair. What the target does not
/// offer needs none.
pub fn needs(target: &Target, selection: &Selection) -> Vec<Need> {
    let stories: Vec<_> = plan_for(target, selection)
        .into_iter()
        .filter(|(scenario, portal)| !not_offered(target, scenario) && scenario.portals.include(*portal))
        .map(|(scenario, portal)| (portal, scenario.portals.need_pairs()))
        .collect();
    needs_of(target, &stories)
}

/// What people need of whom it is known in which portal they are, and whether with an additional account.
pub(crate) fn needs_of(target: &Target, people: &[(Portal, bool)]) -> Vec<Need> {
    let need = |portal: &Portal| {
        let here = people.iter().filter(|(of, _)| of == portal);
        Need { portal: *portal, accounts: here.clone().count(), pairs: here.filter(|(_, pair)| *pair).count() }
    };
    target.portals.iter().map(need).collect()
}

fn plan_for(target: &Target, selection: &Selection) -> Vec<(&'static Scenario, Portal)> {
    let portals = |scenario: &'static Scenario| {
        let is_told = target.portals.iter().any(|portal| scenario.portals.include(*portal));
        let only_a_row = !is_told;
        target
            .portals
            .iter()
            .copied()
            .filter(move |portal| only_a_row || scenario.portals.include(*portal))
            .take(if only_a_row || scenario.portals == Portals::Once { 1 } else { usize::MAX })
            .map(move |portal| (scenario, portal))
    };
    selection.scenarios().flat_map(portals).collect()
}

async fn tell(world: Arc<World>, scenario: &'static Scenario, portal: Portal, seat: Option<Arc<Seat>>) -> Told {
    let keeper = Keeper::new();
    let stage = Stage::for_check(world.clone(), portal, keeper.clone()).seated(seat.clone());
    let stage = Arc::new(stage.with_pairs(scenario.portals.need_pairs()));
    if let Some(seat) = &seat {
        seat.begin().await;
    }
    let begun = Instant::now();
    let limit = world.target.limits.story_patience.0;
    let outcome = match not_offered(&world.target, scenario) {
        true => Ok(()),
        false if !scenario.portals.include(portal) => Err(Trouble::Means(
            "it is told in the portal `employer` only, which the target has not (`portals` in the profile)".to_owned(),
        )),
        false => {
            let story = AssertUnwindSafe((scenario.tell)(stage.clone())).catch_unwind();
            match in_time(story, limit, seat.as_deref()).await {
                None => Err(Trouble::TookTooLong { limit }),
                Some(Ok(outcome)) => outcome,
                Some(Err(_)) => {
                    Err(Trouble::ControlArm("the story itself panicked: this is a fault of the harness".to_owned()))
                }
            }
        }
    };
    // What others took while this story waited for them is no part of its own time.
    let waited = seat.map_or(Duration::ZERO, |seat| {
        seat.leave();
        seat.waited()
    });
    let took = begun.elapsed().saturating_sub(waited);
    let judgements = stage.judgements();
    let rows = scenario.checks.iter().map(|check| {
        let ending = Ending { outcome: &outcome, settled: stage.is_settled(check), took };
        row(&world, check, portal, judgements.get(check), &ending)
    });
    let rows = rows.collect();
    let later = |check: &&&'static str| stage.failed_after_time_was_moved(check);
    let failed_later = scenario.checks.iter().filter(later).copied().collect();
    let rests = |check: &&&'static str| stage.rests_on_time(check);
    let resting_on_time = scenario.checks.iter().filter(rests).copied().collect();
    Told { scenario: scenario.id, portal, rows, failed_later, resting_on_time, kept: keeper.take() }
}

/// What a story ends with; `None` where it takes longer than it may. What it waits for the target's one clock does not count.
async fn in_time<T>(story: impl Future<Output = T>, limit: Duration, seat: Option<&Seat>) -> Option<T> {
    let begun = Instant::now();
    let waited = || seat.map(Seat::waited).unwrap_or_default();
    let mut story = std::pin::pin!(story);
    loop {
        let left = (limit + waited()).saturating_sub(begun.elapsed());
        if left.is_zero() {
            return None;
        }
        if let Ok(ended) = tokio::time::timeout(left, &mut story).await {
            return Some(ended);
        }
    }
}

/// Whether the profile says of every check of a scenario that the target does not offer it.
pub(crate) fn not_offered(target: &Target, scenario: &Scenario) -> bool {
    scenario.checks.iter().all(|check| not_applicable(target, check).is_some())
}

fn not_applicable(target: &Target, check: &str) -> Option<String> {
    let (rule, clause) = sekisho_rules::check(check)?;
    let ids = [check.to_owned(), clause.id.to_ascii_lowercase(), rule.id.to_ascii_lowercase()];
    ids.iter().find_map(|id| target.not_applicable.get(id)).cloned()
}

/// How a story ended, for one of its checks.
struct Ending<'a> {
    outcome: &'a Result<(), Trouble>,
    /// Whether the story said that nothing after it could break what was judged.
    settled: bool,
    took: Duration,
}

fn row(
    world: &World,
    check: &'static str,
    portal: Portal,
    judgement: Option<&Judgement>,
    ending: &Ending<'_>,
) -> CheckRow {
    let mut row = blank(check, portal);
    row.duration_ms = u64::try_from(ending.took.as_millis()).unwrap_or(u64::MAX);
    if let Some(judgement) = judgement {
        row.expected.clone_from(&judgement.expected);
        row.observed = shortened(&judgement.observed);
    }
    (row.verdict, row.reason) =
        match (not_applicable(&world.target, check), judgement.map(|judgement| judgement.verdict), ending.outcome) {
            (Some(reason), ..) => (CheckVerdict::NotApplicable, reason),
            (None, Some(Judged::Fail), _) => (CheckVerdict::Fail, String::new()),
            (None, Some(Judged::Reported), _) => (CheckVerdict::NotApplicable, "reported, not judged".to_owned()),
            (None, Some(Judged::Pass), Ok(())) => (CheckVerdict::Pass, String::new()),
            (None, Some(Judged::Doubt), _) => {
                (CheckVerdict::Inconclusive, "neither what must hold nor its opposite was seen".to_owned())
            }
            // What was judged before the story broke off holds only if nothing was to follow that could have broken it.
            (None, Some(Judged::Pass), Err(_)) if ending.settled => (CheckVerdict::Pass, String::new()),
            (None, None | Some(Judged::Pass), Err(Trouble::NotOffered(reason))) => {
                (CheckVerdict::NotApplicable, reason.clone())
            }
            (None, None | Some(Judged::Pass), Err(trouble)) if trouble.is_missing_means() => {
                (CheckVerdict::Skipped, trouble.to_string())
            }
            (None, None | Some(Judged::Pass), Err(trouble)) => (CheckVerdict::Inconclusive, trouble.to_string()),
            (None, None, Ok(())) => (CheckVerdict::Inconclusive, "the story ended without judging it".to_owned()),
        };
    row.reason = shortened(&row.reason);
    row
}

/// What a target sends may be long, and stands in every report.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT_CHARS).collect();
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn blank(check: &str, portal: Portal) -> CheckRow {
    let (rule, clause) = match sekisho_rules::check(check) {
        Some(found) => found,
        // A test holds that every check of a scenario is listed.
        None => unreachable!("{check} is listed in no rule"),
    };
    CheckRow {
        id: check.to_owned(),
        rule: rule.id.to_owned(),
        clause: clause.id.to_owned(),
        level: clause.level.into(),
        portal: Some(portal.name().to_owned()),
        verdict: CheckVerdict::Inconclusive,
        reason: String::new(),
        expected: clause.text.to_owned(),
        observed: String::new(),
        duration_ms: 0,
        evidence: Vec::new(),
    }
}

fn lost(check: &str, portal: Portal, cause: &str) -> CheckRow {
    CheckRow { reason: format!("the story was lost: {cause}"), ..blank(check, portal) }
}
