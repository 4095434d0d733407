//! Responses and their event logs.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        Table::new(
            "responses",
            r"
  id {id} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL,
  conversation_id {id} NOT NULL,
  user_message_id {id} NOT NULL,
  message_id {id} NOT NULL,
  previous_response_id {id} NULL,
  status {string:16} NOT NULL,
  incomplete_reason {string:64} NULL,
  model {string:255} NOT NULL,
  provider {string:64} NOT NULL,
  parameters {text} NOT NULL,
  input_from_seq {bigint} NOT NULL,
  input_to_seq {bigint} NOT NULL,
  context_messages {int} NULL,
  context_omitted {int} NULL,
  input_tokens {bigint} NULL,
  output_tokens {bigint} NULL,
  cached_tokens {bigint} NULL,
  reasoning_tokens {bigint} NULL,
  usage_estimated {bool} NOT NULL,
  error_code {string:64} NULL,
  error_message {text} NULL,
  owner {id} NOT NULL,
  epoch {bigint} NOT NULL,
  last_seq {bigint} NOT NULL,
  cancel_requested_at {time} NULL,
  created_at {time} NOT NULL,
  completed_at {time} NULL,
  updated_at {time} NOT NULL,
  CONSTRAINT responses_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
  CONSTRAINT responses_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        .index("responses_by_conversation", "conversation_id, created_at")
        .index("responses_by_user", "user_id, created_at")
        // Finds what a server runs, and what a dead one left open.
        .index("responses_by_owner", "status, owner")
        .create(schema)
        .await?;
        Table::new(
            "response_events",
            r"
  id {serial} NOT NULL PRIMARY KEY,
  response_id {id} NOT NULL,
  first_seq {bigint} NOT NULL,
  last_seq {bigint} NOT NULL,
  payload {text} NOT NULL,
  CONSTRAINT response_events_first_seq UNIQUE (response_id, first_seq),
  CONSTRAINT response_events_response FOREIGN KEY (response_id) REFERENCES responses (id) ON DELETE CASCADE",
        )
        .create(schema)
        .await
    }
}
