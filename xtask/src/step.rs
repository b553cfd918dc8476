//! One command of a chore: how it reads and how it is run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

/// A command that a chore runs, shown before it starts as a person could type it.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    program: &'static str,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    directory: Option<PathBuf>,
}

impl Step {
    pub fn new<A: Into<String>>(program: &'static str, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program, arguments, environment: Vec::new(), directory: None }
    }

    pub fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    pub fn inside(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Runs the command to its end with the caller's own input and output.
    pub fn run(&self) -> Result<(), StepFailed> {
        eprintln!("\n$ {self}");
        let started = Instant::now();
        let mut command = Command::new(self.program);
        command.args(&self.arguments).envs(self.environment.iter().copied());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        match command.status() {
            Ok(status) if status.success() => {
                eprintln!("({:.1} s)", started.elapsed().as_secs_f64());
                Ok(())
            }
            Ok(status) => Err(StepFailed::Unsuccessful { command: self.to_string(), status }),
            Err(source) => Err(StepFailed::NotStarted { command: self.to_string(), source }),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(out, "{name}={} ", quoted(value))?;
        }
        out.write_str(self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(out, " {}", quoted(argument)))
    }
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StepFailed {
    #[error("`{command}` can't be started: {source}")]
    NotStarted { command: String, source: std::io::Error },
    #[error("`{command}` failed: {status}")]
    Unsuccessful { command: String, status: ExitStatus },
}

fn quoted(word: &str) -> String {
    if word.contains([' ', '\'', '*', '$']) { format!("'{}'", word.replace('\'', r"'\''")) } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_as_it_is_typed() {
        let step = Step::new("cargo", ["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(step.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn an_unsuccessful_command_fails_the_chore() {
        assert!(Step::new("true", [""; 0]).run().is_ok());
        assert!(matches!(Step::new("false", [""; 0]).run(), Err(StepFailed::Unsuccessful { .. })));
        assert!(matches!(Step::new("no-such-program", [""; 0]).run(), Err(StepFailed::NotStarted { .. })));
    }
}
