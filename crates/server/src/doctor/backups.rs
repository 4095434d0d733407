//! Whether there are backups, and how old they are.

use std::path::Path;
use std::time::{Duration, SystemTime};

use models::Context;

use super::report::Report;
use crate::backup::{self, Manifest};
use crate::config::Config;

/// Data younger than this needs no backup yet.
const YOUNG: Duration = Duration::from_hours(24);
/// An older backup than this is worth a word.
const OLD: Duration = Duration::from_hours(24 * 7);

pub(super) fn check(report: &mut Report, config: &Config, context: &Context) {
    let Some(database) = config.database.sqlite_path().filter(|path| path.exists()) else {
        return;
    };
    let folder = backup::folder(config);
    let shown = folder.display();
    let now = SystemTime::from(context.now());
    let daily =
        "Make one every day, for example with a systemd timer or cron: chatapp backup --keep 7";
    let newest = match backup::list(&folder) {
        Ok(mut backups) => backups.pop(),
        Err(error) => {
            let fix = "Run this as the account of the server.";
            return report.warn("backups", format!("{shown} cannot be read: {error}."), fix);
        }
    };
    let Some(newest) = newest else {
        if age(database, now, std::fs::Metadata::created).is_some_and(|age| age < YOUNG) {
            return report
                .ok("backups", format!("None in {shown}; the database is not a day old."));
        }
        return report.warn("backups", format!("There is none in {shown}."), daily);
    };
    if let Err(unfit) = Manifest::read(&newest) {
        let fix = "Make a new one, and look for the cause: chatapp backup";
        return report.fail("backups", format!("The newest cannot be used: {unfit}."), fix);
    }
    match age(&newest, now, std::fs::Metadata::modified) {
        Some(age) if age > OLD => {
            let days = age.as_secs() / (24 * 60 * 60);
            report.warn("backups", format!("The newest in {shown} is {days} days old."), daily);
        }
        _ => report.ok("backups", format!("The newest is {}.", newest.display())),
    }
}

fn age(
    file: &Path,
    now: SystemTime,
    which: impl Fn(&std::fs::Metadata) -> std::io::Result<SystemTime>,
) -> Option<Duration> {
    let time = std::fs::metadata(file).and_then(|metadata| which(&metadata)).ok()?;
    now.duration_since(time).ok()
}
