//! Which database: from `database_url` and the `db_*` keys to one choice.

use std::fmt;
use std::path::{Path, PathBuf};

use crud::{MySqlTarget, Tls, TlsMode};
use secrecy::{ExposeSecret as _, SecretString};

use super::StorageConfig;
use super::database_address::{DatabaseUrl, DbHost};
use super::values::Values;

/// The database to use.
#[derive(Debug, Clone)]
pub enum Database {
    /// An embedded SQLite file.
    Sqlite {
        /// The file; made when missing.
        path: PathBuf,
    },
    /// A MySQL or MariaDB server, in parts, so that no character of the password needs escaping.
    MySql(MySqlOptions),
    /// A MySQL or MariaDB server, as a URL beginning with `mysql://`.
    Url(SecretString),
}

/// Where a MySQL or MariaDB server is and how to log in.
#[derive(Debug, Clone)]
pub struct MySqlOptions {
    /// Host name or address; empty with a socket.
    pub host: String,
    /// TCP port; unused with a socket.
    pub port: u16,
    /// The account.
    pub user: String,
    /// Its password; empty for none.
    pub password: SecretString,
    /// The database.
    pub name: String,
    /// A unix socket, instead of host and port.
    pub socket: Option<PathBuf>,
}

impl Database {
    /// The choice, or the names of the `DB_*` variables that are missing for it.
    pub(super) fn choose(storage: &StorageConfig) -> Result<Self, Vec<&'static str>> {
        match &storage.database_url {
            Some(DatabaseUrl::Sqlite(path)) => return Ok(Self::Sqlite { path: path.clone() }),
            Some(DatabaseUrl::MySql(url)) => return Ok(Self::Url(url.clone())),
            None => {}
        }
        let StorageConfig { db_host, db_port, db_user, db_password, db_name, .. } = storage;
        if let (Some(DbHost(host)), Some(user), Some(password), Some(name)) =
            (db_host, db_user, db_password, db_name)
        {
            let socket = host.starts_with('/').then(|| PathBuf::from(host));
            return Ok(Self::MySql(MySqlOptions {
                host: if socket.is_some() { String::new() } else { host.clone() },
                port: db_port.unwrap_or(3306),
                user: user.clone(),
                password: password.clone(),
                name: name.clone(),
                socket,
            }));
        }
        // An empty password means none where a server is named. Alone it is a line of a template
        // that nobody has filled in, and so is a port.
        let has_password = db_password.as_ref().is_some_and(|p| !p.expose_secret().is_empty());
        if db_host.is_none() && db_user.is_none() && db_name.is_none() && !has_password {
            return Ok(Self::Sqlite { path: storage.data_dir.join("chatapp.db") });
        }
        let given = [
            ("DB_HOST", db_host.is_some()),
            ("DB_USER", db_user.is_some()),
            ("DB_PASSWORD", db_password.is_some()),
            ("DB_NAME", db_name.is_some()),
        ];
        Err(given.iter().filter(|(_, given)| !given).map(|(name, _)| *name).collect())
    }

    /// The SQLite file, if it is one.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { path } => Some(path),
            Self::MySql(_) | Self::Url(_) => None,
        }
    }
}

/// Checks what is said about TLS, in both places that can say it.
pub(super) fn check_tls(storage: &StorageConfig, values: &mut Values) {
    let configured = Tls { mode: storage.db_tls, ca: storage.db_tls_ca.clone() };
    if let Some(Err(error)) = configured.ca.as_deref().map(crud::check_authorities) {
        values.complain(format!("storage.db_tls_ca: {error}"));
    }
    let own = match &storage.database_url {
        Some(DatabaseUrl::MySql(url)) => MySqlTarget::Url(url.clone()).tls(),
        _ => Tls::default(),
    };
    let (mode, own_mode) = (configured.mode, own.mode);
    let both = configured.or(own);
    if both.ca.is_some()
        && matches!(both.mode, TlsMode::Off | TlsMode::Preferred | TlsMode::Required)
    {
        values.warn(
            "storage.db_tls_ca (ssl-ca in a URL) is not looked at: storage.db_tls (ssl-mode) takes \
             any certificate; verify_identity checks it"
                .to_owned(),
        );
    }
    if mode != TlsMode::Auto && own_mode != TlsMode::Auto && own_mode != mode {
        values.complain(
            "storage.db_tls and the ssl-mode of DATABASE_URL say different things; remove one of \
             them"
                .to_owned(),
        );
    }
}

/// Where the database is, without its password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite {}", path.display()),
            Self::MySql(MySqlOptions { socket: Some(socket), user, name, .. }) => {
                write!(f, "mysql {user}@{}/{name}", socket.display())
            }
            Self::MySql(MySqlOptions { host, port, user, name, .. }) => {
                write!(f, "mysql {user}@{host}:{port}/{name}")
            }
            Self::Url(url) => write!(f, "mysql {}", without_secrets(url.expose_secret())),
        }
    }
}

/// Host and database of a URL: what stands between the last `@` and the query. If the query
/// may hold an `@`, nobody knows where the password ends, and nothing is shown.
fn without_secrets(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let before_query = rest.split('?').next().unwrap_or_default();
    match (rest.rfind('@'), before_query.rsplit_once('@')) {
        (None, _) => before_query,
        (Some(last), Some((user, place))) if last == user.len() => place,
        _ => "(hidden)",
    }
}
