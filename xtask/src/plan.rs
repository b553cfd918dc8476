//! Which commands a chore consists of. Pure: what is installed comes in as arguments, and nothing is run here.
//!
//! Every build of tests and lints takes the whole workspace: a part of it would get other features of its dependencies, and
//! they would be built once more.

use std::path::{Path, PathBuf};

use crate::step::Step;

/// All tests that drive a browser live in a module of this name, so both test runners can leave them out in the same way.
const BROWSER_MODULE: &str = "in_chromium::";
/// And all that start a foreign system in one of this name.
const FOREIGN_MODULE: &str = "in_foreign_systems::";

/// Which helpful, not indispensable programs are installed.
#[derive(Clone, Copy)]
pub struct Tools {
    pub nextest: bool,
    pub deny: bool,
}

/// What is driven beside our own programs: browsers and foreign systems.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Others {
    Driven,
    LeftOut,
}

/// The tests whose names contain one of `filters` (all when there is none), and the doc tests, which nextest doesn't run.
pub fn test(filters: &[String], others: Others, tools: Tools) -> Vec<Step> {
    let tests = match tools.nextest {
        true => Step::new("cargo", ["nextest", "run", "--workspace"]),
        false => Step::new("cargo", ["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]),
    };
    let doc_tests = Step::new("cargo", ["test", "--workspace", "--doc"]);
    let selection = |step: Step| filters.iter().fold(step.arg("--"), |step, filter| step.arg(filter));
    let tests = match others {
        Others::Driven => selection(tests),
        Others::LeftOut => [BROWSER_MODULE, FOREIGN_MODULE]
            .iter()
            .fold(selection(tests), |step, module| step.arg("--skip").arg(*module)),
    };
    vec![tests, selection(doc_tests)]
}

/// The cheapest first, so that what is quickly mended is quickly told.
pub fn lint(tools: Tools) -> Vec<Step> {
    let mut steps = vec![
        Step::new("cargo", ["fmt", "--all", "--check"]),
        Step::new("cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        Step::new("cargo", ["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
    ];
    if tools.deny {
        steps.push(Step::new("cargo", ["deny", "--workspace", "check"]));
    }
    steps
}

/// Where the pictures of the screens are kept, below the root of the workspace.
pub const SCREENSHOTS: &str = "docs/screenshots";
/// The variable that has the test write them there.
const SCREENSHOTS_KEPT: &str = "SEKISHO_SCREENSHOTS";

/// The test that takes the screenshots, told to write them where they are kept.
pub fn screenshots() -> Step {
    let test = format!("{BROWSER_MODULE}pictures::screenshots_of_the_main_screens");
    Step::new("cargo", ["test", "--workspace", "--test", "browser", "--", "--exact"])
        .arg(test)
        .env(SCREENSHOTS_KEPT, "kept")
}

/// Makes the pictures in `folder` small: screens of few colours need no more than a palette of them.
pub fn small(folder: &Path, names: Vec<String>) -> Step {
    const COLOURS: &str = "48";
    let options = ["--force", "--ext", ".png", "--strip", "--speed", "1", "--nofs", COLOURS, "--"].map(str::to_owned);
    Step::new("pngquant", options.into_iter().chain(names)).inside(folder)
}

/// Makes the kill matrix: writes it into the docs, or holds it against them.
pub fn kill_matrix(root: &Path, check: bool) -> Step {
    let docs = root.join("docs");
    let step =
        Step::new("cargo", ["run", "--release", "--", "selftest", "--explore", "--clean-seeds", "50", "--seed", "1"]);
    let step = match check {
        true => step.arg("--against").arg(docs.join("kill-matrix.json").to_string_lossy()),
        false => step.arg("--save").arg(docs.to_string_lossy()),
    };
    step.inside(root)
}

/// Lets cargo-mutants change the core; `.cargo/mutants.toml` says which files, and that the suite is the judge.
pub fn mutants(arguments: &[String]) -> Step {
    let step = Step::new(
        "cargo",
        ["mutants", "--package", "sekisho-server", "--test-package", "sekisho", "--output", "target"],
    );
    arguments.iter().fold(step, |step, argument| step.arg(argument))
}

/// Brings cargo-mutants.
pub fn mutants_installation() -> Step {
    Step::new("cargo", ["install", "--locked", "cargo-mutants"])
}

/// The command of the workspace at `root` in its release build, without arguments, started in `directory`.
pub fn first_command(root: &Path, directory: &Path) -> Step {
    let manifest = root.join("Cargo.toml");
    Step::new("cargo", ["run", "--release", "--manifest-path"]).arg(manifest.to_string_lossy()).inside(directory)
}

/// The files that the first command leaves in the directory it is started in.
pub fn first_report(directory: &Path) -> [PathBuf; 3] {
    ["run.json", "junit.xml", "index.html"].map(|file| directory.join("sekisho-report").join(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Tools = Tools { nextest: true, deny: true };
    const NONE: Tools = Tools { nextest: false, deny: false };

    fn read(steps: &[Step]) -> Vec<String> {
        steps.iter().map(Step::to_string).collect()
    }

    #[test]
    fn all_tests_and_doc_tests_run() {
        assert_eq!(
            read(&test(&[], Others::Driven, ALL)),
            ["cargo nextest run --workspace --", "cargo test --workspace --doc --"]
        );
    }

    #[test]
    fn without_nextest_the_same_tests_run() {
        assert_eq!(
            read(&test(&[], Others::Driven, NONE)),
            ["cargo test --workspace --lib --bins --tests --no-fail-fast --", "cargo test --workspace --doc --"]
        );
    }

    #[test]
    fn rust_only_leaves_out_browsers_and_foreign_systems_and_nothing_else() {
        for tools in [ALL, NONE] {
            let with = read(&test(&["skip".to_owned()], Others::Driven, tools));
            let without = read(&test(&["skip".to_owned()], Others::LeftOut, tools));
            assert_eq!(without[0], format!("{} --skip in_chromium:: --skip in_foreign_systems::", with[0]));
            assert_eq!(without[1], with[1]);
        }
    }

    /// How many tests stand in the files of this folder.
    fn tests_in(folder: &Path) -> usize {
        let files = std::fs::read_dir(folder).expect("the tests").map(|entry| entry.expect("a file").path());
        let sources = files.filter(|file| file.extension().is_some_and(|end| end == "rs"));
        let texts = sources.map(|file| std::fs::read_to_string(file).expect("a source"));
        texts.map(|text| text.lines().filter(|line| line.contains("test]")).count()).sum()
    }

    /// A test outside that module would ask for Chromium although `--rust-only` was given.
    #[test]
    fn the_browser_tests_live_in_the_module_that_is_left_out() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
        assert_eq!(tests_in(&folder), 0, "a test stands beside the module");
        assert!(tests_in(&folder.join("in_chromium")) > 0, "no test stands in the module");
        assert!(include_str!("../../tests/browser/main.rs").contains("mod in_chromium {"));
    }

    /// And one that starts a foreign system would ask for Python.
    #[test]
    fn the_tests_of_foreign_systems_live_in_the_module_that_is_left_out() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/foreign");
        assert!(tests_in(&folder.join("in_foreign_systems")) > 0, "no test stands in the module");
        assert!(include_str!("../../tests/foreign/main.rs").contains("mod in_foreign_systems {"));
        for file in ["main.rs", "system.rs", "verdicts.rs"] {
            let text = std::fs::read_to_string(folder.join(file)).expect("a source");
            assert!(!text.contains("test]"), "a test stands in `{file}`");
        }
    }

    #[test]
    fn the_screenshots_are_taken_by_a_test_that_looks_for_the_variable() {
        let source = include_str!("../../tests/browser/in_chromium/pictures.rs");
        let name = screenshots().to_string().rsplit_once("::").expect("a test in a module").1.to_owned();
        let before = source.split_once(&format!("async fn {name}()")).expect("a test of that name").0;
        assert!(before.ends_with("#[tokio::test]\n"), "{before}");
        assert!(
            source.contains(&format!("\"{SCREENSHOTS_KEPT}\"")) && screenshots().to_string().contains(SCREENSHOTS_KEPT)
        );
    }

    #[test]
    fn filters_reach_both_kinds_of_tests() {
        for step in read(&test(&["faq03".to_owned(), "a b".to_owned()], Others::Driven, ALL)) {
            assert!(step.ends_with(" -- faq03 'a b'"), "{step}");
        }
    }

    #[test]
    fn lints_deny_warnings_everywhere() {
        let steps = read(&lint(NONE));
        assert_eq!(steps.len(), 3);
        assert!(steps[1].ends_with("-- -D warnings") && steps[2].starts_with("RUSTDOCFLAGS='-D warnings'"));
        assert_eq!(read(&lint(ALL)).last().map(String::as_str), Some("cargo deny --workspace check"));
    }
}
