//! Tells one story over the wire, judged by the oracle after each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use sekisho_simulator::Trouble;
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::target::Step;
use sekisho_simulator::world::{Household, World};

use super::player::Player;
use super::policy::not_offered;
use super::room::Forms;
use super::tale::{BROWSERS, Tale};
use crate::oracle::{self, AccountId, Action, BrowserId, Contradiction, Outcome, Policy, Screen, Seen};

/// The browser that signs in at the end: its code mail is the control mail of all that should not have come.
const ONLOOKER: BrowserId = BrowserId(BROWSERS);

/// What all stories of a run are told on.
pub(super) struct Ground {
    pub world: Arc<World>,
    pub policy: Policy,
    /// The forms of each portal.
    pub forms: BTreeMap<sekisho_rules::Portal, Arc<Forms>>,
}

/// How a story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once, step by step.
    Quick,
    /// Each step is given the quiet time, so that it is certain which mail it caused.
    Careful,
}

/// How a story ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub outcome: Told,
    /// How many steps were taken.
    pub steps: usize,
    /// By which clauses steps were judged, and how often.
    pub judged: BTreeMap<&'static str, u64>,
}

/// What became of a story.
#[derive(Debug)]
pub(super) enum Told {
    /// Every step went as the rules say.
    Held,
    /// The last of these steps went otherwise.
    Contradicted(Box<Contradicted>),
    /// It came to something that the profile says is not offered: what followed means nothing.
    NotOffered(String),
    /// It could not be told to its end: nothing is known.
    Doubt(Box<Trouble>),
}

/// A story up to the step that contradicts the rules.
#[derive(Debug, Clone)]
pub struct Contradicted {
    /// The story, cut after that step.
    pub tale: Tale,
    /// What is wrong.
    pub contradiction: Contradiction,
    /// The name of the person it happened to.
    pub person: String,
    /// Whether it counts only if it is seen again: which step a mail came of is not certain at once, and two codes can be the same by
    /// chance.
    pub must_recur: bool,
}

/// What is wrong with a step.
struct Broken {
    contradiction: Contradiction,
    must_recur: bool,
}

impl Ground {
    /// Tells a story to the accounts that were made for it.
    pub(super) async fn tell(
        &self,
        tale: &Tale,
        household: &Household,
        recorder: Arc<dyn Recorder>,
        pace: Pace,
    ) -> Ending {
        let mut telling = match self.begin(tale, household, recorder, pace).await {
            Ok(telling) => telling,
            Err(trouble) => {
                return Ending { outcome: Told::Doubt(Box::new(trouble)), steps: 0, judged: BTreeMap::new() };
            }
        };
        let outcome = match telling.finish(tale).await {
            Ok(None) => Told::Held,
            Ok(Some(contradicted)) => Told::Contradicted(contradicted),
            Err(Trouble::NotOffered(what)) => Told::NotOffered(what),
            Err(trouble) => Told::Doubt(Box::new(trouble)),
        };
        Ending { outcome, steps: telling.steps, judged: telling.judged }
    }

    async fn begin(
        &self,
        tale: &Tale,
        household: &Household,
        recorder: Arc<dyn Recorder>,
        pace: Pace,
    ) -> Result<Telling, Trouble> {
        let forms = self.forms.get(&tale.portal).cloned().unwrap_or_default();
        let careful = pace == Pace::Careful;
        let browsers = tale.steps.iter().filter_map(Action::browser).map(|browser| browser.0 + 1).max().unwrap_or(0);
        let browsers = browsers.max(ONLOOKER.0 + 1);
        // Where one clock is moved for all, it waits for this story too; what a target wants waited for can pass that way only.
        let seat = self.world.seats(1, 1).await.into_iter().flatten().next();
        if let Some(seat) = &seat {
            seat.begin().await;
        }
        let player = Player::new(&self.world, household, browsers, &forms, recorder, seat, careful).await?;
        let begins_ms = millis(player.person().now());
        let policy = self.policy.clone().in_portal(&self.world.target, tale.portal);
        let rules = oracle::World::new(policy, household.accounts.len(), browsers, begins_ms);
        let limits_are_declared = self.policy.mails.is_some();
        Ok(Telling { player, rules, begins_ms, limits_are_declared, steps: 0, judged: BTreeMap::new() })
    }
}

