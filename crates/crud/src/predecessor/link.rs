//! A connection that only reads, and what it reads: values of whatever type the tables have.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row, TypeInfo as _,
    ValueRef as _,
};
use sea_orm::{DbErr, RuntimeErr};
use secrecy::SecretString;

use super::{PredecessorError, PredecessorLocation};
use crate::error::Result;
use crate::mysql;

/// How long a writer of an `SQLite` file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub(super) enum Link {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

/// An id: whatever the table has for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A number, of 64 bits with or without a sign.
    Number(i128),
    /// A text.
    Text(String),
    /// Bytes, those of a UUID above all.
    Bytes(Vec<u8>),
}

impl Key {
    /// The number, if it is one.
    pub fn number(&self) -> Option<i128> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}

/// Numbers and texts as they are; a UUID always with its hyphens, however it is stored.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = match self {
            Self::Number(number) => return write!(f, "{number}"),
            Self::Text(text) => text.replace('-', "").to_ascii_lowercase(),
            Self::Bytes(bytes) => hex::encode(bytes),
        };
        let is_uuid = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Text(text) if !is_uuid => f.write_str(text),
            _ if !is_uuid => f.write_str(&hex),
            _ => {
                for (at, digit) in hex.chars().enumerate() {
                    if matches!(at, 8 | 12 | 16 | 20) {
                        f.write_char('-')?;
                    }
                    f.write_char(digit)?;
                }
                Ok(())
            }
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(i128),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// As an id.
    pub(super) fn key(self) -> Option<Key> {
        match self {
            Self::Null => None,
            Self::Number(number) => Some(Key::Number(number)),
            Self::Text(text) => Some(Key::Text(text)),
            Self::Bytes(bytes) => Some(Key::Bytes(bytes)),
        }
    }

    /// As a text.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text),
            Self::Bytes(bytes) => Some(lossy(bytes)),
        }
    }

    /// As a count.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Number(number) => u64::try_from(number).unwrap_or_default(),
            Self::Null | Self::Bytes(_) => 0,
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }
}

