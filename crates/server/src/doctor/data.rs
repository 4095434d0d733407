//! The data folder, its disk, and the files with secrets.

use std::fs;
use std::io;
use std::path::Path;

use crud::file_system::FileSystem;

use super::report::Report;
use crate::config::{Config, Sources};
use crate::secrets::{Secrets, SecretsError};

/// Less free space than this is worth a word, in MiB.
const LITTLE_MIB: u64 = 1024;
/// Less than this will soon refuse writes.
const TOO_LITTLE_MIB: u64 = 64;

pub(super) fn check(report: &mut Report, config: &Config, sources: &Sources) {
    let folder = config.storage.data_dir.as_path();
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.ok(
                "data folder",
                format!("{shown} does not exist yet; the first start makes it."),
            );
        }
        Err(error) => report.fail(
            "data folder",
            format!("{shown} cannot be read: {error}."),
            "Run this as the account of the server, or choose another folder with --data-dir.",
        ),
        Ok(metadata) if !metadata.is_dir() => report.fail(
            "data folder",
            format!("{shown} is not a folder."),
            "Remove it or choose another with --data-dir.",
        ),
        Ok(metadata) => {
            existing_folder(report, folder, &metadata);
            disk(report, config, folder);
        }
    }
    secret(report, config);
    for name in [".env", "chatapp.toml"] {
        open_to_others(report, &sources.directory.join(name));
    }
}

fn existing_folder(report: &mut Report, folder: &Path, metadata: &fs::Metadata) {
    let shown = folder.display();
    let probe = folder.join(format!(".chatapp-doctor-{}", std::process::id()));
    let written = fs::File::options().write(true).create_new(true).open(&probe);
    // Gone as soon as it was made.
    let _ = fs::remove_file(&probe);
    if let Err(error) = written {
        return report.fail(
            "data folder",
            format!("No file can be made in {shown}: {error}."),
            format!(
                "Give it to the account of the server (chown -R ACCOUNT {shown}), or run this as \
                 that account."
            ),
        );
    }
    if mode(metadata) & 0o077 != 0 {
        return report.warn(
            "data folder",
            format!("Other accounts of this machine may read {shown} (mode {:o}).", mode(metadata)),
            format!("chmod 700 {shown}"),
        );
    }
    report.ok("data folder", format!("{shown} can be written and belongs to this account alone."));
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_metadata: &fs::Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn disk(report: &mut Report, config: &Config, folder: &Path) {
    match crate::metrics::free_bytes(folder) {
        Ok(bytes) => {
            let free = bytes / (1024 * 1024);
            let what = format!("{free} MiB are free where {} is", folder.display());
            let fix = "Make room, or move the data. Old backups and chatapp.db.replaced-* may go.";
            if free < TOO_LITTLE_MIB {
                report.fail("disk", format!("{what}: writes will soon be refused."), fix);
            } else if free < LITTLE_MIB {
                report.warn("disk", format!("{what}."), fix);
            } else {
                report.ok("disk", format!("{what}."));
            }
        }
        Err(error) => {
            report.warn(
                "disk",
                format!("Its free space is not known: {error}."),
                "Check it by hand.",
            );
        }
    }
    if config.database.sqlite_path().is_some() {
        file_system(report, folder);
    }
}

#[cfg(not(unix))]
fn disk(_report: &mut Report, _config: &Config, _folder: &Path) {}

/// SQLite needs locks that work and a disk that keeps what it was given.
fn file_system(report: &mut Report, folder: &Path) {
    match crud::file_system::of(folder) {
        Some(FileSystem::Network(name)) => report.fail(
            "disk",
            format!("{} is on {name}, whose locks SQLite cannot rely on.", folder.display()),
            "Keep the data on a disk of this machine, or use MySQL or MariaDB.",
        ),
        Some(FileSystem::Memory) => report.warn(
            "disk",
            format!("{} is in memory: it is gone when the machine restarts.", folder.display()),
            "Choose a folder on a disk with --data-dir; in a container mount a volume there.",
        ),
        Some(FileSystem::Disk | FileSystem::Program) | None => {}
    }
}

fn secret(report: &mut Report, config: &Config) {
    let file = Secrets::file(config);
    match Secrets::look(config) {
        Ok(true) if config.auth.secret_key.is_some() => {
            report.ok("secret", "It is given by the configuration.");
        }
        Ok(true) => match fs::metadata(&file).map(|metadata| mode(&metadata)) {
            Ok(mode) if mode & 0o077 != 0 => report.fail(
                "secret",
                format!(
                    "Other accounts of this machine may read {} (mode {mode:o}), and with it make \
                     tokens for anybody.",
                    file.display()
                ),
                format!("chmod 600 {}", file.display()),
            ),
            _ => {
                report.ok("secret", format!("{} is there, for this account only.", file.display()));
            }
        },
        Ok(false) => report.ok("secret", "There is none yet; the first start makes it."),
        Err(error @ SecretsError::Missing { .. }) => report.fail(
            "secret",
            format!("The file {} is missing, but the database exists.", file.display()),
            format!("Put it back, or set SECRET_KEY. ({error})"),
        ),
        Err(error) => report.fail("secret", format!("{error}."), "Put the right one back."),
    }
}

/// A file that may hold secrets, readable by everybody on this machine.
fn open_to_others(report: &mut Report, path: &Path) {
    let Ok(text) = fs::read_to_string(path) else { return };
    let words = ["SECRET_KEY", "API_KEY", "PASSWORD", "DATABASE_URL", "TOKEN", "REDIS_URL"];
    let holds = text
        .lines()
        .map(|line| line.trim().to_uppercase())
        .filter(|line| !line.starts_with('#'))
        .any(|line| {
            words.iter().any(|word| line.split('=').next().is_some_and(|k| k.contains(word)))
        });
    let mode = fs::metadata(path).map_or(0, |metadata| mode(&metadata));
    if holds && mode & 0o077 != 0 {
        report.warn(
            "configuration",
            format!(
                "{} holds secrets, and other accounts of this machine may read it (mode {mode:o}).",
                path.display()
            ),
            format!("chmod 600 {}", path.display()),
        );
    }
}
