//! What a response was made for: an answer, or the title of a conversation.
//!
//! A server of an older release that runs beside this one names no purpose, and its responses
//! become answers. What it does not know is only which of them made titles.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

use crate::ddl::add_column;

/// How many rows one statement marks.
const STEP: usize = 500;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // A default makes this a change of the table's description alone, on every engine.
        let definition = "{string:16} NOT NULL DEFAULT 'answer'";
        add_column(schema, "responses", "purpose", definition).await?;
        mark_titles(schema.get_connection()).await
    }
}

/// Marks the rows that made titles. They are read first, which locks nothing.
async fn mark_titles(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let titles = Statement::from_string(
        db.get_database_backend(),
        "SELECT id FROM responses WHERE purpose = 'answer' \
         AND parameters = '{\"purpose\":\"title\"}'",
    );
    let mut ids = Vec::new();
    for row in db.query_all_raw(titles).await? {
        let id: Vec<u8> = row.try_get_by_index(0)?;
        ids.push(format!("x'{}'", hex::encode(id)));
    }
    for ids in ids.chunks(STEP) {
        let ids = ids.join(", ");
        let sql = format!("UPDATE responses SET purpose = 'title' WHERE id IN ({ids})");
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}
