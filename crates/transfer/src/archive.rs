//! Everything the server knows of one person, as a zip file that is written while it is sent.
//!
//! What [`Archive`] has compressed waits in it until it is taken, so memory holds no more than what
//! was written since. A file that was cut has no directory at its end, and no program opens it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// The JSON Schema of the files in the archive.
pub const SCHEMA: &str = include_str!("archive/schema.json");

/// The version of the archive's layout. It is raised when a reader of the old one would err.
pub const VERSION: u32 = 1;

/// A zip file on its way out.
pub struct Archive {
    zip: ZipWriter<StreamWriter<Pending>>,
    pending: Pending,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Default for Archive {
    fn default() -> Self {
        let pending = Pending::default();
        Self { zip: ZipWriter::new_stream(pending.clone()), pending }
    }
}

impl Archive {
    /// Begins a file; the one before it is complete. The file may grow beyond 4 GiB.
    pub fn begin(&mut self, name: &str) -> ZipResult<()> {
        // Its length is not known before it was sent.
        self.zip.start_file(name, SimpleFileOptions::default().large_file(true))
    }

    /// Adds to the file that was begun last.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.zip.write_all(bytes)
    }

    /// Begins a file that is one JSON document, and writes it.
    pub fn json(&mut self, name: &str, value: &impl Serialize) -> ZipResult<()> {
        self.begin(name)?;
        let mut text = serde_json::to_vec_pretty(value).map_err(io::Error::from)?;
        text.push(b'\n');
        Ok(self.write(&text)?)
    }

    /// What can be sent by now; may be empty.
    pub fn take(&mut self) -> Vec<u8> {
        self.pending.take()
    }

    /// Writes the directory; what is left to send.
    pub fn finish(self) -> ZipResult<Vec<u8>> {
        self.zip.finish()?;
        Ok(self.pending.take())
    }
}

/// Bytes that wait to be sent. The zip writer has one end of it, the archive the other.
#[derive(Debug, Clone, Default)]
struct Pending(Arc<Mutex<Vec<u8>>>);

impl Pending {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    #[test]
    fn what_was_taken_in_pieces_is_an_archive() {
        let mut archive = Archive::default();
        let mut sent = Vec::new();
        archive.json("one.json", &serde_json::json!({"a": "ü🦀"})).unwrap();
        sent.extend(archive.take());
        archive.begin("two.jsonl").unwrap();
        for number in 0..10_000 {
            archive.write(format!("{{\"number\":{number}}}\n").as_bytes()).unwrap();
            sent.extend(archive.take());
        }
        assert!(!sent.is_empty(), "it is sent while it is written");
        zip::ZipArchive::new(Cursor::new(&sent)).unwrap_err();
        sent.extend(archive.finish().unwrap());
        let mut read = zip::ZipArchive::new(Cursor::new(&sent)).unwrap();
        let mut text = String::new();
        read.by_name("one.json").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\n  \"a\": \"ü🦀\"\n}\n");
        text.clear();
        read.by_name("two.jsonl").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 10_000);
        assert_eq!(text.lines().last(), Some("{\"number\":9999}"));
    }

    #[test]
    fn the_schema_is_json() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(schema["$defs"].is_object());
    }
}
