//! A program that a profile names: run without a shell, for a bounded time, with bounded memory for what it says.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::HookError;
use super::error::without_secrets;
use crate::target::{Fill, Secret, Template};

/// How much of what a program writes to stdout is kept.
const MAX_OUTPUT_BYTES: usize = 64 * 1024;

/// How much of what it writes to stderr is kept, counted from the end.
const MAX_WORDS_BYTES: usize = 16 * 1024;

/// How many of its last lines stand in an error.
const WORDS_LINES: usize = 5;

/// How long after a program's end its output is still read: one that it started and left running may hold it open for ever.
const OUTPUT_GRACE: Duration = Duration::from_millis(250);

/// How much is read at once.
const READ_BYTES: usize = 4096;

/// A program with its arguments.
#[derive(Debug)]
pub struct Program {
    pub(crate) name: PathBuf,
    pub(crate) arguments: Vec<Template>,
    /// Where it runs: the profile's folder.
    pub(crate) folder: PathBuf,
    /// What errors must not repeat.
    pub(crate) secrets: Vec<Secret>,
}

impl Program {
    /// Runs it and gives what it wrote to stdout. Of what fills it in, `private` must stand in no error.
    ///
    /// # Errors
    /// When it cannot be started, fails, or is not done in time; then it is ended.
    pub(crate) async fn run(
        &self,
        fill: &impl Fill,
        private: &[&str],
        patience: Duration,
    ) -> Result<String, HookError> {
        let arguments = self.arguments.iter().map(|text| text.plain(fill)).collect::<Result<Vec<_>, _>>()?;
        let program = self.name.display().to_string();
        let mut child = Command::new(&self.name)
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| HookError::NotStarted { program: program.clone(), cause })?;
        let output = Kept::of(child.stdout.take(), MAX_OUTPUT_BYTES, End::First);
        let words = Kept::of(child.stderr.take(), MAX_WORDS_BYTES, End::Last);
        let ended = wait(&mut child, patience).await;
        let output = output.take().await;
        let words = self.last_lines(&words.take().await, private);
        match ended {
            Some(Ok(status)) if status.success() => Ok(output),
            Some(Ok(status)) => Err(HookError::Failed { program, ending: in_words(status), words }),
            Some(Err(cause)) => Err(HookError::NotStarted { program, cause }),
            None => Err(HookError::TooSlow { what: program, seconds: patience.as_secs_f64(), words }),
        }
    }

    fn last_lines(&self, text: &str, private: &[&str]) -> String {
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(WORDS_LINES)..].join("\n");
        without_secrets(&last, self.secrets.iter().map(|secret| secret.0.as_str()).chain(private.iter().copied()))
    }
}

/// `None` where it is not over in time; then it is ended.
async fn wait(child: &mut Child, patience: Duration) -> Option<std::io::Result<ExitStatus>> {
    if let Ok(ended) = tokio::time::timeout(patience, child.wait()).await {
        return Some(ended);
    }
    // One that has ended by itself meanwhile cannot be ended any more, and need not be.
    let _ = child.kill().await;
    None
}

fn in_words(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// Which end of an output is kept where it is too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// What is kept of an output, read while the program runs so that it never has to wait for us.
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
}

impl Kept {
    fn of(pipe: Option<impl AsyncRead + Unpin + Send + 'static>, limit: usize, end: End) -> Kept {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = bytes.clone();
        let reading = pipe.map(|mut pipe| {
            tokio::spawn(async move {
                let mut read = [0; READ_BYTES];
                while let Ok(count @ 1..) = pipe.read(&mut read).await {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&read[..count]);
                    let surplus = kept.len().saturating_sub(limit);
                    match end {
                        End::First => kept.truncate(limit),
                        End::Last => drop(kept.drain(..surplus)),
                    }
                }
            })
        });
        Kept { bytes, reading }
    }

    async fn take(self) -> String {
        if let Some(mut reading) = self.reading
            && tokio::time::timeout(OUTPUT_GRACE, &mut reading).await.is_err()
        {
            reading.abort();
        }
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
