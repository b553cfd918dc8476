//! Files that were cut off, damaged, foreign or taken: what is opened is a state that was, or it is refused in plain words.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::testing::{Dump, Step, Town, dump, sqlite, step};
use super::*;

/// A store's files as a power cut leaves them at any moment, and which state each length of the log stands for.
struct Wreck {
    folder: tempfile::TempDir,
    /// How long the log was when a state was on disk, in bytes, and that state.
    history: Vec<(u64, Dump)>,
}

fn store(folder: &Path) -> PathBuf {
    folder.join("store.db")
}

fn wal(folder: &Path) -> PathBuf {
    folder.join("store.db-wal")
}

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(Box::new(SqliteLedger::open(&store(folder), &mut StdRng::seed_from_u64(1))?))
}

/// Lives for a while, notes each state that is on disk, and copies the files while the store is open. Moves are left out: they
/// are several events, and the states between them are not noted.
fn wreck(seed: u64) -> Wreck {
    let (alive, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut town = Town::new(sqlite(alive.path()));
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed as u8; 32]),
    );
    let mut history = Vec::new();
    for _ in 0..60 {
        town.flush();
        history.push((fs::metadata(wal(alive.path())).unwrap().len(), dump(&town.store)));
        let single = step().prop_filter("a single event", |step| !matches!(step, Step::Move(_)));
        town.play(&single.new_tree(&mut runner).unwrap().current());
    }
    town.flush();
    history.push((fs::metadata(wal(alive.path())).unwrap().len(), dump(&town.store)));
    for file in [store, wal] {
        fs::copy(file(alive.path()), file(folder.path())).unwrap();
    }
    Wreck { folder, history }
}

impl Wreck {
    /// A copy with the log changed.
    fn copy(&self, change: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(store(self.folder.path()), store(copy.path())).unwrap();
        let mut log = fs::read(wal(self.folder.path())).unwrap();
        change(&mut log);
        fs::write(wal(copy.path()), log).unwrap();
        copy
    }

    /// The last state that was on disk when the log was no longer than this.
    fn state_at(&self, length: u64) -> Dump {
        self.history.iter().rev().find(|(log, _)| *log <= length).map(|(_, state)| state.clone()).unwrap_or_default()
    }
}

#[test]
fn a_log_cut_off_anywhere_opens_as_it_was_at_some_moment() {
    let wreck = wreck(1);
    let whole = wreck.history.last().unwrap().0;
    assert!(wreck.history.first().unwrap().0 < whole, "nothing was written");
    let mut lots = StdRng::seed_from_u64(2);
    let cuts = (0..40).map(|_| lots.random_range(0..whole)).chain([0, 31, 32, whole - 1, whole]);
    for cut in cuts {
        let copy = wreck.copy(|log| log.truncate(usize::try_from(cut).unwrap()));
        assert!(dump(&open(copy.path()).unwrap()) == wreck.state_at(cut), "cut off at {cut} of {whole}");
    }
}

#[test]
fn a_log_damaged_anywhere_opens_as_it_was_before_that_place_was_written() {
    let wreck = wreck(3);
    let whole = wreck.history.last().unwrap().0;
    let mut lots = StdRng::seed_from_u64(4);
    for _ in 0..40 {
        let (at, bit) = (lots.random_range(0..whole), lots.random_range(0..8));
        let copy = wreck.copy(|log| log[usize::try_from(at).unwrap()] ^= 1 << bit);
        assert!(dump(&open(copy.path()).unwrap()) == wreck.state_at(at), "bit {bit} of byte {at}");
    }
}

#[test]
fn a_damaged_file_is_refused_or_read_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut town = Town::new(sqlite(folder.path()));
    for browser in 0..3 {
        town.play(&Step::SignIn(browser, browser));
    }
    town.store.close();
    drop(town);
    let whole = fs::read(store(folder.path())).unwrap();
    let (mut lots, mut refused) = (StdRng::seed_from_u64(5), 0);
    for _ in 0..60 {
        let copy = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        let at = lots.random_range(0..bytes.len());
        let end = (at + 200).min(bytes.len());
        lots.fill(&mut bytes[at..end]);
        fs::write(store(copy.path()), bytes).unwrap();
        match open(copy.path()) {
            Ok(_) => {}
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("store"), "{error}");
            }
        }
    }
    assert!(refused > 0, "no damage was noticed at all");
}

#[test]
fn what_is_no_store_of_ours_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE thesis (text); INSERT INTO thesis VALUES ('mine')").unwrap();
    drop(other);
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database at all, but long enough to be taken for one if nobody looks".repeat(50)).unwrap();
    for path in [foreign, text] {
        let before = fs::read(&path).unwrap();
        let error = SqliteLedger::open(&path, &mut StdRng::seed_from_u64(1)).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_store_of_a_later_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let connection = wait_for(|| rusqlite::Connection::open(store(folder.path())).ok());
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = wait_for(|| match open(folder.path()) {
        Err(StoreError::InUse { .. }) => None,
        opened => Some(opened.unwrap_err()),
    });
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("hint: "));
}

/// A store that was dropped lets go of its file when its thread has ended.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(10));
        std::thread::yield_now();
    }
}

#[test]
fn a_store_belongs_to_one_server_and_to_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let by_another_name = folder.path().join("link.db");
    std::os::unix::fs::symlink(store(folder.path()), &by_another_name).unwrap();
    for path in [store(folder.path()), by_another_name] {
        let error = SqliteLedger::open(&path, &mut StdRng::seed_from_u64(1)).unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    }
    for file in fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).filter(|path| !path.is_symlink())
    {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    first.close();
    open(folder.path()).unwrap();
}

#[test]
fn a_path_that_cannot_be_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nowhere/store.db"), folder.path().to_owned()] {
        let error = SqliteLedger::open(&path, &mut StdRng::seed_from_u64(1)).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn the_key_of_the_forms_is_kept_and_a_new_store_has_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = |seed| {
        let ledger = SqliteLedger::open(&store(folder.path()), &mut StdRng::seed_from_u64(seed)).unwrap();
        let store = Store::open(Box::new(ledger)).unwrap();
        store.close();
        store.form_key().unwrap()
    };
    assert_eq!(key(1), key(2));
    assert_ne!(key(1), [0; 32]);
}

#[test]
fn an_empty_file_is_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(store(folder.path()), "").unwrap();
    assert!(open(folder.path()).unwrap().all().is_empty());
}
