//! Server, profile and rules state durations and labels each for themselves. Here they are held against the source, so that a slip in
//! one place cannot hide in the others.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use sekisho_rules::{labels, numbers};
use sekisho_server::ServerConfig;
use sekisho_simulator::target::{Control, Loading, Target};

/// The numbers of the notice and the FAQ, typed in from the source once more.
const MINUTES_OF_FAQ_03: u64 = 30;
const DAYS_OF_FAQ_08: u64 = 90;

fn reference_profile() -> Target {
    let control = Control { url: "http://127.0.0.1:1/".parse().unwrap(), token: String::new() };
    let loading = Loading { control: Some(control), ..Loading::default() };
    Target::parse("reference.toml", include_str!("../profiles/reference.toml"), &loading).unwrap()
}

#[test]
fn the_code_is_good_for_30_minutes_everywhere() {
    let source = Duration::from_secs(MINUTES_OF_FAQ_03 * 60);
    assert_eq!(numbers::CODE_VALIDITY, source);
    assert_eq!(reference_profile().numbers.code_validity.0, source);
    assert_eq!(sekisho_server::core::CODE_VALID, source);
}

#[test]
fn a_skip_is_good_for_90_days_everywhere() {
    let source = Duration::from_secs(DAYS_OF_FAQ_08 * 24 * 3600);
    assert_eq!(numbers::SKIP_VALIDITY, source);
    assert_eq!(reference_profile().numbers.skip_validity.0, source);
    assert_eq!(sekisho_server::core::SKIP_VALID, source);
}

#[test]
fn go_live_is_six_in_the_morning_of_13_august_2025_everywhere() {
    // 12 August 2025, 21:00 UTC.
    let source: jiff::Timestamp = "2025-08-12T21:00:00Z".parse().unwrap();
    assert_eq!(numbers::GO_LIVE.parse::<jiff::Timestamp>().unwrap(), source);
    assert_eq!(numbers::GO_LIVE_UNIX_MS, source.as_millisecond());
    assert_eq!(reference_profile().numbers.go_live.0, source);
    assert_eq!(ServerConfig::default().go_live, sekisho_server::core::Moment::parse(numbers::GO_LIVE).unwrap());
}

#[test]
fn the_labels_of_the_source_stand_on_the_servers_screens() {
    let templates: String = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/server/templates"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let pages = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/server/src/pages")).unwrap();
    let server =
        templates + &pages.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect::<String>();
    let labels = [
        labels::MY_PAGE,
        labels::CODE_ENTRY,
        labels::SKIP_CHECK_BOX,
        labels::SKIP_CONFIRMATION,
        labels::SETTINGS,
        labels::SKIP_SETTINGS,
        labels::RESUME_BUTTON,
        labels::RESUME_CONFIRMATION,
        labels::RESUME_COMPLETE_BUTTON,
        labels::SEND_BUTTON,
        labels::OK_BUTTON,
    ];
    for label in labels {
        assert!(server.contains(label), "the server has no `{label}`");
    }
    let profile = include_str!("../profiles/reference.toml");
    for label in [
        labels::MY_PAGE,
        labels::CODE_ENTRY,
        labels::SKIP_CONFIRMATION,
        labels::SKIP_SETTINGS,
        labels::RESUME_CONFIRMATION,
        labels::STATUS_SOME,
        labels::STATUS_NONE,
    ] {
        assert!(profile.contains(label), "the profile has no `{label}`");
    }
}
