//! The database of the FastAPI service that this server replaces, or of another one with plain
//! tables of users, conversations and messages. It is only read, as it is at one moment.

mod link;
mod shape;

use std::path::PathBuf;

use secrecy::SecretString;

pub use self::link::Key;
use self::link::{Cell, Link};
pub use self::shape::{Names, Table};
use self::shape::{Shape, ShapeError};
use crate::connect::ConnectError;
use crate::error::{CrudError, Result};

/// How many rows one query reads.
const PAGE: u32 = 200;
/// The most conversations of which it is told that messages name them and they are not there.
const MAX_STRAYS: u32 = 1000;

/// Where it is.
#[derive(Debug, Clone)]
pub enum PredecessorLocation {
    /// An `SQLite` file.
    Sqlite(PathBuf),
    /// A `mysql://` URL.
    MySql(SecretString),
}

/// Why it cannot be read. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PredecessorError {
    /// There is no such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The URL cannot be read.
    #[error("the database URL is not valid: {0}")]
    Url(&'static str),
    /// The CA that the URL names cannot be used.
    #[error(transparent)]
    Authorities(ConnectError),
    /// The connection cannot be protected as it has to be.
    #[error("its server {0}")]
    Unprotected(String),
    /// No account of the kind can log in.
    #[error("its account {0}")]
    Unsuitable(String),
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Closed(#[source] sea_orm::DbErr),
    /// It is one of ours.
    #[error(
        "this is a database of chatapp itself; its conversations move with chatapp export and \
         chatapp import, all of it with chatapp backup"
    )]
    Ours,
    /// It has not the tables or columns that are needed.
    #[error("{0}")]
    Shape(String),
    /// A statement failed.
    #[error("a statement on the database failed")]
    Failed(#[source] CrudError),
}

impl From<ShapeError> for PredecessorError {
    fn from(error: ShapeError) -> Self {
        match error {
            ShapeError::Ours => Self::Ours,
            ShapeError::Wrong(why) => Self::Shape(why),
            ShapeError::Failed(error) => Self::Failed(error),
        }
    }
}

/// A time as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The text of it.
    pub text: String,
    /// Whether the engine gives it in UTC, whatever the program meant.
    pub is_utc: bool,
}

/// A user.
#[derive(Debug)]
pub struct User {
    /// Primary key.
    pub id: Key,
    /// E-mail address.
    pub email: Option<String>,
    /// Name to log in with.
    pub username: Option<String>,
    /// Hash of the password.
    pub password: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Option<Stored>,
    /// Whether it may log in.
    pub active: Option<String>,
    /// Whether it may not.
    pub disabled: Option<String>,
    /// Whether it administers the service.
    pub admin: Option<String>,
}

/// A conversation.
#[derive(Debug)]
pub struct Conversation {
    /// Primary key.
    pub id: Key,
    /// Its user, as the conversation names it.
    pub user: Option<Key>,
    /// Whether there is such a user.
    pub has_user: bool,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The user's name to log in with.
    pub username: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: Option<Stored>,
    /// When it last changed.
    pub updated_at: Option<Stored>,
}

/// A message.
#[derive(Debug)]
pub struct Message {
    /// Primary key.
    pub id: Option<Key>,
    /// Its text; what is no UTF-8 in it is replaced.
    pub content: Option<String>,
    /// Whether the user wrote it.
    pub is_user: Option<String>,
    /// Who wrote it.
    pub role: Option<String>,
    /// When.
    pub created_at: Option<Stored>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of users.
    pub users: u64,
    /// Rows of conversations.
    pub conversations: u64,
    /// Rows of messages.
    pub messages: u64,
}

/// How large a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Its messages.
    pub messages: u64,
    /// Their texts, in bytes.
    pub bytes: u64,
}

/// An open database of the predecessor. Everything is read in one transaction.
#[derive(Debug)]
pub struct Predecessor {
    link: Link,
    shape: Shape,
    /// That a message belongs to the conversation that is the parameter.
    of_conversation: String,
    /// The user of a conversation, to be compared with ids of users.
    owner: String,
    /// The conversation of a message, to be compared with ids of conversations.
    parent: String,
}

