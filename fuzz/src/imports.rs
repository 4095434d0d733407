//! Files that people bring along.

use std::collections::HashSet;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write as _};
use std::ops::ControlFlow;

use chrono::Datelike as _;
use schemas::Time;
use schemas::import::{ImportEntry, ImportLine, ImportOutcome};
use transfer::{Conversation, Limits, Record, Room, Unreadable};

use crate::world::{block_on, world};

/// Limits that inputs of a fuzzer can reach.
const LIMITS: Limits = Limits {
    conversation_bytes: 8192,
    values: 1024,
    memory: 64 * 1024,
    depth: 64,
    unreadable: 8,
    archive_files: 8,
    archive_list_bytes: 1024,
    archive_bytes: 32 * 1024,
    archive_ratio: 100,
};

/// A file: what is found in it is sound, within the limits, and the same however it is read.
pub(crate) fn file(input: &[u8]) {
    let (found, is_whole) = read(Cursor::new(input));
    assert!(found.iter().filter(|record| is_unreadable(record)).count() <= LIMITS.unreadable);
    for record in &found {
        match record {
            Record::Conversation(conversation) => sound(conversation),
            Record::Unreadable { title, reason, .. } => {
                let words = reason.to_string();
                assert!(words.len() <= 1024, "{} bytes of a reason", words.len());
                assert!(title.as_ref().is_none_or(|title| title.len() <= 4096));
            }
        }
    }
    // How much of a damaged member is unpacked before the damage depends on how much is asked for.
    let is_damaged = |record: &Record| {
        matches!(record, Record::Unreadable { reason: Unreadable::Unpacking(_), .. })
    };
    if !found.iter().any(is_damaged) {
        assert_eq!(read(Slow(Cursor::new(input))), (found, is_whole), "in small pieces");
    }
}

/// A file that is imported for real: each conversation that is read is stored, is there when the
/// same file comes again, and can be removed.
pub(crate) fn store(input: &[u8]) {
    let first = import(input);
    let again = import(input);
    for line in &first {
        let ImportLine::Conversation(entry) = line else { continue };
        let reason = entry.reason.as_deref().unwrap_or_default();
        assert!(!reason.contains("could not be stored"), "{entry:?}");
        assert!(reason.len() <= 1024, "{} bytes of a reason", reason.len());
    }
    let entries = |lines: &[ImportLine]| -> Vec<ImportEntry> {
        let entries = lines.iter().filter_map(|line| match line {
            ImportLine::Conversation(entry) => Some(entry.clone()),
            ImportLine::Summary(_) => None,
        });
        entries.collect()
    };
    let (first, again) = (entries(&first), entries(&again));
    assert_eq!(first.len(), again.len());
    let mut ids = HashSet::new();
    for (first, again) in first.iter().zip(&again) {
        let expected = match first.outcome {
            ImportOutcome::Imported => ImportOutcome::AlreadyThere,
            other => other,
        };
        assert_eq!(again.outcome, expected, "{first:?}");
        assert_eq!(again.conversation_id, first.conversation_id);
        ids.extend(first.conversation_id);
    }
    for id in ids {
        let removed = block_on(crud::conversations::trash::remove(&world().db, id));
        assert!(removed.is_ok(), "{removed:?}");
    }
}

/// What is said of an import of a file for the one account.
pub(crate) fn import(input: &[u8]) -> Vec<ImportLine> {
    let world = world();
    let written = tempfile::tempfile_in(world.folder.path()).and_then(|mut file| {
        file.write_all(input)?;
        file.rewind()?;
        Ok(file)
    });
    let file = written.unwrap_or_else(|error| panic!("no file: {error}"));
    let slot = loop {
        // The one before is given back just after its last line.
        match world.services.imports.reserve(&world.actor) {
            Ok(slot) => break slot,
            Err(_) => std::thread::yield_now(),
        }
    };
    block_on(async {
        let mut report = world.services.imports.run(slot, file, false);
        let mut lines = Vec::new();
        while let Some(line) = report.recv().await {
            lines.push(line);
        }
        lines
    })
}

/// All records, and whether the file could be read as a whole.
fn read(file: impl Read + Seek) -> (Vec<Record>, bool) {
    let mut found = Vec::new();
    let read = transfer::read(file, LIMITS, &Room::default(), |record| {
        found.push(record);
        ControlFlow::Continue(())
    });
    (found, read.is_ok())
}

fn is_unreadable(record: &Record) -> bool {
    matches!(record, Record::Unreadable { .. })
}

/// What the store relies on.
fn sound(conversation: &Conversation) {
    let count = conversation.messages.len();
    assert!(conversation.head.is_none_or(|head| head < count), "the head is one of the messages");
    let mut bytes = 0;
    let mut ids = HashSet::new();
    let is_ours = conversation.source == transfer::Source::Chatapp;
    for (place, message) in conversation.messages.iter().enumerate() {
        assert!(message.parent.is_none_or(|parent| parent < place), "a parent is before its child");
        let is_new = message.source_id.as_ref().is_none_or(|id| ids.insert(id.clone()));
        assert!(is_new || !is_ours, "an id of ours stands for two messages");
        let response = message.response;
        assert!(response.is_none_or(|response| response < conversation.responses.len()));
        let texts = [Some(&message.text), message.reasoning.as_ref(), message.model.as_ref()];
        for text in texts.into_iter().flatten() {
            assert!(!text.contains('\0'), "U+0000 in a message");
            bytes += text.len();
        }
        for time in [message.created_at, message.updated_at].into_iter().flatten() {
            storable(time);
        }
    }
    for time in [conversation.created_at, conversation.updated_at].into_iter().flatten() {
        storable(time);
    }
    for response in &conversation.responses {
        storable(response.created_at);
        response.completed_at.into_iter().for_each(storable);
    }
    conversation.archived.flatten().into_iter().for_each(storable);
    for text in [&conversation.title, &conversation.instructions, &conversation.model] {
        let text = text.as_deref().unwrap_or_default();
        assert!(!text.contains('\0'), "U+0000 in a conversation");
        bytes += text.len();
    }
    assert!(bytes <= LIMITS.memory, "{bytes} bytes are more than the budget");
}

/// A time that every engine can store.
pub(crate) fn storable(time: Time) {
    assert!((1..=9999).contains(&time.year()), "the year {}", time.year());
}

/// A file that gives few bytes at a time.
struct Slow<'a>(Cursor<&'a [u8]>);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let few = buffer.len().min(7);
        self.0.read(buffer.get_mut(..few).unwrap_or_default())
    }
}

impl Seek for Slow<'_> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.0.seek(place)
    }
}
