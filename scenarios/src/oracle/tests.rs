//! The subtle cases of the model.
#![allow(clippy::unwrap_used)]

use sekisho_rules::numbers::GO_LIVE_UNIX_MS;

use super::*;

const MAIN: AccountId = AccountId(0);
const ADDITIONAL: AccountId = AccountId(1);
const PC: BrowserId = BrowserId(0);
const PHONE: BrowserId = BrowserId(1);
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A world a day after go-live in which everything goes as expected.
struct Tale(World);

impl Tale {
    fn new() -> Self {
        Self(World::new(Policy::reference(), 2, 2, GO_LIVE_UNIX_MS + DAY))
    }

    fn of(policy: Policy) -> Self {
        Self(World::new(policy, 2, 2, GO_LIVE_UNIX_MS + DAY))
    }

    /// Takes a step that is not open.
    fn then(&mut self, action: Action) -> &mut Self {
        let expected = self.0.expect(&action);
        assert!(!expected.is_open(), "{action} is open: {expected:?}");
        self.seeing(action, expected.outcomes()[0].screen)
    }

    /// Takes a step that leads to one of the screens that are right.
    fn seeing(&mut self, action: Action, screen: Screen) -> &mut Self {
        let expected = self.0.expect(&action);
        let outcome = expected.outcomes().iter().find(|outcome| outcome.screen == screen);
        let mails = outcome.and_then(|outcome| outcome.mail).map(Some).into_iter().collect();
        self.0
            .judge(&action, &Seen { screen, mails })
            .unwrap_or_else(|contradiction| panic!("{action} {contradiction}"));
        self
    }

    fn code(&mut self, browser: BrowserId, account: AccountId, tick: bool) -> &mut Self {
        self.then(sign_in(browser, account)).then(submit(browser, Typed::Right, tick))
    }

    fn set_skip(&mut self, browser: BrowserId, account: AccountId) -> &mut Self {
        self.code(browser, account, true).then(Action::ConfirmSkip(browser))
    }

    /// The one screen that is right, and the clause it follows from.
    fn must(&self, action: Action) -> (Screen, &'static str) {
        let expected = self.0.expect(&action);
        assert!(!expected.is_open(), "{action} is open: {expected:?}");
        (expected.outcomes()[0].screen, expected.outcomes()[0].screen_rule)
    }

    fn rule(&self, action: Action) -> &'static str {
        self.0.expect(&action).outcomes()[0].screen_rule
    }

    fn may_be(&self, action: Action, screen: Screen) -> bool {
        self.0.expect(&action).outcomes().iter().any(|outcome| outcome.screen == screen)
    }

    fn asks(&self, browser: BrowserId, account: AccountId, rule: &str) {
        assert_eq!(self.must(sign_in(browser, account)), (Screen::AsksForCode, rule_id(rule)));
    }

    fn skips(&self, browser: BrowserId, account: AccountId, rule: &str) {
        assert_eq!(self.must(sign_in(browser, account)), (Screen::Inside(account), rule_id(rule)));
    }
}

fn rule_id(id: &str) -> &'static str {
    sekisho_rules::clauses().find(|(_, clause)| clause.id == id).unwrap().1.id
}

fn sign_in(browser: BrowserId, account: AccountId) -> Action {
    Action::SignIn { browser, account, right_password: true }
}

fn submit(browser: BrowserId, typed: Typed, tick: bool) -> Action {
    Action::SubmitCode { browser, typed, tick }
}

fn status(browser: BrowserId) -> Action {
    Action::Look(browser, Page::SkipSettings)
}

fn plant(account: AccountId, planted: Planted) -> Action {
    Action::PlantSkipCookie { browser: PC, account, planted }
}

