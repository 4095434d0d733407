//! Writing a backup.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use models::Context;

use super::manifest::{Manifest, pass_on};
use super::{PREFIX, Progress, SUFFIX, folder, list, sqlite_path, stamp};
use crate::config::Config;
use crate::files;
use crate::secrets::make_private_folder;
use crate::version::VERSION;

/// How often the growing copy is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A backup that was written, checked and synced to disk.
#[derive(Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

/// Copies the database to `target`, or to a name made of the time in the folder of backups.
///
/// The server may run and write meanwhile. The backup appears under its name only when it is
/// complete, was read back and found whole, and is on disk.
pub async fn write(
    config: &Config,
    context: &Context,
    target: Option<&Path>,
    progress: &mut Progress,
) -> Result<Written> {
    let database = sqlite_path(config, false)?;
    if !database.exists() {
        bail!(
            "there is no database {} yet. Start the server once, or name its data folder with \
             --data-dir",
            database.display()
        );
    }
    let now = context.now();
    let path = match target {
        Some(path) if path.is_dir() => path.join(file_name(now)),
        Some(path) => path.to_owned(),
        None => {
            let folder = folder(config);
            make_private_folder(&folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            folder.join(file_name(now))
        }
    };
    if path.exists() {
        bail!("{} exists already. Give another name, or remove it first", path.display());
    }
    let failed = || format!("cannot write {}", path.display());
    let mut unfinished = files::unfinished(&path).with_context(failed)?;
    copy(database, unfinished.path(), progress).await.with_context(failed)?;

    // What is read back is what counts: the engine looks at every page, the checksum at every byte.
    progress.stage("checking the copy");
    let contents = crud::backup::inspect(unfinished.path()).await?;
    let file = unfinished.as_file_mut();
    let database_bytes = file.metadata().with_context(failed)?.len();
    let sha256 = pass_on(file, database_bytes, |_| Ok(()), progress).await;
    let manifest = Manifest {
        version: VERSION.version.to_owned(),
        created_at: now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        database_bytes,
        sha256: sha256.with_context(failed)?,
        schema: contents.steps,
        rows: contents
            .rows
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count.into()))
            .collect(),
    };
    manifest.append(file).with_context(failed)?;
    if Manifest::read(unfinished.path())?.0 != manifest {
        bail!("{} reads back differently than it was written", path.display());
    }
    files::publish(unfinished, &path).with_context(failed)?;
    Ok(Written { path, manifest })
}

/// Removes the oldest backups that were not given a name, so that `count` are left.
pub fn keep_newest(folder: &Path, count: usize) -> io::Result<Vec<PathBuf>> {
    let mut backups = list(folder)?;
    backups.truncate(backups.len().saturating_sub(count));
    for backup in &backups {
        std::fs::remove_file(backup)?;
    }
    Ok(backups)
}

fn file_name(now: models::Time) -> String {
    format!("{PREFIX}{}{SUFFIX}", stamp(now))
}

/// Copies, and tells how far it is by the length of the copy.
async fn copy(database: &Path, target: &Path, progress: &mut Progress) -> Result<()> {
    progress.stage("copying the database");
    let total = crud::backup::size(database).await?;
    let mut copying = std::pin::pin!(crud::backup::copy(database, target));
    loop {
        tokio::select! {
            done = &mut copying => return done.map_err(Into::into),
            () = tokio::time::sleep(LOOK) => {
                let done = std::fs::metadata(target).map_or(0, |metadata| metadata.len());
                progress.at(done, total);
            }
        }
    }
}
