//! What was imported, so that the same export can be imported again.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // The row goes with the conversation: what was deleted for good can be imported again.
        Table::new(
            "imports",
            r"
  user_id {id} NOT NULL,
  source {string:16} NOT NULL,
  source_id {string:255} NOT NULL,
  conversation_id {id} NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (user_id, source, source_id),
  CONSTRAINT imports_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT imports_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE",
        )
        .index("imports_by_conversation", "conversation_id")
        .create(schema)
        .await
    }
}
