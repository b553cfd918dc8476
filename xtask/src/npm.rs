//! What the browser tests need from npm: axe-core, which judges the accessibility of a page inside the browser.
//!
//! It is put into `target/npm` in the version that the lock file names, checked against the sum there, and is part of no
//! build. Pure: the files' contents come in as arguments.

use std::path::{Path, PathBuf};

use crate::step::Step;

/// Where the lock file stands that pins version and checksum, below the root of the workspace.
pub const LOCK_FOLDER: &str = "tests/browser/npm";
/// The files that npm reads, all of them in the folder above.
pub const LOCK_FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// The folder into which npm installs; the tests look there too.
pub fn folder(root: &Path) -> PathBuf {
    root.join("target").join("npm")
}

/// The note that npm leaves of what it has installed: as new as the packages themselves.
pub fn installed_note(root: &Path) -> PathBuf {
    folder(root).join("node_modules").join(".package-lock.json")
}

/// Whether what is installed is what the lock file asks for: its checksum stands in npm's own note.
pub fn is_current(lock: &str, installed: Option<&str>) -> bool {
    let sums = |text: &str| -> Vec<String> {
        let values = text.lines().filter_map(|line| line.trim().strip_prefix("\"integrity\": "));
        values.map(|value| value.trim_end_matches(',').to_owned()).collect()
    };
    let wanted = sums(lock);
    installed.is_some_and(|installed| !wanted.is_empty() && sums(installed) == wanted)
}

/// Installs exactly what the lock file says. No package runs a script of its own.
pub fn installation(folder: &Path) -> Step {
    Step::new("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).inside(folder)
}

/// npm is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the browser tests need `npm`, which brings axe-core, the judge of accessibility: it is not on the search path\n\n\
     hint: install Node.js with npm (on Debian: `apt-get install npm`), or leave these tests out by `--rust-only`"
)]
pub struct NoNpm;

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = include_str!("../../tests/browser/npm/package-lock.json");

    #[test]
    fn the_lock_file_pins_a_checksum_and_names_no_host() {
        assert!(LOCK.contains("\"integrity\": \"sha512-"));
        assert!(!LOCK.contains("://"), "a host stands in the lock file");
    }

    #[test]
    fn only_the_very_packages_of_the_lock_file_are_current() {
        assert!(is_current(LOCK, Some(LOCK)));
        assert!(!is_current(LOCK, None));
        assert!(!is_current(LOCK, Some(&LOCK.replace("sha512-", "sha512-0"))));
        assert!(!is_current("{}", Some("{}")), "a lock file without checksums pins nothing");
    }

    #[test]
    fn no_package_runs_a_script() {
        assert!(installation(Path::new("x")).to_string().starts_with("npm ci --ignore-scripts"));
    }

    #[test]
    fn who_has_no_npm_is_told_what_to_do() {
        let refusal = NoNpm.to_string();
        assert!(refusal.contains("apt-get install npm") && refusal.contains("--rust-only"), "{refusal}");
    }
}
