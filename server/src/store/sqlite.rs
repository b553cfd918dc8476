//! The ledger in a SQLite file.
//!
//! One connection, one writer; the write-ahead log is synchronised at every commit, so a commit that returned survives the
//! end of the process and of the machine. A file beside it is locked for as long as the store is open, so that no second
//! server takes it; readers such as a backup may come and go.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use serde::de::DeserializeOwned;

use super::clock::AccountClock;
use super::error::StoreError;
use super::journal::{Kept, Ledger};
use super::record::{Change, Filed, List, Stored, Write};
use super::schema::{APPLICATION_ID, MIGRATIONS, SCHEMA};
use crate::core::{AccountState, Draw, Session, Skip, Slot};

/// How long the engine waits for somebody else's lock on the file: a backup lets go of it at once. Less than the patience
/// with the disk.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// What the name of the locked file adds to that of the store.
const LOCK_SUFFIX: &str = "-lock";
/// Under which name the key of the forms' tokens is kept.
const FORM_KEY: &str = "form-key";

/// A store's file, open and locked.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    connection: Connection,
    /// Unlocked when it is dropped, or the process is gone.
    _lock: File,
}

impl SqliteLedger {
    /// Opens a store's file, or makes it, with a key drawn for its forms. The schema is brought up to date.
    ///
    /// # Errors
    /// The file cannot be opened, is in use, foreign, damaged, or of a later version.
    pub fn open(path: &Path, draw: &mut dyn Draw) -> Result<Self, StoreError> {
        let lock = create_and_lock(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| judge(path, error))?;
        let mut ledger = Self { path: path.to_owned(), connection, _lock: lock };
        let schema = ledger.recognise()?;
        ledger.set_up(schema, draw).map_err(|error| judge(path, error))?;
        ledger.examine()?;
        Ok(ledger)
    }

    /// The schema of the file, after it has proved to be ours; 0 for an empty one. Nothing is changed before that.
    fn recognise(&self) -> Result<i64, StoreError> {
        let ask = |sql: &str| {
            self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| judge(&self.path, error))
        };
        self.connection.busy_timeout(LOCK_PATIENCE).map_err(|error| judge(&self.path, error))?;
        let (application, schema) = (ask("PRAGMA application_id")?, ask("PRAGMA user_version")?);
        let is_empty = application == 0 && schema == 0 && ask("SELECT count(*) FROM sqlite_schema")? == 0;
        if application != APPLICATION_ID && !is_empty {
            return Err(StoreError::Foreign { path: self.path.clone() });
        }
        if schema > SCHEMA {
            return Err(StoreError::Newer { path: self.path.clone(), found: schema, known: SCHEMA });
        }
        Ok(schema)
    }

    fn set_up(&mut self, schema: i64, draw: &mut dyn Draw) -> rusqlite::Result<()> {
        // A page that contradicts itself is found when it is read, not when it is believed.
        self.connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")?;
        self.connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        // On macOS a plain fsync does not reach the disk; elsewhere the two `fullfsync` say nothing.
        self.connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON",
        )?;
        let done = usize::try_from(schema).unwrap_or(0);
        if done < MIGRATIONS.len() {
            let migration = self.connection.transaction()?;
            for step in MIGRATIONS.iter().skip(done) {
                migration.execute_batch(step)?;
            }
            migration.pragma_update(None, "application_id", APPLICATION_ID)?;
            migration.pragma_update(None, "user_version", SCHEMA)?;
            migration.commit()?;
        }
        let mut key = [0u8; 32];
        draw.fill(&mut key);
        self.connection
            .execute("INSERT OR IGNORE INTO secret (name, value) VALUES (?1, ?2)", params![FORM_KEY, key])?;
        Ok(())
    }

    /// Looks through the whole file for damage.
    fn examine(&self) -> Result<(), StoreError> {
        let verdict: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| judge(&self.path, error))?;
        if verdict == "ok" { Ok(()) } else { Err(self.damaged(verdict)) }
    }

    fn damaged(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    fn accounts(&self) -> Result<HashMap<Slot, Stored>, StoreError> {
        let mut accounts = HashMap::new();
        self.rows("SELECT slot, head, clock FROM account", |row| {
            let slot = slot_of(row.get(0)?);
            let state: AccountState = read(row.get_ref(1)?)?;
            let clock: AccountClock = read(row.get_ref(2)?)?;
            if state.identity.slot != slot {
                return Err(Fault::Contradiction(format!("account {slot} bears another number")));
            }
            accounts.insert(slot, Stored { state, clock, filed: Filed::default() });
            Ok(())
        })?;
        Ok(accounts)
    }

    /// Reads the rows of a list into their accounts and says the largest number of one.
    fn list<T: DeserializeOwned>(
        &self,
        list: List,
        accounts: &mut HashMap<Slot, Stored>,
        take: fn(&mut Stored, i64, T),
    ) -> Result<i64, StoreError> {
        let mut last = 0;
        let sql = format!("SELECT row, slot, record FROM {} ORDER BY row", list.table());
        self.rows(&sql, |row| {
            let slot = slot_of(row.get(1)?);
            let account = accounts
                .get_mut(&slot)
                .ok_or_else(|| Fault::Contradiction(format!("a {} of no account", list.table())))?;
            last = row.get(0)?;
            take(account, last, read(row.get_ref(2)?)?);
            Ok(())
        })?;
        Ok(last)
    }

    fn rows(&self, sql: &str, mut each: impl FnMut(&rusqlite::Row<'_>) -> Result<(), Fault>) -> Result<(), StoreError> {
        let mut look = || -> Result<(), Fault> {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row)?;
            }
            Ok(())
        };
        look().map_err(|fault| match fault {
            Fault::Engine(error) => judge(&self.path, error),
            Fault::Contradiction(reason) => self.damaged(reason),
        })
    }
}

