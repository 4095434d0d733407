//! Plain SQL on a test's database, as its operator would type it.

use std::path::Path;

use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Row, TypeInfo, ValueRef};

use crate::engine::Database;

/// A connection of its own to a test's database.
#[derive(Debug)]
pub struct Sql(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

impl Sql {
    /// Connects as the database's user: by TCP to a server, with foreign keys on to SQLite.
    pub async fn connect(database: &Database) -> Self {
        let inner = match (database.server(), database.sqlite_file()) {
            (Some(server), _) => {
                let options = MySqlConnectOptions::new()
                    .host(&server.host)
                    .port(server.port)
                    .username(&server.user)
                    .password(&server.password)
                    .database(&server.name);
                MySqlConnection::connect_with(&options).await.map(Inner::MySql)
            }
            (None, file) => return Self::open(&file.unwrap_or_default()).await,
        };
        Self(inner.unwrap_or_else(|error| panic!("no connection to {database:?}: {error}")))
    }

    /// Opens an SQLite file, with foreign keys on.
    pub async fn open(file: &Path) -> Self {
        let options =
            SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(true);
        let opened = SqliteConnection::connect_with(&options).await.map(Inner::Sqlite);
        Self(opened.unwrap_or_else(|error| panic!("no connection to {}: {error}", file.display())))
    }

    /// Runs statements and returns how many rows they changed.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        self.try_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// As [`Sql::execute`], for statements that may be refused; the refusal in the engine's words.
    pub async fn try_execute(&mut self, sql: &str) -> Result<u64, String> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.0 {
            Inner::Sqlite(connection) => {
                query.execute(connection).await.map(|done| done.rows_affected())
            }
            Inner::MySql(connection) => {
                query.execute(connection).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| error.to_string())
    }

    /// The rows of a query as text: `NULL` for null, hexadecimal digits for what is not text.
    pub async fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.0 {
            Inner::Sqlite(connection) => query
                .fetch_all(connection)
                .await
                .map(|rows| rows.iter().map(sqlite_row).collect::<Vec<_>>()),
            Inner::MySql(connection) => query
                .fetch_all(connection)
                .await
                .map(|rows| rows.iter().map(mysql_row).collect::<Vec<_>>()),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one value of a query with one row and one column.
    pub async fn value(&mut self, sql: &str) -> String {
        let mut rows = self.rows(sql).await;
        match (rows.pop().as_deref(), rows.is_empty()) {
            (Some([value]), true) => value.clone(),
            _ => panic!("{sql}: not one row of one column"),
        }
    }
}

fn sqlite_row(row: &SqliteRow) -> Vec<String> {
    let column = |index| {
        let raw = row.try_get_raw(index).expect("a column");
        if raw.is_null() {
            return "NULL".to_owned();
        }
        if raw.type_info().name() == "BLOB" {
            let bytes: Vec<u8> = row.try_get_unchecked(index).expect("the bytes");
            return text(&bytes);
        }
        // SQLite itself turns numbers into text.
        row.try_get_unchecked(index).expect("the text")
    };
    (0..row.len()).map(column).collect()
}

fn mysql_row(row: &MySqlRow) -> Vec<String> {
    // A statement without parameters is answered in the text protocol: everything is text,
    // but for binary columns.
    let column = |index| {
        let bytes: Option<Vec<u8>> = row.try_get_unchecked(index).expect("a column");
        bytes.map_or_else(|| "NULL".to_owned(), |bytes| text(&bytes))
    };
    (0..row.len()).map(column).collect()
}

/// Text as it is; anything else, the 16 bytes of an id above all, as hexadecimal digits.
fn text(bytes: &[u8]) -> String {
    let printable =
        |text: &String| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    String::from_utf8(bytes.to_vec()).ok().filter(printable).unwrap_or_else(|| hex::encode(bytes))
}