impl Predecessor {
    /// Opens it to read, and finds its tables and columns; `names` names those that have unusual
    /// names.
    pub async fn open(
        place: &PredecessorLocation,
        names: &Names,
    ) -> Result<Self, PredecessorError> {
        let mut link = Link::open(place).await?;
        let shape = Shape::find(&mut link, names).await?;
        let (table, column) = (shape.table(Table::Messages), shape.column("messages.conversation"));
        let of_conversation = match (table, column) {
            (Some(table), Some(column)) => link.indexed(table, column).await,
            _ => String::new(),
        };
        let mut compared = async |from: &str, to: &str| {
            let place = |name: &str| {
                let table = Table::of(name).and_then(|table| shape.table(table));
                [table.unwrap_or_default(), shape.column(name).unwrap_or_default()]
            };
            link.compared(place(from), place(to)).await.map_err(PredecessorError::Failed)
        };
        let owner = compared("conversations.user", "users.id").await?;
        let parent = compared("messages.conversation", "conversations.id").await?;
        Ok(Self { link, shape, of_conversation, owner, parent })
    }

    /// The tables and columns that are read, for people.
    pub fn describe(&self) -> String {
        self.shape.describe()
    }

    /// How much there is.
    pub async fn count(&mut self) -> Result<Counts> {
        let mut counts = [0; 3];
        for (count, table) in counts.iter_mut().zip(Table::ALL) {
            let sql = format!("SELECT COUNT(*) FROM {}", self.from(table));
            *count = self.number(sql).await?;
        }
        let [users, conversations, messages] = counts;
        Ok(Counts { users, conversations, messages })
    }

    /// How many rows have no id, by table; nobody can name them.
    pub async fn count_nameless(&mut self) -> Result<Counts> {
        let mut counts = [0; 2];
        for (count, table) in counts.iter_mut().zip(Table::ALL) {
            let id = self.column(&format!("{}.id", table.name()));
            let sql = format!("SELECT COUNT(*) FROM {} WHERE {id} IS NULL", self.from(table));
            *count = self.number(sql).await?;
        }
        let [users, conversations] = counts;
        Ok(Counts { users, conversations, messages: 0 })
    }

    /// The next users behind `after`, in the order of their ids.
    pub async fn list_users(&mut self, after: Option<&Key>) -> Result<Vec<User>> {
        let id = self.column("users.id");
        let [email, username] =
            ["users.email", "users.username"].map(|name| self.short(name, 1024));
        let [password, name] = ["users.password", "users.name"].map(|name| self.short(name, 1024));
        let flags = ["users.active", "users.disabled", "users.admin"];
        let [active, disabled, admin] = flags.map(|name| self.short(name, 32));
        let created_at = self.short("users.created_at", 64);
        let sql = format!(
            "SELECT {id}, {email}, {username}, {password}, {name}, {created_at}, {active}, \
             {disabled}, {admin} FROM {} {}",
            self.from(Table::Users),
            page(&id, after),
        );
        let rows = self.link.rows(sql, after).await?;
        let user = |row: Vec<Cell>| {
            let mut row = row.into_iter();
            let mut next = || row.next().unwrap_or(Cell::Null);
            Some(User {
                id: next().key()?,
                email: next().text(),
                username: next().text(),
                password: next().text(),
                name: next().text(),
                created_at: self.time("users.created_at", next()),
                active: next().text(),
                disabled: next().text(),
                admin: next().text(),
            })
        };
        Ok(rows.into_iter().filter_map(user).collect())
    }

    /// The next conversations behind `after`, in the order of their ids, each with its user.
    pub async fn list_conversations(&mut self, after: Option<&Key>) -> Result<Vec<Conversation>> {
        let [id, owner] = ["conversations.id", "conversations.user"].map(|name| self.column(name));
        let title = self.short("conversations.title", 1000);
        let times = ["conversations.created_at", "conversations.updated_at"];
        let [created_at, updated_at] = times.map(|name| self.short(name, 64));
        let [email, username] =
            ["users.email", "users.username"].map(|name| self.short(name, 1024));
        let user = self.column("users.id");
        let sql = format!(
            "SELECT {id}, {owner}, {user}, {email}, {username}, {title}, {created_at}, \
             {updated_at} FROM {} LEFT JOIN {} ON {user} = {} {}",
            self.from(Table::Conversations),
            self.from(Table::Users),
            self.owner,
            page(&id, after),
        );
        let rows = self.link.rows(sql, after).await?;
        let conversation = |row: Vec<Cell>| {
            let mut row = row.into_iter();
            let mut next = || row.next().unwrap_or(Cell::Null);
            Some(Conversation {
                id: next().key()?,
                user: next().key(),
                has_user: next().key().is_some(),
                email: next().text(),
                username: next().text(),
                title: next().text(),
                created_at: self.time("conversations.created_at", next()),
                updated_at: self.time("conversations.updated_at", next()),
            })
        };
        Ok(rows.into_iter().filter_map(conversation).collect())
    }