#[test]
fn go_live_is_judged_to_the_millisecond_and_before_it_nothing_is_asked_or_mailed() {
    for (offset, screen, rule) in [
        (-1, Screen::Inside(MAIN), "NOTICE-1a"),
        (0, Screen::AsksForCode, "NOTICE-1b"),
        (1, Screen::AsksForCode, "NOTICE-1b"),
    ] {
        let world = World::new(Policy::reference(), 1, 1, GO_LIVE_UNIX_MS + offset);
        assert_eq!(Tale(world).must(sign_in(PC, MAIN)), (screen, rule), "{offset} ms");
    }
    let blurred = World::new(Policy::undeclared(), 1, 1, GO_LIVE_UNIX_MS);
    assert!(blurred.expect(&sign_in(PC, MAIN)).is_open(), "within the tolerance");
}

#[test]
fn a_session_of_before_go_live_stays() {
    let mut tale = Tale(World::new(Policy::reference(), 1, 1, GO_LIVE_UNIX_MS - 1000));
    tale.then(sign_in(PC, MAIN)).then(Action::Wait(2000));
    assert_eq!(tale.must(Action::Look(PC, Page::MyPage)), (Screen::Inside(MAIN), "NOTICE-1c"));
}

#[test]
fn a_code_is_judged_on_both_sides_of_its_end_and_not_at_the_instant() {
    for (age, open) in [(30 * MINUTE - 1, Some(true)), (30 * MINUTE, None), (30 * MINUTE + 1, Some(false))] {
        let mut tale = Tale::new();
        tale.then(sign_in(PC, MAIN)).then(Action::Wait(age));
        let expected = tale.0.expect(&submit(PC, Typed::Right, false));
        let inside = tale.may_be(submit(PC, Typed::Right, false), Screen::Inside(MAIN));
        assert_eq!(inside, open != Some(false), "{age} ms");
        assert_eq!(expected.is_open() && inside, open.is_none(), "{age} ms");
    }
}

#[test]
fn an_expired_code_is_blamed_on_what_might_have_revived_it() {
    let mut tale = Tale::new();
    tale.then(sign_in(PC, MAIN)).then(Action::Wait(29 * MINUTE));
    tale.then(submit(PC, Typed::Wrong, false)).then(Action::Wait(2 * MINUTE));
    assert_eq!(tale.rule(submit(PC, Typed::Right, false)), "FAQ-03f");
    tale.seeing(submit(PC, Typed::Right, false), Screen::Outside);
    assert_eq!(tale.rule(submit(PC, Typed::Right, false)), "FAQ-03c");
    tale.then(sign_in(PC, MAIN));
    assert_eq!(tale.must(submit(PC, Typed::Earlier(1), false)), (Screen::AsksForCode, "FAQ-03e"));
    assert_eq!(tale.must(submit(PC, Typed::Right, false)), (Screen::Inside(MAIN), "FAQ-03d"));
}

#[test]
fn a_newer_attempt_in_another_browser_ends_the_older_one_only_where_that_is_declared() {
    for (supersedes, inside) in [(Answer::Yes, false), (Answer::Open, true), (Answer::No, true)] {
        let mut tale = Tale::of(Policy { newest_supersedes: supersedes, ..Policy::reference() });
        tale.then(sign_in(PC, MAIN)).then(sign_in(PHONE, MAIN));
        assert_eq!(tale.may_be(submit(PC, Typed::Right, false), Screen::Inside(MAIN)), inside, "{supersedes:?}");
        let certain = supersedes == Answer::No;
        assert_eq!(tale.0.expect(&submit(PC, Typed::Right, false)).is_open(), !certain, "{supersedes:?}");
    }
}

#[test]
fn a_code_is_used_up_once_even_if_the_session_is_over() {
    let mut tale = Tale::new();
    tale.code(PC, MAIN, false);
    assert!(tale.may_be(submit(PC, Typed::Right, false), Screen::Inside(MAIN)), "signed in, so led to My Page");
    assert!(!tale.may_be(submit(PC, Typed::Right, true), Screen::OffersSkip(MAIN)));
    tale.then(Action::SignOut(PC));
    assert!(!tale.may_be(submit(PC, Typed::Right, false), Screen::Inside(MAIN)));
    assert_eq!(tale.rule(submit(PC, Typed::Right, false)), "BASE-CODE-1");
}

