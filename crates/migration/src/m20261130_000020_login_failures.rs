//! Wrong passwords, counted for all servers and over restarts; and what purges look for.

use sea_orm_migration::prelude::*;

use crate::ddl::{Table, add_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        Table::new(
            "login_failures",
            r"
  subject {hash} NOT NULL PRIMARY KEY,
  wrong {int} NOT NULL,
  last_at {time} NOT NULL",
        )
        .index("login_failures_by_time", "last_at")
        .create(schema)
        .await?;
        add_index(schema, "sessions", "sessions_by_end", "expires_at").await?;
        add_index(schema, "sessions", "sessions_by_revocation", "revoked_at").await?;
        add_index(schema, "refresh_tokens", "refresh_tokens_by_end", "expires_at").await
    }
}
