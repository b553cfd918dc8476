//! The architecture holds: who may depend on whom, where versions stand, and what the pure core never touches.
//!
//! Each gate is a pure function over a graph or a text, and has a broken fixture that it rejects: a gate that can't fail
//! guards nothing. The rules themselves are told in CONTRIBUTING.md.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

/// Which crates of the workspace each of them may name, as a normal, build or test dependency. What stands here is all it
/// may reach: every list contains the lists of its members.
///
/// The harness never knows the server and the server never the harness: a bug they shared would hide from both.
const MAY_NAME: [(&str, &[&str]); 9] = [
    ("sekisho-rules", &[]),
    ("sekisho-certificate", &[]),
    ("sekisho-reports", &["sekisho-rules"]),
    ("sekisho-simulator", &["sekisho-rules", "sekisho-certificate", "sekisho-reports"]),
    ("sekisho-scenarios", &["sekisho-rules", "sekisho-certificate", "sekisho-reports", "sekisho-simulator"]),
    ("sekisho-server", &["sekisho-rules", "sekisho-certificate"]),
    ("sekisho-defects", &["sekisho-rules", "sekisho-certificate", "sekisho-server"]),
    (
        "sekisho",
        &[
            "sekisho-rules",
            "sekisho-certificate",
            "sekisho-reports",
            "sekisho-simulator",
            "sekisho-scenarios",
            "sekisho-server",
            "sekisho-defects",
        ],
    ),
    ("xtask", &[]),
];

/// The rules are data: they need no crate at all.
const NEEDS_NOTHING: &str = "sekisho-rules";

/// What the pure core must not say: each is a way to the network, the disk, the clock, chance or another task. `now` and
/// randomness come to it as arguments.
const IMPURE: [&str; 18] = [
    "tokio",
    "hyper",
    "lettre",
    "async_trait",
    "async fn",
    "async move",
    ".await",
    "std::net",
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "rand::rng()",
    "SysRng",
];

/// Cryptographic providers of which exactly one may be linked: two would cost size, and a process-wide default would depend
/// on the order in which it is asked for.
const PROVIDERS: [&str; 3] = ["aws-lc-rs", "ring", "openssl-sys"];

#[test]
fn crates_depend_one_way_only() {
    let graph = graph(&metadata());
    assert_eq!(graph.len(), MAY_NAME.len(), "a crate is missing: {graph:?}");
    assert_eq!(forbidden_edges(&graph), Vec::<String>::new());
}

#[test]
fn versions_stand_in_the_root_table_only() {
    let manifests: Vec<PathBuf> = metadata().packages.iter().map(|it| it.manifest_path.clone().into()).collect();
    assert_eq!(manifests.len(), MAY_NAME.len());
    for manifest in manifests {
        let own = own_versions(&read(&manifest));
        assert!(own.is_empty(), "{}: not `workspace = true`: {own:?}", manifest.display());
    }
}

#[test]
fn all_crates_obey_the_common_lints() {
    for package in metadata().packages {
        assert!(obeys_common_lints(&read(package.manifest_path.as_std_path())), "{}", package.name);
    }
}

#[test]
fn one_cryptographic_provider_is_linked() {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    assert_eq!(providers(&String::from_utf8(cargo.stdout).unwrap()), ["aws-lc-rs"]);
}

#[test]
fn the_core_of_the_server_is_pure() {
    let sources = sources(&["server/src/core"]);
    assert!(sources.len() >= 8, "the core was not found: {sources:?}");
    for source in sources {
        let code = without_comments(&read(&source));
        let found = lines_saying(&code, &IMPURE);
        assert!(found.is_empty(), "{}: {found:?}", source.display());
    }
}

/// Faulty variants override decisions from their own crate; the server itself has no switch for them.
#[test]
fn the_server_knows_no_defect() {
    let sources = sources(&["server/src", "server/templates", "server/Cargo.toml"]);
    assert!(sources.len() >= 20, "the server was not found: {sources:?}");
    for source in sources {
        let text = read(&source).to_lowercase();
        let found = lines_saying(&text, &["defect"]);
        assert!(found.is_empty(), "{}: {found:?}", source.display());
    }
}

/// A crate of the workspace and everything its manifest names, for whatever purpose.
type Crate = (String, Vec<String>);

fn graph(metadata: &Metadata) -> Vec<Crate> {
    let names = |package: &cargo_metadata::Package| package.dependencies.iter().map(|it| it.name.clone()).collect();
    metadata.packages.iter().map(|package| (package.name.to_string(), names(package))).collect()
}

fn forbidden_edges(graph: &[Crate]) -> Vec<String> {
    let mut forbidden = Vec::new();
    for (name, dependencies) in graph {
        let Some((_, may_name)) = MAY_NAME.iter().find(|(it, _)| it == name) else {
            forbidden.push(format!("{name} has no place in the architecture"));
            continue;
        };
        let is_ours = |dependency: &str| graph.iter().any(|(it, _)| it == dependency);
        let is_refused = |dependency: &&String| match is_ours(dependency) {
            true => !may_name.contains(&dependency.as_str()),
            false => name == NEEDS_NOTHING,
        };
        forbidden.extend(dependencies.iter().filter(is_refused).map(|dependency| format!("{name} -> {dependency}")));
    }
    forbidden
}

