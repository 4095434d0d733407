//! Files that only their owner may read and write, also in a folder that others may enter.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What `SQLite` and we keep beside a database file.
const BESIDE: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// Opens a file to write, which is made for its owner only. What is in it stays.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes a database file and what lies beside it away from other users of the machine. `SQLite`
/// gives new files beside it the mode that it has itself.
pub(crate) fn keep_database(path: &Path) {
    for ending in BESIDE {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        keep(&PathBuf::from(name));
    }
}

/// Takes a file away from other users of the machine. Where that is not possible, since it
/// belongs to another account, it is only said.
pub fn keep(path: &Path) {
    #[cfg(unix)]
    if let Err(error) = restrict(path) {
        tracing::warn!(
            file = %path.display(), %error,
            "the file can be read by other users of this machine; run: chmod 600 on it"
        );
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    // One that is not there is nobody's, and what is no file of its own is not ours to change.
    let Ok(metadata) = metadata(path) else { return Ok(()) };
    let of_others = metadata.permissions().mode() & 0o077;
    if !metadata.is_file() || of_others == 0 {
        return Ok(());
    }
    set_permissions(path, Permissions::from_mode(0o600))?;
    tracing::info!(file = %path.display(), "the file is its owner's only, from now on");
    Ok(())
}
