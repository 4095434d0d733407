//! Measures the server against the least that can be done: what it costs to pass a token on.
//!
//! Reports and never judges: times differ between machines and hours. What can be compared are
//! ratios within one run. See `README.md` beside this.

mod client;
mod corpus;
mod followers;
mod process;
mod proxy;
mod relay;
mod report;
mod search;
mod server;

use std::io::Write as _;
use std::net::SocketAddr;

use clap::{Parser, Subcommand};

/// Measures the server.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What passing tokens on costs: directly, through a bare hyper proxy, through the server
    Relay(relay::Options),
    /// What many followers of one answer cost, beside a single one
    Followers(followers::Options),
    /// What the first page of a search costs among a million messages, beside a lookup by id
    Search(search::Options),
    /// The baseline: passes everything on to another server
    #[command(hide = true)]
    Proxy {
        /// The server.
        to: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let text = match Cli::parse().command {
        Command::Relay(options) => relay::run(&options).await?,
        Command::Followers(options) => followers::run(&options).await?,
        Command::Search(options) => search::run(&options).await?,
        Command::Proxy { to } => return proxy::run(to).await,
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
