//! `chatapp doctor`.

use std::process::ExitCode;

use chatapp::cli::DoctorArgs;
use chatapp::config::Sources;
use chatapp::doctor::{self, Report, Verdict};
use models::Context;

use super::print;

/// Looks at the whole installation.
pub(crate) async fn examine(sources: &Sources, arguments: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let context = Context::system();
    let report = Box::pin(doctor::examine(sources, &context, arguments.url.as_deref())).await;
    show(&report, arguments.json)
}

/// Prints a report; the exit code is its verdict.
pub(crate) fn show(report: &Report, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
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
