//! The runner: draws stories, tells many of them side by side, and looks closer at those that contradict the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use futures::stream::{self, Stream, StreamExt};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho_simulator::Trouble;
use sekisho_simulator::recorder::{Recorder, Unwatched};
use sekisho_simulator::world::{Household, World};

use super::policy::policy_of;
use super::scout;
use super::shorten::shortest;
use super::strategies::tale;
use super::tale::{Tale, Vocabulary};
use super::tell::{Contradicted, Ending, Ground, Pace, Told};
use crate::evidence::{Keeper, Kept};

/// A run that found so many stories wrong has found enough.
const ENOUGH: usize = 24;

/// Of so many clauses the contradictions are shortened; more would tell nothing more.
const MAX_FINDINGS: usize = 4;

/// Accounts for so many stories are made in one go, for each job.
const HOUSEHOLDS_PER_JOB: usize = 2;

/// A story that is told again and then holds is told so often before it is put down to chance.
const RETELLINGS: usize = 3;

/// How stories are drawn and told.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Draws the stories.
    pub seed: u64,
    /// How many stories.
    pub cases: usize,
    /// How many steps a story has at the most.
    pub max_steps: usize,
    /// How many stories are told side by side.
    pub jobs: usize,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Explored {
    /// Stories in which every step went as the rules say.
    pub held: usize,
    /// Stories that contradicted the rules, before they were looked at more closely.
    pub contradicted: usize,
    /// Stories that could not be told to their end, by why.
    pub doubts: BTreeMap<String, usize>,
    /// Stories that came to something that the profile says is not offered, by what.
    pub not_offered: BTreeMap<String, usize>,
    /// The steps of all of them.
    pub steps: usize,
    /// How long they took; looking closer apart.
    pub took: Duration,
    /// By which clauses steps were judged, and how often.
    pub judged: BTreeMap<&'static str, u64>,
    /// The contradictions that were seen again, one a clause, shortened.
    pub findings: Vec<Finding>,
    /// What is left out of the stories for want of means.
    pub left_out: Vec<String>,
    /// Whether no more stories were begun because enough were wrong.
    pub cut_short: bool,
}

/// A contradiction, looked at closely.
#[derive(Debug)]
pub struct Finding {
    /// The shortest story that shows it.
    pub story: Contradicted,
    /// How many steps it had when it was drawn.
    pub drawn_steps: usize,
    /// Every exchange and mail of its last telling.
    pub kept: Kept,
}

/// What a search for a defect found.
#[derive(Debug)]
pub struct SeekOutcome {
    /// The first story that contradicts a clause that is meant, as it was drawn.
    pub found: Option<Contradicted>,
    /// How many stories were told.
    pub stories_run: usize,
    /// How many steps they had.
    pub steps: usize,
    /// How many of the stories could not be told to their end.
    pub doubts: usize,
}

impl Explored {
    /// How many stories were told.
    pub fn stories(&self) -> usize {
        self.held + self.contradicted + self.doubted() + self.not_offered.values().sum::<usize>()
    }

    /// How many of them could not be told to their end.
    pub fn doubted(&self) -> usize {
        self.doubts.values().sum()
    }

