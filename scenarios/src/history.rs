//! Histories of races: what was begun when, what was answered when, and whether some order of single steps explains it all.
//!
//! An operation whose outcome is unknown (a time-out, a closed connection, a screen that nobody knows) stays open: it may have
//! happened at any time after it was begun, or never, so it can explain what others saw and is itself no evidence. Nothing is sent here.

use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Instant;

use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// How many steps the search for an order may take. It is exponential in the operations that overlap; a history of the races here
/// that can be explained takes a few hundred steps, and a search that is broken off leaves doubt.
const MAX_STEPS: u32 = 20_000;

/// How many suspicions are looked into where no order was found.
const MAX_SUSPICIONS: usize = 20_000;

/// Something that was done, by whom, and what is known of its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Operation<Op, Ret> {
    /// Who did it. One actor's operations whose outcomes are known do not overlap.
    pub(crate) actor: usize,
    pub(crate) op: Op,
    pub(crate) begun: Instant,
    /// When it was answered and how; nothing where the outcome is unknown.
    pub(crate) answered: Option<(Instant, Ret)>,
}

/// What a history is judged to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Some order of single steps explains it.
    Linearizable,
    /// No order explains it; the operations at these places show that by themselves, as few of them as were found.
    Violated(Vec<usize>),
    /// It could not be decided within the steps a search may take.
    Undecided,
}

/// Judges a history. The suspicions are parts of it, the shortest first: each part must be so chosen that leaving out the rest cannot
/// make it harder to explain, so that a part without an order proves the whole without one.
pub(crate) fn judge<S>(
    object: &S,
    history: &[Operation<S::Op, S::Ret>],
    suspicions: impl IntoIterator<Item = Vec<usize>>,
) -> Finding
where
    S: SequentialSpec + Clone,
    S::Op: Clone + Debug,
    S::Ret: Clone + Debug,
{
    let everything: Vec<usize> = (0..history.len()).collect();
    let whole = has_order(object, history, &everything);
    if whole == Some(true) {
        return Finding::Linearizable;
    }
    let proven =
        suspicions.into_iter().take(MAX_SUSPICIONS).find(|part| has_order(object, history, part) == Some(false));
    match (proven, whole) {
        (Some(part), _) => Finding::Violated(part),
        (None, Some(_)) => Finding::Violated(everything),
        (None, None) => Finding::Undecided,
    }
}

/// Whether some order explains the operations at these places; nothing where the search was broken off.
fn has_order<S>(object: &S, history: &[Operation<S::Op, S::Ret>], part: &[usize]) -> Option<bool>
where
    S: SequentialSpec + Clone,
    S::Op: Clone + Debug,
    S::Ret: Clone + Debug,
{
    let left = Rc::new(Cell::new(MAX_STEPS));
    let mut tester = LinearizabilityTester::new(Bounded { object: object.clone(), left: left.clone() });
    for (_, operation, is_answer) in events(history, part) {
        let actor = if operation.answered.is_some() { operation.actor } else { usize::MAX - tester.len() };
        let noted = match (is_answer, &operation.answered) {
            (true, Some((_, ret))) => tester.on_return(actor, ret.clone()),
            _ => tester.on_invoke(actor, operation.op.clone()),
        };
        // An actor that overlaps itself is a fault of the story; no order is concluded from it, nor its absence.
        noted.ok()?;
    }
    let found = tester.is_consistent();
    if found || left.get() > 0 { Some(found) } else { None }
}

type Event<'a, Op, Ret> = (Instant, &'a Operation<Op, Ret>, bool);

/// Beginnings and answers in the order of time. Of those at the same instant the beginnings come first: they overlap, which claims less.
fn events<'a, Op, Ret>(history: &'a [Operation<Op, Ret>], part: &[usize]) -> Vec<Event<'a, Op, Ret>> {
    let chosen = part.iter().filter_map(|place| history.get(*place));
    let mut events: Vec<_> = chosen
        .flat_map(|operation| {
            let answer = operation.answered.as_ref().map(|(at, _)| (*at, operation, true));
            [Some((operation.begun, operation, false)), answer].into_iter().flatten()
        })
        .collect();
    events.sort_by_key(|(at, _, is_answer)| (*at, *is_answer));
    events
}

/// An object that answers for so many steps and then explains nothing any more, so that every search ends.
#[derive(Clone)]
struct Bounded<S> {
    object: S,
    left: Rc<Cell<u32>>,
}

impl<S> Bounded<S> {
    fn step(&self) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        self.left.get() > 0
    }
}

impl<S: SequentialSpec> SequentialSpec for Bounded<S> {
    type Op = S::Op;
    type Ret = S::Ret;

    fn invoke(&mut self, op: &S::Op) -> S::Ret {
        self.step();
        self.object.invoke(op)
    }

