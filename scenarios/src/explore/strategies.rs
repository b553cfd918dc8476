//! How stories are drawn: scenes of a few steps each, with pauses that like the boundaries of the rules.

use proptest::prelude::*;

use super::tale::{ACCOUNTS, BROWSERS, Tale, Vocabulary};
use crate::oracle::{AccountId, Action, BrowserId, Page, Planted, Typed};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The most scenes that are put together to a story, before it is cut to its most steps.
const MAX_SCENES: usize = 30;

/// Any story of what the vocabulary has.
pub fn tale(vocabulary: &Vocabulary) -> BoxedStrategy<Tale> {
    let round_go_live = prop_oneof![
        4 => Just((None, Vec::new())),
        1 => prop::sample::select(vec![-SECOND, -1, 0, 1]).prop_map(|begins| (Some(begins), Vec::new())),
        1 => (browser(), account(), prop::sample::select(vec![-1, 0, 1])).prop_map(|(browser, account, beside)| {
            (Some(-HOUR), vec![sign_in(browser, account), Action::Wait(HOUR + beside), Action::Look(browser, Page::MyPage)])
        }),
    ];
    let begins = match vocabulary.has_go_live {
        true => round_go_live.boxed(),
        false => Just((None, Vec::new())).boxed(),
    };
    let any = prop::sample::select(vocabulary.portals.clone());
    let portal = match vocabulary.with_additional.clone() {
        some if some.is_empty() => any.boxed(),
        some => prop_oneof![3 => prop::sample::select(some), 1 => any].boxed(),
    };
    let pauses = Pauses::of(vocabulary);
    let scenes = prop::collection::vec(scene(&pauses), 1..MAX_SCENES);
    let vocabulary = vocabulary.clone();
    (portal, begins, scenes)
        .prop_map(move |(portal, (begins, prelude), scenes)| {
            let mut steps = [prelude, scenes.concat()].concat();
            steps.retain(|step| vocabulary.has(portal, step));
            steps.truncate(vocabulary.max_steps);
            let begins_ms = begins.map_or(vocabulary.usual_begin_ms(), |begins| vocabulary.go_live_ms + begins);
            Tale { portal, begins_ms, steps }
        })
        .boxed()
}

fn browser() -> impl Strategy<Value = BrowserId> {
    (0..BROWSERS).prop_map(BrowserId)
}

/// The main account more often than the other.
fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![2 => Just(AccountId(0)), 1 => (0..ACCOUNTS).prop_map(AccountId)]
}

/// Spans that end at a boundary of the rules or half-way to it.
#[derive(Clone)]
struct Pauses(Vec<i64>);

impl Pauses {
    fn of(vocabulary: &Vocabulary) -> Pauses {
        let spans = [vocabulary.code_valid_ms, vocabulary.skip_valid_ms];
        let halves = spans.map(|span| span / 2);
        Pauses([&halves[..], &spans, &[HOUR], vocabulary.session_ms.as_slice()].concat())
    }

    /// A span that ends at a boundary or half-way to it, or just beside.
    fn boundary(&self) -> impl Strategy<Value = i64> + use<> {
        let beside = prop::sample::select(vec![-SECOND, -1, 0, 1, SECOND]);
        (prop::sample::select(self.0.clone()), beside).prop_map(|(boundary, beside)| (boundary + beside).max(0))
    }

    fn any(&self) -> impl Strategy<Value = Action> + use<> {
        prop_oneof![
            3 => self.boundary(),
            1 => prop::sample::select(vec![1, SECOND]),
            1 => 0..40 * MINUTE,
            1 => 0..100 * DAY,
        ]
        .prop_map(Action::Wait)
    }
}

fn typed() -> impl Strategy<Value = Typed> {
    prop_oneof![
        4 => Just(Typed::Right),
        2 => Just(Typed::Wrong),
        1 => (1usize..4).prop_map(Typed::Earlier),
        1 => (0..ACCOUNTS).prop_map(|account| Typed::Of(AccountId(account))),
    ]
}

