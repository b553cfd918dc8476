//! axe-core inside the browser, and the few things that are measured beside it.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::visitor::Visitor;

/// What is judged: WCAG 2.2 up to AA with all it takes from 2.0 and 2.1, and what axe calls best practice.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Asks axe; what it can't decide by itself is told as well.
const ASK: &str = "
    const [tags, done] = arguments;
    const told = (rules) => rules.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id} at ${node.target.join(' ')}: ${node.failureSummary ?? rule.help}`));
    axe.run(document, { runOnly: tags, rules: { 'target-size': { enabled: true } } }).then(
        (found) => done({ passes: found.passes.map((rule) => rule.id), violations: told(found.violations), undecided: told(found.incomplete) }),
        (error) => done({ passes: [], violations: [String(error)], undecided: [] }));";

/// What axe found on a page.
#[derive(Deserialize, Debug)]
pub struct Findings {
    /// The rules that the page obeys.
    pub passes: Vec<String>,
    pub violations: Vec<String>,
    pub undecided: Vec<String>,
}

/// axe-core itself, as `cargo xtask test` has installed it.
pub struct Judge(String);

impl Judge {
    pub fn installed() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/npm/node_modules/axe-core/axe.min.js");
        let script = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "axe-core is not in `target/npm`: {error}\n\nhint: `cargo xtask test` installs it; \
                 `cargo xtask test --rust-only` leaves these tests out"
            )
        });
        // A newer axe has other rules: what was judged with the version of the lock file says nothing for another.
        let lock = include_str!("npm/package-lock.json");
        let version =
            script.lines().next().and_then(|line| line.split_once("axe v")).map(|(_, version)| version.trim());
        let is_locked = version.is_some_and(|version| lock.contains(&format!("\"version\": \"{version}\"")));
        assert!(
            is_locked,
            "axe {version:?} is not of the lock file\n\nhint: `cargo xtask test` installs the right one"
        );
        Self(script)
    }

    /// Judges the page as it is shown now.
    pub async fn judges(&self, visitor: &Visitor<'_>) -> Findings {
        if visitor.run("return typeof axe").await != "object" {
            visitor.run(&self.0).await;
        }
        let found = visitor.client().execute_async(ASK, vec![json!(TAGS)]).await.unwrap();
        serde_json::from_value(found).unwrap()
    }
}

/// How wide the page is, in CSS pixels, with all that sticks out of the screen.
pub async fn width(visitor: &Visitor<'_>) -> u64 {
    visitor.run("return document.documentElement.scrollWidth").await.as_u64().unwrap()
}

/// What can be pressed and is smaller than 24 by 24 CSS pixels (WCAG 2.2, 2.5.8). Links within a sentence are not meant.
pub async fn small_targets(visitor: &Visitor<'_>) -> Vec<String> {
    let script = "
        const all = [...document.querySelectorAll('button, input:not([type=hidden]), label[for], a')];
        const shown = all.map((it) => [it, it.getBoundingClientRect()]);
        return [shown.length, shown.filter(([it, box]) => box.width < 24 || box.height < 24).map(([it]) => it.outerHTML)]";
    let found = visitor.run(script).await;
    assert!(found[0].as_u64().unwrap() > 0, "a page without anything to press leads nowhere");
    serde_json::from_value(found[1].clone()).unwrap()
}