    fn is_valid_step(&mut self, op: &S::Op, ret: &S::Ret) -> bool {
        self.step() && self.object.is_valid_step(op, ret)
    }
}

/// The skips of an account before and after a resume, as many browsers see them (FAQ-12h).
#[derive(Debug, Clone, Default)]
pub(crate) struct Skips {
    revoked: bool,
}

/// What is done to [`Skips`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipsOp {
    /// [完了].
    Resume,
    /// A sign-in in a browser whose skip was set before.
    SignIn,
}

/// What is seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipsRet {
    /// The resume is done.
    Done,
    /// No code was asked.
    Skipped,
    /// A code was asked.
    AskedForCode,
}

impl SequentialSpec for Skips {
    type Op = SkipsOp;
    type Ret = SkipsRet;

    fn invoke(&mut self, op: &SkipsOp) -> SkipsRet {
        match op {
            SkipsOp::Resume => {
                self.revoked = true;
                SkipsRet::Done
            }
            SkipsOp::SignIn if self.revoked => SkipsRet::AskedForCode,
            SkipsOp::SignIn => SkipsRet::Skipped,
        }
    }
}

impl Skips {
    /// The resumes with one or two sign-ins each: a sign-in changes nothing, so any of them may be left out.
    pub(crate) fn suspicions(history: &[Operation<SkipsOp, SkipsRet>]) -> Vec<Vec<usize>> {
        let of = |op| (0..history.len()).filter(move |place| history[*place].op == op);
        let resumes: Vec<usize> = of(SkipsOp::Resume).collect();
        let with = |more: &[usize]| [&resumes[..], more].concat();
        let alone = of(SkipsOp::SignIn).map(|one| with(&[one]));
        let pairs = of(SkipsOp::SignIn)
            .flat_map(|one| of(SkipsOp::SignIn).take_while(move |other| *other < one).map(move |other| [other, one]));
        alone.chain(pairs.map(|pair| with(&pair))).take(MAX_SUSPICIONS).collect()
    }
}

/// A code that signs in once, in a browser that may try so many wrong ones (BASE-CODE).
#[derive(Debug, Clone)]
pub(crate) struct OneCode {
    used: bool,
    wrong: u32,
    limit: u32,
}

/// What is done to [`OneCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeOp {
    /// The right code is given.
    Right,
    /// A wrong one.
    Wrong,
}

/// What is seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeRet {
    /// It signed in.
    SignedIn,
    /// It was refused, and another one may be given.
    AskedAgain,
    /// It was refused, and no other one may be given.
    Over,
}

impl OneCode {
    /// A code that was just mailed, in an attempt that so many wrong codes end.
    pub(crate) fn new(limit: u32) -> Self {
        Self { used: false, wrong: 0, limit }
    }

    fn is_over(&self) -> bool {
        self.used || self.wrong >= self.limit
    }

    /// Any two that signed in; more guesses that were looked at than there may be, alone or before one that signed in. To leave out a
    /// guess or a refusal makes none of these harder to explain.
    pub(crate) fn suspicions(&self, history: &[Operation<CodeOp, CodeRet>]) -> Vec<Vec<usize>> {
        let that = |seen| {
            let answered = move |place: &usize| history[*place].answered.is_some_and(|(_, ret)| ret == seen);
            (0..history.len()).filter(answered).collect::<Vec<_>>()
        };
        let (signed_in, looked_at) = (that(CodeRet::SignedIn), that(CodeRet::AskedAgain));
        let limit = self.limit as usize;
        let mut suspicions = vec![signed_in.iter().copied().take(2).collect()];
        suspicions.push(looked_at.iter().copied().take(limit + 1).collect());
        for late in signed_in {
            let earlier = looked_at.iter().copied().take(limit);
            suspicions.push(earlier.chain([late]).collect());
        }
        suspicions
    }
}

impl SequentialSpec for OneCode {
    type Op = CodeOp;
    type Ret = CodeRet;

    fn invoke(&mut self, op: &CodeOp) -> CodeRet {
        match op {
            _ if self.is_over() => CodeRet::Over,
            CodeOp::Right => {
                self.used = true;
                CodeRet::SignedIn
            }
            CodeOp::Wrong => {
                self.wrong += 1;
                CodeRet::AskedAgain
            }
        }
    }

    /// The guess that reaches the limit may be answered either way: it was looked at, and it was the last.
    fn is_valid_step(&mut self, op: &CodeOp, ret: &CodeRet) -> bool {
        match (op, ret) {
            // A code that was used is refused, in whichever words.
            (CodeOp::Right, CodeRet::AskedAgain | CodeRet::Over) => self.is_over(),
            (CodeOp::Wrong, CodeRet::Over) if !self.is_over() => {
                self.wrong += 1;
                self.is_over()
            }
            _ => self.invoke(op) == *ret,
        }
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
