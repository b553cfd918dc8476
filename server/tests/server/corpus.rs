//! The fuzz targets as ordinary tests: every seed, and some thousand mutations of seeds, through the very functions that the
//! targets call.

#[path = "../../../fuzz/src/arena.rs"]
mod arena;
#[path = "../../../fuzz/src/shapes.rs"]
mod shapes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sekisho_server::{Conforming, Decisions};

use arena::Arena;
use shapes::{PATHS, Shape, judge};

/// How many mutated inputs each shape gets.
const MUTATIONS: usize = 5000;
/// How many changes make a mutation at most.
const MAX_CHANGES: usize = 6;
/// Says in the environment which mutations are drawn.
const SEED_VARIABLE: &str = "SEKISHO_CORPUS_SEED";

/// The seeds of a shape, in the order of their names.
fn seeds(shape: Shape) -> BTreeMap<String, Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(shape.name());
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

/// The words that the fuzzer is given, too.
fn words() -> Vec<Vec<u8>> {
    let lines = include_str!("../../../fuzz/dictionary").lines().filter(|line| !line.starts_with('#'));
    let word = |line: &str| line.trim_matches('"').replace("\\x0d", "\r").replace("\\x0a", "\n").into_bytes();
    lines.map(word).collect()
}

/// Changes an input in a few places, as a fuzzer does.
fn mutated(input: &[u8], others: &[Vec<u8>], draw: &mut StdRng) -> Vec<u8> {
    let mut input = input.to_vec();
    for _ in 0..draw.random_range(1..=MAX_CHANGES) {
        let at = draw.random_range(0..=input.len());
        let end = draw.random_range(at..=input.len());
        match draw.random_range(0..7) {
            0 if at < input.len() => input[at] ^= 1 << draw.random_range(0..8),
            1 if at < input.len() => input[at] = draw.random(),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 => drop(input.splice(at..at, others[draw.random_range(0..others.len())].iter().copied())),
            5 => drop(input.splice(at..end, (0..draw.random_range(0..16)).map(|_| draw.random()).collect::<Vec<u8>>())),
            // Long enough for every limit of sizes, at times.
            _ => {
                let byte = input.get(at).copied().unwrap_or(b'a');
                let most = if draw.random_ratio(1, 20) { 80_000 } else { 100 };
                let times = draw.random_range(0..most);
                drop(input.splice(at..at, std::iter::repeat_n(byte, times)));
            }
        }
    }
    input
}

/// Feeds a shape its seeds and their mutations; says how often each status was answered.
fn feed(shape: Shape) -> BTreeMap<u16, usize> {
    let seed = std::env::var(SEED_VARIABLE).map_or(20_250_813, |seed| seed.parse().unwrap());
    println!("{SEED_VARIABLE}={seed}");
    let mut draw = StdRng::seed_from_u64(seed);
    let (seeds, words) = (seeds(shape), words());
    assert!(seeds.len() >= 7 && words.len() >= 30, "{} seeds, {} words", seeds.len(), words.len());
    let inputs: Vec<Vec<u8>> = seeds.values().cloned().collect();
    let others = [words, inputs.clone()].concat();
    let mut arena = Arena::start(Arc::new(Conforming));
    let mut counts = BTreeMap::new();
    let mut count =
        |statuses: Vec<u16>| statuses.into_iter().for_each(|status| *counts.entry(status).or_default() += 1);
    for (name, input) in &seeds {
        println!("{name}");
        count(arena.feed(shape, input));
    }
    for number in 0..MUTATIONS {
        let input = mutated(&inputs[number % inputs.len()], &others, &mut draw);
        // Told only where the test fails.
        println!("mutation {number} of {:?}", String::from_utf8_lossy(&input[..input.len().min(2000)]));
        count(arena.feed(shape, &input));
    }
    println!("{counts:?}");
    counts
}

/// That the inputs came as far as they should: so many answers, and these statuses among them.
fn assert_reached(counts: &BTreeMap<u16, usize>, statuses: &[u16]) {
    let answers: usize = counts.values().sum();
    assert!(answers > MUTATIONS / 2, "{counts:?}");
    assert!(statuses.iter().all(|status| counts.contains_key(status)), "{statuses:?} are not all in {counts:?}");
}

