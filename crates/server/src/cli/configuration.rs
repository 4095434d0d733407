//! Commands about the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What `chatapp config` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration as the server does, and say everything that is wrong with it.
    ///
    /// Looks at nothing but the configuration; `chatapp doctor` looks at the rest. The exit code
    /// is 0, or 78 if it cannot be used.
    Check,
    /// Show which values count, and where each was set. Secrets are not shown.
    Show(ConfigShowArgs),
    /// Write a file to begin with, in which every key is explained and every line a default.
    Init(ConfigInitArgs),
}

/// Options of `config show`.
#[derive(Debug, Clone, Args)]
pub struct ConfigShowArgs {
    /// Defaults, too
    #[arg(long)]
    pub all: bool,
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
}

/// Options of `config init`.
#[derive(Debug, Clone, Args)]
pub struct ConfigInitArgs {
    /// The file; one that is called .env, or ends so, gets variables instead of TOML
    #[arg(default_value = "chatapp.toml")]
    pub file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}
