//! BASE-CODE under many hands at once: one use and the limit of wrong codes, judged by the history of the race.

use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Cookie, Request};
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Haste, Person, Seen, SkipBox, Trouble, Visitor};

use crate::history::{CodeOp, CodeRet, Finding, OneCode, Operation, judge};
use crate::moves::{ask_for_code, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-race": "A code is submitted by fifty hands at once", Each,
        ["base-code-is-good-for-one-use-in-parallel"], one_use;
    "base-code-guess-race": "Many hands guess codes at once", Each,
        ["base-code-guess-limit-holds-in-parallel"], guess_limit;
];

/// How many submissions of the right code race.
const SUBMISSIONS: usize = 50;

/// How many times the limit is guessed at once.
const GUESSES_PER_LIMIT: u32 = 4;

/// At most so many guesses: an account takes only so many wrong codes in a while, and every one of them needs a connection.
const MAX_GUESSES: u32 = 40;

/// The attempt of one browser in many hands: each has its cookies, what it learnt, and a connection of its own.
struct Hands {
    hands: Vec<Visitor>,
    /// What was done so far; each hand is an actor.
    history: Vec<Operation<CodeOp, CodeRet>>,
    /// What each of it showed, for people.
    seen: Vec<String>,
    /// How many were told to come later.
    limited: usize,
    begun: Instant,
}

impl Hands {
    /// Gives the open attempt of a browser into so many hands. Each opens its code entry screen, where there is an address for it: so it is
    /// shown that it stands for the browser, and its connection is there before the race.
    async fn of(browser: &mut Visitor, person: &Person, account: &Account, count: usize) -> Result<Hands, Trouble> {
        let now = browser.now();
        let cookies: Vec<Cookie> = browser.browser().jar().cookies(now).cloned().collect();
        let mut hands: Vec<Visitor> =
            (0..count).map(|number| person.browser(&format!("hand {number}"), account)).collect();
        for hand in &mut hands {
            cookies.iter().for_each(|cookie| hand.plant(cookie.clone()));
            hand.learn_from(browser.taken());
        }
        if browser.knows(Step::OpenCodeEntry) {
            let opened = join_all(hands.iter_mut().map(Visitor::open_code_entry)).await;
            for seen in opened {
                want(Step::OpenCodeEntry, Screen::CodeEntry, &seen?)?;
            }
        }
        Ok(Hands { hands, history: Vec::new(), seen: Vec::new(), limited: 0, begun: Instant::now() })
    }

    /// Lets every hand submit a code at once: on the page that it has opened, else by the request of the browser they stand for.
    async fn submit_at_once(&mut self, op: CodeOp, code: &str, shared: &Request) {
        let requests: Vec<Request> = self.hands.iter_mut().map(|hand| own_or_shared(hand, code, shared)).collect();
        let submissions = self.hands.iter_mut().zip(requests).enumerate();
        let submissions = submissions.map(|(actor, (hand, request))| submit(actor, hand, op, request));
        for submitted in join_all(submissions).await {
            self.note(submitted);
        }
    }

    /// Lets the first hand submit.
    async fn submit_once(&mut self, op: CodeOp, code: &str, shared: &Request) {
        let Some(hand) = self.hands.first_mut() else { return };
        let request = own_or_shared(hand, code, shared);
        let submitted = submit(0, hand, op, request).await;
        self.note(submitted);
    }

    fn note(&mut self, (operation, seen): (Operation<CodeOp, CodeRet>, Result<Seen, Trouble>)) {
        self.history.push(operation);
        self.limited += usize::from(seen.as_ref().is_ok_and(|seen| seen.is(Screen::Limited)));
        self.seen.push(seen.map_or_else(|trouble| trouble.to_string(), |seen| seen.describe()));
    }

    fn count(&self, op: CodeOp, seen: CodeRet) -> usize {
        let answered =
            |it: &&Operation<CodeOp, CodeRet>| it.op == op && it.answered.is_some_and(|(_, ret)| ret == seen);
        self.history.iter().filter(answered).count()
    }

    fn unknown(&self) -> usize {
        self.history.iter().filter(|operation| operation.answered.is_none()).count()
    }

    /// The operations at these places in words.
    fn told(&self, places: &[usize]) -> String {
        let ms = |at: Instant| at.duration_since(self.begun).as_secs_f64() * 1e3;
        let tell = |place: &usize| {
            let operation = &self.history[*place];
            let code = if operation.op == CodeOp::Right { "the right code" } else { "a wrong code" };
            let begun = ms(operation.begun);
            let answered = operation.answered.map_or("never".to_owned(), |(at, _)| format!("at {:.1} ms", ms(at)));
            let seen = &self.seen[*place];
            format!("hand {} gave {code} at {begun:.1} ms and was answered {answered}: {seen}", operation.actor)
        };
        places.iter().map(tell).collect::<Vec<_>>().join("; ")
    }

