//! The engine by itself: what it promises of an answer, without accounts, HTTP or use cases. On
//! every database, with a provider that does what it is told and a clock that tests move.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

mod begin;
mod kit;
mod outage;
mod purge;
mod recovery;
mod refusals;
mod runtime;
mod servers;
mod stops;
mod tools;
mod waits;

use std::process::ExitCode;

fn main() -> ExitCode {
    testkit::main()
}
