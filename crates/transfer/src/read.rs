//! Finds the conversations in a file.

use std::io::{self, Read, Seek};
use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::Value;

use crate::conversation::{Conversation, Note};
use crate::loose::Object;
use crate::split::{Piece, Splitter};
use crate::{chatgpt, claude, librechat, open_webui, own};

/// Nested brackets of a value that is parsed like any other.
const PLAIN_DEPTH: usize = 100;
/// Stack for deeper ones, in bytes; only what is used of it takes memory.
const DEEP_STACK: usize = 256 << 20;

/// What one file may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of JSON of one conversation; 256 MiB.
    pub conversation_bytes: usize,
    /// Nested brackets of one conversation; 10,000. (LibreChat nests each message in its parent,
    /// two brackets a message; conversations of the others are never deeper than 100.)
    pub depth: usize,
    /// Files looked at in an archive; 10,000.
    pub archive_files: usize,
    /// Bytes of all of them, unpacked; 16 GiB.
    pub archive_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversation_bytes: 256 << 20,
            depth: 10_000,
            archive_files: 10_000,
            archive_bytes: 16 << 30,
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

/// Why a conversation cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not valid JSON.
    #[error("it is not valid JSON: {0}")]
    NotJson(String),
    /// It is no conversation of a product known here.
    #[error("its format is not known; ChatGPT, Claude, Open WebUI, LibreChat and our own are")]
    UnknownFormat,
    /// It is ours, but not as we write it.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is larger than a conversation may be.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Its brackets are nested deeper than they may be.
    #[error("it is nested deeper than {0} levels")]
    TooDeep(usize),
    /// The file ends inside of it.
    #[error("the file ends before it is complete; export it again")]
    Truncated,
    /// A file of an archive cannot be unpacked.
    #[error("the archive is damaged here: {0}")]
    Unpacking(String),
    /// A newer version of this program wrote it.
    #[error("it has version {0} of our format, and this program reads up to {max}", max = own::VERSION)]
    TooNew(u64),
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
    /// The file could not be read.
    #[error("reading the file failed: {0}")]
    Io(#[from] io::Error),
}

/// Gives every conversation of `file` to `take`, one at a time, until `take` breaks.
pub fn read<R, F>(mut file: R, limits: Limits, mut take: F) -> Result<(), ReadError>
where
    R: Read + Seek,
    F: FnMut(Record) -> ControlFlow<()>,
{
    let mut begin = Vec::new();
    file.by_ref().take(512).read_to_end(&mut begin)?;
    file.rewind()?;
    if begin.starts_with(b"PK") {
        return read_archive(file, limits, &mut take);
    }
    let first =
        begin.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(*byte));
    match first {
        // An empty file holds nothing, and nothing is wrong with that.
        None | Some(b'[' | b'{') => {}
        Some(_) => return Err(ReadError::NotAnExport),
    }
    let mut values = Values::new(None, true, limits, &mut take);
    values.read(file).map(|_| ())?;
    Ok(())
}

fn read_archive<R, F>(file: R, limits: Limits, take: &mut F) -> Result<(), ReadError>
where
    R: Read + Seek,
    F: FnMut(Record) -> ControlFlow<()>,
{
    let mut archive = zip::ZipArchive::new(file)?;
    if archive.len() > limits.archive_files {
        return Err(ReadError::ArchiveTooLarge(limits.archive_files));
    }
    let mut left = limits.archive_bytes;
    let mut names: Vec<(usize, String)> =
        (0..archive.len()).filter_map(|at| name(&archive, at).map(|name| (at, name))).collect();
    // conversations-000.json, conversations-001.json …: in their order.
    names.sort_by(|a, b| a.1.cmp(&b.1));
    for (at, name) in names {
        let base = name.rsplit('/').next().unwrap_or(&name).to_ascii_lowercase();
        if ![".json", ".jsonl", ".ndjson"].iter().any(|end| base.ends_with(end)) {
            continue;
        }
        // Archives hold other JSON, too: profiles, feedback, lists of what was shared.
        let is_expected = base.starts_with("conversation") || base.starts_with("chat");
        let mut values = Values::new(Some(name), is_expected, limits, take);
        let mut member = match archive.by_index(at) {
            Ok(member) => member.take(left),
            Err(error) => {
                if values.fail(None, Unreadable::Unpacking(error.to_string())).is_break() {
                    return Ok(());
                }
                continue;
            }
        };
        let flow = match values.read(&mut member) {
            Ok(flow) => flow,
            // A damaged member does not take the others with it.
            Err(error) => values.fail(None, Unreadable::Unpacking(error.to_string())),
        };
        left = member.limit();
        if flow.is_break() {
            return Ok(());
        }
        if left == 0 {
            return Err(ReadError::ArchiveTooLarge(limits.archive_files));
        }
    }
    Ok(())
}