#[test]
fn the_declared_number_of_wrong_codes_ends_the_attempt_but_not_the_account() {
    let mut tale = Tale::new();
    tale.then(sign_in(PC, MAIN));
    for _ in 0..4 {
        tale.then(submit(PC, Typed::Wrong, false));
    }
    tale.seeing(submit(PC, Typed::Wrong, false), Screen::Outside);
    assert_eq!(tale.rule(submit(PC, Typed::Right, false)), "BASE-CODE-4");
    tale.code(PC, MAIN, false);

    let mut undeclared = Tale::of(Policy::undeclared());
    undeclared.then(sign_in(PC, MAIN)).seeing(submit(PC, Typed::Wrong, false), Screen::Outside);
    assert!(undeclared.may_be(submit(PC, Typed::Right, false), Screen::Inside(MAIN)));
    assert!(undeclared.may_be(submit(PC, Typed::Right, false), Screen::Outside));
}

#[test]
fn a_limit_slides_and_its_exact_instant_is_open() {
    let limit = Limit { count: 2, window_ms: 1000 };
    for (now, room) in [(999, Answer::No), (1000, Answer::Open), (1001, Answer::Yes)] {
        assert_eq!(limit.has_room(&[0, 500], now, 0), room, "{now}");
    }
    let mut tale = Tale::of(Policy { mails: Some(Limit { count: 1, window_ms: 1000 }), ..Policy::reference() });
    tale.then(sign_in(PC, MAIN));
    assert_eq!(tale.must(sign_in(PC, MAIN)).0, Screen::Outside);
    assert_eq!(tale.must(sign_in(PC, ADDITIONAL)).0, Screen::AsksForCode);
}

#[test]
fn a_skip_comes_with_ok_and_with_nothing_else() {
    let mut tale = Tale::new();
    tale.asks(PC, MAIN, "NOTICE-1b");
    tale.code(PC, MAIN, false);
    assert_eq!(tale.rule(Action::ConfirmSkip(PC)), "FAQ-06h");
    tale.seeing(Action::ConfirmSkip(PC), Screen::Outside).asks(PC, MAIN, "FAQ-06h");
    tale.code(PC, MAIN, true).asks(PC, MAIN, "FAQ-06c");
    tale.then(Action::CancelSkip(PC)).asks(PC, MAIN, "FAQ-06c");
    assert_eq!(tale.must(status(PC)), (Screen::SkipSettings(MAIN, Status::None), "FAQ-06c"));
    tale.then(sign_in(PC, MAIN)).then(submit(PC, Typed::Wrong, true)).asks(PC, MAIN, "FAQ-06d");
    tale.set_skip(PC, MAIN).skips(PC, MAIN, "FAQ-06b");
}

#[test]
fn a_confirmation_screen_that_was_left_may_or_may_not_be_confirmed_later() {
    let mut declared = Tale::new();
    declared.code(PC, MAIN, true).then(Action::Look(PC, Page::MyPage));
    assert_eq!(declared.must(Action::ConfirmSkip(PC)).0, Screen::Inside(MAIN));

    let mut undeclared = Tale::of(Policy::undeclared());
    undeclared.code(PC, MAIN, true).seeing(Action::Look(PC, Page::MyPage), Screen::Inside(MAIN));
    undeclared.seeing(Action::ConfirmSkip(PC), Screen::Inside(MAIN));
    assert!(undeclared.0.expect(&sign_in(PC, MAIN)).is_open());
    undeclared.seeing(sign_in(PC, MAIN), Screen::Inside(MAIN)).skips(PC, MAIN, "FAQ-06b");
}

