//! The recorder of a load run: histograms and counts, no exchange.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sekisho_reports::histogram::Latencies;
use sekisho_reports::record::{IntervalRow, MailFigures, StepRow, ViolationRow};
use sekisho_simulator::Trouble;
use sekisho_simulator::browser::{ExchangeView, Witness};
use sekisho_simulator::mailbox::Mail;
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::target::{Screen, Step};

use crate::stage::{Judged, Stage};

/// How far a load run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Stories that were begun.
    pub begun: u64,
    /// Stories that are over.
    pub over: u64,
    /// Completed sign-ins.
    pub sign_ins: u64,
}

/// Counts and measures everything that all users of a run do.
pub(super) struct Meter {
    started: Instant,
    /// After how long a code counts as dead when its mail arrives.
    code_validity: Duration,
    begun: AtomicU64,
    over: AtomicU64,
    sign_ins: AtomicU64,
    last_sign_in_us: AtomicU64,
    awaited: AtomicU64,
    never_came: AtomicU64,
    dead_on_arrival: AtomicU64,
    steps: Vec<Mutex<Measured>>,
    mails: Mutex<Latencies>,
    intervals: Mutex<BTreeMap<u64, IntervalRow>>,
    violations: Mutex<BTreeMap<&'static str, (u64, String)>>,
    troubles: Mutex<BTreeMap<String, u64>>,
}

#[derive(Default)]
struct Measured {
    latencies: Latencies,
    errors: u64,
}

/// More kinds of trouble than this are not told apart.
const TROUBLES_TOLD_APART: usize = 20;

impl Meter {
    pub(super) fn new(code_validity: Duration) -> Meter {
        Meter {
            started: Instant::now(),
            code_validity,
            begun: AtomicU64::new(0),
            over: AtomicU64::new(0),
            sign_ins: AtomicU64::new(0),
            last_sign_in_us: AtomicU64::new(0),
            awaited: AtomicU64::new(0),
            never_came: AtomicU64::new(0),
            dead_on_arrival: AtomicU64::new(0),
            steps: Step::ALL.iter().map(|_| Mutex::default()).collect(),
            mails: Mutex::default(),
            intervals: Mutex::default(),
            violations: Mutex::default(),
            troubles: Mutex::default(),
        }
    }

    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_this_second(|row| row.begun += 1);
    }

    /// A story is over: its judgements and its trouble are counted.
    pub(super) fn end(&self, stage: &Stage, outcome: Result<(), Trouble>) {
        self.over.fetch_add(1, Ordering::Relaxed);
        for (check, judgement) in stage.judgements() {
            if judgement.verdict == Judged::Fail {
                let mut violations = lock(&self.violations);
                let (count, example) = violations.entry(check).or_default();
                *count += 1;
                if example.is_empty() {
                    *example = format!("{}; seen instead: {}", judgement.expected, judgement.observed);
                }
            }
        }
        match outcome {
            Ok(()) | Err(Trouble::Judged(_) | Trouble::Interrupted) => {}
            Err(trouble) => {
                self.in_this_second(|row| row.errors += 1);
                let mut troubles = lock(&self.troubles);
                let cause = trouble.summary();
                let cause = if troubles.len() < TROUBLES_TOLD_APART || troubles.contains_key(&cause) {
                    cause
                } else {
                    "other causes".to_owned()
                };
                *troubles.entry(cause).or_default() += 1;
            }
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            begun: self.begun.load(Ordering::Relaxed),
            over: self.over.load(Ordering::Relaxed),
            sign_ins: self.sign_ins.load(Ordering::Relaxed),
        }
    }

    /// From the start until the last sign-in was complete.
    pub(super) fn until_last_sign_in(&self) -> Duration {
        Duration::from_micros(self.last_sign_in_us.load(Ordering::Relaxed))
    }

    pub(super) fn steps(&self) -> Vec<StepRow> {
        let rows = Step::ALL.iter().zip(&self.steps).map(|(step, measured)| {
            let measured = lock(measured);
            (measured.latencies.count() + measured.errors > 0)
                .then(|| measured.latencies.step(step.name(), measured.errors))
        });
        let mails = lock(&self.mails);
        let never_came = self.never_came.load(Ordering::Relaxed);
        rows.flatten().chain((mails.count() > 0).then(|| mails.step("mailed-code", never_came))).collect()
    }

    pub(super) fn intervals(&self) -> Vec<IntervalRow> {
        lock(&self.intervals).values().copied().collect()
    }

    pub(super) fn mail(&self) -> MailFigures {
        let mails = lock(&self.mails);
        MailFigures {
            accepted: mails.count(),
            awaited: self.awaited.load(Ordering::Relaxed),
            never_came: self.never_came.load(Ordering::Relaxed),
            dead_on_arrival: self.dead_on_arrival.load(Ordering::Relaxed),
            p50_us: mails.percentile_us(50.0),
            p99_us: mails.percentile_us(99.0),
        }
    }

    pub(super) fn violations(&self) -> Vec<ViolationRow> {
        let row = |(check, (count, example)): (&&'static str, &(u64, String))| {
            let (rule, clause) = sekisho_rules::check(check)?;
            Some(ViolationRow {
                check: (*check).to_owned(),
                count: *count,
                example: example.clone(),
                rule: rule.id.to_owned(),
                level: clause.level.into(),
            })
        };
        lock(&self.violations).iter().filter_map(row).collect()
    }

    /// Why stories broke off without a judgement, and how often.
    pub(super) fn troubles(&self) -> Vec<(String, u64)> {
        lock(&self.troubles).iter().map(|(cause, count)| (cause.clone(), *count)).collect()
    }

    fn in_this_second(&self, change: impl FnOnce(&mut IntervalRow)) {
        let second = self.started.elapsed().as_secs();
        change(lock(&self.intervals).entry(second).or_insert_with(|| IntervalRow { second, ..IntervalRow::default() }));
    }
}

