//! How often a response was continued after its server had died, and what that cost.

use sea_orm_migration::prelude::*;

use crate::ddl::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add_column(schema, "responses", "continuations", "{int} NOT NULL DEFAULT 0").await?;
        add_column(schema, "responses", "continued_tokens", "{bigint} NOT NULL DEFAULT 0").await
    }
}