#[test]
fn ninety_days_count_from_ok_and_use_does_not_extend_them() {
    let mut tale = Tale::new();
    tale.set_skip(PC, MAIN).then(Action::Wait(90 * DAY - 1));
    tale.skips(PC, MAIN, "FAQ-08a");
    tale.then(sign_in(PC, MAIN)).then(Action::Wait(1));
    assert!(tale.0.expect(&sign_in(PC, MAIN)).is_open());
    tale.then(Action::Wait(1)).asks(PC, MAIN, "FAQ-08d");
    tale.then(Action::ClearCookies(PC)).asks(PC, MAIN, "FAQ-10a");
    tale.then(plant(MAIN, Planted::Kept)).asks(PC, MAIN, "FAQ-08f");
    tale.set_skip(PC, MAIN).skips(PC, MAIN, "FAQ-08c");
}

#[test]
fn what_happens_beside_a_skip_leaves_it_alone() {
    let mut tale = Tale::new();
    tale.then(sign_in(PHONE, MAIN)).set_skip(PC, MAIN);
    tale.asks(PHONE, MAIN, "FAQ-08e");
    tale.then(Action::ForgetSession(PC)).skips(PC, MAIN, "FAQ-10d");
    tale.then(Action::ClearCookies(PHONE)).skips(PC, MAIN, "FAQ-10c");
    tale.code(PHONE, MAIN, false).skips(PC, MAIN, "FAQ-08g");
    tale.set_skip(PHONE, MAIN).skips(PC, MAIN, "FAQ-07a");
    tale.set_skip(PC, ADDITIONAL).skips(PC, MAIN, "FAQ-16b");
    tale.then(Action::CompleteResume(PC)).skips(PC, MAIN, "FAQ-16c");
    tale.then(Action::OfficeChangesAddress(MAIN)).skips(PC, MAIN, "FAQ-16c");
}

#[test]
fn a_resume_ends_all_skips_of_the_account_for_ever() {
    let mut tale = Tale::new();
    tale.set_skip(PHONE, MAIN).set_skip(PC, MAIN).then(Action::OpenResume(PC)).skips(PC, MAIN, "FAQ-12c");
    tale.then(Action::CompleteResume(PC)).asks(PC, MAIN, "FAQ-12b");
    tale.asks(PHONE, MAIN, "FAQ-12a");
    assert_eq!(tale.must(status(PC)), (Screen::SkipSettings(MAIN, Status::None), "FAQ-13d"));
    tale.then(Action::ClearCookies(PC)).then(plant(MAIN, Planted::Kept)).asks(PC, MAIN, "FAQ-12d");
    tale.set_skip(PC, MAIN).skips(PC, MAIN, "FAQ-12e");
    tale.asks(PHONE, MAIN, "FAQ-12a");
}

#[test]
fn a_resume_by_a_browser_that_is_not_signed_in_changes_nothing() {
    let mut tale = Tale::new();
    tale.set_skip(PHONE, MAIN).then(sign_in(PC, MAIN));
    assert_eq!(tale.rule(Action::CompleteResume(PC)), "FAQ-12g");
    assert!(!tale.may_be(Action::CompleteResume(PC), Screen::Inside(MAIN)));
    tale.seeing(Action::CompleteResume(PC), Screen::Outside).skips(PHONE, MAIN, "FAQ-06b");
}

#[test]
fn the_status_speaks_of_the_account_and_not_of_the_browser() {
    let mut tale = Tale::new();
    tale.code(PHONE, MAIN, false);
    assert_eq!(tale.must(status(PHONE)), (Screen::SkipSettings(MAIN, Status::None), "FAQ-13a"));
    tale.set_skip(PC, MAIN);
    assert_eq!(tale.must(status(PHONE)), (Screen::SkipSettings(MAIN, Status::Some), "FAQ-13b"));
    tale.then(Action::ClearCookies(PC));
    assert_eq!(tale.must(status(PHONE)), (Screen::SkipSettings(MAIN, Status::Some), "FAQ-13f"));
    tale.set_skip(PHONE, MAIN);
    assert_eq!(tale.must(status(PHONE)), (Screen::SkipSettings(MAIN, Status::Some), "FAQ-13c"));
    tale.then(Action::Wait(90 * DAY + 1)).code(PHONE, MAIN, false);
    assert_eq!(tale.must(status(PHONE)), (Screen::SkipSettings(MAIN, Status::None), "FAQ-13e"));
}