    /// Steps a second.
    pub fn steps_per_s(&self) -> f64 {
        self.steps as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// Whether too little could be told for a conclusion: nothing at all, or more than one story in twenty not to its end.
    pub fn is_inconclusive(&self) -> bool {
        self.held == 0 || self.doubted() * 20 > self.stories()
    }
}

/// A run in progress: where it takes place, and what stories are made of there.
struct Exploration {
    ground: Arc<Ground>,
    vocabulary: Vocabulary,
    left_out: Vec<String>,
    options: Options,
}

/// Tells so many stories and looks closer at what contradicts the rules. `told` hears of each story as it ends.
///
/// # Errors
/// When no story can be told at all: the target cannot be reached, or there are no accounts.
pub async fn explore(world: &Arc<World>, options: Options, mut told: impl FnMut()) -> Result<Explored, Trouble> {
    let exploration = Exploration::begin(world, options).await?;
    let mut explored = Explored { left_out: exploration.left_out.clone(), ..Explored::default() };
    let begun = Instant::now();
    let mut wrong: BTreeMap<&'static str, Box<Contradicted>> = BTreeMap::new();
    let mut endings = std::pin::pin!(exploration.endings());
    while let Some(ending) = endings.next().await {
        told();
        explored.note(&ending);
        match ending.outcome {
            Told::Contradicted(found) => {
                let known = wrong.get(found.contradiction.rule).map(|known| known.tale.steps.len());
                if known.is_none_or(|known| known > found.tale.steps.len()) {
                    wrong.insert(found.contradiction.rule, found);
                }
            }
            Told::Doubt(trouble) if matches!(*trouble, Trouble::Interrupted) => break,
            Told::Doubt(trouble) if matches!(*trouble, Trouble::Account(_)) && explored.stories() == 1 => {
                return Err(*trouble);
            }
            Told::Held | Told::NotOffered(_) | Told::Doubt(_) => {}
        }
        if explored.contradicted >= ENOUGH {
            explored.cut_short = true;
            break;
        }
    }
    explored.took = begun.elapsed();
    let mut shown = BTreeSet::new();
    for found in wrong.into_values().take(MAX_FINDINGS) {
        match exploration.look_closer(*found).await {
            Some(finding) => {
                if shown.insert(finding.story.contradiction.rule) {
                    explored.findings.push(finding);
                }
            }
            None => {
                let what =
                    "a mail, or a code that another one was equal to, broke a rule once and not again".to_owned();
                *explored.doubts.entry(what).or_default() += 1;
                explored.contradicted -= 1;
            }
        }
    }
    Ok(explored)
}

/// Looks for a story that contradicts a clause that is meant, and stops at the first.
///
/// # Errors
/// As [`explore`].
pub async fn seek(
    world: &Arc<World>,
    options: Options,
    is_meant: &(dyn Fn(&str) -> bool + Sync),
) -> Result<SeekOutcome, Trouble> {
    let exploration = Exploration::begin(world, options).await?;
    let mut outcome = SeekOutcome { found: None, stories_run: 0, steps: 0, doubts: 0 };
    let mut endings = std::pin::pin!(exploration.endings());
    while let Some(ending) = endings.next().await {
        outcome.stories_run += 1;
        outcome.steps += ending.steps;
        match ending.outcome {
            Told::Contradicted(found) => {
                // Which step a mail came of is certain only where it is given its time; and two codes can be equal by chance.
                let found = if found.must_recur {
                    exploration.again(&found.tale).await.map(|(found, _)| found)
                } else {
                    Some(found)
                };
                if let Some(found) = found.filter(|found| is_meant(found.contradiction.rule)) {
                    outcome.found = Some(*found);
                    break;
                }
            }
            Told::Doubt(trouble) if matches!(*trouble, Trouble::Interrupted) => break,
            Told::Doubt(_) => outcome.doubts += 1,
            Told::Held | Told::NotOffered(_) => {}
        }
    }
    Ok(outcome)
}

/// Tells one story again, carefully and with all its evidence; nothing where every step holds now.
///
/// # Errors
/// When it cannot be told to its end.
pub async fn replay(world: &Arc<World>, tale: &Tale) -> Result<Option<Finding>, Trouble> {
    let options = Options { seed: 0, cases: 1, max_steps: tale.steps.len(), jobs: 1 };
    let exploration = Exploration::begin(world, options).await?;
    let unable = tale.steps.iter().find(|step| !exploration.vocabulary.has(tale.portal, step));
    if let Some(step) = unable {
        return Err(Trouble::Means(format!("the target lacks what this step of the story needs: {step}")));
    }
    let (ending, kept) = exploration.tell_with_evidence(tale).await?;
    match ending.outcome {
        Told::Held => Ok(None),
        Told::NotOffered(what) => Err(Trouble::NotOffered(what)),
        Told::Contradicted(story) => Ok(Some(Finding { story: *story, drawn_steps: tale.steps.len(), kept })),
        Told::Doubt(trouble) => Err(*trouble),
    }
}

impl Explored {
    fn note(&mut self, ending: &Ending) {
        self.steps += ending.steps;
        for (clause, times) in &ending.judged {
            *self.judged.entry(clause).or_default() += times;
        }
        match &ending.outcome {
            Told::Held => self.held += 1,
            Told::Contradicted(_) => self.contradicted += 1,
            Told::NotOffered(what) => *self.not_offered.entry(what.clone()).or_default() += 1,
            Told::Doubt(trouble) => *self.doubts.entry(trouble.summary()).or_default() += 1,
        }
    }
}

impl Exploration {
    async fn begin(world: &Arc<World>, options: Options) -> Result<Exploration, Trouble> {
        world.begin_regularly().await?;
        let clocks_stand = world.clock.can_freeze() && world.accounts.can_start_at();
        let policy = policy_of(&world.target, clocks_stand);
        let (vocabulary, left_out) = Vocabulary::of(world, &policy, options.max_steps);
        let forms = scout::forms(world).await?;
        let ground = Arc::new(Ground { world: world.clone(), policy, forms });
        Ok(Exploration { ground, vocabulary, left_out, options })
    }

    /// The endings of all stories, in the order in which they end.
    fn endings(&self) -> impl Stream<Item = Ending> + use<'_> {
        let drawn = Drawing::begin(&self.vocabulary, self.options);
        let batches = stream::unfold(drawn, |mut drawn| async {
            let tales = drawn.next_batch(self.options.jobs * HOUSEHOLDS_PER_JOB);
            if tales.is_empty() {
                return None;
            }
            let households = self.households(&tales).await;
            Some((self.cast(tales, households), drawn))
        });
        batches
            .flat_map(stream::iter)
            .map(|(tale, household)| {
                let ground = self.ground.clone();
                async move {
                    let household = match household {
                        Ok(household) => household,
                        Err(trouble) => return Ending::doubt(trouble),
                    };
                    let telling = async move { ground.tell(&tale, &household, Arc::new(Unwatched), Pace::Quick).await };
                    tokio::spawn(telling).await.unwrap_or_else(|error| {
                        Ending::doubt(Trouble::ControlArm(format!(
                            "the story itself was lost, a fault of the harness: {error}"
                        )))
                    })
                }
            })
            .buffer_unordered(self.options.jobs.max(1))
    }

