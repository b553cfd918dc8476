//! What must hold in every state, each by a rule; and what must be seen in some state, so that the space was really entered.

use sekisho_server::core::GO_LIVE;
use stateright::Property;

use crate::state::{ACCOUNTS, BROWSERS, Refusal, SetSkip, State, Way};
use crate::world::World;

pub const ASKED_TOO_EARLY: &str = "NOTICE-1: before go-live no code is asked";
pub const NO_WAY_IN: &str = "FAQ-06: from go-live on nobody is let in without a code or a live skip";
pub const PASSWORD: &str = "FAQ-06: no skip stands in for the password";
pub const RIGHT_CODE: &str = "FAQ-01: the right code in time signs in";
pub const MAIL: &str = "FAQ-01: a code is mailed to the registered address and to nobody else";
pub const SHUT: &str = "FAQ-01: My Page opens to who is signed in and to nobody else";
pub const SILENCE: &str = "FAQ-06: nothing is mailed but codes";
pub const OTHER_ATTEMPT: &str = "FAQ-01: only the code of the attempt signs in";
pub const EXPIRED: &str = "FAQ-03: no expired code signs in";
pub const ONLY_OK: &str = "FAQ-06: no skip is set but by [OK]";
pub const OK_COUNTS: &str = "FAQ-06: [OK] counts after a right code with the box ticked and otherwise not";
pub const LIVE_SKIPS: &str = "FAQ-06: a live skip skips";
pub const LAPSED: &str = "FAQ-08: no lapsed skip skips";
pub const REVOKED: &str = "FAQ-12: no revoked skip ever skips";
pub const RESUME_OPENS: &str = "FAQ-12: the resume opens to who is signed in and to nobody else";
pub const STATUS: &str = "FAQ-13: the status is なし if and only if there is no live skip";
pub const OTHERS_SKIP: &str = "FAQ-16: the skip of one account never skips the other";
pub const TOGETHER: &str = "FAQ-16: the skips of both accounts work in one browser";
pub const RESUME_APART: &str = "FAQ-16: a resume leaves the other account's skips";
pub const TWICE: &str = "BASE-CODE: no code signs in twice";
pub const OTHERS_CODE: &str = "BASE-CODE: no code of one account opens the other";
pub const SUPERSEDED: &str = "policy: a newer attempt supersedes the older one";

/// Properties that the last step may have broken.
macro_rules! never_broken {
    ($($rule:ident),* $(,)?) => {
        vec![$(Property::always($rule, |_: &World, state: &State| state.broken != Some($rule))),*]
    };
}

/// What must hold in every state.
pub fn safety() -> Vec<Property<World>> {
    let mut properties = never_broken![
        ASKED_TOO_EARLY,
        NO_WAY_IN,
        PASSWORD,
        RIGHT_CODE,
        MAIL,
        SILENCE,
        OTHER_ATTEMPT,
        EXPIRED,
        ONLY_OK,
        OK_COUNTS,
        LIVE_SKIPS,
        LAPSED,
        REVOKED,
        RESUME_OPENS,
        OTHERS_SKIP,
        TOGETHER,
        RESUME_APART,
        TWICE,
        OTHERS_CODE,
        SUPERSEDED,
    ];
    properties.push(Property::always(SHUT, |world, state| {
        (0..BROWSERS).all(|browser| (0..ACCOUNTS).all(|account| world.shuts_rightly(state, browser, account)))
    }));
    properties.push(Property::always(STATUS, |world, state| {
        (0..BROWSERS).all(|browser| world.status_is_right(state, browser))
    }));
    properties
}

