//! Accounts that are being removed: hidden at once, their rows removed in steps.

use sea_orm_migration::prelude::*;

use crate::ddl::add_column;
use crate::dialect::Dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        add_column(schema, "users", "deleted_at", "{time} NULL").await?;
        let db = schema.get_connection();
        let (create, id) = match Dialect::of(db) {
            Dialect::Sqlite => {
                // A start that is killed in between does both again.
                db.execute_unprepared("DROP VIEW IF EXISTS users_view").await?;
                ("CREATE VIEW", "'user_' || lower(hex(id))")
            }
            Dialect::MySql => ("CREATE OR REPLACE VIEW", "CONCAT('user_', LOWER(HEX(id)))"),
        };
        let view = format!(
            "{create} users_view AS SELECT {id} AS id, email, name, role, disabled_at, \
             created_at, updated_at FROM users WHERE deleted_at IS NULL"
        );
        db.execute_unprepared(&view).await?;
        Ok(())
    }
}
