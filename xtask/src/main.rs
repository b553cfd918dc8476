//! The project's own chores, run as `cargo xtask`.
//!
//! [`plan`] says which commands a chore consists of, [`mod@fuzz`] how the server is fuzzed, [`debian`] and [`npm`] what the tests need that drive a browser or a foreign system; all are pure. [`step`] runs one command. What the project's code must be like is not checked here but by its tests and lints.

mod debian;
mod fuzz;
mod npm;
mod plan;
mod step;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use clap::{Args, Parser, Subcommand};

use crate::debian::{Machine, Need, Thing};
use crate::fuzz::FuzzOptions;
use crate::plan::{Others, Tools};
use crate::step::{Step, StepFailed};

fn main() -> ExitCode {
    let done = match Xtask::parse().chore {
        Chore::Test(options) => test(&options),
        Chore::Lint => lint(),
        Chore::FirstCommand => first_command(),
        Chore::Screenshots => screenshots(),
        Chore::KillMatrix(options) => kill_matrix(options.check),
        Chore::Mutants(options) => mutants(&options),
        Chore::Fuzz(options) => fuzz(&options),
        Chore::Ci => ci(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("error: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run all tests, installing what they need from Debian and npm first
    ///
    /// The browser tests drive Chromium: where `chromium`, `chromedriver` or a Japanese font is missing, it is installed by
    /// apt-get (as root or by a sudo that asks no password). axe-core, which judges accessibility, comes by npm into
    /// `target/npm`. Foreign systems need Python and faketime, which are installed likewise; what they are made of comes by pip
    /// into `target/foreign`. Where that can't be done, this says what is missing and fails: nothing is skipped in silence. Tests run by cargo-nextest where it is installed, else by `cargo test`; doc tests run too.
    Test(TestOptions),
    /// Check the format, clippy and the docs with warnings denied, and the dependencies where cargo-deny is installed
    Lint,
    /// Build for release and run the command without arguments, as a newcomer does, and check that it wrote its report
    FirstCommand,
    /// Make `docs/screenshots` anew: the main screens of the reference server, on a desktop and on a phone
    Screenshots,
    /// Make `docs/kill-matrix.md` and `docs/kill-matrix.json` anew: every defect against every check
    KillMatrix(KillMatrixOptions),
    /// Let cargo-mutants change the core of the reference server, function by function, with the suite as the judge
    ///
    /// Installs cargo-mutants first where it is missing. A mutant that the suite lets pass is a survivor: `docs/mutants.md`
    /// explains those there are. All mutants take hours; `-- --shard 0/8` runs an eighth of them, and what stands behind the
    /// two dashes goes to cargo-mutants as it is.
    Mutants(MutantsOptions),
    /// Fuzz the reference server, all targets or one, each for a while
    ///
    /// Runs cargo-fuzz, and installs it first where it is missing. The first run builds the server anew, with what fuzzing needs,
    /// into `fuzz/target`; that takes minutes and a C++ compiler. Inputs that reach something new are kept in `fuzz/corpus`. An input that the
    /// server does not take as it should ends the run: it stands in `fuzz/artifacts`, and belongs into `fuzz/seeds` once it
    /// is understood, so that `cargo xtask test` tries it from then on.
    Fuzz(FuzzOptions),
    /// Everything CI runs: lint, test, first-command, kill-matrix --check
    Ci,
}

#[derive(Args, Default)]
struct TestOptions {
    /// Leave out the tests that drive a browser or a foreign system, and need nothing but Rust
    #[arg(long)]
    rust_only: bool,
    /// Run only tests whose names contain one of these
    #[arg(last = true, value_name = "FILTER")]
    filters: Vec<String>,
}

#[derive(Args)]
struct KillMatrixOptions {
    /// Write nothing, and fail where other checks catch a defect than the docs say
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
struct MutantsOptions {
    /// For cargo-mutants as it stands, e.g. `--shard 0/8` or `--re expiry`
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// Why a chore failed. Each message is what a person reads.
#[derive(Debug, thiserror::Error)]
enum ChoreFailed {
    #[error(transparent)]
    Step(#[from] StepFailed),
    #[error(transparent)]
    NotInstalled(#[from] debian::NotInstallable),
    #[error(transparent)]
    NoNpm(#[from] npm::NoNpm),
    #[error("the first command ended well but left no `{}`", .0.display())]
    NoReport(PathBuf),
    #[error("`{}` can't be prepared: {source}", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
}

fn test(options: &TestOptions) -> Result<(), ChoreFailed> {
    let others = if options.rust_only { Others::LeftOut } else { Others::Driven };
    if others == Others::Driven {
        install(&debian::BROWSER)?;
        install(&debian::FOREIGN)?;
        install_axe()?;
    }
    run(&plan::test(&options.filters, others, tools()))?;
    if options.rust_only {
        eprintln!("note: the tests of browsers and of foreign systems were not run (`--rust-only`)");
    }
    Ok(())
}

fn install(needs: &[Need]) -> Result<(), ChoreFailed> {
    let missing = debian::missing(needs, is_there);
    if missing.is_empty() {
        return Ok(());
    }
    run(&debian::installation(&missing, machine())?)?;
    match debian::missing(needs, is_there) {
        still if still.is_empty() => Ok(()),
        still => Err(debian::NotInstallable::still_missing(&still).into()),
    }
}

fn install_axe() -> Result<(), ChoreFailed> {
    let (lock_folder, folder) = (root().join(npm::LOCK_FOLDER), npm::folder(root()));
    let unprepared = |source| ChoreFailed::Directory { path: folder.clone(), source };
    let lock = fs::read_to_string(lock_folder.join("package-lock.json")).map_err(unprepared)?;
    if npm::is_current(&lock, fs::read_to_string(npm::installed_note(root())).ok().as_deref()) {
        return Ok(());
    }
    if !is_installed("npm") {
        return Err(npm::NoNpm.into());
    }
    fs::create_dir_all(&folder).map_err(unprepared)?;
    for file in npm::LOCK_FILES {
        fs::copy(lock_folder.join(file), folder.join(file)).map_err(unprepared)?;
    }
    Ok(run(&[npm::installation(&folder)])?)
}

/// Needs a browser and fonts, and no judge of accessibility.
fn screenshots() -> Result<(), ChoreFailed> {
    install(&debian::BROWSER)?;
    install(&[debian::PICTURES])?;
    let folder = root().join(plan::SCREENSHOTS);
    run(&[plan::screenshots()])?;
    let files = fs::read_dir(&folder).map_err(|source| ChoreFailed::Directory { path: folder.clone(), source })?;
    let mut names: Vec<String> = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(run(&[plan::small(&folder, names)])?)
}

fn kill_matrix(check: bool) -> Result<(), ChoreFailed> {
    Ok(run(&[plan::kill_matrix(root(), check)])?)
}

fn mutants(options: &MutantsOptions) -> Result<(), ChoreFailed> {
    if !is_installed("cargo-mutants") {
        eprintln!("note: cargo-mutants is missing and is installed");
        run(&[plan::mutants_installation()])?;
    }
    Ok(run(&[plan::mutants(&options.arguments)])?)
}

fn lint() -> Result<(), ChoreFailed> {
    let tools = tools();
    run(&plan::lint(tools))?;
    if !tools.deny {
        eprintln!("note: the dependencies were not checked: `cargo install --locked cargo-deny` brings the tool");
    }
    Ok(())
}

fn fuzz(options: &FuzzOptions) -> Result<(), ChoreFailed> {
    if !is_installed("cargo-fuzz") {
        eprintln!("note: cargo-fuzz is missing and is installed");
        run(&[fuzz::installation()])?;
    }
    for folder in fuzz::folders(root(), options) {
        fs::create_dir_all(&folder).map_err(|source| ChoreFailed::Directory { path: folder.clone(), source })?;
    }
    Ok(run(&fuzz::runs(root(), options))?)
}

/// Runs in a directory of its own and without arguments, so that it is exactly what a newcomer types.
fn first_command() -> Result<(), ChoreFailed> {
    let root = root();
    let directory = root.join("target").join("first-command");
    let prepared = fs::remove_dir_all(&directory).or_else(ignore_absent).and_then(|()| fs::create_dir_all(&directory));
    prepared.map_err(|source| ChoreFailed::Directory { path: directory.clone(), source })?;
    run(&[plan::first_command(root, &directory)])?;
    match plan::first_report(&directory).into_iter().find(|file| !file.is_file()) {
        Some(absent) => Err(ChoreFailed::NoReport(absent)),
        None => Ok(()),
    }
}

fn ci() -> Result<(), ChoreFailed> {
    lint()?;
    test(&TestOptions::default())?;
    first_command()?;
    kill_matrix(true)
}

fn run(steps: &[Step]) -> Result<(), StepFailed> {
    steps.iter().try_for_each(Step::run)
}

fn tools() -> Tools {
    Tools { nextest: is_installed("cargo-nextest"), deny: is_installed("cargo-deny") }
}

fn machine() -> Machine {
    let asked =
        |program: &str, arguments: &[&str]| Command::new(program).args(arguments).stderr(Stdio::null()).output();
    Machine {
        has_apt: is_installed("apt-get"),
        is_root: asked("id", &["-u"]).is_ok_and(|answer| answer.stdout.trim_ascii() == b"0"),
        has_sudo: asked("sudo", &["-n", "true"]).is_ok_and(|answer| answer.status.success()),
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn is_there(thing: Thing) -> bool {
    match thing {
        Thing::Program(name) => is_installed(name),
        Thing::JapaneseFont => {
            let fonts = Command::new("fc-list").arg(":lang=ja").stderr(Stdio::null()).output();
            fonts.is_ok_and(|fonts| !fonts.stdout.trim_ascii().is_empty())
        }
        Thing::PythonModule(name) => {
            let imported =
                Command::new("python3").args(["-c", &format!("import {name}")]).stderr(Stdio::null()).output();
            imported.is_ok_and(|answer| answer.status.success())
        }
    }
}

fn is_installed(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn ignore_absent(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Xtask::command().debug_assert();
    }

    #[test]
    fn filters_stand_behind_two_dashes() {
        let xtask = Xtask::try_parse_from(["xtask", "test", "--rust-only", "--", "faq03", "skip"]);
        let Ok(Xtask { chore: Chore::Test(options) }) = xtask else { panic!("not read as `test`") };
        assert!(options.rust_only);
        assert_eq!(options.filters, ["faq03", "skip"]);
        assert!(Xtask::try_parse_from(["xtask", "test", "faq03"]).is_err());
    }

    /// `.ci/run` and `cargo xtask ci` must not drift apart.
    #[test]
    fn ci_runs_the_same_chores_in_the_same_order() {
        let script = include_str!("../../.ci/run");
        let chores: Vec<&str> = script.lines().filter_map(|line| line.trim().strip_prefix("cargo xtask ")).collect();
        assert_eq!(chores, ["lint", "test", "first-command", "kill-matrix --check"]);
    }
}
