//! One running response: what it is, what is known of it, and how it is told to end.
//! `generate` runs it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crud::Db;
use crud::responses::ContextSent;
use models::response;
use schemas::view::NewResponse;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::given::Given;
use super::log::Log;
use super::render;
use super::slots::Slot;
use crate::branch::Branch;
use crate::catalog::Chosen;

/// Why a response has to end before the model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A client asked for it.
    Cancelled,
    /// Its conversation is gone.
    Deleted,
    /// The fence is gone: another server has taken it over, or the row was deleted.
    Lost,
    /// The server is stopping.
    Shutdown,
}

/// A running response.
#[derive(Debug)]
pub struct Generation {
    /// Its row as it was inserted.
    pub(crate) row: response::Model,
    /// The same, as followers see it.
    pub(crate) begun: NewResponse,
    /// Its log; followers hold it too.
    pub(crate) log: Arc<Log>,
    /// The model that is asked, if it is known yet.
    model: Option<Chosen>,
    /// What it answers, if nothing of it is stored.
    given: Option<Given>,
    /// The text that there is of the answer: by the response that this one continues, or by the
    /// server that it was taken over from.
    kept: String,
    /// What was sent to it last, once that is known.
    sent: Mutex<Option<ContextSent>>,
    /// Set once the end is being stored: checkpoints leave it alone from then on.
    pub(crate) is_finishing: AtomicBool,
    stop: CancellationToken,
    reason: OnceLock<Stop>,
    /// Counts it against the limits as long as it runs.
    _slot: Slot,
}

impl Generation {
    /// A response that begins with `log`.
    pub(crate) fn new(row: response::Model, log: Log, model: Chosen, slot: Slot) -> Self {
        Self { model: Some(model), ..Self::resume(row, log, slot) }
    }

    /// A response that begins with `log`, of which nothing is stored.
    pub(super) fn unstored(
        row: response::Model,
        log: Log,
        given: Given,
        model: Chosen,
        slot: Slot,
    ) -> Self {
        Self { given: Some(given), ..Self::new(row, log, model, slot) }
    }

    /// A response that is continued behind the end of `log`.
    pub(crate) fn resume(row: response::Model, log: Log, slot: Slot) -> Self {
        log.extend(|transcript| {
            transcript.keep();
            transcript.cut()
        });
        Self {
            begun: render::begun(&row),
            row,
            model: None,
            given: None,
            kept: log.answer(),
            log: Arc::new(log),
            sent: Mutex::default(),
            is_finishing: AtomicBool::new(false),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
            _slot: slot,
        }
    }

    /// Its row as it was inserted.
    pub fn row(&self) -> &response::Model {
        &self.row
    }

    /// The text of its answer so far.
    pub fn answer(&self) -> String {
        self.log.answer()
    }

    /// Ends it for this reason, unless it is already ending for another.
    pub(crate) fn stop(&self, reason: Stop) {
        let _ = self.reason.set(reason);
        self.stop.cancel();
    }

    /// Ends it when what this gives is dropped, unless it has ended by then.
    pub(super) fn stop_on_drop(&self) -> DropGuard {
        self.stop.clone().drop_guard()
    }

    /// Whether it has rows, or ends with whoever follows it.
    pub(super) fn is_stored(&self) -> bool {
        self.given.is_none()
    }

    /// What it answers, the newest item first.
    pub(super) fn branch<'a>(&self, db: &'a Db) -> Branch<'a> {
        let (row, conversation) = (&self.row, crud::engine::conversation_of(&self.row));
        match &self.given {
            Some(given) => Branch::of_rows(db, conversation, given.newest_first.clone(), given.seq),
            None => Branch::new(db, conversation, Some(row.user_message_id), row.input_to_seq, 50),
        }
    }

    /// Its row as it would be inserted now.
    pub(crate) fn row_now(&self) -> response::Model {
        let mut row = self.row.clone();
        if let Some(sent) = self.sent() {
            sent.note(&mut row);
        }
        row
    }

    /// Takes note of what is sent to the model now.
    pub(super) fn note_sent(&self, sent: ContextSent) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
    }

    /// What was sent to the model last.
    pub(super) fn sent(&self) -> Option<ContextSent> {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model that is asked, if it is known yet.
    pub(super) fn model(&self) -> Option<&Chosen> {
        self.model.as_ref()
    }

    /// The text that there was of the answer when this began.
    pub(super) fn kept(&self) -> &str {
        &self.kept
    }

    /// Waits until it has to end before the model does: why.
    pub(super) async fn stopped(&self) -> Stop {
        self.stop.cancelled().await;
        self.reason.get().copied().unwrap_or(Stop::Cancelled)
    }
}
