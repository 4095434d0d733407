//! Accounts: users, their logins and their keys.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        Table::new(
            "users",
            r"
  id {id} NOT NULL PRIMARY KEY,
  email {string:254} NOT NULL,
  password_hash {string:255} NOT NULL,
  name {string:128} NOT NULL,
  role {string:16} NOT NULL,
  disabled_at {time} NULL,
  token_version {int} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  CONSTRAINT users_email UNIQUE (email),
  CONSTRAINT users_role CHECK (role IN ('user', 'admin'))",
        )
        .create(schema)
        .await?;
        Table::new(
            "sessions",
            r"
  id {id} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL,
  user_agent {string:255} NOT NULL,
  address {string:64} NOT NULL,
  created_at {time} NOT NULL,
  last_used_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  revoked_at {time} NULL,
  CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        .index("sessions_by_user", "user_id, last_used_at")
        .create(schema)
        .await?;
        Table::new(
            "refresh_tokens",
            r"
  hash {hash} NOT NULL PRIMARY KEY,
  session_id {id} NOT NULL,
  used_at {time} NULL,
  successor {hash} NULL,
  expires_at {time} NOT NULL,
  created_at {time} NOT NULL,
  CONSTRAINT refresh_tokens_session FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE",
        )
        .index("refresh_tokens_by_session", "session_id")
        .create(schema)
        .await?;
        Table::new(
            "api_keys",
            r"
  id {id} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL,
  name {string:128} NOT NULL,
  hash {hash} NOT NULL,
  prefix {string:32} NOT NULL,
  scopes {string:255} NOT NULL,
  expires_at {time} NULL,
  last_used_at {time} NULL,
  revoked_at {time} NULL,
  created_at {time} NOT NULL,
  CONSTRAINT api_keys_hash UNIQUE (hash),
  CONSTRAINT api_keys_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        .index("api_keys_by_user", "user_id, created_at")
        .create(schema)
        .await
    }
}
