//! What the tests of the command line share: starting it, and profiles for targets of their own.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The command line under test, with its report in a folder of its own.
pub struct Sekisho {
    pub dir: TempDir,
}

impl Sekisho {
    pub fn new() -> Sekisho {
        Sekisho { dir: tempfile::tempdir().unwrap() }
    }

    /// A command in the folder; arguments are still to come.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command
            .current_dir(self.dir.path())
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG")
            .env_remove("SEKISHO_CONTROL_TOKEN");
        command
    }

    pub fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(self.command().args(args).output().unwrap())
    }

    pub fn report(&self) -> PathBuf {
        self.dir.path().join("sekisho-report")
    }

    pub fn record(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.report().join("run.json")).unwrap()).unwrap()
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A profile for a target at this address: the reference profile with accounts that exist already and no clock to move.
    pub fn profile(&self, base: &str) -> String {
        self.file("target.toml", &profile_for(base));
        "target.toml".to_owned()
    }
}

/// The reference profile, changed to a target at this address that has numbered accounts and no control listener.
pub fn profile_for(base: &str) -> String {
    let text = include_str!("../../profiles/reference.toml");
    let text = replace(text, "base = \"http://127.0.0.1:8080\"", &format!("base = \"{base}\""));
    let text = replace(&text, "listen = \"127.0.0.1:2525\"", "listen = \"127.0.0.1:0\"");
    let text = replace(&text, "mail_patience = \"10s\"", "mail_patience = \"300ms\"");
    let text = replace(&text, "driver = \"control\"", "driver = \"none\"");
    let accounts = "source = \"numbered\"\naddress = \"user{number:5}@example.test\"\npassword = \"password-{number:5}\"\nlast = 500";
    let text = replace(&text, "source = \"control\"", accounts);
    let control = "[control]\nurl = \"http://127.0.0.1:8081\"\ntoken_env = \"SEKISHO_CONTROL_TOKEN\"\n";
    replace(&text, control, "")
}

/// Replaces a part that must be there.
pub fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the profile no longer has {from}");
    text.replace(from, to)
}

/// The reference server, started by its command on a free port; it ends with this.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Serving {
    pub fn start(sekisho: &Sekisho, args: &[&str]) -> Serving {
        let mut child = sekisho
            .command()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").trim_end_matches('/');
        Serving { address: address.to_owned(), child }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command printed, and how it ended.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(output: Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(&self, what: &str) -> &Self {
        assert!(
            self.stderr.contains(what) || self.stdout.contains(what),
            "no `{what}` in\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

pub fn files_in(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
