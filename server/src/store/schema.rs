//! The tables of a store's file, and the steps that lead to them.

/// What `PRAGMA application_id` says of a file of ours: `Seki`.
pub(super) const APPLICATION_ID: i64 = 0x5365_6b69;

/// One step per version of the schema, in their order. A step that was ever released is never changed: a later one mends it.
pub(super) const MIGRATIONS: &[&str] = &[
    // 1: `slot` is the account's tag, `head` everything of an account but its sessions and skips. The rows of a list are in the
    // order of their numbers. Records are JSON, so that a field more needs no new schema.
    "CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE account (slot INTEGER PRIMARY KEY, head TEXT NOT NULL, clock TEXT NOT NULL) STRICT;
     CREATE TABLE session (
         row INTEGER PRIMARY KEY,
         slot INTEGER NOT NULL REFERENCES account (slot),
         record TEXT NOT NULL
     ) STRICT;
     CREATE TABLE skip (
         row INTEGER PRIMARY KEY,
         slot INTEGER NOT NULL REFERENCES account (slot),
         record TEXT NOT NULL
     ) STRICT;",
];

/// The schema that this version writes: the number of steps.
pub(super) const SCHEMA: i64 = MIGRATIONS.len() as i64;