impl Witness for Meter {
    fn exchange(&self, _: &ExchangeView<'_>) {}
}

impl Recorder for Meter {
    fn step(&self, step: Step, took: Duration, seen: Option<Screen>) {
        // The order of `Step::ALL` is that of its variants.
        let Some(measured) = self.steps.get(step as usize) else { return };
        let mut measured = lock(measured);
        match seen {
            Some(_) => measured.latencies.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
            None => measured.errors += 1,
        }
    }

    fn signed_in(&self) {
        self.sign_ins.fetch_add(1, Ordering::Relaxed);
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last_sign_in_us.fetch_max(now, Ordering::Relaxed);
        self.in_this_second(|row| row.sign_ins += 1);
    }

    fn mail_awaited(&self) {
        self.awaited.fetch_add(1, Ordering::Relaxed);
    }

    fn mail_came(&self, _: &Mail, after: Duration) {
        lock(&self.mails).record(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
        if after > self.code_validity {
            self.dead_on_arrival.fetch_add(1, Ordering::Relaxed);
        }
        self.in_this_second(|row| row.mails += 1);
    }

    fn mail_never_came(&self) {
        self.never_came.fetch_add(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_apart() {
        let meter = Meter::new(Duration::from_secs(1800));
        meter.step(Step::OpenSignIn, Duration::from_micros(500), Some(Screen::SignIn));
        meter.step(Step::SignOut, Duration::from_micros(700), None);
        let rows = meter.steps();
        assert_eq!(
            rows.iter().map(|row| (row.name.as_str(), row.count, row.errors)).collect::<Vec<_>>(),
            [("open-sign-in", 1, 0), ("sign-out", 0, 1)]
        );
    }

    #[test]
    fn the_order_of_steps_is_that_of_their_variants() {
        for (place, step) in Step::ALL.iter().enumerate() {
            assert_eq!(*step as usize, place);
        }
    }

    #[test]
    fn a_code_that_comes_after_its_validity_is_dead_on_arrival() {
        let meter = Meter::new(Duration::from_secs(1800));
        let mail = Mail {
            sequence: 1,
            received_at: std::time::SystemTime::UNIX_EPOCH,
            from: String::new(),
            recipients: Vec::new(),
            raw: Vec::new().into(),
        };
        meter.mail_came(&mail, Duration::from_secs(1799));
        meter.mail_came(&mail, Duration::from_secs(1801));
        assert_eq!((meter.mail().accepted, meter.mail().dead_on_arrival), (2, 1));
    }
}
