//! Conversations from elsewhere: read one at a time, stored in steps, reported one by one.

mod rows;

use std::collections::HashSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::{ConversationId, UserId};
use schemas::import::{ImportEntry, ImportLine, ImportNote, ImportOutcome, ImportSummary};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use transfer::{Conversation, ReadError, Record, Room, Source};

use crate::error::{Error, Result};
use crate::responses::engine::Engine;
use rows::Planned;

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
            let import = Import { engine, owner: slot.owner, dry_run, report, is_read: true };
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
    engine: Arc<Engine>,
    owner: UserId,
    dry_run: bool,
    report: mpsc::Sender<ImportLine>,
    /// Whether somebody still reads the report.
    is_read: bool,
}

impl Import {
    async fn run(mut self, file: File, room: Arc<Room>) {
        // The reader waits until a conversation is dealt with: two would need the memory of two.
        let (records, mut found) = mpsc::channel::<(Record, oneshot::Sender<()>)>(1);
        let reader = self.engine.tasks.spawn_blocking(move || {
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
        let mut summary = ImportSummary { dry_run: self.dry_run, ..ImportSummary::default() };
        loop {
            let record = tokio::select! {
                biased;
                () = self.engine.draining.cancelled() => {
                    summary.error =
                        Some("the server is shutting down; send the same file again".to_owned());
                    break;
                }
                record = found.recv() => record,
            };
            let Some((record, done)) = record else { break };
            let entry = match record {
                Record::Conversation(conversation) => self.conversation(*conversation).await,
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
            user = %self.owner, dry_run = summary.dry_run, imported = summary.imported,
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

    async fn conversation(&self, conversation: Conversation) -> ImportEntry {
        let mut entry = entry(ImportOutcome::Failed, None);
        entry.source = Some(conversation.source.name().to_owned());
        entry.source_id.clone_from(&conversation.source_id);
        entry.messages = conversation.messages.len() as u64;
        // Ours may be empty: what was exported comes back as it was.
        let is_empty = conversation.messages.is_empty() && conversation.source != Source::Chatapp;
        let too_large = rows::too_large(&conversation);
        let mut planned = Planned::new(&self.engine, self.owner, conversation);
        entry.title = planned.title();
        entry.notes = notes(&planned.notes);
        if is_empty {
            entry.outcome = ImportOutcome::Empty;
            return entry;
        }
        if too_large.is_some() {
            entry.reason = too_large;
            return entry;
        }
        match self.store(&mut planned).await {
            Ok((outcome, id)) => {
                entry.outcome = outcome;
                entry.conversation_id = id;
            }
            Err(error) => {
                let error = crate::chain(&error);
                tracing::warn!(user = %self.owner, error, "importing a conversation failed");
                entry.outcome = ImportOutcome::Failed;
                entry.reason = Some("it could not be stored; import the same file again".into());
            }
        }
        entry
    }

    async fn store(
        &self,
        planned: &mut Planned,
    ) -> Result<(ImportOutcome, Option<ConversationId>)> {
        let db = &self.engine.db;
        let (source, source_id) = (planned.import.source.clone(), planned.import.source_id.clone());
        if let Some(id) = crud::imports::find(db, self.owner, &source, &source_id).await? {
            return Ok((ImportOutcome::AlreadyThere, Some(id)));
        }
        if let Some(id) = planned.exported_id
            && crud::conversations::find(db, self.owner, id).await?.is_some()
        {
            return Ok((ImportOutcome::AlreadyThere, Some(id)));
        }
        if self.dry_run {
            return Ok((ImportOutcome::WouldImport, None));
        }
        if planned.keeps_ids() && planned.is_any_id_taken(db).await? {
            planned.renew_ids(&self.engine);
        }
        let id = planned.conversation.id;
        crud::imports::open(db, planned.conversation.clone(), self.engine.context.now()).await?;
        let stored = async {
            while let Some(rows) = planned.step() {
                crud::imports::add(db, self.owner, id, rows).await?;
            }
            crud::imports::publish(db, planned.import.clone()).await
        };
        match stored.await {
            Ok(true) => Ok((ImportOutcome::Imported, Some(id))),
            Ok(false) => {
                crud::conversations::trash::remove(db, id).await?;
                let found = crud::imports::find(db, self.owner, &source, &source_id).await?;
                Ok((ImportOutcome::AlreadyThere, found))
            }
            Err(error) => {
                // It stays hidden if this fails, too, and the next start removes it.
                if let Err(error) = crud::conversations::trash::remove(db, id).await {
                    tracing::warn!(conversation = %id, %error, "removing a part of an import failed");
                }
                Err(error.into())
            }
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
