//! Commands that take conversations out and in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A line of JSON for each conversation, every branch
    Jsonl,
    /// The selected branch of each conversation, for people
    Markdown,
}

/// Options of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The account: its e-mail address or its id
    pub account: String,
    /// The new file; without it, standard output
    pub file: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value = "jsonl")]
    pub format: FileFormat,
    /// Replace a file that is there
    #[arg(long, requires = "file")]
    pub force: bool,
}

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The account: its e-mail address or its id
    pub account: String,
    /// The file; - is standard input
    pub file: PathBuf,
    /// Read everything and say what would happen, but store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print a line of JSON for each conversation, and one for all
    #[arg(long)]
    pub json: bool,
}
