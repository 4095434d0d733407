//! What the servers know of each other and of past requests.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        Table::new(
            "servers",
            r"
  id {id} NOT NULL PRIMARY KEY,
  epoch {bigint} NOT NULL,
  beat {bigint} NOT NULL",
        )
        .create(schema)
        .await?;
        Table::new(
            "idempotency_keys",
            r"
  user_id {id} NOT NULL,
  `key` {string:255} NOT NULL,
  request_hash {hash} NOT NULL,
  result {text} NOT NULL,
  expires_at {time} NOT NULL,
  PRIMARY KEY (user_id, `key`),
  CONSTRAINT idempotency_keys_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        .index("idempotency_keys_by_expiry", "expires_at")
        .create(schema)
        .await?;
        Table::new(
            "meta",
            r"
  name {string:64} NOT NULL PRIMARY KEY,
  value {text} NOT NULL",
        )
        .create(schema)
        .await
    }
}
