//! What was kept is what was there: random stories over stores that are opened again and again.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::testing::{Notebook, Town, dump, sqlite, step};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 100 } else { 1000 }))]

    /// Every single event leaves the ledger with the state that memory has.
    #[test]
    fn the_changes_of_every_event_are_complete(steps in prop::collection::vec(step(), 1..40)) {
        let notebook = Notebook::default();
        let mut town = Town::new(Box::new(notebook.clone()));
        for step in &steps {
            town.play(step);
            town.flush();
            let reader = Store::open(Box::new(notebook.clone())).unwrap();
            prop_assert_eq!(dump(&reader), dump(&town.store), "after {:?}", step);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 24 } else { 200 }))]

    #[test]
    fn a_store_that_is_closed_and_opened_goes_on_where_it_was(
        parts in prop::collection::vec(prop::collection::vec(step(), 1..40), 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut town = Town::new(sqlite(folder.path()));
        for steps in &parts {
            for step in steps {
                town.play(step);
            }
            let before = dump(&town.store);
            town.reopen(|| sqlite(folder.path()));
            prop_assert_eq!(dump(&town.store), before);
        }
    }
}
