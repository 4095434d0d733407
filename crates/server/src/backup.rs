//! Backups of an SQLite database: written while the server runs, checked, and put back.
//!
//! A backup is one file: an SQLite database that any tool can read, and behind its last page a
//! manifest, which says what is in it and with which checksum. The secret that signs tokens is
//! not in it.

mod manifest;
mod progress;
mod restore;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

pub use self::manifest::{Manifest, Unfit};
pub use self::progress::Progress;
pub use self::restore::{Restored, check, restore};
pub use self::write::{Written, keep_newest, write};

use crate::config::{Config, Database};

/// How the names of backups begin that were not given one.
const PREFIX: &str = "chatapp-";
/// How they end.
const SUFFIX: &str = ".backup";

/// Where backups without a name go.
pub fn folder(config: &Config) -> PathBuf {
    let storage = &config.storage;
    storage.backup_dir.clone().unwrap_or_else(|| storage.data_dir.join("backups"))
}

/// The backups in a folder that were not given a name, the oldest first.
pub fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stamp = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        if stamp.is_some_and(is_stamp) {
            found.push(path);
        }
    }
    // The time in a name sorts as text.
    found.sort();
    Ok(found)
}

/// A time as part of a file name, such as `20261122T101112Z`; it sorts as text.
fn stamp(time: models::Time) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

fn is_stamp(text: &str) -> bool {
    text.len() == 16
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

/// The SQLite file, or which program to use instead for this database.
fn sqlite_path(config: &Config, restoring: bool) -> Result<&Path> {
    let database = &config.database;
    if let Some(path) = database.sqlite_path() {
        return Ok(path);
    }
    let (options, name) = match database {
        Database::MySql(parts) => {
            let place = match &parts.socket {
                Some(socket) => format!("--socket={}", socket.display()),
                None => format!("--host={} --port={}", parts.host, parts.port),
            };
            (format!("{place} --user={} --password", parts.user), parts.name.as_str())
        }
        _ => ("--host=HOST --user=USER --password".to_owned(), "NAME"),
    };
    if restoring {
        bail!(
            "chatapp restore puts back SQLite files, and this server keeps its data in {database}. \
             Stop every server that uses it, and load a dump into an empty database with the \
             engine's own program (MySQL: mysql): mariadb {options} {name} < FILE"
        );
    }
    // A dump of a view can be restored only by the account that made it.
    let views =
        migration::views::NAMES.map(|view| format!("--ignore-table={name}.{view} ")).concat();
    bail!(
        "chatapp backup copies SQLite files, and this server keeps its data in {database}. Use the \
         engine's own program, which also runs beside a server (MySQL: mysqldump): mariadb-dump \
         --single-transaction --hex-blob {views}{options} {name} > FILE"
    );
}

#[cfg(test)]
mod tests;
