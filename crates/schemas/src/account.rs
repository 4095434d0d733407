//! Accounts and sessions.

use std::fmt;

use models::user::UserRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Patch, SessionId, Time, UserId};

/// Body of `POST /api/auth/signup`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// E-mail address: ASCII before the `@`; trimmed and lower-cased before use.
    #[schema(example = "ada@example.org", format = Email)]
    pub email: String,
    /// 8 characters at least, 1,024 bytes at most; any composition.
    #[schema(example = "correct horse battery staple")]
    pub password: String,
    /// Display name, at most 128 characters.
    #[serde(default)]
    pub name: String,
    /// The set-up code that the server prints at every start while it has no administrator: makes
    /// this account the administrator's.
    #[serde(default)]
    pub setup_token: Option<String>,
    /// The token of an invitation, for those who could not sign up otherwise.
    #[serde(default)]
    pub invitation: Option<String>,
}

/// Body of `POST /api/auth/reset`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// The token of the link that an administrator has made.
    #[schema(example = "reset_…")]
    pub token: String,
    /// 8 characters at least, 1,024 bytes at most; any composition.
    #[schema(example = "correct horse battery staple")]
    pub new_password: String,
}

/// Who can make an account here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignupState {
    /// Whether the caller can without any code.
    pub open: bool,
    /// Whether the holder of an invitation can.
    pub invitations: bool,
    /// How the administrator's account is made.
    pub administrator: AdministratorSetup,
    /// Whether there is an account; without one nobody can log in.
    pub accounts: bool,
}

/// How the administrator's account is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdministratorSetup {
    /// It was made already.
    Done,
    /// With the set-up code that the server prints at its start.
    SetupToken,
}

/// Body of `POST /api/auth/login`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// E-mail address.
    #[schema(example = "ada@example.org", format = Email)]
    pub email: String,
    /// The password.
    #[schema(example = "correct horse battery staple")]
    pub password: String,
}

/// Body of `PATCH /api/me`: only the fields sent are changed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatch {
    /// New display name, at most 128 characters; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Ada")]
    pub name: Patch<String>,
    /// New e-mail address; takes `current_password`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ada@example.org", format = Email)]
    pub email: Patch<String>,
    /// The password as it is now; needed for a new e-mail address.
    #[serde(default)]
    pub current_password: Option<String>,
}

/// Body of `POST /api/me/password`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is now.
    pub current_password: String,
    /// 8 characters at least, 1,024 bytes at most; any composition.
    #[schema(example = "correct horse battery staple")]
    pub new_password: String,
    /// Revokes the account's API keys as well, but for the one that the request is made with.
    #[serde(default)]
    pub end_keys: bool,
}

/// Body of `DELETE /api/me`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountDelete {
    /// The password, to be sure who asks.
    pub current_password: String,
}

/// Body of `POST /api/me/export`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataExport {
    /// The password, to be sure who asks.
    pub current_password: String,
}

/// Body of `POST /api/auth/refresh`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The newest refresh token of the session; left out where it is in a cookie.
    #[serde(default)]
    pub refresh_token: Option<String>,
}

/// Tokens of a session (field names of RFC 6749, section 5.1).
#[derive(Clone, Serialize, ToSchema)]
pub struct TokenResponse {
    /// JWT for the `Authorization: Bearer` header.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// Exchanged once, at `POST /api/auth/refresh`, for the next pair. Absent where it went into a
    /// cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Whose tokens they are.
    pub user: UserOut,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserOut {
    /// Id.
    #[schema(value_type = String, example = "user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: UserId,
    /// Canonical e-mail address.
    pub email: String,
    /// Display name; may be empty.
    pub name: String,
    /// `user` or `admin`.
    #[schema(value_type = String, example = "user")]
    pub role: UserRole,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// A login of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionOut {
    /// Id.
    #[schema(value_type = String, example = "sess_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: SessionId,
    /// The client's `User-Agent`.
    pub user_agent: String,
    /// The client's address.
    pub address: String,
    /// When the login happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When its tokens were last refreshed.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Time,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
    /// Whether this request was made with it.
    pub current: bool,
}

// Passwords and tokens never reach a log, not even by accident.
macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque_debug!(
    SignupRequest,
    LoginRequest,
    MePatch,
    PasswordChange,
    AccountDelete,
    DataExport,
    RefreshRequest,
    PasswordReset,
    TokenResponse
);
