//! Passwords, access tokens, opaque tokens and the rules for what a user may choose.
//!
//! This crate knows no HTTP and no SQL, and it does not decide who may see what: it turns
//! secrets into facts ("this token belongs to that session") which `services` then acts on.
//! Times are given by the caller; chance comes from `aws-lc-rs`.
//!
//! ```
//! use auth::{AccessClaims, AccessTokens, SecretKey};
//! use models::{Context, SessionId, UserId};
//!
//! let context = Context::system();
//! let key = SecretKey::parse(SecretKey::generate())?;
//! let tokens = AccessTokens::new(&key, None, std::time::Duration::from_mins(10));
//! let claims = AccessClaims {
//!     user_id: context.new_id::<UserId>(),
//!     session_id: context.new_id::<SessionId>(),
//!     token_version: 0,
//! };
//! let token = tokens.issue(context.now(), &claims)?;
//! assert_eq!(tokens.verify(context.now(), &token)?, claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod actor;
mod api_key;
mod email;
mod error;
mod opaque;
mod password;
mod password_rule;
mod random;
mod refresh;
mod secret_key;
mod setup_code;

pub use access::{AccessClaims, AccessTokens, MAX_TOKEN_BYTES};
pub use actor::{Actor, Credential};
pub use api_key::{KEY_PREFIX, is_api_key, new_api_key, visible_prefix};
pub use email::canonical_email;
pub use error::AuthError;
pub use opaque::{OpaqueToken, hash_written, token_hash};
pub use password::{PasswordParameters, Passwords, Purpose, Turn, Verified, foreign_hash};
pub use password_rule::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, password_rule};
pub use refresh::RefreshTokens;
pub use secret_key::{SecretKey, WeakSecret};
pub use setup_code::SetupCodes;
