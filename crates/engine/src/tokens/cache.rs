//! Counts of texts, so that a long conversation is not counted again at every send.
//!
//! In memory: a count is cheap enough to be made again after a start, and a column would cost
//! every send another write.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use provider::Tokenizer;

/// How many counts one half of the cache holds; both together take some 6 MiB.
const HALF: usize = 65_536;

/// A text by its digest, and who counted it. Two texts of one digest are one in 2^64 pairs, nobody
/// can choose them without the random key of this process, and would gain a wrong count.
pub(super) type Key = (Tokenizer, u64);

/// Remembers the counts that were used last: when the young half is full it becomes the old one,
/// whose counts are forgotten.
#[derive(Debug, Default)]
pub(super) struct Cache {
    digest: RandomState,
    halves: Mutex<Halves>,
}

#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Key, u32>,
    old: HashMap<Key, u32>,
}

impl Cache {
    pub(super) fn key(&self, tokenizer: Tokenizer, text: &str) -> Key {
        (tokenizer, self.digest.hash_one(text))
    }

    pub(super) fn find(&self, key: Key) -> Option<u32> {
        let mut halves = self.lock();
        if let Some(count) = halves.young.get(&key) {
            return Some(*count);
        }
        let count = *halves.old.get(&key)?;
        halves.keep(key, count);
        Some(count)
    }

    pub(super) fn keep(&self, key: Key, count: u32) {
        self.lock().keep(key, count);
    }

    // A panic while the lock is held leaves the maps whole.
    fn lock(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn keep(&mut self, key: Key, count: u32) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_belongs_to_a_text_and_a_tokenizer_and_memory_is_bounded() {
        let cache = Cache::default();
        let key = |text: &str| cache.key(Tokenizer::O200k, text);
        cache.keep(key("text"), 1);
        assert_eq!(cache.find(key("text")), Some(1));
        assert_eq!(cache.find(key("next")), None, "as long, and another");
        assert_eq!(cache.find(cache.key(Tokenizer::Cl100k, "text")), None);
        for n in 0..3 * HALF {
            cache.keep(key(&n.to_string()), 0);
            // Used all the time, so it stays.
            assert_eq!(cache.find(key("text")), Some(1));
        }
        let halves = cache.lock();
        assert!(halves.young.len() <= HALF && halves.old.len() <= HALF);
    }
}