    /// Accounts for stories, all made in one go.
    async fn households(&self, tales: &[Tale]) -> Result<Vec<Household>, Trouble> {
        let begins = |tale: &Tale| UNIX_EPOCH + Duration::from_millis(tale.begins_ms.unsigned_abs());
        let wanted: Vec<_> =
            tales.iter().map(|tale| (tale.portal, self.vocabulary.accounts(tale.portal), begins(tale))).collect();
        // On a task of its own: whoever takes the endings may be busy with something else that needs the same connections.
        let ground = self.ground.clone();
        let made = tokio::spawn(async move { ground.world.households(&wanted).await });
        made.await.unwrap_or_else(|error| Err(Trouble::ControlArm(format!("the accounts were lost: {error}"))))
    }

    /// Each story with its accounts; where there are none for so many, one story says so.
    fn cast(
        &self,
        tales: Vec<Tale>,
        households: Result<Vec<Household>, Trouble>,
    ) -> Vec<(Tale, Result<Household, Trouble>)> {
        match households {
            Ok(households) => tales.into_iter().zip(households.into_iter().map(Ok)).collect(),
            Err(trouble) => tales.into_iter().zip([Err(trouble)]).collect(),
        }
    }

    async fn tell(&self, tale: &Tale, recorder: Arc<dyn Recorder>, pace: Pace) -> Result<Ending, Trouble> {
        let households = self.households(std::slice::from_ref(tale)).await?;
        let household = households.first().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        Ok(self.ground.tell(tale, household, recorder, pace).await)
    }

    async fn tell_with_evidence(&self, tale: &Tale) -> Result<(Ending, Kept), Trouble> {
        let keeper = Keeper::new();
        let ending = self.tell(tale, keeper.clone(), Pace::Careful).await?;
        Ok((ending, keeper.take()))
    }

    /// Tells a story again, carefully: what contradicts the rules now, with the evidence.
    async fn again(&self, tale: &Tale) -> Option<(Box<Contradicted>, Kept)> {
        for _ in 0..RETELLINGS {
            if let Ok((Ending { outcome: Told::Contradicted(found), .. }, kept)) = self.tell_with_evidence(tale).await {
                return Some((found, kept));
            }
        }
        None
    }

    /// Shortens a story as far as it can be, and tells it a last time for the evidence. What was seen once and never again still
    /// contradicts the rules, unless it must recur to be certain.
    async fn look_closer(&self, found: Contradicted) -> Option<Finding> {
        let drawn_steps = found.tale.steps.len();
        let Some((again, kept)) = self.again(&found.tale).await else {
            return (!found.must_recur).then(|| Finding { story: found, drawn_steps, kept: Kept::default() });
        };
        let pace = if again.must_recur { Pace::Careful } else { Pace::Quick };
        let tell = async |tale: Tale| match self.tell(&tale, Arc::new(Unwatched), pace).await.ok()?.outcome {
            Told::Contradicted(found) => Some(*found),
            Told::Held | Told::NotOffered(_) | Told::Doubt(_) => None,
        };
        let usual_begin_ms = self.vocabulary.usual_begin_ms();
        let short = shortest((*again).clone(), usual_begin_ms, self.options.jobs, tell).await;
        match self.again(&short.tale).await {
            Some((story, kept)) if story.contradiction.rule == again.contradiction.rule => {
                Some(Finding { story: *story, drawn_steps, kept })
            }
            _ => Some(Finding { story: *again, drawn_steps, kept }),
        }
    }
}

impl Ending {
    fn doubt(trouble: Trouble) -> Ending {
        Ending { outcome: Told::Doubt(Box::new(trouble)), steps: 0, judged: BTreeMap::new() }
    }
}

/// Stories as a seed draws them, one after another.
struct Drawing {
    runner: TestRunner,
    strategy: BoxedStrategy<Tale>,
    left: usize,
}

impl Drawing {
    fn begin(vocabulary: &Vocabulary, options: Options) -> Drawing {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&options.seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let config = Config { failure_persistence: None, ..Config::default() };
        Drawing { runner: TestRunner::new_with_rng(config, rng), strategy: tale(vocabulary), left: options.cases }
    }

    fn next_batch(&mut self, size: usize) -> Vec<Tale> {
        let size = size.min(self.left);
        self.left -= size;
        let drawn = (0..size).map_while(|_| self.strategy.new_tree(&mut self.runner).ok());
        drawn.map(|tree| tree.current()).collect()
    }
}
