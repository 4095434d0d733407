//! Opening a `MySQL` or `MariaDB` database, which is created when it is missing.

pub(crate) mod account;
pub(crate) mod tls;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, Connection, Executor};
use sea_orm::{DbErr, RuntimeErr};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::account::number;
use self::tls::Tls;
use crate::connect::ConnectError;
use crate::link::{Link, Pools};
use crate::pool::Limits;
use crate::sqlite::STATEMENTS;

/// Where the server is and how many connections to keep.
#[derive(Debug, Clone)]
pub struct MySqlOptions {
    /// Where it is.
    pub target: MySqlTarget,
    /// How the connection is protected, where a URL does not say it itself.
    pub tls: Tls,
    /// The most connections of this process.
    pub max_connections: u32,
}

/// Where a `MySQL` or `MariaDB` server is.
#[derive(Debug, Clone)]
pub enum MySqlTarget {
    /// In parts, as the `DB_*` keys give it: no character needs escaping.
    Parts {
        /// Host name or address; unused with a socket.
        host: String,
        /// TCP port.
        port: u16,
        /// Unix socket, instead of host and port.
        socket: Option<PathBuf>,
        /// Account.
        user: String,
        /// Its password.
        password: SecretString,
        /// Database.
        name: String,
    },
    /// As a `mysql://` URL.
    Url(SecretString),
}

/// After how long without use a connection is asked whether it still lives. A server that was
/// started again was away for longer.
const PING_AFTER: Duration = Duration::from_secs(1);

pub(crate) async fn open(options: &MySqlOptions, limits: Limits) -> Result<Pools, ConnectError> {
    let connect = connect_options(&options.target, &options.tls)?;
    ensure_database(&connect).await?;
    pools(options, &connect, limits).await
}

/// As [`open`], but creates nothing: `None` where the database does not exist.
pub(crate) async fn open_existing(
    options: &MySqlOptions,
    limits: Limits,
) -> Result<Option<Pools>, ConnectError> {
    let connect = connect_options(&options.target, &options.tls)?;
    match connect.connect().await {
        Ok(connection) => {
            let _ = connection.close().await;
            pools(options, &connect, limits).await.map(Some)
        }
        Err(error) if number(&error) == Some(1049) => Ok(None),
        Err(error) if number(&error) == Some(1044) => Err(missing(&connect)),
        Err(error) => Err(explain(error, &connect)),
    }
}

