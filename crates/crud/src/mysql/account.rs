//! Accounts that a database server does not let in, however long one waits.

use sea_orm::sqlx;
use sea_orm::sqlx::mysql::MySqlDatabaseError;

/// The number of an error that a database server reports.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    match error {
        sqlx::Error::Database(error) => {
            error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
        }
        _ => None,
    }
}

/// Whether the server refuses this account with this password from here.
pub(super) fn is_refused(error: &sqlx::Error) -> bool {
    // Wrong password (of this or of an old kind), no password by socket, a host that may not, a
    // plugin that the server lacks, a password that has expired, an account that is locked (MySQL,
    // MariaDB).
    let refused = [1045, 1275, 1698, 1251, 1130, 1524, 1820, 1862, 3118, 4151];
    number(error).is_some_and(|number| refused.contains(&number))
}

/// Why no account of its kind can log in, and what to do; `None` if it failed for another reason.
/// What follows is said of the account: it …
pub(crate) fn unsuitable(error: &sqlx::Error) -> Option<String> {
    const ANOTHER: &str = "Give it a password of a kind that it does: ALTER USER … IDENTIFIED VIA \
         mysql_native_password USING PASSWORD('…') in MariaDB, ALTER USER … IDENTIFIED WITH \
         caching_sha2_password BY '…' in MySQL";
    match error {
        sqlx::Error::Protocol(said) => {
            let kind = said.strip_prefix("unknown authentication plugin: ");
            let is_login = said.contains("authentication") || said.contains("cleartext_plugin");
            match kind {
                Some(kind) => Some(format!(
                    "logs in with {kind}, which this program does not speak. {ANOTHER}"
                )),
                None if is_login => Some(format!(
                    "logs in in a way that this program does not speak ({said}). {ANOTHER}"
                )),
                None => None,
            }
        }
        // The one thing that the driver finds wrong with a configuration while it connects.
        sqlx::Error::Configuration(error) if error.to_string().contains("RSA") => Some(
            "has a password that may only be sent through TLS (caching_sha2_password). Turn TLS \
             on: DB_TLS=required (ssl-mode=REQUIRED in a URL)"
                .to_owned(),
        ),
        _ => None,
    }
}
