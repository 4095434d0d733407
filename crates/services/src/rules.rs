//! What holds of every account, whoever changes it: its owner, an administrator, a stranger who
//! signs up, or a command beside the servers.

use auth::{canonical_email, password_rule};
use crud::users::Ruled;
use models::user::{self, UserRole};
use models::{Context, UserId};
use schemas::Invalid;
use schemas::validate::{self, MAX_NAME_CHARS};

use crate::error::{Error, Result};

/// An e-mail address in its canonical form.
pub(crate) fn email(text: &str) -> Result<String, Invalid> {
    canonical_email(text).map_err(|rule| Invalid::new("email", rule))
}

/// What the owner of an account is called, without the white space around it; may be empty.
pub(crate) fn name(text: &str) -> Result<String, Invalid> {
    let name = text.trim().to_owned();
    validate::chars_at_most("name", &name, MAX_NAME_CHARS)?;
    Ok(name)
}

/// Checks a new password for the account with this e-mail address, on the server that people know
/// by `host`. The broken rule is one of `field`.
pub(crate) fn password(
    field: &str,
    password: &str,
    email: &str,
    host: &str,
) -> Result<(), Invalid> {
    password_rule(password, email, host)
        .map_err(|rule| Invalid::new(field, rule.replacen("password", field, 1)))
}

/// An account that nobody has used yet. Address and name were checked.
pub(crate) fn account(
    context: &Context,
    (email, name): (String, String),
    password_hash: String,
    role: UserRole,
) -> user::Model {
    let now = context.now();
    user::Model {
        id: context.new_id::<UserId>(),
        email,
        password_hash,
        name,
        role,
        disabled_at: None,
        deleted_at: None,
        token_version: 0,
        created_at: now,
        updated_at: now,
    }
}

/// How a change of what an account may do ended.
pub(crate) fn ruled(outcome: Ruled) -> Result<()> {
    match outcome {
        Ruled::Done => Ok(()),
        Ruled::Missing => Err(Error::NotFound("user")),
        Ruled::LastAdministrator => Err(Error::LastAdministrator),
    }
}
