//! What a use case can refuse or fail with, in the words of the domain.

use std::time::Duration;

use crud::CrudError;
use models::api_key::Scope;
use provider::ProviderError;
use schemas::{Invalid, ResponseId};

/// Why a use case did not succeed. `api` alone decides what a client sees of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such thing, or somebody else's: nobody can tell which.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The response that a request wants to follow is not there, or somebody else's.
    #[error("no such response to go on from")]
    PreviousResponseNotFound,
    /// Unknown address or wrong password.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The password that confirms a change is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// This takes the password besides the credential of the request.
    #[error("{0} takes the password")]
    PasswordRequired(&'static str),
    /// Too many wrong passwords were tried; the next may be tried after this time.
    #[error("too many wrong passwords")]
    TooManyAttempts(Duration),
    /// As many passwords as allowed wait to be checked for one caller.
    #[error("too many passwords at once")]
    TooManyAtOnce,
    /// Without this account nobody could administer the server.
    #[error("this is the last administrator")]
    LastAdministrator,
    /// The credential of the request is not, or no longer, valid.
    #[error("the token is not valid")]
    InvalidToken,
    /// The access token was good until its time was over.
    #[error("the access token has expired")]
    TokenExpired,
    /// The API key is unknown, revoked or expired.
    #[error("the API key is not valid")]
    InvalidKey,
    /// The API key may not be used for this.
    #[error("the API key lacks the scope {0}")]
    InsufficientScope(Scope),
    /// Only a login can do this, not an API key.
    #[error("this needs a login")]
    SessionRequired,
    /// The user has as many API keys as the server allows.
    #[error("the limit of {0} API keys is reached")]
    TooManyKeys(u32),
    /// The operator does not let people sign up.
    #[error("sign-up is closed on this server")]
    SignupClosed,
    /// Only those who were invited can sign up.
    #[error("sign-up takes an invitation")]
    InvitationRequired,
    /// The invitation is wrong, used up, expired or taken back.
    #[error("the invitation is not valid")]
    InvitationInvalid,
    /// The invitation is for another e-mail address.
    #[error("the invitation is for another e-mail address")]
    InvitationOfAnother,
    /// There are as many invitations as the server keeps.
    #[error("the limit of {0} invitations is reached")]
    TooManyInvitations(u32),
    /// The link to a new password is wrong, used, expired or replaced.
    #[error("the reset token is not valid")]
    ResetTokenInvalid,
    /// The set-up code is wrong or used.
    #[error("the set-up code is not valid")]
    SetupTokenInvalid,
    /// Too many sign-ups or wrong codes came from one address; the next may come after this time.
    #[error("too many sign-ups")]
    TooManySignups(Duration),
    /// The address has an account.
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    /// It has changed since the caller read it.
    #[error("the {0} has changed meanwhile")]
    Stale(&'static str),
    /// The response that runs in the conversation has to end first.
    #[error("a response is running in this conversation")]
    ConversationLocked(ResponseId),
    /// The answer of this response cannot be continued.
    #[error("the answer cannot be continued")]
    CannotContinue(Uncontinuable),
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Instructions and message alone exceed the model's window, in tokens.
    #[error("{got} tokens do not fit into the model's window of {limit}")]
    ContextTooLong {
        /// What fits.
        limit: u32,
        /// What came.
        got: u32,
    },
    /// No provider has the model.
    #[error("the model {model} does not exist")]
    ModelNotFound {
        /// As it was asked for.
        model: String,
        /// Models whose names are like it, the likest first.
        suggestions: Vec<String>,
    },
    /// The user has as many of something as the server allows.
    #[error("the limit of {limit} {what} is reached")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: u32,
    },
    /// The user, or the API key, makes more requests than a minute has; the next may come after
    /// this time.
    #[error("the limit of {limit} requests a minute is reached")]
    TooManyRequests {
        /// How many a minute has.
        limit: u32,
        /// When the next may come.
        wait: Duration,
    },
    /// The user stores as much as the server allows.
    #[error("the quota of {limit} stored bytes is reached")]
    QuotaReached {
        /// How many bytes.
        limit: u64,
    },
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
    /// The provider failed before a response existed.
    #[error("the provider failed")]
    Upstream(#[from] ProviderError),
    /// The database is away.
    #[error("the database is not available")]
    Unavailable(#[source] CrudError),
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an answer cannot be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncontinuable {
    /// It is whole.
    Whole,
    /// It has no text.
    Empty,
    /// This response continued it before.
    By(ResponseId),
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that is our fault.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<CrudError> for Error {
    fn from(error: CrudError) -> Self {
        engine::Error::from(error).into()
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::ModelNotFound { model, suggestions } => {
                Self::ModelNotFound { model, suggestions }
            }
            engine::Error::ContextTooLong { limit, got } => Self::ContextTooLong { limit, got },
            engine::Error::TooManyRunning(limit) => {
                Self::LimitReached { what: "responses running at once", limit }
            }
            engine::Error::Busy => Self::Busy,
            engine::Error::StorageFull => Self::StorageFull,
            engine::Error::ReadOnly => Self::ReadOnly,
            engine::Error::ShuttingDown => Self::ShuttingDown,
            engine::Error::Unavailable(source) => Self::Unavailable(source),
            engine::Error::Internal(source) => Self::Internal(source),
        }
    }
}

impl From<auth::AuthError> for Error {
    fn from(error: auth::AuthError) -> Self {
        match error {
            auth::AuthError::InvalidToken => Self::InvalidToken,
            auth::AuthError::Expired => Self::TokenExpired,
            auth::AuthError::Busy => Self::Busy,
            auth::AuthError::TooMany => Self::TooManyAtOnce,
            error @ auth::AuthError::Internal(_) => Self::internal(error),
        }
    }
}
