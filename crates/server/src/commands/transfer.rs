//! `chatapp export` and `chatapp import`.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chatapp::cli::{ExportArgs, FileFormat, ImportArgs};
use chatapp::config::Config;
use chatapp::operator::Operator;
use futures_util::StreamExt as _;
use models::Context;
use schemas::import::{ImportEntry, ImportLine, ImportOutcome, ImportSummary};
use services::ExportFormat;

use super::new_file::NewFile;
use super::{moving, print, print_bytes, table, terminal};

/// Writes the conversations of an account.
pub(crate) async fn export(config: Config, arguments: ExportArgs) -> anyhow::Result<ExitCode> {
    let operator = Operator::open(config, Context::system()).await?;
    let done = write(&operator, &arguments).await;
    operator.close().await;
    done
}

/// Reads conversations into an account.
pub(crate) async fn import(
    config: Config,
    arguments: ImportArgs,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let operator = Operator::open(config, Context::system()).await?;
    let done = match &arguments.moving.from_database {
        Some(url) => moving::run(&operator, url, &arguments, quiet).await,
        None => read(&operator, &arguments).await,
    };
    operator.close().await;
    done
}

async fn write(operator: &Operator, arguments: &ExportArgs) -> anyhow::Result<ExitCode> {
    let actor = operator.act_for(&arguments.account).await?;
    let format = match arguments.format {
        FileFormat::Jsonl => ExportFormat::JsonLines,
        FileFormat::Markdown => ExportFormat::Markdown,
    };
    let mut pieces = pin!(operator.transfers().exports.all(&actor, format)?);
    let Some(path) = &arguments.file else {
        while let Some(piece) = pieces.next().await {
            match io::stdout().write_all(&piece?) {
                // A reader that has enough is no failure.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                written => written.context("standard output")?,
            }
        }
        return print_bytes(b"");
    };
    let mut file = NewFile::create(path, arguments.force)?;
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece?)?;
    }
    file.finish()
}

async fn read(operator: &Operator, arguments: &ImportArgs) -> anyhow::Result<ExitCode> {
    let (Some(account), Some(path)) = (&arguments.account, arguments.file.clone()) else {
        bail!("an account and a file have to be named");
    };
    let actor = operator.act_for(account).await?;
    let shown = path.display().to_string();
    let file = terminal::aside(move || open(&path)).await??;
    let imports = operator.transfers().imports;
    let mut lines = imports.run(imports.reserve(&actor)?, file, arguments.dry_run);
    let mut is_whole = false;
    while let Some(line) = lines.recv().await {
        if arguments.json {
            print(&serde_json::to_string(&line)?)?;
        }
        match line {
            ImportLine::Conversation(entry) if !arguments.json => {
                print(&one(&entry))?;
            }
            ImportLine::Conversation(_) => {}
            ImportLine::Summary(summary) => {
                if !arguments.json {
                    print(&all(&summary))?;
                }
                if let Some(error) = &summary.error {
                    bail!("{shown}: {error}");
                }
                is_whole = summary.failed == 0;
            }
        }
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file, or what comes from standard input or a pipe, as a file: archives are read from their
/// end.
fn open(path: &Path) -> anyhow::Result<File> {
    let failed = || format!("{} cannot be read", path.display());
    let file = if path == Path::new("-") {
        spooled(io::stdin().lock()).context("standard input cannot be read")?
    } else {
        let file = File::open(path).with_context(failed)?;
        let kind = file.metadata().with_context(failed)?.file_type();
        if kind.is_dir() {
            bail!("{} is a folder; name the file in it", path.display());
        }
        if kind.is_file() { file } else { spooled(file).with_context(failed)? }
    };
    if file.metadata().with_context(failed)?.len() == 0 {
        bail!("{} is empty", path.display());
    }
    Ok(file)
}

fn spooled(mut source: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut source, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// What became of a conversation, for people.
fn one(entry: &ImportEntry) -> String {
    let outcome = match entry.outcome {
        ImportOutcome::Imported => "imported",
        ImportOutcome::WouldImport => "would import",
        ImportOutcome::AlreadyThere => "already there",
        ImportOutcome::Empty => "empty",
        ImportOutcome::Failed => "failed",
    };
    let title = table::plain(entry.title.as_deref().unwrap_or("(no title)"));
    let mut text = format!("{outcome:<14} {title} ({} messages)", entry.messages);
    if let Some(reason) = &entry.reason {
        text = format!("{text}: {}", table::plain(reason));
    }
    for note in &entry.notes {
        text = format!("{text}\n{:<14} {}: {}", "", note.count, note.message);
    }
    text
}

fn all(summary: &ImportSummary) -> String {
    let ImportSummary { dry_run, imported, already_there, empty, failed, messages, error: _ } =
        summary;
    let done = if *dry_run { "would be imported" } else { "imported" };
    format!(
        "{imported} {done} with {messages} messages, {already_there} already there, {empty} empty, \
         {failed} failed"
    )
}
