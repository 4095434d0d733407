//! What can go wrong.

/// Why a credential was not accepted or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is not one of ours, is malformed, or is not an access token. One answer for
    /// every reason, so that it teaches nothing.
    #[error("the access token is invalid")]
    InvalidToken,
    /// The token was ours, and its time is over.
    #[error("the access token has expired")]
    Expired,
    /// As many passwords as allowed are being hashed and waiting; try again shortly.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// The same for one caller; others are served.
    #[error("too many passwords are being checked at once for one caller")]
    TooMany,
    /// The fault is ours: a broken stored hash, no memory, a failed task.
    #[error("a credential could not be processed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AuthError {
    /// An [`AuthError::Internal`] with its cause.
    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}