/// A story while it is told.
struct Telling {
    player: Player,
    rules: oracle::World,
    begins_ms: i64,
    limits_are_declared: bool,
    steps: usize,
    judged: BTreeMap<&'static str, u64>,
}

impl Telling {
    /// Takes every step, then gives mails that should not come their time behind a control mail.
    async fn finish(&mut self, tale: &Tale) -> Result<Option<Box<Contradicted>>, Trouble> {
        for (index, action) in tale.steps.iter().enumerate() {
            let will_tick = action.browser().is_some_and(|browser| will_tick(&tale.steps[index + 1..], browser));
            if let Some(broken) = self.step(action, will_tick).await? {
                return Ok(Some(self.contradicted(tale, &tale.steps[..=index], broken)));
            }
        }
        let control = Action::SignIn { browser: ONLOOKER, account: AccountId(0), right_password: true };
        let steps = [tale.steps.as_slice(), &[control]].concat();
        if let Some(broken) = self.step(&control, false).await? {
            return Ok(Some(self.contradicted(tale, &steps, broken)));
        }
        let rest = Action::Wait(0);
        let late = self.player.rest().await?;
        let judged = self.rules.judge(&rest, &late);
        Ok(judged
            .err()
            .map(|contradiction| self.contradicted(tale, &steps, Broken { contradiction, must_recur: true })))
    }

    async fn step(&mut self, action: &Action, will_tick: bool) -> Result<Option<Broken>, Trouble> {
        self.catch_up();
        self.steps += 1;
        for (action, seen) in self.player.act(action, will_tick).await? {
            let outcomes = self.rules.expect(&action);
            if let Err(contradiction) = self.rules.judge(&action, &seen) {
                if self.player.met_a_limit(&action) && !self.limits_are_declared {
                    let (step, wanted) = (Step::SubmitPassword, contradiction.expected);
                    return Err(Trouble::Astray {
                        step,
                        wanted,
                        seen: "a limit that the profile does not declare".to_owned(),
                    });
                }
                if let Some(reason) = not_offered(self.player.target(), contradiction.rule) {
                    return Err(Trouble::NotOffered(format!("{}: {reason}", contradiction.rule)));
                }
                let by_mail = outcomes.outcomes().iter().any(|outcome| outcome.screen == seen.screen);
                let must_recur = by_mail || self.player.typed_the_right_code_by_chance();
                return Ok(Some(Broken { contradiction, must_recur }));
            }
            if let [only] = outcomes.outcomes() {
                self.count(only);
            }
        }
        Ok(None)
    }

    /// Where clocks run, or a target wanted something waited for, the oracle's goes along.
    fn catch_up(&mut self) {
        let passed = millis(self.player.person().now()) - self.rules.now_ms();
        if passed > 0 {
            let nothing = Seen { screen: Screen::Nothing, mails: Vec::new() };
            // Time that passes is always right.
            let _ = self.rules.judge(&Action::Wait(passed), &nothing);
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        if outcome.screen != Screen::Nothing {
            *self.judged.entry(outcome.screen_rule).or_default() += 1;
        }
        if outcome.mail.is_some() {
            *self.judged.entry(outcome.mail_rule).or_default() += 1;
        }
    }

    fn contradicted(&self, tale: &Tale, steps: &[Action], broken: Broken) -> Box<Contradicted> {
        let Broken { contradiction, must_recur } = broken;
        let tale = Tale { portal: tale.portal, begins_ms: self.begins_ms, steps: steps.to_vec() };
        Box::new(Contradicted { tale, contradiction, person: self.player.person().name().to_owned(), must_recur })
    }
}

/// Whether the next code of the sign-in that is begun in this browser is to be sent with the box ticked.
fn will_tick(later: &[Action], in_browser: BrowserId) -> bool {
    let of_it = later.iter().take_while(
        |action| !matches!(action, Action::SignIn { browser, right_password: true, .. } if *browser == in_browser),
    );
    let mut ticks = of_it.filter_map(|action| match action {
        Action::SubmitCode { browser, tick, .. } if *browser == in_browser => Some(*tick),
        _ => None,
    });
    ticks.next().unwrap_or(false)
}

pub(super) fn millis(instant: SystemTime) -> i64 {
    let since = instant.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
