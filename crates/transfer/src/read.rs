//! Finds the conversations in a file.

mod archive;

use std::io::{self, Read, Seek};
use std::ops::ControlFlow;

use crate::budget::{Budget, Room};
use crate::conversation::{Conversation, Note, Part};
use crate::json::{self, Document, Fault, NODE_BYTES, Object};
use crate::split::{Piece, Splitter};
use crate::unreadable::Unreadable;
use crate::{chatgpt, claude, librechat, loose, open_webui, own};

/// What one file may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of JSON of one conversation; 64 MiB.
    pub conversation_bytes: usize,
    /// Values in that JSON, keys included; 4 Mi.
    pub values: usize,
    /// Bytes of memory for one conversation: its JSON, its values and what is made of them; 160 MiB.
    pub memory: usize,
    /// Nested brackets of one conversation; 10,000. (LibreChat nests each message in its parent,
    /// two brackets a message; conversations of the others are never deeper than 100.)
    pub depth: usize,
    /// Things that are no conversation, before the rest of the file is not looked at; 10,000.
    pub unreadable: usize,
    /// Files in an archive; 10,000.
    pub archive_files: usize,
    /// Bytes of the list of these files; 4 MiB.
    pub archive_list_bytes: u64,
    /// Bytes of all of them, unpacked; 16 GiB.
    pub archive_bytes: u64,
    /// The same, as a multiple of the archive's own size beyond the first GiB; 100.
    pub archive_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversation_bytes: 64 << 20,
            values: 4 << 20,
            memory: 160 << 20,
            depth: 10_000,
            unreadable: 10_000,
            archive_files: 10_000,
            archive_list_bytes: 4 << 20,
            archive_bytes: 16 << 30,
            archive_ratio: 100,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A conversation.
    Conversation(Box<Conversation>),
    /// Something that should have been one.
    Unreadable {
        /// The file of the archive it stands in.
        file: Option<String>,
        /// Its place in the file, from 1.
        position: u64,
        /// Its title, if that much could be read.
        title: Option<String>,
        /// What is wrong.
        reason: Unreadable,
    },
}

/// Why a whole file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Neither JSON nor an archive.
    #[error("the file is neither JSON nor a ZIP archive")]
    NotAnExport,
    /// An archive that cannot be opened.
    #[error("the ZIP archive is damaged: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// An archive with more than it may hold.
    #[error("the archive holds more than {0} files or unpacks to more than is allowed")]
    ArchiveTooLarge(usize),
    /// More of it is no conversation than any export has.
    #[error("the file has more than {0} things that are no conversations")]
    TooManyUnreadable(usize),
    /// The file could not be read.
    #[error("reading the file failed: {0}")]
    Io(#[from] io::Error),
}

/// Gives every conversation of `file` to `take`, one at a time, until `take` breaks.
///
/// What a conversation needs beyond a few megabytes is taken in `room`, and given back when `take`
/// returns: it should be done with the conversation by then.
pub fn read<R, F>(mut file: R, limits: Limits, room: &Room, take: F) -> Result<(), ReadError>
where
    R: Read + Seek,
    F: FnMut(Record) -> ControlFlow<()>,
{
    let mut begin = Vec::new();
    file.by_ref().take(512).read_to_end(&mut begin)?;
    file.rewind()?;
    let mut reader = Reader { limits, room, take, unreadable: 0 };
    if begin.starts_with(b"PK") {
        archive::read(file, &mut reader)?;
    } else {
        let first = begin
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(*byte));
        match first {
            // An empty file holds nothing, and nothing is wrong with that.
            None | Some(b'[' | b'{') => {}
            Some(_) => return Err(ReadError::NotAnExport),
        }
        Values::new(None, true, &mut reader).read(file).map(|_| ())?;
    }
    if reader.is_too_odd() {
        return Err(ReadError::TooManyUnreadable(limits.unreadable));
    }
    Ok(())
}

/// What is common to all files of an archive.
struct Reader<'r, F> {
    limits: Limits,
    room: &'r Room,
    take: F,
    /// How many things were no conversations.
    unreadable: usize,
}

impl<F> Reader<'_, F> {
    fn is_too_odd(&self) -> bool {
        self.unreadable > self.limits.unreadable
    }
}

/// The values of one JSON file.
struct Values<'f, 'r, F> {
    file: Option<String>,
    /// Whether a value that is no conversation is worth a word.
    is_expected: bool,
    position: u64,
    /// Whether our own header was seen, and not yet the end.
    is_own_open: bool,
    /// Whether the header named a version that is not read here.
    is_too_new: bool,
    budget: Budget<'r>,
    reader: &'f mut Reader<'r, F>,
}

impl<'f, 'r, F: FnMut(Record) -> ControlFlow<()>> Values<'f, 'r, F> {
    fn new(file: Option<String>, is_expected: bool, reader: &'f mut Reader<'r, F>) -> Self {
        let budget = Budget::new(reader.room, reader.limits.memory);
        let (is_own_open, is_too_new) = (false, false);
        Self { file, is_expected, position: 0, is_own_open, is_too_new, budget, reader }
    }