/// A text in a statement for MySQL, whatever is in it.
fn quoted_text(text: &str) -> String {
    format!("CONVERT(x'{}' USING utf8mb4)", hex::encode(text))
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Link {
    /// Connects and begins the one transaction.
    pub(super) async fn open(place: &PredecessorLocation) -> Result<Self, PredecessorError> {
        match place {
            PredecessorLocation::Sqlite(path) if !path.exists() => {
                Err(PredecessorError::Missing(path.clone()))
            }
            PredecessorLocation::Sqlite(path) => {
                open_sqlite(path).await.map(Self::Sqlite).map_err(closed)
            }
            PredecessorLocation::MySql(url) => open_mysql(url).await.map(Self::MySql),
        }
    }

    /// The rows of a select whose one parameter, if it has one, is a key.
    pub(super) async fn rows(
        &mut self,
        sql: String,
        parameter: Option<&Key>,
    ) -> Result<Vec<Vec<Cell>>> {
        let sql = AssertSqlSafe(sql);
        // A query for each engine: their types differ.
        let rows = match self {
            Self::Sqlite(connection) => {
                let query = match parameter {
                    None => sqlx::query(sql),
                    Some(Key::Number(number)) => sqlx::query(sql).bind(i64::try_from(*number).ok()),
                    Some(Key::Text(text)) => sqlx::query(sql).bind(text.clone()),
                    Some(Key::Bytes(bytes)) => sqlx::query(sql).bind(bytes.clone()),
                };
                let rows = query.fetch_all(connection).await;
                rows.and_then(|rows| rows.iter().map(sqlite_cells).collect())
            }
            Self::MySql(connection) => {
                let query = match parameter {
                    None => sqlx::query(sql),
                    Some(Key::Number(number)) => match i64::try_from(*number) {
                        Ok(number) => sqlx::query(sql).bind(number),
                        Err(_) => sqlx::query(sql).bind(u64::try_from(*number).ok()),
                    },
                    Some(Key::Text(text)) => sqlx::query(sql).bind(text.clone()),
                    Some(Key::Bytes(bytes)) => sqlx::query(sql).bind(bytes.clone()),
                };
                let rows = query.fetch_all(connection).await;
                rows.and_then(|rows| rows.iter().map(mysql_cells).collect())
            }
        };
        Ok(rows.map_err(failed)?)
    }

    /// Names in a statement, joined by points.
    pub(super) fn quoted(&self, names: &[&str]) -> String {
        let quote = match self {
            Self::Sqlite(_) => '"',
            Self::MySql(_) => '`',
        };
        let quoted = names.iter().map(|name| {
            let name = name.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{name}{quote}")
        });
        quoted.collect::<Vec<_>>().join(".")
    }

    /// Tables and views, and then the columns of `table` with their types, as selects.
    pub(super) async fn tables(&mut self) -> Result<Vec<String>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') \
                 AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
            }
            Self::MySql(_) => {
                "SELECT table_name FROM information_schema.tables \
                 WHERE table_schema = DATABASE() ORDER BY table_name"
            }
        };
        let rows = self.rows(sql.to_owned(), None).await?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next()?.text()).collect())
    }

    /// The columns of a table, each with its type in lower case.
    pub(super) async fn columns(&mut self, table: &str) -> Result<Vec<(String, String)>> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT name, type FROM pragma_table_info(?) ORDER BY cid",
            Self::MySql(_) => {
                "SELECT column_name, data_type FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
            }
        };
        let rows = self.rows(sql.to_owned(), Some(&Key::Text(table.to_owned()))).await?;
        let column = |row: Vec<Cell>| {
            let mut row = row.into_iter();
            let name = row.next()?.text()?;
            Some((name, row.next()?.text().unwrap_or_default().to_lowercase()))
        };
        Ok(rows.into_iter().filter_map(column).collect())
    }

    /// Whether an engine gives values of this type in UTC.
    pub(super) fn is_utc(&self, kind: &str) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::MySql(_) => kind == "timestamp",
        }
    }

    /// The condition that `column` of `table` is the parameter. Where `SQLite` has no index for it
    /// one is made beside the file, so that not the whole table is read for each key.
    pub(super) async fn indexed(&mut self, table: &str, column: &str) -> String {
        let plain = format!("{} = ?", self.quoted(&[table, column]));
        let found = match self {
            Self::Sqlite(_) => {
                "SELECT i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i \
                 WHERE i.seqno = 0"
            }
            Self::MySql(_) => {
                "SELECT column_name FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? AND seq_in_index = 1"
            }
        };
        let found = self.rows(found.to_owned(), Some(&Key::Text(table.to_owned()))).await;
        let is_there = found.is_ok_and(|rows| {
            let mut names = rows.into_iter().filter_map(|row| row.into_iter().next()?.text());
            names.any(|name| name.eq_ignore_ascii_case(column))
        });
        if is_there {
            return plain;
        }
        let (from, name) = (self.quoted(&[table]), self.quoted(&[column]));
        let Self::Sqlite(connection) = self else {
            tracing::warn!(table, column, "there is no index; reading will take long");
            return plain;
        };
        let statements = [
            format!(
                "CREATE TEMP TABLE chatapp_order AS SELECT {name} AS named, rowid AS place \
                 FROM {from}"
            ),
            "CREATE INDEX temp.chatapp_order_by_name ON chatapp_order (named)".to_owned(),
        ];
        for sql in statements {
            // A view or a table without row ids is read as it is.
            if connection.execute(AssertSqlSafe(sql)).await.is_err() {
                return plain;
            }
        }
        format!("{from}.rowid IN (SELECT place FROM temp.chatapp_order WHERE named = ?)")
    }

    /// The column `from` (its table, its name) in a comparison with the column `to`: two texts
    /// with different rules for comparing are compared by those of `to`, as its index has them.
    pub(super) async fn compared(&mut self, from: [&str; 2], to: [&str; 2]) -> Result<String> {
        let mut name = self.quoted(&from);
        if let Self::Sqlite(_) = self {
            return Ok(name);
        }
        let mut rules = Vec::new();
        for [table, column] in [from, to] {
            let sql = format!(
                "SELECT character_set_name, collation_name FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ? AND column_name = {}",
                quoted_text(column)
            );
            let rows = self.rows(sql, Some(&Key::Text(table.to_owned()))).await?;
            let row = rows.into_iter().next().unwrap_or_default();
            let texts: Option<Vec<_>> = row.into_iter().map(Cell::text).collect();
            rules.push(texts.unwrap_or_default());
        }
        // Of different character sets the database makes one by itself.
        if let [one, other] = rules.as_slice()
            && let ([charset, collation], [wanted, rule]) = (one.as_slice(), other.as_slice())
            && charset == wanted
            && collation != rule
        {
            let _ = write!(name, " COLLATE {rule}");
        }
        Ok(name)
    }

    /// Ends the transaction and the connection.
    pub(super) async fn close(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::MySql(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "closing the database failed");
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(PATIENCE)
        .disable_statement_logging();
    match begin_sqlite(&options).await {
        // A file with a write-ahead log needs a second one beside it, which cannot be made in a
        // folder that is only readable. Without a log nobody writes, and none is needed.
        Err(error) if is_unopened(&error) && !beside(path, "-wal").exists() => {
            begin_sqlite(&options.immutable(true)).await
        }
        done => done,
    }
}

