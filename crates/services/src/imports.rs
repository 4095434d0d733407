//! Conversations from elsewhere: read one at a time, stored in steps, reported one by one.

mod extend;
mod moving;
mod rows;
mod store;

use std::collections::HashSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::UserId;
use schemas::import::{ImportEntry, ImportLine, ImportNote, ImportOutcome, ImportSummary};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use transfer::{ReadError, Record, Room};

use crate::error::{Error, Result};
use crate::responses::engine::Engine;
use store::Store;

pub use moving::{MoveOptions, Moving};

/// How many imports run at once on one server.
const AT_ONCE: usize = 4;
/// How many lines of the report may wait for their reader.
const REPORT_AHEAD: usize = 64;

/// The use case of imports.
#[derive(Debug, Clone)]
pub struct Imports {
    engine: Arc<Engine>,
    slots: Arc<Semaphore>,
    /// Where large conversations are read, one at a time for all imports together.
    room: Arc<Room>,
    /// Who imports at the moment.
    users: Arc<Mutex<HashSet<UserId>>>,
}

impl Imports {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Self { engine, slots, room: Arc::default(), users: Arc::default() }
    }

    /// The right to run an import, one at a time for each user; ask before a large file is
    /// received.
    pub fn reserve(&self, owner: UserId) -> Result<ImportSlot> {
        if self.engine.draining.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let permit = self.slots.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        if !lock(&self.users).insert(owner) {
            return Err(Error::LimitReached { what: "imports at once", limit: 1 });
        }
        Ok(ImportSlot { owner, users: self.users.clone(), _permit: permit })
    }

    /// Imports the conversations of `file`, and says what becomes of each, at last of all.
    ///
    /// The work goes on even if nobody reads the report any more, up to the end of the file or of
    /// the server; importing the same file again then does the rest. With `dry_run` nothing is
    /// stored, and the report is the same.
    pub fn run(&self, slot: ImportSlot, file: File, dry_run: bool) -> mpsc::Receiver<ImportLine> {
        let (report, lines) = mpsc::channel(REPORT_AHEAD);
        let (engine, room) = (self.engine.clone(), self.room.clone());
        self.engine.tasks.spawn(async move {
            let store = Store { engine, owner: slot.owner, dry_run };
            let import = Import { store, report, is_read: true };
            import.run(file, room).await;
            drop(slot);
        });
        lines
    }
}

/// The right to run one import; given back when it is dropped.
#[derive(Debug)]
pub struct ImportSlot {
    owner: UserId,
    users: Arc<Mutex<HashSet<UserId>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for ImportSlot {
    fn drop(&mut self) {
        lock(&self.users).remove(&self.owner);
    }
}

// A panic while the lock is held leaves the set whole.
fn lock(users: &Mutex<HashSet<UserId>>) -> MutexGuard<'_, HashSet<UserId>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Import {
    store: Store,
    report: mpsc::Sender<ImportLine>,
    /// Whether somebody still reads the report.
    is_read: bool,
}

impl Import {
    async fn run(mut self, file: File, room: Arc<Room>) {
        // The reader waits until a conversation is dealt with: two would need the memory of two.
        let (records, mut found) = mpsc::channel::<(Record, oneshot::Sender<()>)>(1);
        let reader = self.store.engine.tasks.spawn_blocking(move || {
            transfer::read(file, transfer::Limits::default(), &room, |record| {
                let (done, dealt_with) = oneshot::channel();
                let is_taken = records.blocking_send((record, done)).is_ok();
                if is_taken && dealt_with.blocking_recv().is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })
        });
        let mut summary = ImportSummary { dry_run: self.store.dry_run, ..ImportSummary::default() };
        loop {
            let record = tokio::select! {
                biased;
                () = self.store.engine.draining.cancelled() => {
                    summary.error =
                        Some("the server is shutting down; send the same file again".to_owned());
                    break;
                }
                record = found.recv() => record,
            };
            let Some((record, done)) = record else { break };
            let entry = match record {
                Record::Conversation(conversation) => self.store.conversation(*conversation).await,
                Record::Unreadable { file, position, title, reason } => ImportEntry {
                    file,
                    position: Some(position),
                    reason: Some(reason.to_string()),
                    ..entry(ImportOutcome::Failed, title)
                },
            };
            // Nothing of it is in memory any more; who reads the report may take their time.
            let _ = done.send(());
            count(&mut summary, &entry);
            self.say(ImportLine::Conversation(entry)).await;
        }
        drop(found);
        let ended = reader.await.unwrap_or_else(|panic| {
            Err(ReadError::Io(std::io::Error::other(format!("the reader ended: {panic}"))))
        });
        if let Err(error) = ended {
            summary.error.get_or_insert_with(|| error.to_string());
        }
        tracing::info!(
            user = %self.store.owner, dry_run = summary.dry_run, imported = summary.imported,
            already_there = summary.already_there, failed = summary.failed,
            messages = summary.messages, "import ended"
        );
        self.say(ImportLine::Summary(summary)).await;
    }

    async fn say(&mut self, line: ImportLine) {
        if self.is_read && self.report.send(line).await.is_err() {
            self.is_read = false;
        }
    }
}

fn entry(outcome: ImportOutcome, title: Option<String>) -> ImportEntry {
    ImportEntry {
        outcome,
        title,
        source: None,
        source_id: None,
        file: None,
        position: None,
        conversation_id: None,
        messages: 0,
        notes: Vec::new(),
        reason: None,
    }
}

fn notes(notes: &transfer::Notes) -> Vec<ImportNote> {
    let note = |(note, count): (transfer::Note, u32)| ImportNote {
        code: note.code().to_owned(),
        count,
        message: note.text(),
    };
    notes.iter().map(note).collect()
}

fn count(summary: &mut ImportSummary, entry: &ImportEntry) {
    match entry.outcome {
        ImportOutcome::Imported | ImportOutcome::WouldImport => {
            summary.imported += 1;
            summary.messages += entry.messages;
        }
        ImportOutcome::AlreadyThere => summary.already_there += 1,
        ImportOutcome::Empty => summary.empty += 1,
        ImportOutcome::Failed => summary.failed += 1,
    }
}
