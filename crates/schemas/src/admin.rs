//! What administrators give away: invitations and links to a new password.

use std::fmt;
use std::time::Duration;

use models::user::UserRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validate::Invalid;
use crate::{InvitationId, Time, UserId};

/// How long an invitation works if nobody says otherwise.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// How long a link to a new password works if nobody says otherwise.
pub const RESET_LIFETIME: Duration = Duration::from_hours(24);
/// The longest that either may work.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(366 * 24);
/// How many accounts one invitation may make at the most.
pub const MOST_USES: u32 = 1000;

/// Body of `POST /api/admin/invitations`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationCreate {
    /// The one e-mail address that it is for; any, if not given.
    #[serde(default)]
    #[schema(example = "grace@example.org", format = Email)]
    pub email: Option<String>,
    /// What the accounts may do: `user`, if not given, or `admin`.
    #[serde(default = "ordinary")]
    #[schema(value_type = String, example = "user", required = false)]
    pub role: UserRole,
    /// How many accounts can be made with it, 1 to 1,000; one, if not given, and with `email`.
    #[serde(default = "once")]
    #[schema(minimum = 1, maximum = 1000, required = false)]
    pub uses: u32,
    /// When it stops working, within a year; in 7 days, if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// The caller's password: needed where the accounts are administrators'.
    #[serde(default)]
    pub current_password: Option<String>,
}

// No password reaches a log, not even by accident.
impl fmt::Debug for InvitationCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvitationCreate").field("role", &self.role).finish_non_exhaustive()
    }
}

fn ordinary() -> UserRole {
    UserRole::User
}

fn once() -> u32 {
    1
}

impl InvitationCreate {
    /// Checks every bound but the address's.
    pub fn validate(&self, now: Time) -> Result<(), Invalid> {
        if !(1..=MOST_USES).contains(&self.uses) {
            return Err(Invalid::new("uses", "uses must be from 1 to 1000"));
        }
        if self.email.is_some() && self.uses > 1 {
            let rule = "uses must be 1 where email is given: an address has one account";
            return Err(Invalid::new("uses", rule));
        }
        expiry(self.expires_at, now)
    }
}

fn expiry(end: Option<Time>, now: Time) -> Result<(), Invalid> {
    if end.is_some_and(|end| end <= now || end > now + LONGEST_LIFETIME) {
        let rule = "expires_at must lie in the future, within a year";
        return Err(Invalid::new("expires_at", rule));
    }
    Ok(())
}

/// Body of `POST /api/admin/users/{id}/reset-link`.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetLinkCreate {
    /// When it stops working, within a year; in 24 hours, if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// The caller's password: needed where the account is an administrator's.
    #[serde(default)]
    pub current_password: Option<String>,
}

impl fmt::Debug for ResetLinkCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLinkCreate")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl ResetLinkCreate {
    /// Checks every bound.
    pub fn validate(&self, now: Time) -> Result<(), Invalid> {
        expiry(self.expires_at, now)
    }
}

/// Body of `POST /api/admin/reset-links`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetLinkByEmail {
    /// The address of the account.
    #[schema(example = "grace@example.org", format = Email)]
    pub email: String,
    /// When it stops working, within a year; in 24 hours, if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// The caller's password: needed where the account is an administrator's.
    #[serde(default)]
    pub current_password: Option<String>,
}

impl fmt::Debug for ResetLinkByEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLinkByEmail")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// An invitation that can be used. Its token is shown only when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitationOut {
    /// Id.
    #[schema(value_type = String, example = "inv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: InvitationId,
    /// The one e-mail address that it is for; `null` for any.
    pub email: Option<String>,
    /// What the accounts may do: `user` or `admin`.
    #[schema(value_type = String, example = "user")]
    pub role: UserRole,
    /// How many accounts can still be made with it.
    pub uses_left: u32,
    /// The administrator who made it; `null` for the command line.
    #[schema(value_type = Option<String>, example = "user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub created_by: Option<UserId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it stops working.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
}

/// An invitation that was just made.
#[derive(Clone, Serialize, ToSchema)]
pub struct InvitationCreated {
    /// What `POST /api/auth/signup` takes as `invitation`. It is shown this once; only a hash is
    /// kept.
    #[schema(example = "invite_…")]
    pub token: String,
    /// The page that takes it, to be given away.
    #[schema(example = "https://chat.example.org/signup#invite=invite_…")]
    pub link: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: InvitationOut,
}

/// A link to a new password that was just made.
#[derive(Clone, Serialize, ToSchema)]
pub struct ResetLinkCreated {
    /// What `POST /api/auth/reset` takes as `token`. It is shown this once; only a hash is kept.
    #[schema(example = "reset_…")]
    pub token: String,
    /// The page that takes it, to be given to the owner of the account.
    #[schema(example = "https://chat.example.org/reset#token=reset_…")]
    pub link: String,
    /// When it stops working.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
}

// A token never reaches a log, not even by accident.
impl fmt::Debug for InvitationCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvitationCreated").field("details", &self.details).finish_non_exhaustive()
    }
}

impl fmt::Debug for ResetLinkCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLinkCreated").finish_non_exhaustive()
    }
}