fn scene(pauses: &Pauses) -> impl Strategy<Value = Vec<Action>> + use<> {
    prop_oneof![
        7 => step(pauses).prop_map(|step| vec![step]),
        2 => (browser(), account(), any::<bool>()).prop_map(|(browser, account, tick)| {
            vec![sign_in(browser, account), code(browser, Typed::Right, tick)]
        }),
        2 => (browser(), account()).prop_map(|(browser, account)| {
            vec![sign_in(browser, account), code(browser, Typed::Right, true), Action::ConfirmSkip(browser)]
        }),
        1 => (browser(), account(), pauses.any(), typed()).prop_map(|(browser, account, pause, typed)| {
            vec![sign_in(browser, account), pause, code(browser, typed, true)]
        }),
        1 => (browser(), account(), 1usize..6).prop_map(|(browser, account, guesses)| {
            let mut steps = vec![sign_in(browser, account)];
            steps.resize(1 + guesses, code(browser, Typed::Wrong, false));
            steps
        }),
        1 => (browser(), account(), pauses.boundary(), pauses.boundary(), any::<bool>()).prop_map(
            |(browser, account, first, second, look)| {
                let between =
                    if look { Action::Look(browser, Page::CodeEntry) } else { code(browser, Typed::Wrong, false) };
                vec![
                    sign_in(browser, account),
                    Action::Wait(first),
                    between,
                    Action::Wait(second),
                    code(browser, Typed::Right, false),
                ]
            }
        ),
        1 => browser().prop_map(|browser| {
            vec![Action::CompleteResume(browser), Action::Look(browser, Page::SkipSettings)]
        }),
        1 => (browser(), account(), browser(), any::<bool>()).prop_map(|(browser, account, other, right)| {
            let confirm = Action::ConfirmAddress { browser, right };
            vec![Action::AskAddress(browser), sign_in(other, account), confirm, sign_in(other, account)]
        }),
        1 => (browser(), pauses.boundary()).prop_map(|(browser, pause)| {
            let confirm = Action::ConfirmAddress { browser, right: true };
            vec![Action::AskAddress(browser), Action::Wait(pause), confirm]
        }),
        1 => browser().prop_map(|browser| {
            vec![Action::CompleteResume(browser), sign_in(browser, AccountId(0)), sign_in(browser, AccountId(1))]
        }),
        1 => (browser(), account()).prop_map(|(browser, account)| {
            let clear = Action::ClearCookies(browser);
            let (code, confirm) = (code(browser, Typed::Right, true), Action::ConfirmSkip(browser));
            vec![clear, sign_in(browser, account), code, confirm, sign_in(browser, account)]
        }),
        // A browser forgets the cookie of a skip that was ended or has lapsed; who kept a copy puts it back.
        1 => (browser(), account(), any::<bool>(), pauses.any()).prop_map(|(browser, account, resumes, pause)| {
            let ends = if resumes { Action::CompleteResume(browser) } else { pause };
            vec![ends, Action::PlantSkipCookie { browser, account, planted: Planted::Kept }, sign_in(browser, account)]
        }),
        1 => (browser(), pauses.any(), browser(), account()).prop_map(|(first, pause, second, account)| {
            vec![sign_in(first, account), pause, sign_in(second, account)]
        }),
    ]
}

fn step(pauses: &Pauses) -> impl Strategy<Value = Action> + use<> {
    prop_oneof![
        4 => (browser(), account()).prop_map(|(browser, account)| sign_in(browser, account)),
        1 => (browser(), account())
            .prop_map(|(browser, account)| Action::SignIn { browser, account, right_password: false }),
        5 => (browser(), typed(), any::<bool>()).prop_map(|(browser, typed, tick)| code(browser, typed, tick)),
        2 => browser().prop_map(Action::ConfirmSkip),
        1 => browser().prop_map(Action::CancelSkip),
        1 => browser().prop_map(Action::OpenResume),
        1 => browser().prop_map(Action::CompleteResume),
        3 => (browser(), prop::sample::select(vec![Page::MyPage, Page::SkipSettings, Page::CodeEntry]))
            .prop_map(|(browser, page)| Action::Look(browser, page)),
        1 => browser().prop_map(Action::ChangeAddress),
        1 => browser().prop_map(Action::AskAddress),
        1 => (browser(), any::<bool>()).prop_map(|(browser, right)| Action::ConfirmAddress { browser, right }),
        1 => account().prop_map(Action::OfficeTakesRequest),
        1 => account().prop_map(Action::OfficeChangesAddress),
        1 => browser().prop_map(Action::SignOut),
        1 => browser().prop_map(Action::ForgetSession),
        1 => browser().prop_map(Action::ClearCookies),
        2 => (browser(), account(), planted())
            .prop_map(|(browser, account, planted)| Action::PlantSkipCookie { browser, account, planted }),
        4 => pauses.any(),
    ]
}

fn planted() -> impl Strategy<Value = Planted> {
    prop_oneof![
        2 => Just(Planted::Kept),
        2 => (0usize..40).prop_map(Planted::Altered),
        1 => (0..ACCOUNTS).prop_map(|account| Planted::Of(AccountId(account))),
    ]
}

fn sign_in(browser: BrowserId, account: AccountId) -> Action {
    Action::SignIn { browser, account, right_password: true }
}

fn code(browser: BrowserId, typed: Typed, tick: bool) -> Action {
    Action::SubmitCode { browser, typed, tick }
}
