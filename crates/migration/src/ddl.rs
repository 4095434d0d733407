//! One way to write a table for every engine.
//!
//! A column list is plain SQL with placeholders for the types that engines name differently:
//! `{id}` (16 bytes), `{time}` (UTC, microseconds), `{bool}`, `{int}`, `{bigint}`, `{hash}`
//! (32 bytes), `{text}` (unbounded), `{string:N}` (at most N characters, compared byte by byte).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// What stands behind the columns of a table of `MySQL` or `MariaDB`, whose own defaults may be
/// anything.
const ON_MYSQL: &str = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// What stands behind the columns of a table that is older than [`Table`].
pub(crate) fn options(db: &impl ConnectionTrait) -> &'static str {
    if db.get_database_backend() == DbBackend::MySql { ON_MYSQL } else { "" }
}

/// A table to create.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: &'static str,
    indexes: Vec<(&'static str, &'static str)>,
    clustered: bool,
}

impl Table {
    /// A table with this body.
    pub fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, columns, indexes: Vec::new(), clustered: false }
    }

    /// Adds an index over `columns`.
    #[must_use]
    pub fn index(mut self, name: &'static str, columns: &'static str) -> Self {
        self.indexes.push((name, columns));
        self
    }

    /// Keeps the rows in the order of the primary key, as `InnoDB` always does.
    #[must_use]
    pub fn clustered(mut self) -> Self {
        self.clustered = true;
        self
    }

    /// Creates the table and its indexes where they are missing.
    pub async fn create(self, schema: &SchemaManager<'_>) -> Result<(), DbErr> {
        let db = schema.get_connection();
        let mysql = is_mysql(schema);
        let mut body = types(self.columns, mysql);
        if mysql {
            for (name, columns) in &self.indexes {
                body = format!("{body},\n  KEY {name} ({columns})");
            }
        }
        let options = match (mysql, self.clustered) {
            (true, _) => ON_MYSQL,
            (false, true) => "STRICT, WITHOUT ROWID",
            (false, false) => "STRICT",
        };
        let name = self.name;
        db.execute_unprepared(&format!("CREATE TABLE IF NOT EXISTS {name} (\n{body}\n) {options}"))
            .await?;
        if !mysql {
            for (index, columns) in &self.indexes {
                let sql = format!("CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns})");
                db.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

/// Adds a column where it is missing. `definition` is written as in a [`Table`].
pub async fn add_column(
    schema: &SchemaManager<'_>,
    table: &str,
    column: &str,
    definition: &str,
) -> Result<(), DbErr> {
    if !schema.has_column(table, column).await? {
        let definition = types(definition, is_mysql(schema));
        let sql = format!("ALTER TABLE {table} ADD COLUMN {column} {definition}");
        schema.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Adds an index over `columns` where it is missing.
pub async fn add_index(
    schema: &SchemaManager<'_>,
    table: &str,
    index: &str,
    columns: &str,
) -> Result<(), DbErr> {
    if !schema.has_index(table, index).await? {
        let sql = format!("CREATE INDEX {index} ON {table} ({columns})");
        schema.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Whether the schema is being made on `MySQL` or `MariaDB`.
pub fn is_mysql(schema: &SchemaManager<'_>) -> bool {
    schema.get_connection().get_database_backend() == DbBackend::MySql
}

fn types(columns: &str, mysql: bool) -> String {
    let names: [(&str, &str, &str); 8] = [
        ("{id}", "BINARY(16)", "BLOB"),
        ("{hash}", "BINARY(32)", "BLOB"),
        ("{time}", "DATETIME(6)", "TEXT"),
        ("{bool}", "BOOLEAN", "INTEGER"),
        ("{int}", "INT", "INTEGER"),
        ("{bigint}", "BIGINT", "INTEGER"),
        ("{serial}", "BIGINT AUTO_INCREMENT", "INTEGER"),
        ("{text}", "LONGTEXT", "TEXT"),
    ];
    let mut sql = columns.trim_matches('\n').to_owned();
    for (placeholder, on_mysql, on_sqlite) in names {
        sql = sql.replace(placeholder, if mysql { on_mysql } else { on_sqlite });
    }
    while let Some((before, rest)) = sql.split_once("{string:") {
        let Some((length, after)) = rest.split_once('}') else { break };
        let name = if mysql { format!("VARCHAR({length})") } else { "TEXT".to_owned() };
        sql = format!("{before}{name}{after}");
    }
    sql
}
