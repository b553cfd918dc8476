//! Random stories: scenes of a few steps each, with pauses that like the boundaries of the rules.

use proptest::prelude::*;
use sekisho_scenarios::oracle::{AccountId, Action, BrowserId, Page, Planted, Typed};
use sekisho_server::core::{GO_LIVE, Portal};

pub const ACCOUNTS: usize = 2;
pub const BROWSERS: usize = 3;
/// No story is longer than this many steps.
const MAX_STEPS: usize = 60;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Where and when a story begins, in milliseconds since the Unix epoch, and its steps.
#[derive(Clone, Debug)]
pub struct Tale {
    pub portal: Portal,
    pub begins_ms: i64,
    pub steps: Vec<Action>,
}

/// Any story.
pub fn tale() -> impl Strategy<Value = Tale> {
    let begins = prop_oneof![
        4 => Just((DAY, Vec::new())),
        1 => prop::sample::select(vec![-SECOND, -1, 0, 1]).prop_map(|begins| (begins, Vec::new())),
        1 => (browser(), account(), prop::sample::select(vec![-1, 0, 1])).prop_map(|(browser, account, beside)| {
            (-HOUR, vec![sign_in(browser, account), Action::Wait(HOUR + beside), Action::Look(browser, Page::MyPage)])
        }),
    ];
    let portal = prop_oneof![3 => Just(Portal::Employer), 1 => prop::sample::select(Portal::ALL.to_vec())];
    (portal, begins, prop::collection::vec(scene(), 1..30)).prop_map(|(portal, (begins, prelude), scenes)| {
        let mut steps = [prelude, scenes.concat()].concat();
        steps.truncate(MAX_STEPS);
        Tale { portal, begins_ms: GO_LIVE.millis() + begins, steps }
    })
}

fn browser() -> impl Strategy<Value = BrowserId> {
    (0..BROWSERS).prop_map(BrowserId)
}

/// The main account more often than the other.
fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![2 => Just(AccountId(0)), 1 => (0..ACCOUNTS).prop_map(AccountId)]
}

/// A span that ends at a boundary of the rules or half-way to it, or just beside.
fn boundary() -> impl Strategy<Value = i64> {
    let boundary = prop::sample::select(vec![15 * MINUTE, 30 * MINUTE, HOUR, 12 * HOUR, 45 * DAY, 90 * DAY]);
    let beside = prop::sample::select(vec![-SECOND, -1, 0, 1, SECOND]);
    (boundary, beside).prop_map(|(boundary, beside)| boundary + beside)
}

fn pause() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => boundary(),
        1 => prop::sample::select(vec![1, SECOND]),
        1 => 0..40 * MINUTE,
        1 => 0..100 * DAY,
    ]
    .prop_map(Action::Wait)
}

fn typed() -> impl Strategy<Value = Typed> {
    prop_oneof![
        4 => Just(Typed::Right),
        2 => Just(Typed::Wrong),
        1 => (1usize..4).prop_map(Typed::Earlier),
        1 => (0..ACCOUNTS).prop_map(|account| Typed::Of(AccountId(account))),
    ]
}

fn scene() -> impl Strategy<Value = Vec<Action>> {
    prop_oneof![
        7 => step().prop_map(|step| vec![step]),
        2 => (browser(), account(), any::<bool>()).prop_map(|(browser, account, tick)| {
            vec![sign_in(browser, account), code(browser, Typed::Right, tick)]
        }),
        2 => (browser(), account()).prop_map(|(browser, account)| {
            vec![sign_in(browser, account), code(browser, Typed::Right, true), Action::ConfirmSkip(browser)]
        }),
        1 => (browser(), account(), pause(), typed()).prop_map(|(browser, account, pause, typed)| {
            vec![sign_in(browser, account), pause, code(browser, typed, true)]
        }),
        1 => (browser(), account(), 1usize..6).prop_map(|(browser, account, guesses)| {
            let mut steps = vec![sign_in(browser, account)];
            steps.resize(1 + guesses, code(browser, Typed::Wrong, false));
            steps
        }),
        1 => (browser(), account(), boundary(), boundary(), any::<bool>()).prop_map(
            |(browser, account, first, second, look)| {
                let between = if look { Action::Look(browser, Page::CodeEntry) } else { code(browser, Typed::Wrong, false) };
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
        1 => browser().prop_map(|browser| {
            vec![Action::CompleteResume(browser), sign_in(browser, AccountId(0)), sign_in(browser, AccountId(1))]
        }),
        1 => (browser(), pause(), browser(), account()).prop_map(|(first, pause, second, account)| {
            vec![sign_in(first, account), pause, sign_in(second, account)]
        }),
    ]
}

fn step() -> impl Strategy<Value = Action> {
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
        4 => pause(),
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
