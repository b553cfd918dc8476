//! How the generator itself fares: how late its own timers fire, and how much of the machine it uses.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sekisho_reports::histogram::Latencies;
use sekisho_reports::record::{Health, HealthVerdict};
use tokio_util::sync::CancellationToken;

/// How often the generator looks at itself.
const PERIOD: Duration = Duration::from_millis(10);

/// Timers later than this at the 99th percentile say that the latencies measured are the generator's own. A person's step takes
/// some milliseconds on an idle machine and up to a second under a launch; a quarter of a second is what a report would notice.
const LAG_LIMIT: Duration = Duration::from_millis(250);

/// Watches until it is told to stop.
pub(super) struct Watch {
    lag: Arc<Mutex<Latencies>>,
    stop: CancellationToken,
    started: Instant,
    cpu_at_start: Option<Duration>,
}

impl Watch {
    pub(super) fn start() -> Watch {
        let (lag, stop) = (Arc::new(Mutex::new(Latencies::new())), CancellationToken::new());
        let (seen, until) = (lag.clone(), stop.clone());
        tokio::spawn(until.run_until_cancelled_owned(async move {
            loop {
                let due = Instant::now() + PERIOD;
                tokio::time::sleep_until(due.into()).await;
                let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.lock().unwrap_or_else(PoisonError::into_inner).record(late);
            }
        }));
        Watch { lag, stop, started: Instant::now(), cpu_at_start: cpu_time() }
    }

    pub(super) fn stop(self) -> Health {
        self.stop.cancel();
        let lag_p99_us = self.lag.lock().unwrap_or_else(PoisonError::into_inner).percentile_us(99.0);
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let used = cpu_time().zip(self.cpu_at_start).map(|(now, before)| now.saturating_sub(before).as_secs_f64());
        let cpu = used.unwrap_or(0.0) / self.started.elapsed().as_secs_f64().max(f64::EPSILON) / processors;
        let late = u128::from(lag_p99_us) > LAG_LIMIT.as_micros();
        Health {
            verdict: if late { HealthVerdict::Invalid } else { HealthVerdict::Valid },
            lag_p99_us,
            cpu: cpu.clamp(0.0, 1.0),
            peak_memory_bytes: peak_memory_bytes(),
            reason: if late {
                format!(
                    "its own timers fired {} ms late at the 99th percentile (limit {} ms): offer less load or use a larger machine",
                    lag_p99_us / 1000,
                    LAG_LIMIT.as_millis()
                )
            } else {
                String::new()
            },
        }
    }
}

/// The most memory this process held so far, where the system tells (Linux).
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Processor time of this process so far, where the system tells (Linux).
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15 (user and system time) stand behind the command's name, which may hold spaces; a tick is 10 ms on Linux.
    let after_name = stat.rsplit_once(") ")?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 10))
}
