//! `crash-campaign`: kills, freezes and stops real servers at random moments while people use
//! them, and checks after each round that nothing that was promised is missing.
//!
//! The faults and the pauses between them come from a seed. What the machine does in between is
//! not repeatable, but a seed that finds something usually finds it again.

mod campaign;
mod chance;
mod checker;
mod client;
mod fleet;
mod follower;
mod history;
mod options;
mod people;
mod redis;
mod summary;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::Parser as _;
use futures_util::FutureExt as _;

use options::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let Command::CrashCampaign(options) = Cli::parse().command;
    // A server that does not come back is a panic of `testkit`, whose words are on stderr by then.
    let run = AssertUnwindSafe(Box::pin(campaign::run(options.clone()))).catch_unwind();
    let (text, code) = match run.await {
        Ok(Ok(summary)) => {
            let code = u8::from(!summary.violations.is_empty());
            (summary.report(&options), code)
        }
        Ok(Err(error)) => (format!("the campaign could not be run: {error:#}\n"), 2),
        Err(_) => (summary::broken_off(&options), 1),
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(code)
}
