//! Every screen of every portal can be perceived, operated and understood (WCAG 2.2, level AA), by axe-core and by measure.

use std::collections::BTreeMap;

use fantoccini::key::Key;
use sekisho_server::Screen;
use serde_json::json;

use crate::chromium::{Kind, View};
use crate::judge::{Judge, small_targets, width};
use crate::tour::{Looker, Venues, all_screens};
use crate::visitor::Visitor;

/// Screens that other portals do not have.
const OF_EMPLOYERS: [Screen; 2] = [Screen::Accounts, Screen::TooManyRefused];

/// How a page may be shown, with the words for it in a failure.
const VIEWS: [(&str, View); 4] = [
    ("on a desktop", View::DESKTOP),
    ("on a phone", View::PHONE),
    ("in the dark", View { preferences: &[("prefers-color-scheme", "dark")], ..View::DESKTOP }),
    ("with more contrast", View { preferences: &[("prefers-contrast", "more")], ..View::PHONE }),
];
/// The narrowest screen on which nothing may have to be moved sideways (1.4.10).
const NARROWEST: View = View { width: 320, height: 640, ..View::PHONE };
/// What is left of a desktop at 200 % (1.4.4).
const DESKTOP_AT_200_PERCENT: View = View { width: 640, height: 400, ..View::DESKTOP };

/// The least that a reader may set text apart without losing any of it (1.4.12).
const SPACED: &str = "const sheet = new CSSStyleSheet(); sheet.replaceSync(`* { line-height: 1.5 !important; \
    letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`); \
    document.adoptedStyleSheets = [sheet]";
const LARGE_LETTERS: &str = "document.documentElement.style.fontSize = '200%'";
const AS_SENT: &str = "document.adoptedStyleSheets = []; document.documentElement.style.fontSize = ''";

#[tokio::test]
async fn all_screens_of_the_employers_portal_are_accessible() {
    all_screens_are_accessible("employer", Care::Measured).await;
}

#[tokio::test]
async fn all_screens_of_the_seekers_portal_are_accessible() {
    all_screens_are_accessible("seeker", Care::Judged).await;
}

#[tokio::test]
async fn all_screens_of_the_providers_portal_are_accessible() {
    all_screens_are_accessible("provider", Care::Judged).await;
}

/// How much is done at each screen. The portals share their pages: it is enough to measure them at one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Judged by axe on a phone.
    Judged,
    /// Judged in every view, measured, and walked by the keyboard.
    Measured,
}

async fn all_screens_are_accessible(portal: &'static str, care: Care) {
    let venues = Venues::open().await;
    let mut visitor = Visitor::new(venues.usual(), portal, Kind::Desktop).await;
    let mut inspector = Inspector::new(care);
    all_screens(&venues, &mut visitor, &mut inspector).await;
    assert!(inspector.problems.is_empty(), "{portal}:\n{}", inspector.problems.join("\n"));
    assert_eq!(inspector.unseen(portal), Vec::<&str>::new(), "the tour leaves screens out");
}

/// A page that breaks much of what is judged is seen to break it: neither axe nor our own measures pass everything.
#[tokio::test]
async fn a_page_that_is_not_accessible_is_found_out() {
    let venues = Venues::open().await;
    let visitor = Visitor::new(venues.usual(), "seeker", Kind::Desktop).await;
    let page = "data:text/html,<title>x</title><p style='color:%23aaa;background:%23fff;width:900px'>pale</p>\
        <input><a href='%23' style='display:block;width:9px;height:9px;overflow:hidden'>x</a>\
        <a href='%23' style='display:block;width:9px;height:9px;overflow:hidden'>y</a>";
    visitor.client().goto(page).await.unwrap();
    visitor.browser().look_through(NARROWEST).await;
    let found = Judge::installed().judges(&visitor).await;
    for rule in ["html-has-lang", "label", "color-contrast", "target-size", "page-has-heading-one"] {
        assert!(found.violations.iter().any(|told| told.starts_with(rule)), "{rule} was not found: {found:?}");
    }
    assert!(width(&visitor).await >= 900);
    assert_eq!(small_targets(&visitor).await.len(), 3);
    let mut inspector = Inspector::new(Care::Measured);
    inspector.looks_at_markup(&visitor, "fixture").await;
    inspector.walks_by_keyboard(&visitor, "fixture").await;
    assert!(inspector.problems.iter().any(|told| told.contains("language")), "{:?}", inspector.problems);
}

/// Judges each screen it is shown, and notes what is wrong.
struct Inspector {
    judge: Judge,
    care: Care,
    problems: Vec<String>,
    /// Which headings have been seen, and under which title.
    titles: BTreeMap<String, String>,
}

impl Looker for Inspector {
    async fn look(&mut self, visitor: &Visitor<'_>, name: &'static str) {
        self.looks_at_markup(visitor, name).await;
        let views = if self.care == Care::Measured { &VIEWS[..] } else { &VIEWS[1..2] };
        for (how, view) in views {
            visitor.browser().look_through(*view).await;
            let found = self.judge.judges(visitor).await;
            // An axe that did not run finds nothing wrong either.
            assert!(found.passes.len() > 10, "axe judged nothing at `{name}`: {found:?}");
            let told = found.violations.iter().chain(&found.undecided);
            self.problems.extend(told.map(|told| format!("{name} {how}: {told}")));
        }
        if self.care == Care::Measured {
            self.measures(visitor, name).await;
            visitor.browser().look_through(View::DESKTOP).await;
            self.walks_by_keyboard(visitor, name).await;
        }
    }
}