#[test]
fn accounts_in_one_browser_are_strangers() {
    let mut tale = Tale::new();
    tale.code(PC, MAIN, false).asks(PC, ADDITIONAL, "FAQ-15a");
    tale.set_skip(PC, MAIN).asks(PC, ADDITIONAL, "FAQ-16a");
    tale.then(plant(ADDITIONAL, Planted::Of(MAIN))).asks(PC, ADDITIONAL, "FAQ-16d");
    tale.then(plant(MAIN, Planted::Altered(0))).asks(PC, MAIN, "FAQ-11c");
    tale.then(sign_in(PC, ADDITIONAL));
    assert_eq!(tale.must(submit(PC, Typed::Of(MAIN), false)), (Screen::AsksForCode, "BASE-CODE-3"));
    assert_eq!(tale.must(Action::Look(PC, Page::MyPage)).0, Screen::Inside(MAIN), "half signed in to the other one");
}

#[test]
fn codes_go_to_the_newest_address_and_to_nobody_else() {
    let mut tale = Tale::new();
    tale.code(PC, MAIN, false).then(Action::ChangeAddress(PC));
    let seen = |mails: &[Option<Address>]| Seen { screen: Screen::AsksForCode, mails: mails.to_vec() };
    let [old, new] = [0, 1].map(|change| Some(Address { account: MAIN, change }));
    let expected = tale.0.expect(&sign_in(PC, MAIN));
    let rule = |mails: &[Option<Address>]| expected.judge(&seen(mails)).err().map(|contradiction| contradiction.rule);
    assert_eq!(rule(&[new]), None);
    assert_eq!(rule(&[]), Some("NOTICE-4"), "nothing was mailed since it was changed");
    assert_eq!(rule(&[old]), Some("NOTICE-4"));
    assert_eq!(rule(&[new, new]), Some("NOTICE-4"));
    assert_eq!(rule(&[new, old]), Some("NOTICE-4"));
    assert_eq!(rule(&[new, None]), Some("FAQ-01b"));
}

#[test]
fn an_address_counts_once_the_mailed_number_confirmed_it() {
    let confirm = |browser, right| Action::ConfirmAddress { browser, right };
    let mut tale = Tale::new();
    tale.code(PC, MAIN, false);
    assert_eq!(tale.must(confirm(PC, true)), (Screen::Outside, "NOTICE-4"), "nothing was asked for");
    let old = tale.0.address(MAIN);
    tale.then(Action::AskAddress(PC)).then(confirm(PC, false));
    assert_eq!(tale.0.address(MAIN), old);
    let unconfirmed = Some(Address { account: MAIN, change: 1 });
    let expected = tale.0.expect(&sign_in(PHONE, MAIN));
    let seen = Seen { screen: Screen::AsksForCode, mails: vec![unconfirmed] };
    assert_eq!(expected.judge(&seen).unwrap_err().rule, "NOTICE-4");
    tale.code(PHONE, MAIN, false);
    assert_eq!(tale.must(confirm(PHONE, true)).0, Screen::Outside, "another session's");
    tale.then(confirm(PC, true));
    assert_eq!(Some(tale.0.address(MAIN)), unconfirmed);
    assert_eq!(tale.must(confirm(PC, true)).0, Screen::Outside, "it is done");
}