    /// How large a conversation is; ask before its messages are read.
    pub async fn size(&mut self, conversation: &Key) -> Result<Size> {
        let content = self.column("messages.content");
        let sql = format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(OCTET_LENGTH({content})), 0) AS SIGNED) FROM {} \
             WHERE {}",
            self.from(Table::Messages),
            self.of_conversation,
        );
        let rows = self.link.rows(sql, Some(conversation)).await?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || row.next().unwrap_or(Cell::Null).number();
        Ok(Size { messages: next(), bytes: next() })
    }

    /// All messages of a conversation, in no order.
    pub async fn list_messages(&mut self, conversation: &Key) -> Result<Vec<Message>> {
        let [id, content] = ["messages.id", "messages.content"].map(|name| self.column(name));
        let [is_user, role] =
            ["messages.is_user", "messages.role"].map(|name| self.short(name, 32));
        let sql = format!(
            "SELECT {id}, {content}, {is_user}, {role}, {} FROM {} WHERE {}",
            self.short("messages.created_at", 64),
            self.from(Table::Messages),
            self.of_conversation,
        );
        let rows = self.link.rows(sql, Some(conversation)).await?;
        let message = |row: Vec<Cell>| {
            let mut row = row.into_iter();
            let mut next = || row.next().unwrap_or(Cell::Null);
            Message {
                id: next().key(),
                content: next().text(),
                is_user: next().text(),
                role: next().text(),
                created_at: self.time("messages.created_at", next()),
            }
        };
        Ok(rows.into_iter().map(message).collect())
    }

    /// Conversations that messages name and that are not there, each with the number of its
    /// messages; a thousand at most. `None` stands for messages that name none.
    pub async fn list_strays(&mut self) -> Result<Vec<(Option<Key>, u64)>> {
        let named = self.column("messages.conversation");
        let id = self.column("conversations.id");
        let sql = format!(
            "SELECT {named}, COUNT(*) FROM {} LEFT JOIN {} ON {id} = {} WHERE {id} IS NULL \
             GROUP BY {named} ORDER BY {named} LIMIT {MAX_STRAYS}",
            self.from(Table::Messages),
            self.from(Table::Conversations),
            self.parent,
        );
        let rows = self.link.rows(sql, None).await?;
        let stray = |row: Vec<Cell>| {
            let mut row = row.into_iter();
            let mut next = || row.next().unwrap_or(Cell::Null);
            (next().key(), next().number())
        };
        Ok(rows.into_iter().map(stray).collect())
    }

    /// Gives the connection back.
    pub async fn close(self) {
        self.link.close().await;
    }

    async fn number(&mut self, sql: String) -> Result<u64> {
        let row = self.link.rows(sql, None).await?.into_iter().next();
        Ok(row.and_then(|row| row.into_iter().next()).unwrap_or(Cell::Null).number())
    }

    /// A table as a name in a statement.
    fn from(&self, table: Table) -> String {
        self.link.quoted(&[self.shape.table(table).unwrap_or_default()])
    }

    /// A column as a name in a statement; a NULL where there is none.
    fn column(&self, name: &str) -> String {
        let table = Table::of(name).and_then(|table| self.shape.table(table));
        match (table, self.shape.column(name)) {
            (Some(table), Some(column)) => self.link.quoted(&[table, column]),
            _ => "NULL".to_owned(),
        }
    }

    /// The same, as a text of at most `length` characters.
    fn short(&self, name: &str, length: u32) -> String {
        match self.column(name) {
            column if column == "NULL" => column,
            column => format!("SUBSTR({column}, 1, {length})"),
        }
    }

    fn time(&self, name: &str, cell: Cell) -> Option<Stored> {
        Some(Stored { text: cell.text()?, is_utc: self.shape.is_utc(name) })
    }
}

/// What makes a select a page of rows in the order of `id`.
fn page(id: &str, after: Option<&Key>) -> String {
    let behind = if after.is_some() { format!("AND {id} > ?") } else { String::new() };
    format!("WHERE {id} IS NOT NULL {behind} ORDER BY {id} LIMIT {PAGE}")
}
