//! FAQ-12h: many browsers sign in while the skips are ended, judged by the history of the race.

use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use sekisho_simulator::account::Account;
use sekisho_simulator::target::Screen;
use sekisho_simulator::{Trouble, Visitor};
use tokio::sync::Semaphore;

use crate::address::needs_code_mails;
use crate::history::{Finding, Operation, Skips, SkipsOp, SkipsRet, judge};
use crate::moves::{press_resume, sign_in, sign_in_and_skip};
use crate::stage::Stage;

/// How many browsers hold a skip in the race. With the acting one, so many operations overlap at the most.
const RACERS: usize = 8;

/// How often each of them signs in at the most before it is asked for a code.
const LAPS: usize = 40;

/// How many codes are mailed from the acting browser's sign-in on: each racer is asked for one at the end of its laps, and in the lap behind.
const MAILS_AT_ONCE: u32 = 2 * RACERS as u32 + 1;

/// An operation of the race, and what it showed.
struct Lap {
    operation: Operation<SkipsOp, SkipsRet>,
    seen: String,
}

pub(crate) async fn race(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "faq12-no-old-cookie-skips-once-resume-was-answered";
    needs_code_mails(&stage, MAILS_AT_ONCE)?;
    let (person, account) = stage.person().await?;
    let mut racers = Vec::new();
    for number in 0..RACERS {
        let mut racer = person.browser(&format!("racer {number}"), &account);
        sign_in_and_skip(&mut racer, &account).await?;
        racers.push(racer);
    }
    person.make_room_for_mails(&account, MAILS_AT_ONCE).await?;
    let mut acting = person.browser("acting", &account);
    sign_in(&mut acting, &account).await?;
    press_resume(&mut acting).await?;

    // The resume is completed when every racer has been round at least once.
    let begun = Instant::now();
    let rounds = Semaphore::new(0);
    let laps = join_all(racers.iter_mut().enumerate().map(|(actor, racer)| run_laps(actor, racer, &account, &rounds)));
    let completed = async {
        let warm = rounds.acquire_many(RACERS as u32).await;
        drop(warm);
        complete(&mut acting).await
    };
    let (laps, completed) = futures::join!(laps, completed);
    let answered_at = completed.operation.answered.map(|(at, _)| at);
    let mut laps: Vec<Lap> = laps.into_iter().flatten().chain([completed]).collect();
    // Whoever was done before the answer came runs once more, all at once.
    laps.extend(join_all(racers.iter_mut().enumerate().map(|(actor, racer)| lap(actor, racer, &account))).await);

    let answers = |is_meant: &dyn Fn(&Operation<SkipsOp, SkipsRet>) -> bool| {
        laps.iter().filter(|lap| is_meant(&lap.operation)).count()
    };
    let has = |operation: &Operation<SkipsOp, SkipsRet>, seen| operation.answered.is_some_and(|(_, ret)| ret == seen);
    let is_late = |operation: &Operation<SkipsOp, SkipsRet>| answered_at.is_some_and(|at| operation.begun >= at);
    let skipped = answers(&|it| has(it, SkipsRet::Skipped));
    let late = answers(&|it| is_late(it) && it.answered.is_some());
    let observed = format!(
        "a resume and {} sign-ins by {RACERS} browsers: {skipped} were skipped, {} asked for a code, {} without a known answer; \
         {late} began after [完了] was answered, {} of these were skipped",
        laps.len() - 1,
        answers(&|it| has(it, SkipsRet::AskedForCode)),
        answers(&|it| it.answered.is_none()),
        answers(&|it| is_late(it) && has(it, SkipsRet::Skipped)),
    );
    if answered_at.is_none() || late < RACERS || skipped == 0 {
        return Err(Trouble::ControlArm(format!("sign-ins should lie on both sides of the answer, but: {observed}")));
    }
    conclude(&stage, check, &laps, begun, observed)
}

