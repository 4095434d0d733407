//! The bus between several servers.

use super::report::Report;
use crate::app;
use crate::config::Config;
use crate::secrets::Secrets;

pub(super) async fn check(report: &mut Report, config: &Config) {
    if config.redis.url.is_none() {
        return;
    }
    let fix = "Check redis.url (REDIS_URL), and whether Redis runs. Until then servers share \
               answers by way of the database, a little later.";
    match app::bus(config, &Secrets::existing(config).unwrap_or_default()) {
        Ok(None) => report.warn(
            "redis",
            "redis.url is set, but an SQLite database has one server: Redis is not used.",
            "Remove it, or use MySQL or MariaDB.",
        ),
        Ok(Some(bus)) => match bus.check().await {
            Ok(()) => report.ok("redis", "It answers."),
            Err(why) => report.fail("redis", format!("It cannot be used: {why}."), fix),
        },
        Err(error) => report.fail("redis", format!("{error:#}."), fix),
    }
}
