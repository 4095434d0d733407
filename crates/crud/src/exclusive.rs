//! The lock on the file of an embedded database.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::connect::ConnectError;
use crate::private;

/// The right to be the only server of an `SQLite` file, as long as this exists.
#[derive(Debug)]
pub struct Exclusive(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Exclusive {
    /// Takes the lock beside the database file, whose folder is made when missing.
    pub fn take(path: &Path) -> Result<Self, ConnectError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let failed = |source| ConnectError::File { path: lock_path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = private::open(&lock_path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(ConnectError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