impl Ledger for SqliteLedger {
    fn load(&mut self) -> Result<Kept, StoreError> {
        let mut accounts = self.accounts()?;
        let sessions = self.list(List::Sessions, &mut accounts, |account, row, session: Session| {
            account.state.sessions.push_back(session);
            account.filed.sessions.push(row);
        })?;
        let skips = self.list(List::Skips, &mut accounts, |account, row, skip: Skip| {
            account.state.skips.push(skip);
            account.filed.skips.push(row);
        })?;
        let form_key = self
            .connection
            .query_row("SELECT value FROM secret WHERE name = ?1", [FORM_KEY], |row| row.get(0))
            .map_err(|error| judge(&self.path, error))?;
        Ok(Kept { form_key, accounts: accounts.into_values().collect(), next_row: sessions.max(skips) + 1 })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.transact(writes).map_err(|error| judge(&self.path, error))
    }
}

impl SqliteLedger {
    fn transact(&mut self, writes: &[Write]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for Write(change) in writes {
            let touched = match change {
                Change::Account { slot, head, clock } => transaction
                    .prepare_cached("INSERT INTO account (slot, head, clock) VALUES (?1, ?2, ?3)")?
                    .execute(params![number_of(*slot), head, clock])?,
                Change::Head { slot, head } => transaction
                    .prepare_cached("UPDATE account SET head = ?2 WHERE slot = ?1")?
                    .execute(params![number_of(*slot), head])?,
                Change::Clock { slot, clock } => transaction
                    .prepare_cached("UPDATE account SET clock = ?2 WHERE slot = ?1")?
                    .execute(params![number_of(*slot), clock])?,
                Change::Insert { list, row, slot, record } => {
                    transaction.prepare_cached(list.insert())?.execute(params![row, number_of(*slot), record])?
                }
                Change::Update { list, row, record } => {
                    transaction.prepare_cached(list.update())?.execute(params![row, record])?
                }
                Change::Delete { list, row } => transaction.prepare_cached(list.delete())?.execute([row])?,
            };
            if touched != 1 {
                return Err(rusqlite::Error::StatementChangedRows(touched));
            }
        }
        transaction.commit()
    }
}

impl List {
    const fn table(self) -> &'static str {
        match self {
            Self::Sessions => "session",
            Self::Skips => "skip",
        }
    }

    const fn insert(self) -> &'static str {
        match self {
            Self::Sessions => "INSERT INTO session (row, slot, record) VALUES (?1, ?2, ?3)",
            Self::Skips => "INSERT INTO skip (row, slot, record) VALUES (?1, ?2, ?3)",
        }
    }

    const fn update(self) -> &'static str {
        match self {
            Self::Sessions => "UPDATE session SET record = ?2 WHERE row = ?1",
            Self::Skips => "UPDATE skip SET record = ?2 WHERE row = ?1",
        }
    }

    const fn delete(self) -> &'static str {
        match self {
            Self::Sessions => "DELETE FROM session WHERE row = ?1",
            Self::Skips => "DELETE FROM skip WHERE row = ?1",
        }
    }
}

/// What can be wrong with a row.
enum Fault {
    Engine(rusqlite::Error),
    Contradiction(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

fn read<T: DeserializeOwned>(value: ValueRef<'_>) -> Result<T, Fault> {
    let text = <String as FromSql>::column_result(value).map_err(|error| Fault::Contradiction(error.to_string()))?;
    // Where in a record a fault lies is said, but not what stands there: it may be a secret.
    serde_json::from_str(&text)
        .map_err(|error| Fault::Contradiction(format!("a record cannot be read at its column {}", error.column())))
}

/// SQLite's numbers have a sign and tags have none; the bits are the same.
fn number_of(slot: Slot) -> i64 {
    slot.0.cast_signed()
}

fn slot_of(number: i64) -> Slot {
    Slot(number.cast_unsigned())
}

/// Makes the file if there is none, for its owner only, and locks it against other servers.
fn create_and_lock(path: &Path) -> Result<File, StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    match private().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    if path.is_dir() {
        return Err(StoreError::Folder { path: path.to_owned() });
    }
    // By its own name, whatever links led to it: one store has one lock.
    let mut locked = path.canonicalize().map_err(failed)?.into_os_string();
    locked.push(LOCK_SUFFIX);
    let lock = private().create(true).truncate(false).open(&locked).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Files that only their owner may read: they hold hashes of passwords and open codes.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Tells a damaged or foreign file from a failing engine.
fn judge(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { path },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, reason: error.to_string() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse { path },
        _ => StoreError::Engine { path, source: error },
    }
}
