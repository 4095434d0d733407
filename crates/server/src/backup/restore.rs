//! Putting a backup back.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use crud::Exclusive;
use crud::backup::{Contents, FileError};
use models::Context;

use super::manifest::{Manifest, Unfit, pass_on};
use super::{Progress, sqlite_path, stamp};
use crate::config::Config;
use crate::files;
use crate::secrets::Secrets;

/// A backup that is the database now.
#[derive(Debug)]
pub struct Restored {
    /// What is in it.
    pub manifest: Manifest,
    /// The database.
    pub database: PathBuf,
    /// The database that was there before, which is kept.
    pub replaced: Option<PathBuf>,
    /// How many steps of the schema the next start has to apply.
    pub missing_steps: usize,
    /// The secret that was made because there was none.
    pub secret_created: Option<PathBuf>,
    /// How many sessions were ended, if that was asked for.
    pub sessions_ended: Option<u64>,
}

/// Reads a whole backup and says what is in it, or why it cannot be restored by this release.
pub async fn check(path: &Path, progress: &mut Progress) -> Result<Manifest> {
    let (manifest, mut file) = Manifest::read(path)?;
    progress.stage("reading the backup");
    let sha256 = pass_on(&mut file, manifest.database_bytes, |_| Ok(()), progress).await;
    compare_checksum(path, &manifest, sha256)?;
    progress.stage("checking the database in it");
    let contents = crud::backup::inspect(path).await;
    compare_contents(path, &manifest, contents)?;
    Ok(manifest)
}

/// Makes a backup the database. Nothing is changed before the whole of it was read, written,
/// checked and synced; a database that was there stays beside it under another name.
pub async fn restore(
    config: &Config,
    context: &Context,
    path: &Path,
    end_sessions: bool,
    progress: &mut Progress,
) -> Result<Restored> {
    let database = sqlite_path(config, true)?.to_owned();
    let (manifest, mut file) = Manifest::read(path)?;
    Secrets::make_folder(&config.storage.data_dir)?;
    // From here on no server can start on this database.
    let _alone = Exclusive::take(&database)?;

    progress.stage("copying the backup");
    let failed = || format!("cannot write {}", database.display());
    let mut unfinished = files::unfinished(&database).with_context(failed)?;
    let write = |part: &[u8]| unfinished.write_all(part);
    let sha256 = pass_on(&mut file, manifest.database_bytes, write, progress).await;
    compare_checksum(path, &manifest, sha256)?;
    progress.stage("checking the copy");
    let contents =
        compare_contents(path, &manifest, crud::backup::inspect(unfinished.path()).await)?;
    let sessions_ended = if end_sessions {
        Some(crud::backup::end_sessions(unfinished.path(), context.now()).await?)
    } else {
        None
    };
    // Before anything that is there is touched.
    unfinished.as_file().sync_all().with_context(failed)?;
    let secret_created = Secrets::create_if_missing(config)?;
    let lock = with_suffix(&database, ".lock");
    for file in [unfinished.path(), &lock].into_iter().chain(secret_created.as_deref()) {
        give_to_owner_of_folder(file).with_context(failed)?;
    }

    let replaced = keep_aside(&database, context.now()).await?;
    files::replace(unfinished, &database).with_context(failed)?;
    let missing_steps = contents.missing_steps();
    Ok(Restored { manifest, database, replaced, missing_steps, secret_created, sessions_ended })
}

fn compare_checksum(
    path: &Path,
    manifest: &Manifest,
    sha256: io::Result<String>,
) -> Result<(), Unfit> {
    match sha256 {
        Ok(sha256) if sha256 == manifest.sha256 => Ok(()),
        Ok(_) => {
            Err(Unfit::damaged(path, "its database does not have the checksum in its manifest"))
        }
        Err(source) => Err(Unfit::unreadable(path, source)),
    }
}

fn compare_contents(
    path: &Path,
    manifest: &Manifest,
    contents: Result<Contents, FileError>,
) -> Result<Contents> {
    let contents = match contents {
        Ok(contents) => contents,
        Err(FileError::Damaged { what, .. }) => return Err(Unfit::damaged(path, what).into()),
        Err(FileError::Foreign(_)) => return Err(Unfit::Foreign(path.display().to_string()).into()),
        Err(error) => return Err(error.into()),
    };
    if let Some(step) = contents.newer_step() {
        return Err(Unfit::NewerSchema {
            file: path.display().to_string(),
            version: manifest.version.clone(),
            step: step.to_owned(),
        }
        .into());
    }
    let differs = contents.rows.iter().find(|(table, count)| {
        manifest.rows.get(*table).and_then(serde_json::Value::as_u64) != Some(*count)
    });
    if let Some((table, _)) = differs {
        let what = format!("its table {table} does not have the rows in its manifest");
        return Err(Unfit::damaged(path, what).into());
    }
    Ok(contents)
}

/// Keeps the database that is there under another name, and leaves nothing of it but the file
/// that is about to be replaced: a write-ahead log that stayed would be taken for the new one's.
/// Its latest commits are brought into the file first, unless it is too broken for that.
async fn keep_aside(database: &Path, now: models::Time) -> Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    let aside = with_suffix(database, &format!(".replaced-{}", stamp(now)));
    let failed = || format!("cannot keep {} as {}", database.display(), aside.display());
    if let Err(error) = crud::backup::settle(database).await {
        tracing::warn!(%error, "the database that is replaced is kept as it is");
    }
    // Linked, not renamed: there is a database at every moment. Some file systems have no links.
    fs::hard_link(database, &aside)
        .or_else(|_| fs::rename(database, &aside))
        .with_context(failed)?;
    for suffix in ["-wal", "-shm"] {
        match fs::rename(with_suffix(database, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(failed);
            }
            _ => {}
        }
    }
    Ok(Some(aside))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An administrator may restore what a service account has to read.
#[cfg(unix)]
fn give_to_owner_of_folder(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::metadata(folder.unwrap_or(Path::new(".")))?;
    if !file.exists() || fs::metadata(file)?.uid() == folder.uid() {
        return Ok(());
    }
    std::os::unix::fs::chown(file, Some(folder.uid()), Some(folder.gid()))
}

#[cfg(not(unix))]
fn give_to_owner_of_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
