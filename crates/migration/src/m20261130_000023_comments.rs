//! What each table is, for people who look at the schema with a client of `MySQL` or `MariaDB`.
//! `SQLite` knows no comments.

use sea_orm_migration::prelude::*;

use crate::dialect::Dialect;

/// The tables and what their rows are.
const COMMENTS: [(&str, &str); 18] = [
    ("users", "People with an account"),
    ("sessions", "Logins"),
    ("refresh_tokens", "Hashes of the tokens that renew a session"),
    ("api_keys", "Hashes of the keys of programs"),
    ("conversations", "Conversations, with those in the trash"),
    ("messages", "Messages, reasoning and calls of tools, by conversation"),
    ("responses", "Generations of answers: status, model, tokens, error"),
    ("response_events", "Events of responses; removed a day after the end"),
    ("servers", "Running servers"),
    ("idempotency_keys", "What requests with an Idempotency-Key led to; removed after a day"),
    ("login_failures", "Wrong passwords, counted; removed after 15 minutes"),
    ("meta", "Facts about the database"),
    ("imports", "Which conversation of another product became which one here"),
    ("search_docs", "What can be found of messages and titles"),
    ("invitations", "Links with which accounts are made"),
    ("password_resets", "Links to a new password"),
    ("migration_lock", "The right to migrate, while a server does"),
    ("seaql_migrations", "The migrations that have been made"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        match Dialect::of(schema.get_connection()) {
            Dialect::Sqlite => return Ok(()),
            Dialect::MySql => {}
        }
        for (table, comment) in COMMENTS {
            // Changes no row, so it takes no time on a large table.
            let sql = format!("ALTER TABLE {table} COMMENT = '{comment}'");
            schema.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
