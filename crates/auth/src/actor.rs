//! Who acts: the person, and the credential that a request was made with.

use models::api_key::{Scope, Scopes};
use models::user::UserRole;
use models::{ApiKeyId, SessionId, UserId};

/// Who acts: the authenticated maker of a request, as `services::Accounts::authenticate` found them.
/// The first argument of every use case that acts for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user_id: UserId,
    /// What the request was made with.
    pub credential: Credential,
    /// What the user may do beyond their own data.
    pub role: UserRole,
}

/// What a request was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An access token of this login. It may do everything its user may.
    Session(SessionId),
    /// An API key.
    Key {
        /// Which one.
        id: ApiKeyId,
        /// What it may be used for.
        scopes: Scopes,
    },
    /// None: a command beside the servers, for an account that its operator has named. It may do
    /// everything, and no request is made with it.
    Operator,
}

impl Actor {
    /// The login that the request was made with, if it was made with one.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::Key { .. } | Credential::Operator => None,
        }
    }

    /// The key that the request was made with, if it was made with one.
    pub fn key_id(&self) -> Option<ApiKeyId> {
        match self.credential {
            Credential::Session(_) | Credential::Operator => None,
            Credential::Key { id, .. } => Some(id),
        }
    }

    /// Whether the credential may be used for `scope`.
    pub fn has_scope(&self, scope: Scope) -> bool {
        match self.credential {
            Credential::Session(_) | Credential::Operator => true,
            Credential::Key { scopes, .. } => scopes.contains(scope),
        }
    }
}
