//! The trash: a deleted conversation can be restored until its removal has begun.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::ddl::{add_column, add_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add_column(schema, "conversations", "removed_at", "{time} NULL").await?;
        // What was deleted by the release before this one is being removed already.
        let removing = "UPDATE conversations SET removed_at = deleted_at \
                        WHERE deleted_at IS NOT NULL AND removed_at IS NULL";
        schema.get_connection().execute_unprepared(removing).await?;
        for (name, columns) in [
            ("conversations_by_pin", "user_id, pinned, updated_at, id"),
            ("conversations_by_trash", "user_id, deleted_at, id"),
            // Finds what is due, of all owners.
            ("conversations_by_deletion", "deleted_at, removed_at"),
        ] {
            add_index(schema, "conversations", name, columns).await?;
        }
        Ok(())
    }
}
