//! Conversations and their messages.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        Table::new(
            "conversations",
            r"
  id {id} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL,
  kind {string:16} NOT NULL,
  title {string:255} NOT NULL,
  title_source {string:16} NOT NULL,
  model {string:255} NULL,
  instructions {text} NULL,
  pinned {bool} NOT NULL,
  archived_at {time} NULL,
  deleted_at {time} NULL,
  metadata {text} NULL,
  next_seq {bigint} NOT NULL,
  active_response_id {id} NULL,
  head_id {id} NULL,
  version {bigint} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  CONSTRAINT conversations_kind CHECK (kind IN ('chat', 'chain')),
  CONSTRAINT conversations_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        // In the order of lists.
        .index("conversations_by_activity", "user_id, kind, updated_at, id")
        .create(schema)
        .await?;
        // `is_user` is written by the application and checked here: true only for what a person
        // wrote. `parent_id` has no foreign key: MySQL ends self-referencing cascades at depth 15.
        Table::new(
            "messages",
            r"
  conversation_id {id} NOT NULL,
  seq {bigint} NOT NULL,
  id {id} NOT NULL,
  parent_id {id} NULL,
  depth {int} NOT NULL,
  response_id {id} NULL,
  type {string:24} NOT NULL,
  role {string:16} NULL,
  is_user {bool} NOT NULL,
  status {string:16} NOT NULL,
  content {text} NOT NULL,
  data {text} NULL,
  model {string:255} NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  PRIMARY KEY (conversation_id, seq),
  CONSTRAINT messages_id UNIQUE (id),
  CONSTRAINT messages_is_user CHECK (is_user = (type = 'message' AND COALESCE(role, '') = 'user')),
  CONSTRAINT messages_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE",
        )
        .index("messages_by_parent", "conversation_id, parent_id, seq")
        .index("messages_by_response", "response_id")
        .clustered()
        .create(schema)
        .await
    }
}
