//! What a model was given, so that it can be explained later.

use sea_orm_migration::prelude::*;

use crate::ddl::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for (name, definition) in [
            ("context_window", "{int} NULL"),
            ("context_reserve", "{int} NULL"),
            ("context_tokens", "{int} NULL"),
            ("instructions_tokens", "{int} NULL"),
            ("kept_tokens", "{int} NULL"),
            ("tokenizer", "{string:32} NULL"),
        ] {
            add_column(schema, "responses", name, definition).await?;
        }
        Ok(())
    }
}