    fn read(&mut self, mut input: impl Read) -> io::Result<ControlFlow<()>> {
        let Limits { conversation_bytes, depth, .. } = self.reader.limits;
        let mut splitter = Splitter::new(conversation_bytes, depth);
        let mut chunk = vec![0; 64 * 1024];
        let mut found = Vec::new();
        loop {
            let count = match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            splitter.push(chunk.get(..count).unwrap_or_default(), &mut found);
            for piece in found.drain(..) {
                if self.piece(piece).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            self.budget.begin(splitter.held());
        }
        let is_whole = splitter.finish(&mut found);
        for piece in found.drain(..) {
            if self.piece(piece).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if !is_whole || self.is_own_open {
            self.position += 1;
            return Ok(self.fail(None, Unreadable::Truncated));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn piece(&mut self, piece: Piece) -> ControlFlow<()> {
        self.position += 1;
        let Limits { conversation_bytes, depth, .. } = self.reader.limits;
        match piece {
            Piece::Value(bytes) => self.value(bytes),
            Piece::TooLarge => self.fail(None, Unreadable::TooLarge(conversation_bytes)),
            Piece::TooDeep => self.fail(None, Unreadable::TooDeep(depth)),
        }
    }

    fn value(&mut self, bytes: Vec<u8>) -> ControlFlow<()> {
        let Limits { values, depth, .. } = self.reader.limits;
        self.budget.begin(bytes.len());
        let limits = json::Limits { values, depth };
        let mut title = None;
        let read = match Document::read(bytes, limits) {
            Ok(document) => self.document(&document).inspect_err(|_| {
                let value = document.root().as_object().unwrap_or_default();
                title = loose::name(value, "title").or_else(|| loose::name(value, "name"));
            }),
            Err(Fault::TooMany) => Err(Unreadable::TooMany(values)),
            Err(Fault::TooDeep) => Err(Unreadable::TooDeep(depth)),
            Err(Fault::Syntax(what, at)) => {
                Err(Unreadable::NotJson(format!("{what} at byte {}", at + 1)))
            }
        };
        // The document is gone before the caller has the conversation.
        match read {
            Ok(Some(conversation)) => self.found(conversation),
            Ok(None) => ControlFlow::Continue(()),
            Err(Unreadable::UnknownFormat) if !self.is_expected => ControlFlow::Continue(()),
            Err(reason) => self.fail(title, reason),
        }
    }

    fn document(&mut self, document: &Document) -> Result<Option<Conversation>, Unreadable> {
        self.budget.take(document.count() * NODE_BYTES)?;
        let value = document.root().as_object().ok_or(Unreadable::UnknownFormat)?;
        if own::is(value) {
            return self.own(value);
        }
        let budget = &mut self.budget;
        let conversation = if chatgpt::is(value) {
            chatgpt::read(value, budget)?
        } else if claude::is(value) {
            claude::read(value, budget)?
        } else if librechat::is(value) {
            librechat::read(value, budget)?
        } else if open_webui::is(value) {
            open_webui::read(value, budget)?
        } else {
            return Err(Unreadable::UnknownFormat);
        };
        Ok(Some(conversation))
    }

    /// A line of our own format.
    fn own(&mut self, value: Object<'_>) -> Result<Option<Conversation>, Unreadable> {
        if self.is_too_new && !own::is_header(value) {
            // Said once, by the header.
            return Ok(None);
        }
        match own::read(value, &mut self.budget)? {
            own::Parsed::Header(version) if version > own::VERSION => {
                self.is_too_new = true;
                return Err(Unreadable::TooNew { version, known: own::VERSION });
            }
            own::Parsed::Header(_) => {
                self.is_own_open = true;
                self.position -= 1;
            }
            own::Parsed::End => self.is_own_open = false,
            own::Parsed::Conversation(conversation) => return Ok(Some(*conversation)),
        }
        Ok(None)
    }

    fn found(&mut self, mut conversation: Conversation) -> ControlFlow<()> {
        without_nul(&mut conversation);
        (self.reader.take)(Record::Conversation(Box::new(conversation)))
    }

    fn fail(&mut self, title: Option<String>, reason: Unreadable) -> ControlFlow<()> {
        self.reader.unreadable += 1;
        if self.reader.is_too_odd() {
            return ControlFlow::Break(());
        }
        let (file, position) = (self.file.clone(), self.position);
        (self.reader.take)(Record::Unreadable { file, position, title, reason })
    }
}

pub(crate) fn without_nul(conversation: &mut Conversation) {
    let mut texts: Vec<&mut String> = Vec::new();
    texts.extend(&mut conversation.title);
    texts.extend(&mut conversation.instructions);
    texts.extend(&mut conversation.model);
    texts.extend(&mut conversation.source_id);
    texts.extend(conversation.metadata.values_mut());
    for message in &mut conversation.messages {
        texts.push(&mut message.text);
        texts.extend(&mut message.reasoning);
        texts.extend(&mut message.model);
        for call in &mut message.calls {
            texts.extend([&mut call.id, &mut call.name, &mut call.arguments]);
        }
        texts.extend(message.parts.iter_mut().flat_map(Part::texts_mut));
        for source in &mut message.annotations {
            texts.extend([&mut source.url, &mut source.title]);
        }
        for file in &mut message.attachments {
            texts.push(&mut file.place);
            texts.extend(&mut file.name);
            texts.extend(&mut file.media_type);
        }
    }
    for text in texts {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{FFFD}");
            conversation.notes.add(Note::NulReplaced);
        }
    }
}