/// The dependencies of a manifest that don't say `workspace = true`, and so carry a version, a path or a revision of their own.
fn own_versions(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.as_table()).chain([&manifest]);
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    tables
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .filter(|(_, dependency)| dependency.get("workspace").and_then(toml::Value::as_bool) != Some(true))
        .map(|(name, _)| name.clone())
        .collect()
}

fn obeys_common_lints(manifest: &str) -> bool {
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool()) == Some(true)
}

/// The providers in the answer of `cargo tree`, whose lines are `name vVERSION`.
fn providers(tree: &str) -> Vec<&'static str> {
    let is_linked = |provider: &&str| tree.lines().any(|line| line.split(' ').next() == Some(provider));
    PROVIDERS.into_iter().filter(is_linked).collect()
}

fn lines_saying<'a>(source: &'a str, words: &[&str]) -> Vec<(usize, &'a str)> {
    let numbered = source.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| words.iter().any(|word| line.contains(word))).collect()
}

/// Prose may name what code may not. The lines stay, so that their numbers stay right.
fn without_comments(source: &str) -> String {
    source.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(at_root("Cargo.toml")).no_deps().exec().unwrap()
}

/// The files at these places of the repository, with those in folders below.
fn sources(places: &[&str]) -> Vec<PathBuf> {
    let mut pending: Vec<PathBuf> = places.iter().map(|place| at_root(place)).collect();
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files
}

fn at_root(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(place)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The gates reject what they guard against.
mod fixtures {
    use super::*;

    fn edge(from: &str, to: &str) -> Vec<String> {
        let mut graph: Vec<Crate> = MAY_NAME.iter().map(|(name, _)| (name.to_string(), Vec::new())).collect();
        let at = graph.iter().position(|(name, _)| name == from).unwrap();
        graph[at].1.push(to.to_owned());
        forbidden_edges(&graph)
    }

    #[test]
    fn an_edge_against_the_direction_is_rejected() {
        for (from, to) in [
            ("sekisho-server", "sekisho-simulator"),
            ("sekisho-server", "sekisho-scenarios"),
            ("sekisho-server", "sekisho-reports"),
            ("sekisho-server", "sekisho-defects"),
            ("sekisho-simulator", "sekisho-server"),
            ("sekisho-scenarios", "sekisho-server"),
            ("sekisho-scenarios", "sekisho-defects"),
            ("sekisho-simulator", "sekisho-scenarios"),
            ("sekisho-reports", "sekisho-simulator"),
            ("sekisho-rules", "sekisho-reports"),
            ("sekisho-rules", "serde"),
            ("xtask", "sekisho"),
        ] {
            assert_eq!(edge(from, to), [format!("{from} -> {to}")]);
        }
        assert_eq!(edge("sekisho-scenarios", "sekisho-simulator"), Vec::<String>::new());
        assert_eq!(edge("sekisho-server", "hyper"), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_place_is_rejected() {
        assert_eq!(forbidden_edges(&[("newcomer".to_owned(), Vec::new())]).len(), 1);
    }

    #[test]
    fn no_list_leads_to_more_than_it_says() {
        for (name, may_name) in MAY_NAME {
            for (_, reached) in MAY_NAME.iter().filter(|(it, _)| may_name.contains(it)) {
                assert!(reached.iter().all(|it| may_name.contains(it)), "{name} reaches {reached:?}");
            }
        }
    }

    #[test]
    fn a_version_of_its_own_is_rejected() {
        let manifest = r#"
            [dependencies]
            url.workspace = true
            hyper = { workspace = true, features = ["server"] }
            regex = "1"
            [dev-dependencies]
            insta = { version = "1" }
            [target.'cfg(unix)'.dependencies]
            rlimit = { path = "../rlimit" }
        "#;
        let mut own = own_versions(manifest);
        own.sort();
        assert_eq!(own, ["insta", "regex", "rlimit"]);
    }

    #[test]
    fn lints_of_its_own_are_rejected() {
        assert!(obeys_common_lints("[lints]\nworkspace = true"));
        assert!(!obeys_common_lints("[lints.rust]\nunsafe_code = \"allow\""));
        assert!(!obeys_common_lints(""));
    }

    #[test]
    fn a_second_provider_is_seen() {
        let tree = "rustls v0.23.0\naws-lc-rs v1.0.0\nring-buffer v1.0.0\n";
        assert_eq!(providers(tree), ["aws-lc-rs"]);
        assert_eq!(providers(&format!("{tree}ring v0.17.0 (*)\n")), ["aws-lc-rs", "ring"]);
    }

    #[test]
    fn an_impure_core_is_rejected() {
        for line in [
            "use std::time::{Duration, Instant};",
            "let now = SystemTime::now();",
            "use std::net::IpAddr;",
            "pub async fn judge() {}",
            "delivery.send(letter).await?;",
            "let code = rand::rng().random_range(0..10);",
        ] {
            let source = format!("//! No tokio here.\nfn pure() {{}}\n{line}\n");
            assert_eq!(lines_saying(&without_comments(&source), &IMPURE), [(3, line)], "{line}");
        }
        assert!(
            lines_saying(&without_comments("/// Unlike SystemTime, it stands still.\nfn now() {}"), &IMPURE).is_empty()
        );
    }

    #[test]
    fn a_trace_of_a_defect_is_seen() {
        assert_eq!(lines_saying("fn right() {}\nif defect == 3 {}", &["defect"]).len(), 1);
    }
}