#[test]
fn a_change_of_the_address_ends_with_its_time_or_by_wrong_numbers() {
    let confirm = |right| Action::ConfirmAddress { browser: PC, right };
    let mut tale = Tale::new();
    tale.code(PC, MAIN, false).then(Action::AskAddress(PC)).then(Action::Wait(30 * MINUTE + 1));
    assert_eq!(tale.must(confirm(true)).0, Screen::Outside);
    tale.then(Action::AskAddress(PC));
    for _ in 0..5 {
        assert_eq!(tale.must(confirm(true)).0, Screen::Inside(MAIN));
        tale.then(confirm(false));
    }
    assert_eq!(tale.must(confirm(true)).0, Screen::Outside);
}

#[test]
fn while_the_office_works_the_old_address_gets_the_codes() {
    let mut tale = Tale::new();
    let mails = |change| Seen { screen: Screen::AsksForCode, mails: vec![Some(Address { account: MAIN, change })] };
    tale.then(Action::OfficeTakesRequest(MAIN));
    let expected = tale.0.expect(&sign_in(PC, MAIN));
    assert!(expected.judge(&mails(0)).is_ok());
    assert_eq!(expected.judge(&mails(1)).unwrap_err().rule, "FAQ-05d");
    tale.then(Action::OfficeChangesAddress(MAIN));
    let expected = tale.0.expect(&sign_in(PC, MAIN));
    assert!(expected.judge(&mails(1)).is_ok());
    assert_eq!(expected.judge(&mails(0)).unwrap_err().rule, "FAQ-05c");
}

#[test]
fn an_undeclared_session_life_is_learnt_from_what_is_seen() {
    let mut tale = Tale::of(Policy::undeclared());
    tale.code(PC, MAIN, false).then(Action::Wait(DAY));
    assert!(tale.0.expect(&Action::Look(PC, Page::MyPage)).is_open());
    tale.seeing(Action::Look(PC, Page::MyPage), Screen::Outside);
    assert!(!tale.may_be(Action::Look(PC, Page::MyPage), Screen::Inside(MAIN)));
}

#[test]
fn waiting_mails_nothing_and_a_contradiction_leaves_the_world_as_it_was() {
    let mut tale = Tale::new();
    let mail = Some(tale.0.address(MAIN));
    let seen = Seen { screen: Screen::Nothing, mails: vec![mail] };
    let contradiction = tale.0.judge(&Action::Wait(DAY), &seen).unwrap_err();
    assert_eq!(contradiction.rule, "FAQ-09b");
    assert_eq!(tale.0.now_ms(), GO_LIVE_UNIX_MS + DAY);
    assert_eq!(
        contradiction.to_string(),
        "FAQ-09b: No mail tells of the coming expiry.\n     expected: no mail\n     \
         seen: nothing, a mail to the first address of the main account"
    );
}

#[test]
fn a_story_reads_as_prose() {
    let steps = [sign_in(PC, MAIN), submit(PC, Typed::Earlier(1), true), Action::Wait(90 * DAY + 1000)];
    assert_eq!(
        Story(&steps).to_string(),
        "  1. In browser A, sign in to the main account.\n  \
         2. In browser A, tick the skip box and send the code of the attempt before.\n  \
         3. Wait 90 d 1 s.\n"
    );
}

#[test]
fn every_clause_that_is_cited_is_a_clause() {
    let sources = [
        include_str!("address.rs"),
        include_str!("code.rs"),
        include_str!("sign_in.rs"),
        include_str!("skip.rs"),
        include_str!("world.rs"),
        include_str!("expected.rs"),
    ];
    let mut looked = 0;
    for quoted in sources.iter().flat_map(|source| source.split('"')) {
        if ["NOTICE-", "FAQ-", "BASE-"].iter().any(|prefix| quoted.starts_with(prefix)) {
            rule_id(quoted);
            looked += 1;
        }
    }
    assert!(looked > 60, "only {looked} citations seen");
}

fn undeclared() -> Tale {
    Tale::of(Policy::undeclared())
}

