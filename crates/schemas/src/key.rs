//! API keys.

use std::fmt;

use chrono::Datelike as _;
use models::api_key::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use crate::validate::{self, Invalid};
use crate::{ApiKeyId, Time};

/// Body of `POST /api/keys`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyCreate {
    /// What to call it, at most 128 characters: where it is used, for example.
    #[schema(example = "backup script", min_length = 1, max_length = 128)]
    pub name: String,
    /// What it may be used for; at least one, `read` and `write` if not given.
    #[serde(default = "conversations")]
    #[schema(schema_with = scopes, required = false)]
    pub scopes: Vec<Scope>,
    /// When it stops working; never if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// The password: needed for a key with the scope `account` or `admin`, and for one that works
    /// longer than a session can.
    #[serde(default)]
    pub current_password: Option<String>,
}

/// One or more of the scopes, as OpenAPI says it.
fn scopes() -> Array {
    let one = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Scope::ALL.map(|scope| scope.to_string())));
    ArrayBuilder::new()
        .items(one)
        .min_items(Some(1))
        .examples([serde_json::json!(["read", "write"])])
        .description(Some(
            "What it may be used for: `read` (conversations, messages, responses, models), `write` \
             (make, change and delete them, send messages, stop answers), `account` (profile, \
             password, sessions, keys, export, deletion), `admin` (the administration routes, for \
             administrators). `read` and `write` if not given.",
        ))
        .build()
}

/// What most programs need.
fn conversations() -> Vec<Scope> {
    vec![Scope::Read, Scope::Write]
}

impl KeyCreate {
    /// Checks every bound.
    pub fn validate(&self, now: Time) -> Result<(), Invalid> {
        name(&self.name)?;
        if self.scopes.is_empty() {
            let rule = "scopes must name at least one of read, write, account, admin";
            return Err(Invalid::new("scopes", rule));
        }
        // Databases store years of four digits.
        if self.expires_at.is_some_and(|end| end <= now || end.year() > 9999) {
            let rule = "expires_at must lie in the future, before the year 10000";
            return Err(Invalid::new("expires_at", rule));
        }
        Ok(())
    }
}

/// Body of `PATCH /api/keys/{id}`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPatch {
    /// The new name, at most 128 characters.
    #[schema(example = "backup script", min_length = 1, max_length = 128)]
    pub name: String,
}

impl KeyPatch {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        name(&self.name)
    }
}

fn name(text: &str) -> Result<(), Invalid> {
    validate::not_blank("name", text)?;
    validate::chars_at_most("name", text, validate::MAX_NAME_CHARS)
}

/// An API key as its owner sees it. Its text is shown only when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyOut {
    /// Id.
    #[schema(value_type = String, example = "key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// The first characters of the key, to tell it from others.
    #[schema(example = "sk-hJ4kX2_q")]
    pub prefix: String,
    /// What it may be used for.
    #[schema(value_type = Vec<String>, example = json!(["read", "write"]))]
    pub scopes: Vec<Scope>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last used, give or take a minute; `null` if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Time>,
    /// When it stops working, or stopped; `null` for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// Whether this request was made with it.
    pub current: bool,
}

/// A key that was just made.
#[derive(Clone, Serialize, ToSchema)]
pub struct KeyCreated {
    /// The key itself, for `Authorization: Bearer`. It is shown this once; only a hash is kept.
    #[schema(example = "sk-hJ4kX2_q…")]
    pub key: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: KeyOut,
}

// Neither a password nor a key reaches a log, not even by accident.
impl fmt::Debug for KeyCreate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCreate").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCreated").field("details", &self.details).finish_non_exhaustive()
    }
}
