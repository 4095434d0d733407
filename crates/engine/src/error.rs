//! What the engine can refuse or fail with.

use crud::CrudError;

/// Why something of the engine did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No provider has the model.
    #[error("the model {model} does not exist")]
    ModelNotFound {
        /// As it was asked for.
        model: String,
        /// Models whose names are like it, the likest first.
        suggestions: Vec<String>,
    },
    /// Instructions and message alone exceed the model's window, in tokens.
    #[error("{got} tokens do not fit into the model's window of {limit}")]
    ContextTooLong {
        /// What fits.
        limit: u32,
        /// What came.
        got: u32,
    },
    /// As many responses of the user run here as the server allows.
    #[error("the limit of {0} responses running at once is reached")]
    TooManyRunning(u32),
    /// The server has as much to do as it takes on; the same request may succeed soon.
    #[error("the server is busy")]
    Busy,
    /// Nothing can be stored at the moment.
    #[error("the storage is full")]
    StorageFull,
    /// The database's file or disk is read-only.
    #[error("the storage is read-only")]
    ReadOnly,
    /// The server is stopping.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The database is away.
    #[error("the database is not available")]
    Unavailable(#[source] CrudError),
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The result of the engine's work.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether waiting may help: the database is away or busy, or the server is stopping.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::StorageFull
                | Self::ReadOnly
                | Self::Busy
                | Self::ShuttingDown
        )
    }

    /// An error that is our fault.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<CrudError> for Error {
    fn from(error: CrudError) -> Self {
        match error {
            CrudError::QueueFull => Self::Busy,
            CrudError::StorageFull(_) => Self::StorageFull,
            CrudError::ReadOnly(_) => Self::ReadOnly,
            CrudError::Timeout
            | CrudError::Locked
            | CrudError::Unavailable(_)
            | CrudError::Ambiguous(_)
            | CrudError::Serialization(_) => Self::Unavailable(error),
            CrudError::Conflict(_)
            | CrudError::ForeignKey(_)
            | CrudError::Panicked
            | CrudError::TooLarge
            | CrudError::Inconsistent { .. }
            | CrudError::Driver(_) => Self::internal(error),
        }
    }
}
