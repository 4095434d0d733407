//! Whether this machine knows what time it is.

use std::time::Duration;

use models::{Context, Time};

use super::report::Report;

/// A difference that nobody notices.
const SMALL: Duration = Duration::from_secs(30);
/// One with which tokens end early or live too long.
const LARGE: Duration = Duration::from_mins(5);

/// Compares the time here with another machine's, which is a moment old.
pub(super) fn compare(report: &mut Report, whose: &str, theirs: Time, context: &Context) {
    let ours = context.now();
    let difference = (ours - theirs).abs().to_std().unwrap_or(Duration::MAX);
    let what =
        format!("This machine's clock and that of {whose} are {} s apart.", difference.as_secs());
    let fix = "Let both follow a time server (timedatectl set-ntp true).";
    if difference > LARGE {
        report.fail("clock", what, fix);
    } else if difference > SMALL {
        report.warn("clock", what, fix);
    } else {
        report.ok("clock", format!("It agrees with that of {whose}."));
    }
}
