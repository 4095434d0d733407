//! The real program: built, started, fed, crashed and told to stop, as its operator would.
//!
//! Nothing any of these processes prints may hold a secret or what people wrote: every test
//! looks through all of it at its end (see [`working_directory`]).
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a broken expectation is a panic"
)]

mod accounts;
mod backup;
mod commands;
mod configuration;
mod crash;
mod descriptors;
#[cfg(feature = "kill-points")]
mod dies;
mod disk_full;
mod doctor;
mod dump;
mod everyday;
mod goes_on;
mod idle;
mod memory;
mod metrics;
mod moving;
mod original_env;
mod packaging;
mod packet;
mod predecessor;
mod providers;
mod proxies;
mod readers;
mod reference;
mod secrecy;
mod slow_clients;
mod start;
mod statements;
mod stop;
mod tls;
mod tour;
mod transfer;
mod who_may;
mod working_directory;

use std::process::ExitCode;
use std::time::Duration;

use mock::MockServer;
use mock::script::{Answer, Script};
use testkit::{Settings, World};

fn main() -> ExitCode {
    testkit::main()
}

/// What people write in these tests; the word in it appears nowhere else.
const PROMPT: &str = "Where is the marmalade lighthouse?";

/// A scripted provider in this process.
async fn upstream() -> MockServer {
    MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port for the provider")
}

/// A server that keeps everything in the test's database and asks `upstream` for answers.
fn settings(world: &World, upstream: &MockServer) -> Settings {
    Settings::quick().on(world.database()).upstream(&upstream.base_url())
}

/// `count` numbered tokens, `per_second` of them.
fn ticks(count: u32, per_second: u32) -> Script {
    Script {
        delay: Duration::from_secs(1).checked_div(per_second).unwrap_or_default(),
        ..Script::new(Answer::Ticks(count))
    }
}

/// The text of the first `count` tokens of [`ticks`].
fn ticked(count: u32) -> String {
    (0..count).fold(String::new(), |text, n| text + &format!("tick {n} \n"))
}
