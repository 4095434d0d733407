//! What can go wrong with a statement, the same on every engine.

use sea_orm::{DbErr, SqlErr};

use crate::dialect;

/// Why a statement or a transaction failed. Made from [`DbErr`] in one place.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CrudError {
    /// A unique constraint says no.
    #[error("a unique constraint was violated")]
    Conflict(#[source] DbErr),
    /// The row referred to does not exist (any more).
    #[error("a foreign key was violated")]
    ForeignKey(#[source] DbErr),
    /// Another transaction was in the way; the whole closure may be run again.
    #[error("the transaction was in conflict with another one")]
    Serialization(#[source] DbErr),
    /// The closure or the wait for a connection took too long; nothing was written.
    #[error("the database took too long")]
    Timeout,
    /// Another program holds the write lock of the `SQLite` file; nothing was written.
    #[error("another program keeps the database locked")]
    Locked,
    /// The queue of writes is full; nothing was written.
    #[error("too many writes are waiting")]
    QueueFull,
    /// No connection; nothing was written.
    #[error("the database cannot be reached")]
    Unavailable(#[source] DbErr),
    /// The connection was lost during COMMIT: the write happened, or it did not.
    #[error("the connection was lost while a transaction was being committed")]
    Ambiguous(#[source] DbErr),
    /// The disk is full or failing; nothing was written.
    #[error("the database cannot store anything at the moment")]
    StorageFull(#[source] DbErr),
    /// The database cannot be written; nothing was.
    #[error("the database is read-only")]
    ReadOnly(#[source] DbErr),
    /// The closure panicked; nothing was written.
    #[error("a database closure panicked")]
    Panicked,
    /// A statement is larger than the database server takes; it was not sent, or it was refused.
    #[error("a statement is larger than the database server takes (max_allowed_packet)")]
    TooLarge,
    /// A row breaks a rule that the schema cannot express.
    #[error("row {id} of {table} is inconsistent: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// The rule it breaks.
        what: &'static str,
    },
    /// Anything else.
    #[error("a database statement failed")]
    Driver(#[source] DbErr),
}

/// The result of a `crud` operation.
pub type Result<T, E = CrudError> = std::result::Result<T, E>;

impl CrudError {
    /// Whether running the whole closure again may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization(_))
    }

    /// Adds a failure to the metrics, where it is made. What a constraint refuses is none.
    pub(crate) fn counted(self) -> Self {
        let kind = match &self {
            Self::Conflict(_) | Self::ForeignKey(_) => return self,
            Self::Serialization(_) => "conflict",
            Self::Timeout => "timeout",
            Self::Locked => "locked",
            Self::QueueFull => "queue_full",
            Self::Unavailable(_) | Self::Ambiguous(_) => "unavailable",
            Self::StorageFull(_) => "storage_full",
            Self::ReadOnly(_) => "read_only",
            Self::Panicked | Self::TooLarge | Self::Inconsistent { .. } | Self::Driver(_) => {
                "other"
            }
        };
        metrics::counter!("chatapp_database_errors_total", "kind" => kind).increment(1);
        self
    }

    /// Whether the database is away, so that waiting may help.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Timeout
                | Self::Locked
                | Self::QueueFull
                | Self::StorageFull(_)
                | Self::ReadOnly(_)
        )
    }
}

impl CrudError {
    /// Whether a connection broke, rather than the database saying that it cannot.
    pub fn is_broken_connection(&self) -> bool {
        matches!(self, Self::Unavailable(source) if dialect::is_broken_connection(source))
    }

    /// Whether it lies in what was to be written or read: waiting does not help, and neither does
    /// running it again. What nobody knows (an unanswered commit) is not counted among these.
    pub fn is_permanent(&self) -> bool {
        !self.is_outage() && !self.is_retryable() && !matches!(self, Self::Ambiguous(_))
    }
}

impl From<DbErr> for CrudError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict(error),
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::ForeignKey(error),
            _ => {}
        }
        let error = match dialect::classify(&error) {
            dialect::Class::Serialization => Self::Serialization(error),
            dialect::Class::PoolTimeout => Self::Timeout,
            dialect::Class::Unavailable => Self::Unavailable(error),
            dialect::Class::StorageFull => Self::StorageFull(error),
            dialect::Class::ReadOnly => Self::ReadOnly(error),
            dialect::Class::TooLarge => Self::TooLarge,
            dialect::Class::Damaged | dialect::Class::Other => Self::Driver(error),
        };
        error.counted()
    }
}
