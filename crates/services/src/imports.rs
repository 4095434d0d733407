//! Conversations from elsewhere: read one at a time, stored in steps, reported one by one.

mod extend;
mod moving;
mod rows;
mod store;

use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use auth::Actor;
use models::UserId;
use schemas::import::{ImportEntry, ImportLine, ImportNote, ImportOutcome, ImportSummary};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use transfer::{ReadError, Record, Room};

use crate::core::Core;
use crate::counts::{Counted, Counts};
use crate::error::{Error, Result};
use store::Store;

pub use moving::{MoveOptions, Moving};

/// How many imports run at once on one server; others wait for their turn.
const AT_ONCE: usize = 4;
/// How many files are received, or wait, or are read at once.
const FILES_AT_ONCE: u32 = 64;
/// How many lines of the report may wait for their reader.
const REPORT_AHEAD: usize = 64;
/// How long a line waits for the reader of the report, before the import goes on without them.
const REPORT_PATIENCE: Duration = Duration::from_secs(20);
/// The same once the server is stopping.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// What a summary says of the end of a server.
const SHUTTING_DOWN: &str = "the server is shutting down; send the same file again";

/// The use case of imports.
#[derive(Debug, Clone)]
pub struct Imports {
    core: Arc<Core>,
    running: Arc<Semaphore>,
    /// Where large conversations are read, one at a time for all imports together.
    room: Arc<Room>,
    files: Counts<()>,
    /// Who imports at the moment.
    users: Counts<UserId>,
}

impl Imports {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let running = Arc::new(Semaphore::new(AT_ONCE));
        let (files, users) = (Counts::default(), Counts::default());
        Self { core, running, room: Arc::default(), files, users }
    }

    /// The right to run an import for the actor, one at a time for each user; ask before a large file is
    /// received.
    pub fn reserve(&self, actor: &Actor) -> Result<ImportSlot> {
        let owner = actor.user_id;
        if self.core.draining.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let own = self.users.take(&owner, 1);
        let own = own.ok_or(Error::LimitReached { what: "imports at once", limit: 1 })?;
        let file = self.files.take(&(), FILES_AT_ONCE).ok_or(Error::Busy)?;
        Ok(ImportSlot { owner, _own: own, _file: file })
    }

    /// Imports the conversations of `file`, and says what becomes of each, at last of all.
    ///
    /// The work goes on even if nobody reads the report any more, which then has no summary, up to
    /// the end of the file or of the server; importing the same file again then does the rest.
    /// With `dry_run` nothing is stored, and the report is the same.
    pub fn run(&self, slot: ImportSlot, file: File, dry_run: bool) -> mpsc::Receiver<ImportLine> {
        let (report, lines) = mpsc::channel(REPORT_AHEAD);
        let (core, room, running) = (self.core.clone(), self.room.clone(), self.running.clone());
        self.core.tasks.spawn(async move {
            let draining = core.draining.clone();
            let report = Report { lines: report, is_read: true, draining: draining.clone() };
            let store = Store { core, owner: slot.owner, dry_run };
            let mut import = Import { store, report };
            // A file that is still received has none of the few turns.
            if let Some(_turn) = draining.run_until_cancelled(running.acquire()).await {
                import.run(file, room).await;
            } else {
                let error = Some(SHUTTING_DOWN.to_owned());
                let summary = ImportSummary { dry_run, error, ..ImportSummary::default() };
                import.report.say(ImportLine::Summary(summary)).await;
            }
            drop(slot);
        });
        lines
    }
}

/// The right to run one import; given back when it is dropped.
#[derive(Debug)]
pub struct ImportSlot {
    owner: UserId,
    _own: Counted<UserId>,
    _file: Counted<()>,
}

struct Import {
    store: Store,
    report: Report,
}

/// Where the lines of a report go.
struct Report {
    lines: mpsc::Sender<ImportLine>,
    /// Whether the client still reads them.
    is_read: bool,
    draining: CancellationToken,
}

impl Report {
    /// Says `line` to the reader of the report. One who takes nothing for long is not waited for
    /// again: neither other imports nor the end of the server depend on them.
    async fn say(&mut self, line: ImportLine) {
        if !self.is_read {
            return;
        }
        let patience = async {
            tokio::select! {
                () = sleep(REPORT_PATIENCE) => {}
                () = self.draining.cancelled() => sleep(LAST_WORDS).await,
            }
        };
        self.is_read = tokio::select! {
            biased;
            said = self.lines.send(line) => said.is_ok(),
            () = patience => false,
        };
    }
}

impl Import {
    async fn run(&mut self, file: File, room: Arc<Room>) {
        // The reader waits until a conversation is dealt with: two would need the memory of two.
        let (records, mut found) = mpsc::channel::<(Record, oneshot::Sender<()>)>(1);
        let reader = self.store.core.tasks.spawn_blocking(move || {
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
                () = self.store.core.draining.cancelled() => {
                    summary.error = Some(SHUTTING_DOWN.to_owned());
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
            self.report.say(ImportLine::Conversation(entry)).await;
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
        self.report.say(ImportLine::Summary(summary)).await;
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn line() -> ImportLine {
        ImportLine::Summary(ImportSummary::default())
    }

    #[tokio::test(start_paused = true)]
    async fn s1_a_report_that_nobody_reads_holds_nothing_up() {
        let (lines, unread) = mpsc::channel(1);
        let draining = CancellationToken::new();
        let mut report = Report { lines, is_read: true, draining: draining.clone() };
        let began = Instant::now();
        report.say(line()).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "there is room for one");
        report.say(line()).await;
        assert_eq!(began.elapsed(), REPORT_PATIENCE);
        report.say(line()).await;
        assert_eq!(began.elapsed(), REPORT_PATIENCE, "nobody is waited for again");
        drop(unread);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_waits_for_no_reader_of_a_report() {
        let (lines, mut unread) = mpsc::channel(1);
        let draining = CancellationToken::new();
        let mut report = Report { lines, is_read: true, draining: draining.clone() };
        let began = Instant::now();
        report.say(line()).await;
        draining.cancel();
        report.say(line()).await;
        assert_eq!(began.elapsed(), LAST_WORDS);
        // One who reads gets the summary in any case.
        let (lines, mut read) = mpsc::channel(1);
        let mut report = Report { lines, is_read: true, draining };
        report.say(line()).await;
        assert!(read.recv().await.is_some() && unread.recv().await.is_some());
    }
}