#[test]
fn forms_are_answered_whatever_is_in_them() {
    assert_reached(&feed(Shape::Forms), &[303, 400, 403, 404, 405, 413, 422]);
}

#[test]
fn cookies_are_answered_whatever_they_are() {
    assert_reached(&feed(Shape::Cookies), &[200, 303, 400, 403, 404, 405]);
}

#[test]
fn bodies_are_answered_of_whatever_type() {
    assert_reached(&feed(Shape::Bodies), &[400, 403, 404, 405, 415, 422]);
}

#[test]
fn whatever_is_said_on_a_connection_hurts_nobody() {
    assert_reached(&feed(Shape::Http), &[200, 303, 400, 404, 405, 415]);
}

#[test]
fn every_target_has_its_shape_and_its_seeds() {
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    let mut targets: Vec<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    targets.sort_unstable();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    folders.sort_unstable();
    let mut shapes = Shape::ALL.map(Shape::name);
    shapes.sort_unstable();
    assert_eq!(targets, shapes.map(|name| format!("{name}.rs\"")));
    assert_eq!(folders, shapes);
}

#[test]
fn every_sender_comes_where_it_should() {
    let mut arena = Arena::start(Arc::new(Conforming));
    let place = |path: &str| PATHS.iter().position(|known| *known == path).unwrap() as u8;
    let (visitor, signed_in, asked, employer) = (0, 1, 2, 3);
    for (path, sender, form, status) in [
        ("/seeker/sign-in", visitor, "address=nobody%40example.test&password=wrong", 422),
        ("/seeker/code", asked, "code=", 422),
        ("/seeker/settings/address", signed_in, "address=", 422),
        ("/employer/settings/accounts", employer, "address=", 422),
        ("/seeker/settings/address", visitor, "address=", 403),
        ("/seeker/settings/address", signed_in, "address=&csrf=forged", 403),
    ] {
        let input = [&[place(path), sender][..], form.as_bytes()].concat();
        assert_eq!(arena.feed(Shape::Forms, &input), [status], "{path} {form}");
    }
    // Whoever has signed out is signed in again before the next input.
    let input = |form: &str, path| [&[place(path), signed_in][..], form.as_bytes()].concat();
    assert_eq!(arena.feed(Shape::Forms, &input("", "/seeker/sign-out")), [303]);
    assert_eq!(arena.feed(Shape::Forms, &input("address=", "/seeker/settings/address")), [422]);
}

#[test]
fn failures_are_complained_of() {
    let answer = |line: &str, body: &str| format!("HTTP/1.1 {line}\r\ncontent-length: 2\r\n\r\n{body}");
    for (what, heard) in [
        ("a failure", answer("500 Internal Server Error", "ab")),
        ("a failure behind an answer", answer("200 OK", "ab") + &answer("500 Internal Server Error", "ab")),
        ("busy without a time", answer("503 Service Unavailable", "ab")),
        ("half an answer", answer("200 OK", "a")),
        ("more than an answer", answer("200 OK", "abc")),
        ("no answer at all", "what?".to_owned()),
        ("no status", "HTTP/1.1 OK\r\n\r\n".to_owned()),
    ] {
        assert!(judge(heard.as_bytes()).is_err(), "{what}");
    }
    let busy = answer("503 Service Unavailable\r\nRetry-After: 5", "ab");
    assert_eq!(judge((busy + &answer("200 OK", "")).as_bytes()), Ok(vec![503, 200]));
    assert_eq!(judge(b""), Ok(vec![]));
}

/// Fails at one kind of browser.
struct Failing;

impl Decisions for Failing {
    fn serves_user_agent(&self, user_agent: &str) -> bool {
        assert_ne!(user_agent, "fails");
        true
    }
}

#[test]
#[should_panic(expected = "it failed: HTTP/1.1 500")]
fn a_failure_of_the_server_fails_the_test() {
    let mut arena = Arena::start(Arc::new(Failing));
    assert_eq!(arena.feed(Shape::Http, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), [200]);
    arena.feed(Shape::Http, b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: fails\r\n\r\n");
}
