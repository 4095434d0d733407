//! `chatapp backup` and `chatapp restore`.

use std::process::ExitCode;

use anyhow::Context as _;
use chatapp::backup::{self, Manifest, Progress};
use chatapp::cli::{BackupArgs, RestoreArgs};
use chatapp::config::Config;
use models::Context;

use super::{USAGE, print};

/// Writes a backup, or checks one.
pub(crate) async fn write(
    config: &Config,
    arguments: &BackupArgs,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let mut progress = Progress::new(quiet);
    if let Some(file) = &arguments.check {
        let manifest = backup::check(file, &mut progress).await?;
        drop(progress);
        return print(&serde_json::to_string_pretty(&manifest).context("the manifest")?);
    }
    let context = Context::system();
    let written = backup::write(config, &context, arguments.file.as_deref(), &mut progress).await?;
    drop(progress);
    let (path, manifest) = (written.path.display(), &written.manifest);
    tracing::info!(%path, bytes = manifest.database_bytes, rows = rows(manifest), "backup written");
    if let Some(count) = arguments.keep {
        let folder = backup::folder(config);
        let removed = backup::keep_newest(&folder, usize::try_from(count)?)
            .with_context(|| format!("old backups in {} cannot be removed", folder.display()))?;
        for path in removed {
            tracing::info!(path = %path.display(), "old backup removed");
        }
    }
    print(&path.to_string())
}

/// Makes a backup the database.
pub(crate) async fn restore(
    config: &Config,
    arguments: &RestoreArgs,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let RestoreArgs { file, yes, end_sessions } = arguments;
    let mut progress = Progress::new(quiet);
    if !yes {
        let manifest = backup::check(file, &mut progress).await?;
        drop(progress);
        tracing::warn!(
            created_at = manifest.created_at,
            rows = rows(&manifest),
            database = %config.database,
            "nothing was changed: the backup is whole; add --yes to replace the database with it"
        );
        return Ok(ExitCode::from(USAGE));
    }
    let context = Context::system();
    let done = backup::restore(config, &context, file, *end_sessions, &mut progress).await?;
    drop(progress);
    tracing::info!(
        database = %done.database.display(),
        created_at = done.manifest.created_at,
        rows = rows(&done.manifest),
        replaced = done.replaced.map(|path| path.display().to_string()),
        secret_created = done.secret_created.map(|path| path.display().to_string()),
        sessions_ended = done.sessions_ended,
        missing_steps = done.missing_steps,
        "restored; start the server"
    );
    Ok(ExitCode::SUCCESS)
}

/// Such as `users=3, conversations=12`.
fn rows(manifest: &Manifest) -> String {
    let counts = manifest.rows.iter().map(|(table, count)| format!("{table}={count}"));
    counts.collect::<Vec<_>>().join(", ")
}