#[test]
fn a_right_code_sets_the_skip_where_no_screen_asks_again() {
    let mut tale = Tale::of(Policy { skip_is_confirmed: false, ..Policy::reference() });
    tale.then(sign_in(PC, MAIN));
    assert_eq!(tale.must(submit(PC, Typed::Right, true)), (Screen::Inside(MAIN), "FAQ-01d"));
    tale.then(submit(PC, Typed::Right, true));
    assert_eq!(tale.must(sign_in(PC, MAIN)), (Screen::Inside(MAIN), "FAQ-06b"));
    tale.code(PHONE, MAIN, false);
    assert_eq!(tale.must(sign_in(PHONE, MAIN)).0, Screen::AsksForCode);
}

#[test]
fn a_wrong_password_may_end_what_is_open_where_nothing_is_declared() {
    let wrong = Action::SignIn { browser: PC, account: ADDITIONAL, right_password: false };
    let look = Action::Look(PC, Page::MyPage);
    let mut tale = undeclared();
    tale.code(PC, MAIN, false).then(wrong);
    assert!(tale.0.expect(&look).is_open());
    // One page that is open does not make the next certain: each may have a session of its own.
    tale.seeing(look, Screen::Inside(MAIN)).seeing(Action::CompleteResume(PC), Screen::Outside);
    tale.seeing(look, Screen::Inside(MAIN));
    let mut declared = Tale::new();
    declared.code(PC, MAIN, false).then(wrong);
    assert_eq!(declared.must(look).0, Screen::Inside(MAIN));
    // The same of a code that is refused.
    for (mut tale, certain) in [(undeclared(), false), (Tale::new(), true)] {
        tale.code(PC, MAIN, false).seeing(submit(PC, Typed::Right, false), Screen::Outside);
        assert_eq!(tale.0.expect(&look).is_open(), !certain);
    }
}

#[test]
fn whoever_has_not_answered_about_the_skip_may_be_asked_again() {
    let again = submit(PC, Typed::Right, false);
    let mut tale = Tale::new();
    tale.code(PC, MAIN, true);
    tale.seeing(again, Screen::OffersSkip(MAIN));
    tale.then(Action::ConfirmSkip(PC));
    let asked = |tale: &Tale| {
        tale.0.expect(&again).outcomes().iter().any(|outcome| matches!(outcome.screen, Screen::OffersSkip(_)))
    };
    assert!(!asked(&tale), "the question was answered");
}

#[test]
fn whoever_is_asked_about_the_skip_need_not_be_in_yet() {
    let look = Action::Look(PC, Page::MyPage);
    let mut tale = undeclared();
    tale.code(PC, MAIN, true);
    tale.seeing(look, Screen::Outside).seeing(Action::ConfirmSkip(PC), Screen::Inside(MAIN));
    let mut declared = Tale::new();
    declared.code(PC, MAIN, true);
    assert_eq!(declared.must(look).0, Screen::Inside(MAIN));
}

#[test]
fn another_password_may_end_what_else_is_open_of_the_account() {
    let mut tale = Tale::of(Policy { resume_is_a_password: true, ..Policy::reference() });
    tale.code(PHONE, MAIN, false).code(PC, MAIN, false).then(Action::CompleteResume(PC));
    for browser in [PC, PHONE] {
        assert!(tale.0.expect(&Action::Look(browser, Page::MyPage)).is_open(), "{browser}");
    }
}

#[test]
fn a_mailed_link_may_be_followed_in_any_browser_where_nothing_is_declared() {
    let confirm = Action::ConfirmAddress { browser: PHONE, right: true };
    let asked = |mut tale: Tale| {
        tale.code(PC, MAIN, false).seeing(Action::AskAddress(PC), Screen::Inside(MAIN));
        tale
    };
    let mut tale = asked(undeclared());
    assert!(tale.0.expect(&confirm).is_open());
    tale.seeing(confirm, Screen::Inside(MAIN));
    assert_eq!(tale.0.address(MAIN).change, 1);
    assert_eq!(asked(Tale::new()).must(confirm).0, Screen::Outside);
}