fn name<R: Read + Seek>(archive: &zip::ZipArchive<R>, at: usize) -> Option<String> {
    Some(archive.name_for_index(at)?.ok()?.into_owned())
}

/// The values of one JSON file.
struct Values<'f, F> {
    file: Option<String>,
    /// Whether a value that is no conversation is worth a word.
    is_expected: bool,
    limits: Limits,
    position: u64,
    /// Whether our own header was seen, and not yet the end.
    is_own_open: bool,
    /// Whether the header named a version that is not read here.
    is_too_new: bool,
    take: &'f mut F,
}

impl<'f, F: FnMut(Record) -> ControlFlow<()>> Values<'f, F> {
    fn new(file: Option<String>, is_expected: bool, limits: Limits, take: &'f mut F) -> Self {
        Self { file, is_expected, limits, position: 0, is_own_open: false, is_too_new: false, take }
    }

    fn read(&mut self, mut input: impl Read) -> io::Result<ControlFlow<()>> {
        let mut splitter = Splitter::new(self.limits.conversation_bytes, self.limits.depth);
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
        let (bytes, depth) = match piece {
            Piece::Value(bytes, depth) => (bytes, depth),
            Piece::TooLarge => {
                return self.fail(None, Unreadable::TooLarge(self.limits.conversation_bytes));
            }
            Piece::TooDeep => return self.fail(None, Unreadable::TooDeep(self.limits.depth)),
        };
        if depth > PLAIN_DEPTH {
            return match read_deep(&bytes) {
                Some(conversation) => self.found(conversation),
                None => self.fail(None, Unreadable::TooDeep(PLAIN_DEPTH)),
            };
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(value)) => self.object(value),
            Ok(_) if self.is_expected => self.fail(None, Unreadable::UnknownFormat),
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => self.fail(None, Unreadable::NotJson(error.to_string())),
        }
    }

    fn object(&mut self, mut value: Object) -> ControlFlow<()> {
        let conversation = if own::is(&value) {
            match own::read(value) {
                own::Parsed::Header(version) if version > own::VERSION => {
                    self.is_too_new = true;
                    return self.fail(None, Unreadable::TooNew(version));
                }
                own::Parsed::Header(_) => {
                    self.is_own_open = true;
                    self.position -= 1;
                    return ControlFlow::Continue(());
                }
                own::Parsed::End => {
                    self.is_own_open = false;
                    return ControlFlow::Continue(());
                }
                // Said once, by the header.
                _ if self.is_too_new => return ControlFlow::Continue(()),
                own::Parsed::Conversation(conversation) => *conversation,
                own::Parsed::Broken(reason) => return self.fail(None, Unreadable::Damaged(reason)),
            }
        } else if chatgpt::is(&value) {
            chatgpt::read(&value)
        } else if claude::is(&value) {
            claude::read(&value)
        } else if librechat::is(&value) {
            librechat::read(&mut value)
        } else if open_webui::is(&value) {
            open_webui::read(&value)
        } else if self.is_expected {
            let title = crate::loose::string(&value, "title");
            return self.fail(title, Unreadable::UnknownFormat);
        } else {
            return ControlFlow::Continue(());
        };
        self.found(conversation)
    }

    fn found(&mut self, mut conversation: Conversation) -> ControlFlow<()> {
        without_nul(&mut conversation);
        (self.take)(Record::Conversation(Box::new(conversation)))
    }

    fn fail(&mut self, title: Option<String>, reason: Unreadable) -> ControlFlow<()> {
        let (file, position) = (self.file.clone(), self.position);
        (self.take)(Record::Unreadable { file, position, title, reason })
    }
}

/// Reads a value that is nested too deep for an ordinary stack: LibreChat puts each message inside
/// its parent. The parser is recursive, and so is dropping what it made: both happen on a stack
/// that holds the deepest value that [`Limits::depth`] lets through.
fn read_deep(bytes: &[u8]) -> Option<Conversation> {
    let read = || {
        let mut parser = serde_json::Deserializer::from_slice(bytes);
        parser.disable_recursion_limit();
        let mut value = Value::deserialize(&mut parser).ok()?;
        let value = value.as_object_mut()?;
        librechat::is(value).then(|| librechat::read(value))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEP_STACK);
        thread.spawn_scoped(scope, read).ok()?.join().ok()?
    })
}

fn without_nul(conversation: &mut Conversation) {
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
