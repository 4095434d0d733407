//! Which tables and columns a foreign database has for what is looked for.

use std::collections::BTreeMap;

use super::link::Link;
use crate::error::CrudError;

/// A table that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// People with accounts.
    Users,
    /// Conversations.
    Conversations,
    /// Messages.
    Messages,
}

impl Table {
    /// All of them, those before others that others name.
    pub const ALL: [Self; 3] = [Self::Users, Self::Conversations, Self::Messages];

    /// What it is called here.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
        }
    }

    /// The one that is called `name` here.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// That of a column such as `users.email`.
    pub(super) fn of(column: &str) -> Option<Self> {
        Self::named(column.split_once('.')?.0)
    }

    /// What it may be called there.
    fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["users", "user", "accounts", "account"],
            Self::Conversations => &["conversations", "conversation", "chats", "chat", "threads"],
            Self::Messages => &["messages", "message", "chat_messages"],
        }
    }
}

/// A column that is looked for, what it may be called there, and whether there must be one.
struct Column(&'static str, &'static [&'static str], bool);

const COLUMNS: &[Column] = &[
    Column("users.id", &["id", "user_id", "uuid"], true),
    Column("users.email", &["email", "email_address", "mail"], false),
    Column("users.username", &["username", "user_name", "login"], false),
    Column("users.password", &["hashed_password", "password_hash", "password"], false),
    Column("users.name", &["name", "full_name", "display_name", "fullname"], false),
    Column("users.created_at", &["created_at", "created", "registered_at", "joined_at"], false),
    Column("users.active", &["is_active", "active", "enabled"], false),
    Column("users.disabled", &["is_disabled", "disabled"], false),
    Column("users.admin", &["is_admin", "is_superuser", "admin", "role"], false),
    Column("conversations.id", &["id", "conversation_id", "uuid"], true),
    Column("conversations.user", &["user_id", "owner_id", "account_id", "author_id"], true),
    Column("conversations.title", &["title", "name", "topic", "subject"], false),
    Column("conversations.created_at", &["created_at", "created", "created_on"], false),
    Column(
        "conversations.updated_at",
        &["updated_at", "updated", "updated_on", "modified_at", "last_message_at"],
        false,
    ),
    Column("messages.id", &["id", "message_id", "uuid"], true),
    Column(
        "messages.conversation",
        &["conversation_id", "chat_id", "thread_id", "conversation"],
        true,
    ),
    Column("messages.content", &["content", "text", "message", "body"], true),
    Column("messages.is_user", &["is_user", "from_user", "is_from_user", "is_human"], false),
    Column("messages.role", &["role", "sender", "author", "sender_type"], false),
    Column("messages.created_at", &["created_at", "created", "timestamp", "sent_at"], false),
];

/// Pairs of which one column must be there.
const EITHER: [(&str, &str); 2] =
    [("users.email", "users.username"), ("messages.is_user", "messages.role")];

/// Tables that only a database of ours has.
const OURS: [&str; 2] = ["seaql_migrations", "response_events"];

/// Names that are not the usual ones.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What a table is called there.
    pub tables: Vec<(Table, String)>,
    /// What a column such as `users.email` is called there.
    pub columns: Vec<(String, String)>,
}

/// Why the tables cannot be read.
#[derive(Debug)]
pub(super) enum ShapeError {
    Ours,
    Wrong(String),
    Failed(CrudError),
}

impl From<CrudError> for ShapeError {
    fn from(error: CrudError) -> Self {
        Self::Failed(error)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Shape {
    tables: BTreeMap<Table, String>,
    /// What each column is called, and whether its times are in UTC.
    columns: BTreeMap<&'static str, (String, bool)>,
}

impl Shape {
    pub(super) async fn find(link: &mut Link, names: &Names) -> Result<Self, ShapeError> {
        let there = link.tables().await?;
        if OURS.iter().all(|name| there.iter().any(|table| table == name)) {
            return Err(ShapeError::Ours);
        }
        for (name, _) in &names.columns {
            if !COLUMNS.iter().any(|Column(column, ..)| column == name) {
                let known: Vec<_> = COLUMNS.iter().map(|Column(column, ..)| *column).collect();
                return Err(ShapeError::Wrong(format!(
                    "--column {name}=…: there is nothing of this name; there are {}",
                    known.join(", ")
                )));
            }
        }
        let mut shape = Self::default();
        for table in Table::ALL {
            let found = table_of(table, &there, names)?;
            let columns = link.columns(&found).await?;
            for column in COLUMNS.iter().filter(|Column(name, ..)| Table::of(name) == Some(table)) {
                if let Some((found, kind)) = column_of(column, &found, &columns, names)? {
                    shape.columns.insert(column.0, (found, link.is_utc(&kind)));
                }
            }
            shape.tables.insert(table, found);
        }
        for (one, other) in EITHER {
            if shape.column(one).is_none() && shape.column(other).is_none() {
                let table = Table::of(one).and_then(|table| shape.table(table));
                return Err(ShapeError::Wrong(format!(
                    "the table {} has no column for {one} or {other}; name one with --column \
                     {one}=COLUMN",
                    table.unwrap_or_default()
                )));
            }
        }
        Ok(shape)
    }

    /// What a table is called there.
    pub(super) fn table(&self, table: Table) -> Option<&str> {
        self.tables.get(&table).map(String::as_str)
    }

    /// What a column such as `users.email` is called there, if there is one.
    pub(super) fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name).map(|(name, _)| name.as_str())
    }

    /// Whether the times of a column are in UTC whatever the program meant.
    pub(super) fn is_utc(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|(_, is_utc)| *is_utc)
    }

    pub(super) fn describe(&self) -> String {
        let tables = self.tables.iter().map(|(table, name)| {
            let columns =
                self.columns.iter().filter(|(column, _)| Table::of(column) == Some(*table));
            let columns: Vec<_> = columns.map(|(_, (name, _))| name.as_str()).collect();
            format!("{name} ({})", columns.join(", "))
        });
        tables.collect::<Vec<_>>().join(", ")
    }
}

