//! Counting calls for `times=K`.

use std::collections::HashMap;
use std::sync::Mutex;

use super::Script;
use crate::lock;

const MOST_NAMES: usize = 1024;

/// Remembers how often each script that fails a limited number of times was called.
#[derive(Debug, Default)]
pub struct Tally(pub(super) Mutex<HashMap<String, u32>>);

impl Tally {
    /// Counts a call of `script` under `name`; takes its fault away when it failed often enough.
    ///
    /// At most 1,024 names are remembered; then counting begins anew.
    pub fn apply(&self, name: &str, script: Script) -> Script {
        let Some(times) = script.times else { return script };
        let mut counts = lock(&self.0);
        if counts.len() >= MOST_NAMES && !counts.contains_key(name) {
            counts.clear();
        }
        let count = counts.entry(name.to_owned()).or_default();
        if *count >= times {
            return Script { fault: None, ..script };
        }
        *count += 1;
        script
    }
}
