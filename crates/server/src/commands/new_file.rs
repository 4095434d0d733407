//! The file that a command was asked to write.

use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use chatapp::files;
use tempfile::NamedTempFile;

use super::print;

/// A file that only its owner may read, and that is there when it is whole.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    replaces: bool,
    file: BufWriter<NamedTempFile>,
}

impl NewFile {
    /// Begins a file. With `force` it may take the place of another one.
    pub(super) fn create(path: &Path, force: bool) -> anyhow::Result<Self> {
        match std::fs::metadata(path) {
            // A device, a pipe or a folder, which root could replace.
            Ok(there) if !there.is_file() => {
                bail!("{} is not a file; name another one", path.display())
            }
            Ok(_) if !force => return Err(taken(path)),
            _ => {}
        }
        let file = files::unfinished(path)
            .with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self { path: path.to_owned(), replaces: force, file: BufWriter::new(file) })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(bytes).with_context(|| failed(&self.path))
    }

    /// Gives it its name, and prints that.
    pub(super) fn finish(self) -> anyhow::Result<ExitCode> {
        let Self { path, replaces, file } = self;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        let file = file.with_context(|| failed(&path))?;
        let done = if replaces { files::replace(file, &path) } else { files::publish(file, &path) };
        match done {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(taken(&path)),
            done => {
                done.with_context(|| failed(&path))?;
                print(&path.display().to_string())
            }
        }
    }
}

fn taken(path: &Path) -> anyhow::Error {
    anyhow!("{} is there already; --force replaces it", path.display())
}

fn failed(path: &Path) -> String {
    format!("{} could not be written", path.display())
}