fn table_of(table: Table, there: &[String], names: &Names) -> Result<String, ShapeError> {
    let name = table.name();
    let has = if there.is_empty() { "no tables".to_owned() } else { there.join(", ") };
    if let Some((_, named)) = names.tables.iter().rev().find(|(named, _)| *named == table) {
        return there.iter().find(|found| *found == named).cloned().ok_or_else(|| {
            ShapeError::Wrong(format!(
                "--table {name}={named}: there is no such table; the database has {has}"
            ))
        });
    }
    let usual = table
        .usual()
        .iter()
        .find_map(|usual| there.iter().find(|found| found.eq_ignore_ascii_case(usual)));
    usual.cloned().ok_or_else(|| {
        ShapeError::Wrong(format!(
            "there is no table of {name} ({}); the database has {has}. Name it with --table \
             {name}=TABLE",
            table.usual().join(", ")
        ))
    })
}

/// What the column is called and its type, if there is one.
fn column_of(
    Column(name, usual, is_needed): &Column,
    table: &str,
    there: &[(String, String)],
    names: &Names,
) -> Result<Option<(String, String)>, ShapeError> {
    let has = || there.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some((_, named)) = names.columns.iter().rev().find(|(named, _)| named == name) {
        let found = there.iter().find(|(found, _)| found.eq_ignore_ascii_case(named));
        return found.cloned().map(Some).ok_or_else(|| {
            ShapeError::Wrong(format!(
                "--column {name}={named}: the table {table} has no such column; it has {}",
                has()
            ))
        });
    }
    let found = usual
        .iter()
        .find_map(|usual| there.iter().find(|(found, _)| found.eq_ignore_ascii_case(usual)));
    match found {
        None if *is_needed => Err(ShapeError::Wrong(format!(
            "the table {table} has no column for {name} ({}); it has {}. Name it with --column \
             {name}=COLUMN",
            usual.join(", "),
            has()
        ))),
        found => Ok(found.cloned()),
    }
}
