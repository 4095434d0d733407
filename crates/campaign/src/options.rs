//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use testkit::Engine;

/// Tools that torment real servers; for development only.
#[derive(Debug, Parser)]
#[command(name = "campaign", arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Kill, freeze and stop servers at random moments while people use them, then check that
    /// nothing that was promised is missing
    ///
    /// Exits with 0 when every promise was kept, with 1 after a report when one was broken, and
    /// with 2 when the campaign could not be run.
    CrashCampaign(Options),
}

/// How a campaign is run.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Decides which faults happen after which pauses
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Rounds; everything is checked after each
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rounds: u32,
    /// Go on until so many servers were killed, however many rounds that takes
    #[arg(long, conflicts_with = "rounds", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) kills: Option<u64>,
    /// Give up after so many seconds, as if a promise was broken
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Faults in a round; the last round of `--kills` may have fewer
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) faults: u32,
    /// The database
    #[arg(long, value_enum, default_value_t = EngineName::Sqlite)]
    pub(crate) engine: EngineName,
    /// Servers on the one database; SQLite allows one
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) replicas: u8,
    /// Put a Redis between the servers, which their database has to allow
    #[arg(long)]
    pub(crate) redis: bool,
    /// Kill, freeze, empty and fill that Redis, too
    #[arg(long, requires = "redis")]
    pub(crate) redis_faults: bool,
    /// The server program; built before by `cargo build -p chatapp`
    #[arg(long, default_value = "target/debug/chatapp")]
    pub(crate) program: PathBuf,
    /// Keep what the servers log in this folder
    #[arg(long)]
    pub(crate) logs: Option<PathBuf>,
    /// Do some damage before the first check, which then has to fail
    #[arg(long, value_enum)]
    pub(crate) plant: Option<Plant>,
}

impl Options {
    /// Whether a campaign of so many rounds with so many kills is over.
    pub(crate) fn is_over(&self, rounds: u32, kills: u64) -> bool {
        self.has_killed_enough(kills) || (self.kills.is_none() && rounds >= self.rounds)
    }

    /// Whether there were enough kills, when they are counted.
    pub(crate) fn has_killed_enough(&self, kills: u64) -> bool {
        self.kills.is_some_and(|wanted| kills >= wanted)
    }
}

/// Databases that a campaign can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    Sqlite,
    Mariadb,
}

impl EngineName {
    /// The engine.
    pub(crate) fn engine(self) -> Engine {
        match self {
            Self::Sqlite => Engine::Sqlite,
            Self::Mariadb => Engine::MariaDb,
        }
    }
}

/// Damage that the checks must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// One acknowledged message is deleted behind the server's back
    LostRow,
}
