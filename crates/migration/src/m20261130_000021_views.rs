//! Views that a dump brings along to another account, and that leave out the trash; what each
//! table is for, where the engine keeps such a remark.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::dialect::Dialect;
use crate::views;

const REMARKS: [(&str, &str); 13] = [
    ("users", "Accounts"),
    ("sessions", "Logins, one a device"),
    ("refresh_tokens", "Digests of the tokens that renew a login"),
    ("api_keys", "Digests of the keys of accounts"),
    ("conversations", "Conversations; deleted_at is set in the trash"),
    ("messages", "Questions and answers, a tree by parent_id"),
    ("responses", "One row for each answer that was asked of a model"),
    ("response_events", "The events of answers, until they are forgotten"),
    ("servers", "Running servers and their liveness"),
    ("idempotency_keys", "What repeated requests were answered with"),
    ("meta", "Facts about the installation"),
    ("imports", "Which imported conversation became which"),
    ("search_docs", "What titles and messages are found by"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let db = schema.get_connection();
        views::create_all(db).await?;
        match Dialect::of(db) {
            Dialect::Sqlite => {}
            Dialect::MySql => {
                for (table, remark) in REMARKS {
                    let sql = format!("ALTER TABLE {table} COMMENT = '{remark}'");
                    db.execute_unprepared(&sql).await?;
                }
            }
        }
        Ok(())
    }
}