    /// Judges the race. Where no order explains it the check fails with the shortest witness; where none was found in time there is doubt.
    fn judge(
        &self,
        stage: &Stage,
        check: &'static str,
        expected: &str,
        limit: u32,
        observed: String,
    ) -> Result<(), Trouble> {
        let code = OneCode::new(limit);
        match judge(&code, &self.history, code.suspicions(&self.history)) {
            Finding::Linearizable => stage.judge(check, expected, observed, true),
            Finding::Violated(witness) => stage.judge(
                check,
                expected,
                format!("{observed}; no order explains that {}", self.told(&witness)),
                false,
            ),
            Finding::Undecided => Err(Trouble::ControlArm(format!(
                "whether an order explains the race should be decided, but: {observed}"
            ))),
        }
    }
}

/// A form may be good for one submission only, so that each hand needs its own.
fn own_or_shared(hand: &mut Visitor, code: &str, shared: &Request) -> Request {
    if !hand.shows(Screen::CodeEntry) {
        return shared.clone();
    }
    let vars = Vars { code, ..Vars::default() };
    hand.prepare(Step::SubmitCode, vars, SkipBox::Unticked).unwrap_or_else(|_| shared.clone())
}

async fn submit(
    actor: usize,
    hand: &mut Visitor,
    op: CodeOp,
    request: Request,
) -> (Operation<CodeOp, CodeRet>, Result<Seen, Trouble>) {
    let begun = Instant::now();
    let seen = hand.send(Step::SubmitCode, request).await;
    let answered = seen.as_ref().ok().and_then(meaning).map(|ret| (Instant::now(), ret));
    (Operation { actor, op, begun, answered }, seen)
}

/// What a screen says of the code; nothing where it is not known.
fn meaning(seen: &Seen) -> Option<CodeRet> {
    match seen {
        _ if seen.is_signed_in() => Some(CodeRet::SignedIn),
        _ if seen.asks_for_code() => Some(CodeRet::AskedAgain),
        _ if seen.refuses_code() => Some(CodeRet::Over),
        _ => None,
    }
}

async fn one_use(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-code-is-good-for-one-use-in-parallel";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let right = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    let mut hands = Hands::of(&mut a, &person, &account, SUBMISSIONS).await?;
    hands.submit_at_once(CodeOp::Right, &mailed.code, &right).await;
    let signed_in = hands.count(CodeOp::Right, CodeRet::SignedIn);
    let observed = format!(
        "{SUBMISSIONS} submissions of one code by as many connections: {signed_in} signed in, {} without a known answer",
        hands.unknown(),
    );
    if signed_in == 0 {
        return Err(Trouble::ControlArm(format!("one of the submissions should sign in, but: {observed}")));
    }
    // No wrong code is given, so no limit of them bears on the race.
    hands.judge(&stage, check, "of many parallel submissions of a code exactly one signs in", u32::MAX, observed)
}

async fn guess_limit(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-code-guess-limit-holds-in-parallel";
    let limit = match (stage.numbers().code_cooldown, stage.numbers().wrong_codes) {
        // Most of many at once are not even looked at then, whatever the limit.
        (Some(_), _) => return guesses_in_haste(&stage).await,
        (None, Some(limit)) => limit,
        (None, None) => {
            let what = "the profile declares no limit of wrong codes (`numbers.wrong_codes`, `numbers.code_cooldown`)";
            return Err(Trouble::Means(what.to_owned()));
        }
    };
    let guesses = limit.saturating_mul(GUESSES_PER_LIMIT).min(MAX_GUESSES);
    if guesses <= limit {
        return Err(Trouble::Means(format!("at most {MAX_GUESSES} guesses race, and {limit} wrong codes are allowed")));
    }
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let right = a.prepare(Step::SubmitCode, Vars { code: &mailed.code, ..Vars::default() }, SkipBox::Unticked)?;
    let guess = wrong_code(&mailed.code);
    let wrong = a.prepare(Step::SubmitCode, Vars { code: &guess, ..Vars::default() }, SkipBox::Unticked)?;
    let mut hands = Hands::of(&mut a, &person, &account, guesses as usize).await?;
    hands.submit_at_once(CodeOp::Wrong, &guess, &wrong).await;
    hands.submit_once(CodeOp::Right, &mailed.code, &right).await;
    let observed = format!(
        "{guesses} wrong codes at once where {limit} are allowed: {} were answered with the code entry again, {} with an end, \
         {} without a known answer; the right code afterwards: {}",
        hands.count(CodeOp::Wrong, CodeRet::AskedAgain),
        hands.count(CodeOp::Wrong, CodeRet::Over),
        hands.unknown(),
        hands.seen.last().map_or("", String::as_str),
    );
    let answered = hands.history.iter().filter(|operation| operation.answered.is_some()).count();
    if answered <= limit as usize + 1 {
        return Err(Trouble::ControlArm(format!("more guesses than the limit should be answered, but: {observed}")));
    }
    if too_few_were_looked_at(&hands.history, limit) {
        return Err(Trouble::ControlArm(format!(
            "so many guesses as are allowed should be looked at, but: {observed}"
        )));
    }
    let expected =
        format!("of parallel guesses no more than {limit} are looked at, and the right code is refused afterwards");
    hands.judge(&stage, check, &expected, limit, observed)?;
    // The control arm: it was the guesses that closed the attempt, not the target that takes no code at all.
    let (_, fresh) = ask_for_code(&mut a, &account).await?;
    let seen = a.submit_code(&fresh.code, SkipBox::Unticked).await?;
    stage.control("starting over should still sign in", &seen, seen.is_signed_in())
}

