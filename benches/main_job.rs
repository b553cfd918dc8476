//! The figures of the README: the check suite's wall time, the mixed load's sign-ins per second and the memory of 2,000 users, each
//! measured on the command itself, several runs after one that is not counted. Prints minimum, median and maximum.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

/// Runs that are counted.
const RUNS: usize = 5;

fn main() {
    // `cargo test --benches` passes `--test`: then one run of each shows that it works.
    let runs = if std::env::args().any(|argument| argument == "--test") { 0 } else { RUNS };
    let dir = tempfile::tempdir().expect("a folder for the reports");
    let mut check_s = Vec::new();
    let (mut sign_ins_per_s, mut peak_mib) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let begun = Instant::now();
        sekisho(dir.path(), &["check", "--level", "must,derived,baseline", "--seed", &run.to_string()]);
        let check = begun.elapsed().as_secs_f64();
        let record =
            sekisho(dir.path(), &["load", "mixed", "--users", "2000", "--ramp", "2", "--seed", &run.to_string()]);
        if run == 0 && runs > 0 {
            continue;
        }
        let load = &record["load"];
        check_s.push(check);
        sign_ins_per_s.push(load["completed_per_s"].as_f64().expect("a rate"));
        peak_mib.push(load["health"]["peak_memory_bytes"].as_f64().unwrap_or(f64::NAN) / f64::from(1 << 20));
    }
    println!("{:<58}{:>9}{:>9}{:>9}", "", "min", "median", "max");
    report("check suite, all levels, whole process (s)", &mut check_s);
    report("mixed load of 2,000 users, sign-ins per second", &mut sign_ins_per_s);
    report("mixed load of 2,000 users, peak memory of the process (MiB)", &mut peak_mib);
}

/// Runs the command, which must end with 0, and returns its record.
fn sekisho(dir: &Path, arguments: &[&str]) -> Value {
    let status = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(arguments)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the command starts");
    assert!(status.success(), "{arguments:?} ended with {status}");
    let record = std::fs::read_to_string(dir.join("sekisho-report/run.json")).expect("a record");
    serde_json::from_str(&record).expect("JSON")
}

fn report(what: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let (first, middle, last) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    println!("{what:<58}{first:>9.2}{middle:>9.2}{last:>9.2}");
}
