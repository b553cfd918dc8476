//! How the reference server is fuzzed: by cargo-fuzz, with the toolchain that builds everything else. Pure.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::step::Step;

/// Where the targets live, below the root of the workspace; a workspace of its own.
const FOLDER: &str = "fuzz";
/// What an input may be long, in bytes: more than every limit of the server but that of a body that is read to be refused.
const MAX_INPUT_BYTES: usize = 100_000;
/// An input that takes longer hangs. In seconds.
const PATIENCE_S: usize = 25;
/// A process that takes more has grown without bound. In MiB.
const MEMORY_MIB: usize = 1024;

#[derive(Args)]
pub struct FuzzOptions {
    /// Only this target; all of them, one after the other, when left out
    #[arg(value_enum)]
    target: Option<Target>,
    /// How long each target runs
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

/// A fuzz target; the variants are those of `Shape` in `fuzz/src/shapes.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Forms at every place, from visitors and from users who are signed in
    Forms,
    /// The `Cookie` header
    Cookies,
    /// Content types and bodies: JSON, multipart and whatever else
    Bodies,
    /// Everything that is said on a connection
    Http,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Cookies => "cookies",
            Self::Bodies => "bodies",
            Self::Http => "http",
        }
    }
}

/// What brings cargo-fuzz.
pub fn installation() -> Step {
    Step::new("cargo", ["install", "--locked", "cargo-fuzz"])
}

/// The folders that libFuzzer writes to; they have to be there.
pub fn folders(root: &Path, options: &FuzzOptions) -> Vec<PathBuf> {
    options.targets().map(|target| root.join(FOLDER).join("corpus").join(target.name())).collect()
}

/// The runs, in the workspace at `root`.
///
/// Without a sanitizer the stable toolchain will do: the server has no unsafe code, and what fuzzing looks for in it are panics,
/// hangs, growth and wrong answers.
pub fn runs(root: &Path, options: &FuzzOptions) -> Vec<Step> {
    let run = |target: Target| {
        let name = target.name();
        let fuzzer = [
            format!("-max_total_time={}", options.seconds),
            format!("-max_len={MAX_INPUT_BYTES}"),
            format!("-timeout={PATIENCE_S}"),
            format!("-rss_limit_mb={MEMORY_MIB}"),
            "-dict=fuzz/dictionary".to_owned(),
            "-print_final_stats=1".to_owned(),
        ];
        let folders = ["corpus", "seeds"].map(|folder| format!("{FOLDER}/{folder}/{name}"));
        let command = ["fuzz", "run", "--sanitizer", "none", name].map(str::to_owned);
        let arguments = command.into_iter().chain(folders).chain(["--".to_owned()]).chain(fuzzer);
        Step::new("cargo", arguments).env("CARGO_TARGET_DIR", "fuzz/target").inside(root)
    };
    options.targets().map(run).collect()
}

impl FuzzOptions {
    fn targets(&self) -> impl Iterator<Item = Target> {
        let wanted = self.target;
        Target::value_variants().iter().copied().filter(move |target| wanted.is_none_or(|wanted| wanted == *target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_runs_unless_one_is_named() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let all = FuzzOptions { target: None, seconds: 5 };
        let runs: Vec<String> = runs(&root, &all).iter().map(Step::to_string).collect();
        assert_eq!(runs.len(), 4);
        assert!(runs.iter().all(|run| run.contains("-max_total_time=5 ")), "{runs:?}");
        let one = FuzzOptions { target: Some(Target::Http), seconds: 60 };
        let runs: Vec<String> = super::runs(&root, &one).iter().map(Step::to_string).collect();
        assert_eq!(runs.len(), 1);
        assert!(runs[0].contains("fuzz run --sanitizer none http fuzz/corpus/http fuzz/seeds/http -- "), "{runs:?}");
        assert_eq!(folders(&root, &one), [root.join("fuzz/corpus/http")]);
    }

    #[test]
    fn every_target_that_is_run_is_there_and_has_seeds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FOLDER);
        for target in Target::value_variants() {
            assert!(folder.join("fuzz_targets").join(format!("{}.rs", target.name())).is_file(), "{target:?}");
            assert!(folder.join("seeds").join(target.name()).is_dir(), "{target:?}");
        }
        let targets = std::fs::read_dir(folder.join("fuzz_targets")).expect("the targets").count();
        assert_eq!(targets, Target::value_variants().len());
        assert!(folder.join("dictionary").is_file());
    }
}
