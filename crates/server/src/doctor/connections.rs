//! How many connections the system allows.

use super::report::Report;
use crate::config::Config;
use crate::descriptors::Shares;

/// What the account that runs this may open; a service may be given another limit.
pub(super) fn check(report: &mut Report, config: &Config) {
    let shares = Shares::of(config);
    match shares.shortage() {
        Some((what, fix)) => report.warn("connections", what, fix),
        None => {
            report.ok("connections", format!("The system allows {} at once.", shares.connections));
        }
    }
}
