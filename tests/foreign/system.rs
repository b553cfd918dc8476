//! A foreign system that runs: started by its own script, ended with the test.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a system may take to answer for the first time. Its packages are installed then.
const READY_LIMIT: Duration = Duration::from_secs(600);

/// What the system is given, and where it is found.
pub struct System {
    /// Scheme, host and port.
    pub base: String,
    /// Where it sends its mail: nobody listens there yet.
    pub smtp: String,
    /// The file that moves its clock.
    pub clock: PathBuf,
    child: Child,
}

impl System {
    /// Starts a system by its script, with so many accounts; all that it keeps lies in `folder`.
    pub fn start(name: &str, accounts: usize, folder: &Path) -> System {
        let script = scripts().join(name).join("start");
        let (smtp, clock) = (format!("127.0.0.1:{}", free_port()), folder.join("clock"));
        let mut command = Command::new("python3");
        command
            .arg(&script)
            .arg("--folder")
            .arg(folder.join("system"))
            .args(["--port", "0", "--smtp", &smtp, "--accounts", &accounts.to_string(), "--clock"])
            .arg(&clock)
            // It runs till this closes, and so not longer than the test, however that ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("no `python3` could be started: {error}{HINT}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let mut system = System { base: String::new(), smtp, clock, child };
        system.base = system.address(stdout, stderr);
        system
    }

    /// Waits till it says where it is to be found.
    fn address(&mut self, stdout: ChildStdout, stderr: ChildStderr) -> String {
        let (says, hears) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody hears it where the limit has passed.
            let _ = says.send(read.map(|_| line));
        });
        // Read all along: whoever fills a pipe that is not read stands still.
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(stderr).read_to_string(&mut text);
            text
        });
        let line = match hears.recv_timeout(READY_LIMIT) {
            Ok(line) => line.unwrap(),
            Err(_) => format!("not ready after {} s", READY_LIMIT.as_secs()),
        };
        match line.trim_end().strip_prefix("ready ") {
            Some(base) => base.to_owned(),
            None => {
                self.end();
                panic!("the system did not start: {line}{}{HINT}", complaints.join().unwrap_or_default())
            }
        }
    }

    fn end(&mut self) {
        // The end of its stdin is what ends it; its script then ends all that it has started.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.end();
    }
}

const HINT: &str = "\nhint: foreign systems need `python3` with its `venv` module, and faketime: on Debian `apt-get install faketime python3-venv`, \
                    or `cargo xtask test`, which installs them; `cargo xtask test --rust-only` leaves these tests out";

/// Where the folders of the systems lie.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("foreign")
}

/// A port that was free just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
