//! A ledger that says "it is on disk" when it is not: what the kill test must catch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sekisho_server::store::{Kept, Ledger, SqliteLedger, StoreError, Write};

/// Writes to the file till it is cut off; from then on it only says so.
pub struct Forgetful {
    pub file: SqliteLedger,
    pub is_cut_off: Arc<AtomicBool>,
}

impl Ledger for Forgetful {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.file.load()
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        if self.is_cut_off.load(Ordering::SeqCst) { Ok(()) } else { self.file.commit(writes) }
    }
}