/// Judges the race. Where no order explains it the check fails with the shortest witness; where none was found in time there is doubt.
fn conclude(stage: &Stage, check: &'static str, laps: &[Lap], begun: Instant, observed: String) -> Result<(), Trouble> {
    let history: Vec<_> = laps.iter().map(|lap| lap.operation.clone()).collect();
    let expected =
        "some order of single steps explains the race: no sign-in that began after [完了] was answered is skipped";
    match judge(&Skips::default(), &history, Skips::suspicions(&history)) {
        Finding::Linearizable => stage.judge(check, expected, observed, true),
        Finding::Violated(witness) => {
            let told: Vec<_> = witness.iter().map(|place| laps[*place].told(begun)).collect();
            stage.judge(check, expected, format!("{observed}; no order explains that {}", told.join("; ")), false)
        }
        Finding::Undecided => {
            Err(Trouble::ControlArm(format!("whether an order explains the race should be decided, but: {observed}")))
        }
    }
}

impl Lap {
    fn told(&self, begun: Instant) -> String {
        let ms = |at: Instant| at.duration_since(begun).as_secs_f64() * 1e3;
        let Operation { actor, op, begun, answered } = &self.operation;
        let what = match op {
            SkipsOp::Resume => "[完了] was pressed".to_owned(),
            SkipsOp::SignIn => format!("browser {actor} signed in"),
        };
        let answered = answered.map_or("never".to_owned(), |(at, _)| format!("at {:.1} ms", ms(at)));
        format!("{what} at {:.1} ms and was answered {answered}: {}", ms(*begun), self.seen)
    }
}

/// One sign-in of the race. It takes effect with the password: what was shown before is no part of it.
async fn lap(actor: usize, racer: &mut Visitor, account: &Account) -> Lap {
    let op = SkipsOp::SignIn;
    let begun = Instant::now();
    match racer.begin(account).await {
        Ok(started) => {
            let ret = match &started.seen {
                seen if seen.is(Screen::MyPage) => Some(SkipsRet::Skipped),
                // Where a newer attempt supersedes an older one, that may be over before its screen is opened: a code was asked.
                seen if seen.asks_for_code() || seen.is(Screen::AttemptOver) => Some(SkipsRet::AskedForCode),
                _ => None,
            };
            let answered = ret.map(|ret| (Instant::now(), ret));
            Lap { operation: Operation { actor, op, begun, answered }, seen: started.seen.describe() }
        }
        Err(trouble) => Lap { operation: Operation { actor, op, begun, answered: None }, seen: trouble.to_string() },
    }
}

async fn complete(acting: &mut Visitor) -> Lap {
    let (actor, op) = (RACERS, SkipsOp::Resume);
    let begun = Instant::now();
    let seen = acting.complete_resume().await;
    // What follows a [完了] that was taken differs from target to target; the confirmation again or a refusal is none of it.
    let done = |screen| ![Screen::ResumeConfirmation, Screen::Refused, Screen::Limited].contains(&screen);
    let is_done = seen.as_ref().is_ok_and(|seen| seen.screen.is_some_and(done));
    let answered = is_done.then(|| (Instant::now(), SkipsRet::Done));
    let seen = seen.map_or_else(|trouble| trouble.to_string(), |seen| seen.describe());
    Lap { operation: Operation { actor, op, begun, answered }, seen }
}

/// Signs in again and again until a code is asked or nobody knows what was seen.
async fn run_laps(actor: usize, racer: &mut Visitor, account: &Account, rounds: &Semaphore) -> Vec<Lap> {
    let mut laps = Vec::new();
    while laps.len() < LAPS {
        let lap = lap(actor, racer, account).await;
        let was_skipped = lap.operation.answered.is_some_and(|(_, ret)| ret == SkipsRet::Skipped);
        laps.push(lap);
        rounds.add_permits(1);
        if !was_skipped {
            break;
        }
    }
    // Whoever drops out must not keep the others waiting.
    rounds.add_permits(RACERS);
    laps
}
