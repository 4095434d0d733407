//! Who makes a request.

use models::user::UserRole;
use models::{SessionId, UserId};

/// The authenticated maker of a request, as `services::Accounts::authenticate` found them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user_id: UserId,
    /// The login the access token belongs to.
    pub session_id: SessionId,
    /// What the user may do beyond their own data.
    pub role: UserRole,
}
