//! The metrics, by the conventions of Prometheus: counters end in `_total`, times are in seconds, sizes in bytes, and every label has
//! a handful of values that no stranger can add to.

use std::sync::OnceLock;
use std::time::Duration;

use http::StatusCode;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::connections::ConnectionMeters;
use crate::core::{Ending, Fact, Portal, Way};

/// The latencies of answers, from those that touch memory only to those that wait for a full password check. In seconds.
const ANSWER_BUCKETS: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// How long a mail takes: from a host next door to the end of all tries. In seconds.
const MAIL_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// How many events one commit of the store holds.
const GROUP_BUCKETS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Values of a label, one for each variant.
macro_rules! label_values {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_about])* $variant),+ }

        impl $name {
            const ALL: &'static [&'static str] = &[$($text),+];
        }

        impl From<$name> for usize {
            fn from(value: $name) -> usize {
                value as usize
            }
        }
    };
}

label_values! {
    /// What came of ID and password.
    SignInForm {
        CodeMailed = "code_mailed",
        SignedIn = "signed_in",
        WrongPair = "wrong_pair",
        TooManyWrongCodes = "too_many_wrong_codes",
        TooManyMails = "too_many_mails",
        MailQueueFull = "mail_queue_full",
        PasswordsBusy = "passwords_busy",
    }
}

label_values! {
    /// How somebody was let in.
    WayIn {
        Code = "code",
        Skip = "skip",
        BeforeGoLive = "before_go_live",
    }
}

label_values! {
    /// How an attempt ended.
    AttemptEnding {
        SignedIn = "signed_in",
        Superseded = "superseded",
        Expired = "expired",
        TooManyWrongCodes = "too_many_wrong_codes",
        Undelivered = "undelivered",
    }
}

label_values! {
    /// What came of a code that was given.
    CodeForm {
        Right = "right",
        Wrong = "wrong",
        Over = "over",
        Expired = "expired",
        TooManyWrongCodes = "too_many_wrong_codes",
        Undelivered = "undelivered",
    }
}

label_values! {
    /// What became of a code mail.
    MailEnd {
        Accepted = "accepted",
        Refused = "refused",
        GivenUp = "given_up",
    }
}

label_values! {
    /// What came of one try to hand a mail to the host.
    MailTry {
        Accepted = "accepted",
        TryLater = "try_later",
        Refused = "refused",
    }
}

/// All metrics of one server.
pub struct Metrics {
    pub(super) registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    sign_in_forms: PerPortal,
    code_forms: PerPortal,
    sign_ins: PerPortal,
    attempts_ended: PerPortal,
    wrong_codes: Vec<IntCounter>,
    skips_set: Vec<IntCounter>,
    skip_revocations: Vec<IntCounter>,
    code_mails_queued: IntCounter,
    code_mails: Vec<IntCounter>,
    code_mails_late: IntCounter,
    code_mail_seconds: Histogram,
    mail_tries: Vec<IntCounter>,
    mail_try_seconds: Histogram,
    password_check_seconds: Histogram,
    panics: IntCounter,
    /// Those of the portals.
    pub(crate) connections: ConnectionMeters,
    commit_events: Histogram,
    commit_seconds: Histogram,
    pub(super) mail_queue: IntGauge,
    pub(super) mail_queue_capacity: IntGauge,
    pub(super) store_up: IntGauge,
    pub(super) accounts: IntGaugeVec,
    pub(super) sessions: IntGaugeVec,
    pub(super) skips: IntGaugeVec,
}

/// A counter for every portal and value of one label.
struct PerPortal {
    counters: Vec<IntCounter>,
    width: usize,
}

/// What is counted at one place of the site.
pub(crate) struct RouteMeter {
    /// The pattern of its path.
    pub(crate) route: String,
    /// Whether it is part of pages rather than a page.
    pub(crate) is_asset: bool,
    methods: [MethodMeter; METHODS.len()],
}

#[derive(Default)]
struct MethodMeter {
    /// By the first digit of the status; what lies outside counts as 0.
    classes: [OnceLock<IntCounter>; 6],
    duration: OnceLock<Histogram>,
}

