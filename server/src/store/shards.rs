//! A map that many threads use at a time.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{PoisonError, RwLock};

/// How many shards a map has: enough that cores seldom meet in one. A table doubles when it is seven eighths full; with so many
/// shards a million entries, or two, fill theirs to three quarters, where with 64 they had just doubled.
const SHARDS: usize = 80;

/// A map in parts, each behind its own lock.
#[derive(Debug)]
pub(super) struct Shards<K, V> {
    hasher: RandomState,
    parts: Box<[RwLock<HashMap<K, V>>]>,
}

impl<K: Hash + Eq, V: Clone> Shards<K, V> {
    pub(super) fn new() -> Self {
        Self { hasher: RandomState::new(), parts: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }

    fn part(&self, key: &K) -> &RwLock<HashMap<K, V>> {
        let spread = self.hasher.hash_one(key) as usize;
        &self.parts[spread % SHARDS]
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.part(key).read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn insert(&self, key: K, value: V) {
        self.part(&key).write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    pub(super) fn remove(&self, key: &K) {
        self.part(key).write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub(super) fn values(&self) -> Vec<V> {
        let read = |part: &RwLock<HashMap<K, V>>| {
            part.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(read).collect()
    }
}
