//! The database of a service that people leave, with plain tables as such a service makes them.

use std::path::{Path, PathBuf};

use testkit::World;
use testkit::sql::Sql;

pub(crate) const ADA: &str = "ada@example.org";
/// [`PASSWORD`], hashed by libxcrypt.
pub(crate) const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const PBKDF2: &str =
    "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk";

/// What ids the predecessor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// `INTEGER PRIMARY KEY`.
    Numbers,
    /// `BIGINT UNSIGNED` beyond the numbers with a sign.
    Large,
    /// UUIDs as `CHAR(36)`.
    Texts,
    /// UUIDs as `CHAR(32)`, as SQLAlchemy stores them.
    Digits,
    /// UUIDs as `BINARY(16)`.
    Bytes,
}

impl Ids {
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Numbers => "INTEGER",
            Self::Large => "BIGINT UNSIGNED",
            Self::Texts => "CHAR(36)",
            Self::Digits => "CHAR(32)",
            Self::Bytes => "BINARY(16)",
        }
    }

    /// The id of a row, as it stands in a statement.
    pub(crate) fn of(self, number: u32) -> String {
        // What follows a random UUID in the order of ids is no later message.
        let first = number.wrapping_mul(0x9e37_79b9);
        match self {
            Self::Numbers => number.to_string(),
            Self::Large => (u64::MAX / 2 + 1 + u64::from(number)).to_string(),
            Self::Texts => format!("'{first:08x}-0000-4000-8000-0000{number:08x}'"),
            Self::Digits => format!("'{first:08x}0000400080000000{number:08x}'"),
            Self::Bytes => format!("x'{first:08x}0000400080000000{number:08x}'"),
        }
    }
}

/// A predecessor's database.
pub(crate) struct Old {
    pub(crate) sql: Sql,
    /// What stands before the name of a table.
    pub(crate) prefix: String,
    pub(crate) url: String,
    file: Option<PathBuf>,
    pub(crate) ids: Ids,
}

impl Old {
    /// An empty one in an SQLite file.
    pub(crate) async fn in_file(folder: &Path, ids: Ids) -> Self {
        let file = folder.join("old.db");
        let sql = Sql::open(&file).await;
        let url = format!("sqlite:{}", file.display());
        Self { sql, prefix: String::new(), url, file: Some(file), ids }
    }

    /// One more database on the server of a test.
    pub(crate) async fn on_server(world: &World, name: &str, ids: Ids) -> Self {
        let database = world.database();
        let server = database.server().expect("a server");
        let name = format!("{}{name}", server.name);
        database.administer(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await;
        for host in ["localhost", "%"] {
            let grant = format!("GRANT ALL ON {name}.* TO '{}'@'{host}'", server.user);
            database.administer(&grant).await;
        }
        let url = format!(
            "mysql+pymysql://{}:p%40ss%3Aw%2Frd%23%25%3F@{}:{}/{name}?charset=utf8mb4",
            server.user, server.host, server.port
        );
        Self { sql: world.sql().await, prefix: format!("{name}."), url, file: None, ids }
    }

    pub(crate) async fn tables(&mut self) {
        let (id, p) = (self.ids.column(), self.prefix.clone());
        for statement in [
            format!(
                "CREATE TABLE {p}users (id {id} PRIMARY KEY, email VARCHAR(255), \
                 username VARCHAR(80), hashed_password VARCHAR(255), full_name VARCHAR(255), \
                 is_active BOOLEAN, is_superuser BOOLEAN, created_at DATETIME(6))"
            ),
            format!(
                "CREATE TABLE {p}conversations (id {id} PRIMARY KEY, user_id {id}, \
                 title VARCHAR(2000), created_at DATETIME(6), updated_at DATETIME(6))"
            ),
            format!(
                "CREATE TABLE {p}messages (id {id} PRIMARY KEY, conversation_id {id}, \
                 content TEXT, is_user BOOLEAN, created_at DATETIME(6))"
            ),
        ] {
            self.sql.execute(&statement).await;
        }
    }

    pub(crate) async fn user(&mut self, number: u32, email: &str, password: &str, more: &str) {
        let id = self.ids.of(number);
        let statement = format!(
            "INSERT INTO {}users (id, email, hashed_password, username, full_name, is_active, \
             is_superuser, created_at) VALUES ({id}, {email}, '{password}', {more})",
            self.prefix
        );
        self.sql.execute(&statement).await;
    }

    pub(crate) async fn conversation(&mut self, number: u32, user: u32, title: &str) {
        let (id, user) = (self.ids.of(number), self.ids.of(user));
        let statement = format!(
            "INSERT INTO {}conversations VALUES ({id}, {user}, {title}, \
             '2024-03-01 10:00:00.000001', '2024-03-01 10:00:00.000001')",
            self.prefix
        );
        self.sql.execute(&statement).await;
    }

    pub(crate) async fn message(
        &mut self,
        number: u32,
        conversation: u32,
        is_user: &str,
        at: &str,
        text: &str,
    ) {
        let (id, conversation) = (self.ids.of(number), self.ids.of(conversation));
        let text = text.replace('\'', "''");
        let statement = format!(
            "INSERT INTO {}messages VALUES ({id}, {conversation}, '{text}', {is_user}, {at})",
            self.prefix
        );
        self.sql.execute(&statement).await;
    }

    /// A service that two people used.
    pub(crate) async fn fill(&mut self) {
        self.tables().await;
        self.user(
            1,
            "' Ada@Example.ORG '",
            BCRYPT,
            "'ada', 'Ada L.', 1, 1, '2023-12-24 08:00:00.5'",
        )
        .await;
        self.user(2, "'bob@example.org'", PBKDF2, "'bob', NULL, 0, 0, '2024-01-01 00:00:00'").await;
        self.conversation(1, 1, "'The tall marmalade house'").await;
        self.conversation(2, 2, "NULL").await;
        self.conversation(3, 1, "''").await;
        // Written out of order, two of them at one moment.
        let texts = [
            (12, "0", "'2024-03-01 10:00:02.000000'", "It stands at the coast. 🗼"),
            (11, "1", "'2024-03-01 10:00:02.000000'", "Where does it stand?"),
            (14, "0", "'2024-03-01 10:00:09.250000'", "A keeper's lamp."),
            (13, "1", "'2024-03-01 10:00:05.000000'", "And who's in it?"),
        ];
        for (id, is_user, at, text) in texts {
            self.message(id, 1, is_user, at, text).await;
        }
        self.message(21, 2, "1", "'2024-03-02 10:00:00'", "Hello\nthere").await;
    }

    /// Everything in the file, if it is one.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        self.file.as_ref().map(|file| std::fs::read(file).expect("the old database"))
    }
}

/// What the conversation of [`Old::fill`] says, in order.
pub(crate) const SAID: [(bool, &str, &str); 4] = [
    (true, "Where does it stand?", "2024-03-01T10:00:02Z"),
    (false, "It stands at the coast. 🗼", "2024-03-01T10:00:02Z"),
    (true, "And who's in it?", "2024-03-01T10:00:05Z"),
    (false, "A keeper's lamp.", "2024-03-01T10:00:09.250Z"),
];
