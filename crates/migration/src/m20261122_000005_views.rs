//! Views with readable ids, for people with a SQL tool.

use sea_orm_migration::prelude::*;

use crate::dialect::Dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let dialect = Dialect::of(schema.get_connection());
        let id = |column: &str, prefix: &str| match dialect {
            Dialect::Sqlite => format!("'{prefix}_' || lower(hex({column}))"),
            Dialect::MySql => format!("CONCAT('{prefix}_', LOWER(HEX({column})))"),
        };
        // `hex(NULL)` is the empty text on SQLite.
        let optional_id = |column: &str, prefix: &str| {
            format!("CASE WHEN {column} IS NULL THEN NULL ELSE {} END", id(column, prefix))
        };
        let create = match dialect {
            Dialect::Sqlite => "CREATE VIEW IF NOT EXISTS",
            Dialect::MySql => "CREATE OR REPLACE VIEW",
        };
        let views = [
            format!(
                "{create} users_view AS SELECT {} AS id, email, name, role, disabled_at, \
                 created_at, updated_at FROM users",
                id("id", "user")
            ),
            format!(
                "{create} conversations_view AS SELECT {} AS id, {} AS user_id, title, model, \
                 instructions, pinned, archived_at, created_at, updated_at FROM conversations \
                 WHERE deleted_at IS NULL AND kind = 'chat'",
                id("id", "conv"),
                id("user_id", "user")
            ),
            format!(
                "{create} messages_view AS SELECT {} AS id, {} AS conversation_id, seq, {} AS parent_id, \
                 type, role, is_user, status, content, model, created_at, updated_at FROM messages",
                id("id", "msg"),
                id("conversation_id", "conv"),
                optional_id("parent_id", "msg")
            ),
        ];
        for view in views {
            schema.get_connection().execute_unprepared(&view).await?;
        }
        Ok(())
    }
}
