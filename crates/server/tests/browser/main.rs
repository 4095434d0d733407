//! The web client in a browser, against the real program with the demo model.
//!
//! Each case is a scenario of `frontend/e2e/scenarios`, run by Node; see [`scenario`] for what it
//! can ask of the server while it runs.
#![cfg(unix)]
#![expect(clippy::expect_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

mod scenario;

use std::process::ExitCode;

use scenario::Scenario;

fn main() -> ExitCode {
    testkit::main()
}

#[testkit::test(heavy, cases = scenario::all(), needs = scenario::browser())]
async fn scenario(scenario: Scenario) {
    scenario::run(scenario).await;
}
