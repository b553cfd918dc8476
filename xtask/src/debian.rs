//! What the tests need from the system, and how Debian brings it. Pure: what is there comes in as arguments.

use std::fmt;

use crate::step::Step;

/// What tests need, and the Debian package that brings it.
#[derive(Debug, PartialEq, Eq)]
pub struct Need {
    pub thing: Thing,
    pub package: &'static str,
}

/// What a package is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A program that tests start.
    Program(&'static str),
    /// Any font with Japanese letters: without one the widths that tests measure are those of empty boxes.
    JapaneseFont,
    /// A module of Python's that Debian keeps in a package of its own.
    PythonModule(&'static str),
}

/// What the browser tests need.
pub const BROWSER: [Need; 3] = [
    Need { thing: Thing::Program("chromium"), package: "chromium" },
    Need { thing: Thing::Program("chromedriver"), package: "chromium-driver" },
    Need { thing: Thing::JapaneseFont, package: "fonts-noto-cjk" },
];

/// What the tests of foreign systems need: Python with its environments, and what moves a program's clock. All other tests need nothing
/// beside Rust.
pub const FOREIGN: [Need; 3] = [
    Need { thing: Thing::Program("python3"), package: "python3" },
    // `venv` itself is there always; what it needs to install anything is not.
    Need { thing: Thing::PythonModule("ensurepip"), package: "python3-venv" },
    Need { thing: Thing::Program("faketime"), package: "faketime" },
];

impl fmt::Display for Thing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(name) => write!(out, "`{name}`"),
            Self::JapaneseFont => out.write_str("a Japanese font"),
            Self::PythonModule(name) => write!(out, "Python's module `{name}`"),
        }
    }
}

/// What makes the pictures of the screens small enough to be kept.
pub const PICTURES: Need = Need { thing: Thing::Program("pngquant"), package: "pngquant" };

/// By what means this machine could install a package.
#[derive(Clone, Copy)]
pub struct Machine {
    pub has_apt: bool,
    pub is_root: bool,
    /// Whether there is a sudo that asks no password.
    pub has_sudo: bool,
}

/// The needs that are not there.
pub fn missing(needs: &[Need], is_installed: impl Fn(Thing) -> bool) -> Vec<&Need> {
    needs.iter().filter(|need| !is_installed(need.thing)).collect()
}

/// How to install what is missing, or why this machine can't.
pub fn installation(missing: &[&Need], machine: Machine) -> Result<Vec<Step>, NotInstallable> {
    let (program, prefix): (_, &[&str]) = match machine {
        Machine { has_apt: false, .. } => return Err(NotInstallable::new(missing, "there is no apt-get")),
        Machine { is_root: true, .. } => ("env", &[]),
        Machine { has_sudo: true, .. } => ("sudo", &["-n", "env"]),
        _ => return Err(NotInstallable::new(missing, "this is not root, and sudo asks for a password")),
    };
    let apt = |arguments: &[&str]| {
        Step::new(program, [prefix, &["DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat())
    };
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let install = [&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat();
    Ok(vec![apt(&["update"]), apt(&install)])
}

/// What is missing, why it can't be installed from here, and what a person can do.
#[derive(Debug, thiserror::Error)]
#[error(
    "this chore needs {things}: {reason}\n\n\
     hint: install by hand (on Debian: `apt-get install {packages}`), or leave out by `--rust-only` the tests that need them"
)]
pub struct NotInstallable {
    things: String,
    packages: String,
    reason: &'static str,
}

impl NotInstallable {
    fn new(missing: &[&Need], reason: &'static str) -> Self {
        let things: Vec<String> = missing.iter().map(|need| need.thing.to_string()).collect();
        let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
        Self { things: things.join(" and "), packages: packages.join(" "), reason }
    }

    /// apt-get said it was done, but what is needed is still not to be found.
    pub fn still_missing(missing: &[&Need]) -> Self {
        Self::new(
            missing,
            "their packages are installed, but the search path, fontconfig or Python does not lead there",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Machine = Machine { has_apt: true, is_root: true, has_sudo: false };

    fn typed(machine: Machine) -> Vec<String> {
        let missing: Vec<&Need> = BROWSER.iter().collect();
        let steps = installation(&missing, machine).expect("a way to install");
        steps.iter().map(Step::to_string).collect()
    }

    #[test]
    fn only_what_is_absent_is_missing() {
        assert_eq!(missing(&BROWSER, |_| true), Vec::<&Need>::new());
        assert_eq!(missing(&BROWSER, |thing| thing != Thing::Program("chromedriver")), [&BROWSER[1]]);
        assert_eq!(missing(&BROWSER, |thing| thing != Thing::JapaneseFont), [&BROWSER[2]]);
        assert_eq!(missing(&BROWSER, |_| false).len(), BROWSER.len());
        assert_eq!(missing(&FOREIGN, |thing| !matches!(thing, Thing::PythonModule(_))), [&FOREIGN[1]]);
    }

    #[test]
    fn root_installs_after_an_update_and_is_asked_nothing() {
        assert_eq!(
            typed(ROOT),
            [
                "env DEBIAN_FRONTEND=noninteractive apt-get update",
                "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
                 chromium chromium-driver fonts-noto-cjk",
            ]
        );
    }

    #[test]
    fn others_install_by_a_sudo_that_asks_no_password() {
        let steps = typed(Machine { is_root: false, has_sudo: true, ..ROOT });
        assert_eq!(steps[0], "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update");
    }

    #[test]
    fn who_cannot_install_is_told_what_is_missing_and_how_to_get_it() {
        for machine in [Machine { has_apt: false, ..ROOT }, Machine { is_root: false, ..ROOT }] {
            let refusal = installation(&[&BROWSER[1]], machine).expect_err("no way to install").to_string();
            assert!(refusal.contains("needs `chromedriver`"), "{refusal}");
            assert!(
                refusal.contains("apt-get install chromium-driver") && refusal.contains("--rust-only"),
                "{refusal}"
            );
        }
    }
}
