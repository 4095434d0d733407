//! Who acts: the person, and the credential that a request was made with.

use models::api_key::{Scope, Scopes};
use models::user::UserRole;
use models::{ApiKeyId, SessionId, UserId};

/// Who acts: the authenticated maker of a request, as `services::Accounts::authenticate` found them.
/// The first argument of use cases that act for a person; those that need no more than whose rows
/// are read take the owner.
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
}

impl Actor {
    /// The login that the request was made with; none if it was made with a key.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::Key { .. } => None,
        }
    }

    /// The key that the request was made with; none if it was made with an access token.
    pub fn key_id(&self) -> Option<ApiKeyId> {
        match self.credential {
            Credential::Session(_) => None,
            Credential::Key { id, .. } => Some(id),
        }
    }

    /// Whether the credential may be used for `scope`.
    pub fn has_scope(&self, scope: Scope) -> bool {
        match self.credential {
            Credential::Session(_) => true,
            Credential::Key { scopes, .. } => scopes.contains(scope),
        }
    }
}
