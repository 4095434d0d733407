//! Two servers on one database with Redis between them, as real processes: what reaches the other
//! server, how soon, and what becomes of it when Redis or a server is killed, frozen or emptied.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

mod crash;
mod faults;
mod live;
mod quiet;
mod rolling;
mod site;

use std::process::ExitCode;

fn main() -> ExitCode {
    testkit::main()
}
