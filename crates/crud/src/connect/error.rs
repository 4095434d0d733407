//! Why a database cannot be opened.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::DbErr;

/// Why a database could not be opened. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Another server uses the file.
    #[error("another chatapp server is using {0}. Stop it first, or choose another --data-dir")]
    InUse(PathBuf),
    /// The file or its folder cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The URL cannot be read.
    #[error("DATABASE_URL is not a valid mysql:// URL: {0}")]
    Url(&'static str),
    /// The database does not exist and the account may not create it.
    #[error(
        "the database {name} does not exist and the account may not create it. Run, as an \
         administrator of the server: {statement}"
    )]
    Missing {
        /// The database.
        name: String,
        /// What an administrator has to run.
        statement: String,
    },
    /// The server refused the account.
    #[error("the database server refused the account {user}: check DB_USER and DB_PASSWORD{hint}")]
    Refused {
        /// The account.
        user: String,
        /// What else may be the reason.
        hint: &'static str,
        /// What the server said.
        #[source]
        source: DbErr,
    },
    /// No account of its kind can log in.
    #[error("the account {user} {why}")]
    Unsuitable {
        /// The account.
        user: String,
        /// Why, and what to do.
        why: String,
    },
    /// The connection cannot be protected as it has to be.
    #[error("the database server at {place} {why}")]
    Unprotected {
        /// Host and port, or socket.
        place: String,
        /// Why, and what to do.
        why: String,
    },
    /// Nobody answered in time.
    #[error("the database at {place} could not be reached{}: {source}", within(*.waited))]
    Unreachable {
        /// Host and port, socket or file.
        place: String,
        /// How long it was tried.
        waited: Duration,
        /// The last error.
        source: DbErr,
    },
    /// The file of the database is damaged.
    #[error(
        "the database {path} is damaged: {source}. chatapp doctor says more about it. Stop every \
         server, keep the file, look at the disk, and put back a backup: chatapp restore FILE"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: DbErr,
    },
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// The schema is old and may not be changed.
    #[error("the database lacks the migrations {0}. Run: chatapp migrate")]
    Outdated(String),
}

/// How long something was tried, for a sentence; nothing if it was tried once.
fn within(waited: Duration) -> String {
    if waited.is_zero() { String::new() } else { format!(" within {waited:?}") }
}