/// The methods that are told apart; the last stands for all others.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "DELETE", "other"];
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let to = &registry;
        let per_portal = |name: &str, help: &str, label: &str, values: &[&str]| {
            let vec = counters(to, name, help, &["portal", label]);
            let counters = Portal::ALL.iter().flat_map(|portal| {
                values.iter().map(|value| vec.with_label_values(&[portal.id(), value])).collect::<Vec<_>>()
            });
            PerPortal { counters: counters.collect(), width: values.len() }
        };
        let of_portals = |name: &str, help: &str| {
            let vec = counters(to, name, help, &["portal"]);
            Portal::ALL.iter().map(|portal| vec.with_label_values(&[portal.id()])).collect::<Vec<_>>()
        };
        let metrics = Self {
            requests: counters(
                to,
                "sekisho_http_requests_total",
                "Requests answered, by place, method and class of status.",
                &["route", "method", "status"],
            ),
            durations: registered(
                to,
                HistogramVec::new(
                    histogram_opts(
                        "sekisho_http_request_duration_seconds",
                        "Time from a request's head to its answer.",
                        &ANSWER_BUCKETS,
                    ),
                    &["route", "method"],
                ),
            ),
            sign_in_forms: per_portal(
                "sekisho_sign_in_forms_total",
                "IDs and passwords that were given, by what came of them.",
                "outcome",
                SignInForm::ALL,
            ),
            code_forms: per_portal(
                "sekisho_code_forms_total",
                "Codes that were given, by what came of them.",
                "outcome",
                CodeForm::ALL,
            ),
            sign_ins: per_portal("sekisho_sign_ins_total", "Completed sign-ins, by way.", "way", WayIn::ALL),
            attempts_ended: per_portal(
                "sekisho_attempts_ended_total",
                "Attempts to sign in by a code that came to their end, by reason.",
                "reason",
                AttemptEnding::ALL,
            ),
            wrong_codes: of_portals("sekisho_wrong_codes_total", "Wrong codes that count towards the limits."),
            skips_set: of_portals("sekisho_skips_set_total", "Skips that were set."),
            skip_revocations: of_portals("sekisho_skip_revocations_total", "Ends of all skips of an account."),
            code_mails_queued: counter(to, "sekisho_code_mails_queued_total", "Code mails that were promised."),
            code_mails: values_of(
                &counters(to, "sekisho_code_mails_total", "Code mails settled, by what became of them.", &["outcome"]),
                MailEnd::ALL,
            ),
            code_mails_late: counter(
                to,
                "sekisho_code_mails_dead_on_arrival_total",
                "Code mails that the host took after their code had run out or been superseded.",
            ),
            code_mail_seconds: histogram(
                to,
                "sekisho_code_mail_delivery_seconds",
                "Time from the sign-in that needs a code to the host taking its mail.",
                &MAIL_BUCKETS,
            ),
            mail_tries: values_of(
                &counters(
                    to,
                    "sekisho_mail_tries_total",
                    "Tries to hand a mail to the host, by outcome.",
                    &["outcome"],
                ),
                MailTry::ALL,
            ),
            mail_try_seconds: histogram(
                to,
                "sekisho_mail_try_duration_seconds",
                "Time of one try to hand a mail to the host.",
                &MAIL_BUCKETS,
            ),
            password_check_seconds: histogram(
                to,
                "sekisho_password_check_duration_seconds",
                "Time of a password check, waiting for its turn included.",
                &ANSWER_BUCKETS,
            ),
            connections: ConnectionMeters::shown_in(to),
            panics: counter(to, "sekisho_panics_total", "Requests whose handling panicked."),
            commit_events: histogram(
                to,
                "sekisho_store_commit_events",
                "Events in one commit of the store.",
                &GROUP_BUCKETS,
            ),
            commit_seconds: histogram(
                to,
                "sekisho_store_commit_duration_seconds",
                "Time of one commit of the store.",
                &ANSWER_BUCKETS,
            ),
            mail_queue: gauge(to, "sekisho_mail_queue_mails", "Mails that wait or are under way."),
            mail_queue_capacity: gauge(to, "sekisho_mail_queue_capacity_mails", "Mails that the queue takes."),
            store_up: gauge(to, "sekisho_store_up", "Whether the store works (1) or has failed (0)."),
            accounts: gauges(to, "sekisho_accounts", "Accounts.", "portal"),
            sessions: gauges(to, "sekisho_live_sessions", "Sessions that hold, on their account's clock.", "portal"),
            skips: gauges(to, "sekisho_live_skips", "Skips that are live, on their account's clock.", "portal"),
            registry: registry.clone(),
        };
        let build = Opts::new("sekisho_build_info", "The version that runs.").const_label("version", VERSION);
        registered(to, IntGauge::with_opts(build)).set(1);
        #[cfg(target_os = "linux")]
        to.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
            .expect("it is registered once");
        metrics
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Metrics {
    /// A panic while a request was handled.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// A commit of the store: how many events it held and how long it took.
    pub fn committed(&self, events: usize, took: Duration) {
        self.commit_events.observe(events as f64);
        self.commit_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn password_checked(&self, took: Duration) {
        self.password_check_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn sign_in_form(&self, portal: Portal, outcome: SignInForm) {
        self.sign_in_forms.of(portal, outcome.into()).inc();
    }

    pub(crate) fn code_form(&self, portal: Portal, outcome: CodeForm) {
        self.code_forms.of(portal, outcome.into()).inc();
    }

    /// Counts a fact that an event stated.
    pub(crate) fn happened(&self, portal: Portal, fact: Fact) {
        match fact {
            Fact::SignedIn(way) => self.sign_ins.of(portal, WayIn::from(way).into()).inc(),
            Fact::AttemptEnded(ending) => self.attempts_ended.of(portal, AttemptEnding::from(ending).into()).inc(),
            Fact::WrongCode => self.wrong_codes[portal as usize].inc(),
            Fact::SkipSet => self.skips_set[portal as usize].inc(),
            Fact::SkipsRevoked => self.skip_revocations[portal as usize].inc(),
        }
    }

    pub(crate) fn code_mail_queued(&self) {
        self.code_mails_queued.inc();
    }

    /// A code mail has come to its end; `since` is the time since its sign-in, `is_late` says that its code was dead by then.
    pub(crate) fn code_mail_settled(&self, end: MailEnd, since: Duration, is_late: bool) {
        self.code_mails[usize::from(end)].inc();
        if end == MailEnd::Accepted {
            self.code_mail_seconds.observe(since.as_secs_f64());
            self.code_mails_late.inc_by(u64::from(is_late));
        }
    }

    pub(super) fn mail_tried(&self, outcome: MailTry, took: Duration) {
        self.mail_tries[usize::from(outcome)].inc();
        self.mail_try_seconds.observe(took.as_secs_f64());
    }

    /// A request was answered. What belongs to the place and method is looked up once and kept.
    pub(super) fn answered(&self, route: &RouteMeter, method: &'static str, status: StatusCode, took: Duration) {
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status.as_u16() / 100).min(CLASSES.len() - 1);
        let meter = &route.methods[at];
        let counter = || self.requests.with_label_values(&[route.route.as_str(), METHODS[at], CLASSES[class]]);
        meter.classes[class].get_or_init(counter).inc();
        let histogram = || self.durations.with_label_values(&[route.route.as_str(), METHODS[at]]);
        meter.duration.get_or_init(histogram).observe(took.as_secs_f64());
    }
}

impl From<Way> for WayIn {
    fn from(way: Way) -> Self {
        match way {
            Way::Code => Self::Code,
            Way::Skip => Self::Skip,
            Way::BeforeGoLive => Self::BeforeGoLive,
        }
    }
}

impl From<Ending> for AttemptEnding {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::SignedIn => Self::SignedIn,
            Ending::Superseded => Self::Superseded,
            Ending::Expired => Self::Expired,
            Ending::TooManyWrongCodes => Self::TooManyWrongCodes,
            Ending::Undelivered => Self::Undelivered,
        }
    }
}

impl PerPortal {
    fn of(&self, portal: Portal, value: usize) -> &IntCounter {
        &self.counters[portal as usize * self.width + value]
    }
}

impl RouteMeter {
    pub(crate) fn new(route: String, is_asset: bool) -> Self {
        Self { route, is_asset, methods: Default::default() }
    }
}

/// Registers a metric. The definitions above are fixed and each is used by a test, so none can be refused here.
pub(super) fn registered<M: Collector + Clone + 'static>(registry: &Registry, metric: prometheus::Result<M>) -> M {
    let metric = metric.expect("the definition of the metric is well formed");
    registry.register(Box::new(metric.clone())).expect("no two metrics share a name");
    metric
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    registered(registry, IntCounter::new(name, help))
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

fn values_of(counters: &IntCounterVec, values: &[&str]) -> Vec<IntCounter> {
    values.iter().map(|value| counters.with_label_values(&[*value])).collect()
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::new(name, help))
}

fn gauges(registry: &Registry, name: &str, help: &str, label: &str) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), &[label]))
}

fn histogram_opts(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(buckets.to_vec())
}

fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    registered(registry, Histogram::with_opts(histogram_opts(name, help, buckets)))
}