async fn pools(
    options: &MySqlOptions,
    connect: &MySqlConnectOptions,
    limits: Limits,
) -> Result<Pools, ConnectError> {
    let link = Link::remote(limits.statement);
    // A dead connection must leave time to make another.
    let patience = limits.acquire / 4;
    let (before, after, made) = (link.clone(), link.clone(), link.clone());
    let pool = MySqlPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .min_connections(0)
        .acquire_timeout(limits.acquire)
        .idle_timeout(Duration::from_mins(10))
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let is_doubtful = meta.idle_for > PING_AFTER || before.is_doubtful();
            Box::pin(async move {
                if is_doubtful {
                    ping(connection, patience).await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection, _| {
            let is_doubtful = after.is_doubtful();
            Box::pin(async move {
                if is_doubtful {
                    // The pool's own ping has no limit, and the place in the pool is not free
                    // before it ends.
                    ping(connection, patience).await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let link = made.clone();
            Box::pin(async move {
                set_session(connection).await?;
                link.note_packet(packet(connection).await?);
                Ok(())
            })
        })
        .connect_with(connect.clone())
        .await
        .map_err(|source| explain(source, connect))?;
    let connection = DatabaseConnection::from(pool);
    Ok(Pools { read: connection.clone(), write: connection, link })
}

/// Whether a connection lives. After an error the pool closes it without a goodbye.
async fn ping(connection: &mut MySqlConnection, patience: Duration) -> Result<(), sqlx::Error> {
    tokio::time::timeout(patience, connection.ping())
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

impl MySqlTarget {
    /// Whether it can be understood; the error says what is wrong, without quoting it.
    pub fn check(&self) -> Result<(), &'static str> {
        match connect_options(self, &Tls::default()) {
            Ok(_) => Ok(()),
            Err(ConnectError::Url(reason)) => Err(reason),
            Err(ConnectError::File { .. }) => {
                Err("the file of its ssl-ca cannot be read, or holds no certificate (PEM)")
            }
            Err(_) => Err("it cannot be used"),
        }
    }

    /// What it says itself about TLS; nothing unless it is a URL that does.
    pub fn tls(&self) -> Tls {
        match self {
            Self::Parts { .. } => Tls::default(),
            Self::Url(url) => {
                let url = Url::parse(url.expose_secret()).ok();
                url.and_then(|url| tls::asked(&url).ok()).unwrap_or_default()
            }
        }
    }
}

/// What a `mysql://` URL says, and how it wants to be protected.
pub(crate) fn read_url(url: &SecretString) -> Result<(MySqlConnectOptions, Tls), &'static str> {
    // The parsers' messages may quote the URL, and with it the password.
    const UNREADABLE: &str = "it cannot be parsed";
    let parsed = Url::parse(url.expose_secret()).map_err(|_| UNREADABLE)?;
    let asked = tls::asked(&parsed)?;
    let options = MySqlConnectOptions::from_str(url.expose_secret()).map_err(|_| UNREADABLE)?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err("it names no database");
    }
    // An address of IPv6 stands in brackets only in a URL.
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    Ok((options.host(&host), asked))
}

fn connect_options(target: &MySqlTarget, tls: &Tls) -> Result<MySqlConnectOptions, ConnectError> {
    let mut tls = tls.clone();
    let options = match target {
        MySqlTarget::Parts { host, port, socket, user, password, name } => {
            let mut options = MySqlConnectOptions::new().username(user).database(name);
            // An empty password is not the same as none to accounts that log in by socket.
            if !password.expose_secret().is_empty() {
                options = options.password(password.expose_secret());
            }
            match socket {
                Some(socket) => options.socket(socket),
                None => options.host(host).port(*port),
            }
        }
        MySqlTarget::Url(url) => {
            let (options, asked) = read_url(url).map_err(ConnectError::Url)?;
            tls = tls.or(asked);
            options
        }
    };
    Ok(tls::protect(options, &tls)?
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

async fn set_session(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    // The server's own settings may say otherwise: without autocommit nothing outside a transaction
    // is ever stored, and a table that another session uses is waited for a day or longer.
    connection.execute("SET SESSION autocommit = 1, SESSION lock_wait_timeout = 10").await?;
    // A server that vanishes in the middle of a write keeps its row locks until the database
    // notices. MariaDB is told to notice after 10 s; MySQL has no such setting and reads a comment.
    connection
        .execute("SET @chatapp = 0 /*M!100300 , SESSION idle_write_transaction_timeout = 10 */")
        .await?;
    Ok(())
}

/// The largest packet that the server takes from this connection, in bytes.
async fn packet(connection: &mut MySqlConnection) -> Result<usize, sqlx::Error> {
    let row = connection.fetch_one("SELECT CAST(@@max_allowed_packet AS SIGNED)").await?;
    let bytes: i64 = sqlx::Row::try_get(&row, 0)?;
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Creates the database when the server says that it does not exist.
async fn ensure_database(options: &MySqlConnectOptions) -> Result<(), ConnectError> {
    match options.connect().await {
        Ok(connection) => {
            // A goodbye that is not heard costs nothing.
            let _ = connection.close().await;
            Ok(())
        }
        Err(error) if number(&error) == Some(1049) => create_database(options).await,
        // MySQL says "access denied" to accounts without rights on a missing database.
        Err(error) if number(&error) == Some(1044) => Err(missing(options)),
        Err(error) => Err(explain(error, options)),
    }
}

async fn create_database(options: &MySqlConnectOptions) -> Result<(), ConnectError> {
    let statement = create_statement(options);
    let mut connection =
        options.clone().database("").connect().await.map_err(|source| explain(source, options))?;
    // The name is quoted by `create_statement`; DDL takes no parameters.
    match connection.execute(AssertSqlSafe(statement)).await {
        Ok(_) => {
            tracing::info!(database = options.get_database(), "created the missing database");
            let _ = connection.close().await;
            Ok(())
        }
        Err(error) if matches!(number(&error), Some(1044 | 1045 | 1142)) => Err(missing(options)),
        Err(error) => Err(explain(error, options)),
    }
}

fn create_statement(options: &MySqlConnectOptions) -> String {
    let name = options.get_database().unwrap_or_default().replace('`', "``");
    format!("CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
}

fn missing(options: &MySqlConnectOptions) -> ConnectError {
    let name = options.get_database().unwrap_or_default();
    let quoted = name.replace('`', "``");
    let user = options.get_username().replace('\'', "''");
    ConnectError::Missing {
        name: name.to_owned(),
        statement: format!(
            "{}; GRANT ALL PRIVILEGES ON `{quoted}`.* TO '{user}'@'%';",
            create_statement(options)
        ),
    }
}

/// How a server is reached: on this machine or not, and whether its certificate is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protection {
    pub(crate) is_here: bool,
    pub(crate) is_verified: bool,
}

pub(crate) fn protection(options: &MySqlOptions) -> Result<Protection, ConnectError> {
    let options = connect_options(&options.target, &options.tls)?;
    Ok(Protection { is_here: tls::is_here(&options), is_verified: tls::verifies(&options) })
}

fn explain(error: sqlx::Error, options: &MySqlConnectOptions) -> ConnectError {
    let user = || options.get_username().to_owned();
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    if let Some(why) = tls::refusal(&error, options) {
        return ConnectError::Unprotected { place, why };
    }
    if let Some(why) = account::unsuitable(&error) {
        return ConnectError::Unsuitable { user: user(), why };
    }
    let is_refused = account::is_refused(&error);
    let source = DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    if is_refused {
        return ConnectError::Refused { user: user(), hint: tls::hint(options), source };
    }
    ConnectError::Unreachable { place, waited: Duration::ZERO, source }
}