impl Inspector {
    fn new(care: Care) -> Self {
        Self { judge: Judge::installed(), care, problems: Vec::new(), titles: BTreeMap::new() }
    }

    /// The portal's screens that have not been seen.
    fn unseen(&self, portal: &str) -> Vec<&'static str> {
        let is_of_portal = |screen: &Screen| portal == "employer" || !OF_EMPLOYERS.contains(screen);
        let labels = Screen::ALL.into_iter().filter(is_of_portal).map(Screen::label);
        labels.filter(|label| !self.titles.contains_key(*label)).collect()
    }

    fn holds(&mut self, holds: bool, name: &str, otherwise: &str) {
        if !holds {
            self.problems.push(format!("{name}: {otherwise}"));
        }
    }

    /// What axe does not look at: one language, one heading that is the title, no script, errors told in words and tied to
    /// their field, and a title of its own (2.4.2, 3.1.1, 3.3.1).
    async fn looks_at_markup(&mut self, visitor: &Visitor<'_>, name: &str) {
        let seen = visitor
            .run(
                "const all = (selector) => [...document.querySelectorAll(selector)];
                return { language: document.documentElement.lang, headings: all('h1').map((it) => it.innerText),
                    scripts: all('script, [onclick], [onload], [onsubmit]').length,
                    alerts: all('[role=alert]').map((it) => it.innerText),
                    untold: all('[aria-invalid=true]').filter((it) => !it.getAttribute('aria-describedby')?.split(' ')
                        .some((id) => document.getElementById(id)?.matches('[role=alert]'))).length,
                    invalid: all('[aria-invalid=true]').length,
                    codes: all('input[name=code]').filter((it) => it.autocomplete != 'one-time-code').length }",
            )
            .await;
        let title = visitor.title().await;
        self.holds(seen["language"] == "ja", name, "the language is not said");
        self.holds(seen["scripts"] == 0, name, "there is a script");
        self.holds(seen["untold"] == 0, name, "a field is wrong and does not say why");
        self.holds(seen["codes"] == 0, name, "the field of a code can't be filled by the device");
        let alerts = seen["alerts"].as_array().map_or(0, Vec::len);
        let is_error = title.starts_with("エラー：");
        self.holds((alerts == 1) == is_error && alerts <= 1, name, "title and alert do not agree");
        self.holds((seen["invalid"].as_u64() > Some(0)) == is_error, name, "the alert has no field");
        let heading = seen["headings"][0].as_str().unwrap_or_default().to_owned();
        self.holds(seen["headings"].as_array().is_some_and(|all| all.len() == 1), name, "there is not one heading");
        let own = title.trim_start_matches("エラー：").to_owned();
        self.holds(own.starts_with(&heading) && !heading.is_empty(), name, "the title is not the heading");
        let other = self.titles.insert(heading, own.clone());
        self.holds(other.is_none_or(|other| other == own), name, "one heading has several titles");
    }

    async fn measures(&mut self, visitor: &Visitor<'_>, name: &str) {
        for (view, script, how) in [
            (NARROWEST, AS_SENT, "320 pixels wide"),
            (NARROWEST, SPACED, "320 pixels wide with spaced text"),
            (DESKTOP_AT_200_PERCENT, AS_SENT, "at 200 %"),
            (DESKTOP_AT_200_PERCENT, LARGE_LETTERS, "with letters of twice the size"),
        ] {
            visitor.browser().look_through(view).await;
            visitor.run(script).await;
            let wide = width(visitor).await;
            self.holds(wide <= view.width, name, &format!("{how} it is {wide} pixels wide"));
            visitor.run(AS_SENT).await;
        }
        visitor.browser().look_through(View::PHONE).await;
        let small = small_targets(visitor).await;
        self.holds(small.is_empty(), name, &format!("too small to press: {small:?}"));
    }

    /// Every control is reached by the tab key, in the order in which the page is read, and shows that it is (2.1.1, 2.4.3,
    /// 2.4.7).
    async fn walks_by_keyboard(&mut self, visitor: &Visitor<'_>, name: &str) {
        let script = "
            const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden])')];
            const style = getComputedStyle(document.activeElement);
            return [all.length, all.indexOf(document.activeElement), style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2]";
        let all = visitor.run(script).await[0].as_i64().unwrap();
        let mut reached = Vec::new();
        // Once round from wherever the focus was, and past the end of the page.
        for _ in 0..all + 3 {
            visitor.types(&char::from(Key::Tab).to_string()).await;
            let now = visitor.run(script).await;
            let index = now[1].as_i64().unwrap();
            if index >= 0 {
                self.holds(now[2] == json!(true), name, "the focus does not show");
                reached.push(index);
            }
        }
        let in_order = reached.windows(2).all(|pair| pair[1] == (pair[0] + 1) % all);
        let everywhere = (0..all).all(|index| reached.contains(&index));
        self.holds(in_order && everywhere, name, &format!("the tab key goes {reached:?} of {all}"));
    }
}
