//! One way to write a table for every database.
//!
//! A column list is plain SQL with placeholders for the types that databases name differently:
//! `{id}` (16 bytes), `{time}` (UTC, microseconds), `{bool}`, `{int}`, `{bigint}`, `{hash}`
//! (32 bytes), `{text}` (unbounded), `{string:N}` (at most N characters, compared byte by byte).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::dialect::Dialect;

/// What stands behind the columns of a table of `MySQL` or `MariaDB`, whose own defaults may be
/// anything.
const ON_MYSQL: &str = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// What stands behind the columns of a table that is older than [`Table`].
pub(crate) fn options(db: &impl ConnectionTrait) -> &'static str {
    match Dialect::of(db) {
        Dialect::Sqlite => "",
        Dialect::MySql => ON_MYSQL,
    }
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
        let dialect = Dialect::of(db);
        let mut body = types(self.columns, dialect);
        let mut apart = Vec::new();
        for (index, columns) in &self.indexes {
            match dialect {
                Dialect::Sqlite => apart.push(format!(
                    "CREATE INDEX IF NOT EXISTS {index} ON {} ({columns})",
                    self.name
                )),
                Dialect::MySql => body = format!("{body},\n  KEY {index} ({columns})"),
            }
        }
        let options = match (dialect, self.clustered) {
            (Dialect::Sqlite, true) => "STRICT, WITHOUT ROWID",
            (Dialect::Sqlite, false) => "STRICT",
            (Dialect::MySql, _) => ON_MYSQL,
        };
        let name = self.name;
        db.execute_unprepared(&format!("CREATE TABLE IF NOT EXISTS {name} (\n{body}\n) {options}"))
            .await?;
        for sql in apart {
            db.execute_unprepared(&sql).await?;
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
        let definition = types(definition, Dialect::of(schema.get_connection()));
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

fn types(columns: &str, dialect: Dialect) -> String {
    let names = match dialect {
        Dialect::Sqlite => [
            ("{id}", "BLOB"),
            ("{hash}", "BLOB"),
            ("{time}", "TEXT"),
            ("{bool}", "INTEGER"),
            ("{int}", "INTEGER"),
            ("{bigint}", "INTEGER"),
            ("{serial}", "INTEGER"),
            ("{text}", "TEXT"),
        ],
        Dialect::MySql => [
            ("{id}", "BINARY(16)"),
            ("{hash}", "BINARY(32)"),
            ("{time}", "DATETIME(6)"),
            ("{bool}", "BOOLEAN"),
            ("{int}", "INT"),
            ("{bigint}", "BIGINT"),
            ("{serial}", "BIGINT AUTO_INCREMENT"),
            ("{text}", "LONGTEXT"),
        ],
    };
    let mut sql = columns.trim_matches('\n').to_owned();
    for (placeholder, name) in names {
        sql = sql.replace(placeholder, name);
    }
    while let Some((before, rest)) = sql.split_once("{string:") {
        let Some((length, after)) = rest.split_once('}') else { break };
        let name = match dialect {
            Dialect::Sqlite => "TEXT".to_owned(),
            Dialect::MySql => format!("VARCHAR({length})"),
        };
        sql = format!("{before}{name}{after}");
    }
    sql
}
