//! What a server's connections share.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use provider::script::{Script, Tally};

use crate::answer;
use crate::ledger::Ledger;

/// What the connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    pub(crate) scripts: Mutex<VecDeque<Script>>,
    pub(crate) models: Mutex<Models>,
    pub(crate) connections: AtomicU64,
}

/// What is listed, and to whom it was.
#[derive(Debug)]
pub(crate) struct Models {
    /// With the window of each.
    pub(crate) offered: Vec<(String, Option<u32>)>,
    /// The status that the list is refused with.
    pub(crate) refusal: Option<u16>,
    /// The header fields of each request for the list.
    pub(crate) asked: Vec<Vec<(String, String)>>,
}

/// How many requests for the list are remembered.
const MOST_LISTINGS: usize = 1_000;

impl Shared {
    /// Answers a request for the list of models.
    pub(crate) fn list(&self, fields: Vec<(String, String)>) -> (u16, Vec<u8>) {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if models.asked.len() < MOST_LISTINGS {
            models.asked.push(fields);
        }
        match models.refusal {
            None => (200, answer::models(&models.offered)),
            Some(status) => {
                let body = answer::failure(status, "refused", "the list is not for you");
                (status, body.to_string().into_bytes())
            }
        }
    }

    /// The script pushed for the next call, if there is one.
    pub(crate) fn pushed(&self) -> Option<Script> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
