//! What a provider took of a context, where it refused more.

use sea_orm_migration::prelude::*;

use crate::ddl::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add_column(schema, "responses", "context_budget", "{int} NULL").await?;
        add_column(schema, "responses", "context_refusals", "{int} NULL").await
    }
}