/// What must be seen somewhere in the world of codes.
pub fn sights_of_codes() -> Vec<Property<World>> {
    vec![
        Property::sometimes("somebody came in before go-live and is in afterwards", |_, state: &State| {
            state.now >= GO_LIVE && came_in(state, Way::BeforeGoLive)
        }),
        Property::sometimes("a code signed somebody in", |_, state: &State| came_in(state, Way::Code)),
        Property::sometimes("a code signed somebody in at its last instant", |_, state: &State| {
            state.browsers.iter().any(|browser| {
                let (Some(session), Some(attempt)) = (&browser.session, &browser.attempt) else { return false };
                let code = &state.accounts[attempt.account].codes[attempt.code];
                code.used && session.opened_at.since(code.issued_at).as_secs() == 30 * 60
            })
        }),
        Property::sometimes("an expired code was refused", |_, state: &State| was_refused(state, Refusal::Expired)),
        Property::sometimes("a used code was refused", |_, state: &State| was_refused(state, Refusal::Used)),
        Property::sometimes("a wrong code was refused", |_, state: &State| was_refused(state, Refusal::Wrong)),
        Property::sometimes("a superseded attempt was refused", |_, state: &State| was_refused(state, Refusal::Over)),
        Property::sometimes("two browsers are signed in to two accounts", |_, state: &State| {
            let accounts = state.browsers.each_ref().map(|browser| browser.session.as_ref().map(|it| it.account));
            accounts.contains(&Some(0)) && accounts.contains(&Some(1))
        }),
    ]
}

/// What must be seen somewhere in the world of skips.
pub fn sights_of_skips() -> Vec<Property<World>> {
    vec![
        Property::sometimes("a skip let somebody in", |_, state: &State| came_in(state, Way::Skip)),
        Property::sometimes("a skip let somebody in at its last instant", |_, state: &State| {
            state.browsers.iter().any(|browser| {
                let Some(session) = browser.session.as_ref().filter(|session| session.way == Way::Skip) else {
                    return false;
                };
                let skip = browser.skips[session.account];
                skip.is_some_and(|skip| session.opened_at.since(skip.set_at).as_secs() == 90 * 24 * 60 * 60)
            })
        }),
        Property::sometimes("a skip lapsed and was refused", |_, state: &State| {
            any_skip(state, |skip| skip.refused && !skip.revoked && skip.has_lapsed(state.now))
        }),
        Property::sometimes("a skip was revoked and then refused", |_, state: &State| {
            any_skip(state, |skip| skip.refused && skip.revoked)
        }),
        Property::sometimes("the skips of both accounts live in one browser", |_, state: &State| {
            state
                .browsers
                .iter()
                .any(|browser| browser.skips.iter().flatten().filter(|skip| skip.is_live(state.now)).count() == 2)
        }),
        Property::sometimes("one account's skip lives in both browsers", |_, state: &State| {
            state.browsers.iter().all(|browser| browser.skips[0].is_some_and(|skip| skip.is_live(state.now)))
        }),
        Property::sometimes("one account's skip was revoked beside a live one of the other", |_, state: &State| {
            state.browsers.iter().any(|browser| {
                let [Some(one), Some(other)] = browser.skips else { return false };
                one.revoked && other.is_live(state.now)
            })
        }),
        Property::sometimes(
            "a skip that was set after a resume let somebody in beside a revoked one",
            |_, state: &State| {
                let revoked = state.browsers.iter().any(|browser| browser.skips[0].is_some_and(|skip| skip.revoked));
                let by_skip = |it: &crate::state::Session| it.way == Way::Skip && it.account == 0;
                revoked
                    && state.browsers.iter().any(|browser| {
                        let live = browser.skips[0].is_some_and(|skip| skip.is_live(state.now));
                        live && browser.session.as_ref().is_some_and(by_skip) && browser.attempt.is_some()
                    })
            },
        ),
        Property::sometimes("a skip lives whose cookie was cleared", |_, state: &State| {
            state.accounts.iter().any(|account| account.lost.iter().any(|skip| skip.is_live(state.now)))
        }),
    ]
}

fn came_in(state: &State, way: Way) -> bool {
    state.browsers.iter().filter_map(|browser| browser.session.as_ref()).any(|session| session.way == way)
}

fn was_refused(state: &State, refusal: Refusal) -> bool {
    let attempts = state.browsers.iter().filter_map(|browser| browser.attempt.as_ref());
    attempts.filter_map(|attempt| attempt.refusal).any(|seen| seen == refusal)
}

fn any_skip(state: &State, is_meant: impl Fn(&SetSkip) -> bool) -> bool {
    state.browsers.iter().flat_map(|browser| browser.skips.iter().flatten()).any(is_meant)
}
