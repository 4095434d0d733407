//! The web client in a browser, against the real program with the demo model.
//!
//! Each story is a scenario of `frontend/e2e/scenarios`, run by Node; see [`scenario`] for what it
//! can ask of the server while it runs.
#![cfg(unix)]
#![expect(clippy::expect_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

mod scenario;

use std::process::ExitCode;
use std::time::Duration;

use testkit::Harness;

/// How long a scenario may take: browsers share few cores with other tests.
const LIMIT: Duration = Duration::from_mins(10);

fn main() -> ExitCode {
    let available = scenario::available();
    let harness = Harness::new().heavy(LIMIT, 2);
    let stories = scenario::names().into_iter().fold(harness, |harness, name| {
        let story = name.clone();
        let run = move || scenario::run(story);
        harness.process_story_with(&name, "browser", available.clone(), run)
    });
    stories.run()
}
