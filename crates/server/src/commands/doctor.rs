//! `chatapp doctor`.

use std::process::ExitCode;

use chatapp::cli::DoctorArgs;
use chatapp::config::Sources;
use chatapp::doctor::{self, Verdict};
use models::Context;

use super::print;

/// Prints the report; the exit code is its verdict.
pub(crate) async fn examine(sources: &Sources, arguments: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let context = Context::system();
    let report = Box::pin(doctor::examine(sources, &context, arguments.url.as_deref())).await;
    if arguments.json {
        print(&format!("{:#}", report.json()))?;
    } else {
        print(&report.to_string())?;
    }
    Ok(ExitCode::from(match report.verdict() {
        Verdict::Ok => 0,
        Verdict::Warn => 1,
        Verdict::Fail => 2,
    }))
}