async fn begin_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute("BEGIN").await?;
    // The transaction has its snapshot from its first read on.
    connection.execute("SELECT COUNT(*) FROM sqlite_schema").await?;
    Ok(connection)
}

fn is_unopened(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    // CANTOPEN, READONLY and their extended codes.
    code.is_some_and(|code| matches!(code & 0xff, 14 | 8))
}

fn beside(path: &Path, end: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

async fn open_mysql(url: &SecretString) -> Result<MySqlConnection, PredecessorError> {
    let (options, asked) = mysql::read_url(url).map_err(PredecessorError::Url)?;
    let options = mysql::tls::protect(options, &asked).map_err(PredecessorError::Authorities)?;
    let options =
        options.charset("utf8mb4").timezone(Some("+00:00".to_owned())).disable_statement_logging();
    begin_mysql(&options).await.map_err(|error| {
        if let Some(why) = mysql::tls::refusal(&error, &options) {
            return PredecessorError::Unprotected(why);
        }
        match mysql::account::unsuitable(&error) {
            Some(why) => PredecessorError::Unsuitable(why),
            None => closed(error),
        }
    })
}

async fn begin_mysql(options: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
    Ok(connection)
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn closed(error: sqlx::Error) -> PredecessorError {
    PredecessorError::Closed(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

fn sqlite_cells(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |index| {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Cell::Null);
        }
        Ok(match raw.type_info().name() {
            "INTEGER" => Cell::Number(row.try_get_unchecked::<i64, _>(index)?.into()),
            "BLOB" => Cell::Bytes(row.try_get_unchecked(index)?),
            // Real numbers, too: SQLite itself turns them into text.
            _ => Cell::Text(lossy(row.try_get_unchecked(index)?)),
        })
    };
    (0..row.len()).map(cell).collect()
}

fn mysql_cells(row: &MySqlRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |index| {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Cell::Null);
        }
        let kind = raw.type_info();
        let kind = kind.name();
        if kind.ends_with("UNSIGNED") && kind.contains("INT") {
            return Ok(Cell::Number(row.try_get_unchecked::<u64, _>(index)?.into()));
        }
        if kind.contains("INT") || kind == "BOOLEAN" {
            return Ok(Cell::Number(row.try_get_unchecked::<i64, _>(index)?.into()));
        }
        let bytes: Vec<u8> = row.try_get_unchecked(index)?;
        // MariaDB's UUID comes as the text of one, and says that it is binary.
        let is_text = bytes.len() != 16 && std::str::from_utf8(&bytes).is_ok();
        let is_binary = kind.contains("BINARY") || kind.contains("BLOB");
        Ok(if is_binary && !is_text { Cell::Bytes(bytes) } else { Cell::Text(lossy(bytes)) })
    };
    (0..row.len()).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_uuid_has_one_text_however_it_is_stored() {
        let hyphens = "01890a5d-7f1e-4c3b-8a1e-2f3a4b5c0001";
        let plain = hyphens.replace('-', "");
        let bytes = (0..32).step_by(2).map(|at| u8::from_str_radix(&plain[at..at + 2], 16));
        let bytes = bytes.collect::<Result<Vec<u8>, _>>().unwrap();
        for key in [
            Key::Text(hyphens.to_owned()),
            Key::Text(hyphens.to_uppercase()),
            Key::Text(plain),
            Key::Bytes(bytes),
        ] {
            assert_eq!(key.to_string(), hyphens, "{key:?}");
        }
        assert_eq!(Key::Number(-7).to_string(), "-7");
        assert_eq!(Key::Text("c-1".to_owned()).to_string(), "c-1");
        assert_eq!(Key::Bytes(vec![0, 255]).to_string(), "00ff");
    }
}