/// Whether fewer guesses were answered as wrong than are allowed, and the code is good for nothing all the same: the others were refused
/// unseen, as a form that is good for one submission does, and nothing follows for the limit.
fn too_few_were_looked_at(history: &[Operation<CodeOp, CodeRet>], limit: u32) -> bool {
    let answered = |wanted| history.iter().filter(|it| it.answered.is_some_and(|(_, ret)| ret == wanted)).count();
    // The last that is allowed ends the attempt.
    answered(CodeRet::AskedAgain) + 1 < limit as usize && answered(CodeRet::SignedIn) == 0
}

/// The same where wrong codes are limited by a cool-down: of many at once one is looked at, and the others are told to wait.
async fn guesses_in_haste(stage: &Stage) -> Result<(), Trouble> {
    let check = "base-code-guess-limit-holds-in-parallel";
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let guess = wrong_code(&mailed.code);
    let wrong = a.prepare(Step::SubmitCode, Vars { code: &guess, ..Vars::default() }, SkipBox::Unticked)?;
    let mut hands = Hands::of(&mut a, &person, &account, MAX_GUESSES as usize).await?;
    person.hurry(Some(Haste::WithCodes));
    hands.submit_at_once(CodeOp::Wrong, &guess, &wrong).await;
    person.hurry(None);
    let (looked_at, told_to_wait) = (hands.count(CodeOp::Wrong, CodeRet::AskedAgain), hands.limited);
    let observed = format!(
        "{MAX_GUESSES} wrong codes at once: {looked_at} were answered as wrong, {told_to_wait} were told to wait, {} without a known answer",
        hands.unknown(),
    );
    if told_to_wait == 0 || looked_at == 0 {
        return Err(Trouble::ControlArm(format!(
            "the target should say which codes it looked at, and which had to wait (screen `limited`), but: {observed}"
        )));
    }
    stage.judge(check, "of many wrong codes at once one is looked at", observed, looked_at == 1)?;
    // The control arm: once the cool-down is over codes are taken again.
    let (_, fresh) = ask_for_code(&mut a, &account).await?;
    let seen = a.submit_code(&fresh.code, SkipBox::Unticked).await?;
    stage.control("starting over should still sign in", &seen, seen.is_signed_in())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_that_are_refused_unseen_say_nothing_about_the_limit() {
        let history = |asked_again: usize, over: usize, last: CodeRet| -> Vec<Operation<CodeOp, CodeRet>> {
            let now = Instant::now();
            let done = |op, ret| Operation { actor: 0, op, begun: now, answered: Some((now, ret)) };
            let wrong = |ret, count| std::iter::repeat_n(done(CodeOp::Wrong, ret), count);
            let all = wrong(CodeRet::AskedAgain, asked_again).chain(wrong(CodeRet::Over, over));
            all.chain([done(CodeOp::Right, last)]).collect()
        };
        assert!(too_few_were_looked_at(&history(0, 20, CodeRet::Over), 5));
        assert!(too_few_were_looked_at(&history(1, 19, CodeRet::Over), 5));
        assert!(!too_few_were_looked_at(&history(4, 16, CodeRet::Over), 5));
        assert!(!too_few_were_looked_at(&history(9, 11, CodeRet::Over), 5));
        // An attempt that is said to be over, and lets somebody in all the same, is no matter of forms.
        assert!(!too_few_were_looked_at(&history(0, 20, CodeRet::SignedIn), 5));
        assert!(!too_few_were_looked_at(&history(0, 20, CodeRet::Over), 1));
    }
}
