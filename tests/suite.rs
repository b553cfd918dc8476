//! The whole suite against the reference server as one test: it is the judge of mutated servers (`cargo xtask mutants`).
#![allow(clippy::unwrap_used)]

mod support;

use support::Sekisho;

#[test]
fn the_right_server_conforms_at_every_level() {
    let sekisho = Sekisho::new();
    let outcome = sekisho.run(&["check", "--level", "must,derived,baseline", "--seed", "1"]);
    outcome.ends_with(0).says("conforms");
    let checks = sekisho.record()["checks"].as_array().unwrap().len();
    assert!(checks > 250, "only {checks} checks ran");
}
