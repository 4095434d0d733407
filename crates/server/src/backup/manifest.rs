//! What stands behind the last page of a backup.
//!
//! Two lines: the manifest as JSON, and a seal of fixed length with the manifest's own length and
//! checksum, so that it is found from the end and no byte of the file is without a checksum.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use aws_lc_rs::digest::{Context as Hasher, SHA256, digest};
use serde::{Deserialize, Serialize};

use super::Progress;

/// How a seal begins; the number is the format's.
const SEAL: &str = "chatapp-backup 1 ";
/// The length of a seal: the beginning, ten digits, a space, 64 digits, a line feed.
const SEAL_BYTES: u64 = 17 + 10 + 1 + 64 + 1;
/// The largest manifest that is read.
const MAX_MANIFEST_BYTES: u64 = 1024 * 1024;
/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// How much is read at once.
const CHUNK: usize = 1024 * 1024;

/// What a backup says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program that wrote it.
    pub version: String,
    /// When the copy began, RFC 3339; everything acknowledged before is in it.
    pub created_at: String,
    /// Length of the database.
    pub database_bytes: u64,
    /// SHA-256 of the database, hexadecimal.
    pub sha256: String,
    /// The steps of the schema that were applied.
    pub schema: Vec<String>,
    /// Rows of each table.
    pub rows: serde_json::Map<String, serde_json::Value>,
}

/// Why a file is not taken for a backup. The messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It is something else.
    #[error("{0} is not a backup made by chatapp backup")]
    Foreign(String),
    /// It is an SQLite file without a manifest.
    #[error(
        "{0} has no manifest at its end: it was cut off, or it is an SQLite file that was not made \
         by chatapp backup. Use another copy of the backup"
    )]
    NoManifest(String),
    /// Its format is not known here.
    #[error("{0} was made by a newer release. Restore it with that release")]
    NewerFormat(String),
    /// Its checksums do not fit.
    #[error(
        "{file} is damaged: {what}. It was changed after it was written, or its disk is failing. \
         Use another copy of the backup"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What does not fit.
        what: String,
    },
    /// Its schema is not known here.
    #[error(
        "{file} was made by release {version}, whose schema is newer ({step} is unknown here). \
         Restore it with that release or a later one"
    )]
    NewerSchema {
        /// The file.
        file: String,
        /// The release.
        version: String,
        /// The first unknown step.
        step: String,
    },
    /// It cannot be read.
    #[error("cannot read {file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Unfit {
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { file: path.display().to_string(), what: what.into() }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable { file: path.display().to_string(), source }
    }
}

impl Manifest {
    /// Appends the manifest and its seal to a file that holds the database.
    pub(super) fn append(&self, file: &mut File) -> io::Result<()> {
        let json = serde_json::to_string(self)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(format!("\n{json}\n{}", seal(&json)).as_bytes())
    }

    /// Reads the manifest of a backup. The database in it is not looked at.
    pub(crate) fn read(path: &Path) -> Result<(Self, File), Unfit> {
        let name = || path.display().to_string();
        let unreadable = |source| Unfit::unreadable(path, source);
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut begin = vec![0; SQLITE.len()];
        if length < SQLITE.len() as u64 {
            return Err(Unfit::Foreign(name()));
        }
        file.read_exact(&mut begin).map_err(unreadable)?;
        if begin != SQLITE {
            return Err(Unfit::Foreign(name()));
        }
        let tail = part(&mut file, length.saturating_sub(SEAL_BYTES), SEAL_BYTES.min(length));
        let tail = tail.map_err(unreadable)?;
        let Some(size) = manifest_size(&tail) else {
            let newer = tail.starts_with(b"chatapp-backup ") && !tail.starts_with(SEAL.as_bytes());
            return Err(if newer { Unfit::NewerFormat(name()) } else { Unfit::NoManifest(name()) });
        };
        // The manifest stands between two line feeds.
        let Some(database_bytes) = length.checked_sub(SEAL_BYTES + size + 2) else {
            return Err(Unfit::NoManifest(name()));
        };
        let text = part(&mut file, database_bytes, size + 2).map_err(unreadable)?;
        let json = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.strip_prefix('\n')?.strip_suffix('\n'))
            .filter(|json| seal(json).as_bytes() == tail)
            .ok_or_else(|| Unfit::damaged(path, "its manifest does not fit its seal"))?;
        let manifest: Self = serde_json::from_str(json)
            .map_err(|_| Unfit::damaged(path, "its manifest cannot be read"))?;
        if manifest.database_bytes != database_bytes {
            return Err(Unfit::damaged(path, "its length is not the one in its manifest"));
        }
        file.rewind().map_err(unreadable)?;
        Ok((manifest, file))
    }
}

/// The last line of a backup with this manifest.
fn seal(json: &str) -> String {
    let hash = hex::encode(digest(&SHA256, json.as_bytes()));
    format!("{SEAL}{:010} {hash}\n", json.len())
}

fn manifest_size(seal: &[u8]) -> Option<u64> {
    let rest = std::str::from_utf8(seal).ok()?.strip_prefix(SEAL)?;
    let size = rest.get(..10)?.parse().ok()?;
    (size <= MAX_MANIFEST_BYTES).then_some(size)
}

fn part(file: &mut File, from: u64, bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut part = Vec::new();
    file.take(bytes).read_to_end(&mut part)?;
    Ok(part)
}

/// Reads `bytes` bytes of `from`, hands them on to `to`, and gives back their SHA-256.
pub(super) async fn pass_on(
    from: &mut File,
    bytes: u64,
    mut to: impl FnMut(&[u8]) -> io::Result<()>,
    progress: &mut Progress,
) -> io::Result<String> {
    let mut hasher = Hasher::new(&SHA256);
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    while done < bytes {
        let wanted = usize::try_from(bytes - done).map_or(CHUNK, |left| left.min(CHUNK));
        let got = from.read(chunk.get_mut(..wanted).unwrap_or_default())?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = chunk.get(..got).unwrap_or_default();
        hasher.update(read);
        to(read)?;
        done += got as u64;
        progress.at(done, bytes);
        // A signal may end the work here.
        tokio::task::yield_now().await;
    }
    Ok(hex::encode(hasher.finish()))
}
