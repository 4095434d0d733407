//! What an operator writes to say where the database is.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use crud::MySqlTarget;
use secrecy::SecretString;

use super::key::Privacy;
use super::setting::Setting;

/// A database URL, as far as its scheme goes.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
    /// `mysql://…`; `mariadb://…` is rewritten to it.
    MySql(SecretString),
}

impl Setting for DatabaseUrl {
    const EXPECTS: &'static str = "a URL beginning with `sqlite:`, `mysql://` or `mariadb://`";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let rest = text.get(scheme.len() + 1..).unwrap_or_default();
        match scheme.as_str() {
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "mysql" | "mariadb" if rest.starts_with("//") => {
                let url = SecretString::from(format!("mysql:{rest}"));
                // What the start would refuse is refused here.
                MySqlTarget::Url(url.clone()).check().map_err(str::to_owned)?;
                Ok(Self::MySql(url))
            }
            "postgres" | "postgresql" => Err("PostgreSQL is not supported yet".to_owned()),
            _ => Err(String::new()),
        }
    }
}

/// Host name or address of a database server, or the path of its socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbHost(pub String);

impl Setting for DbHost {
    const EXPECTS: &'static str = "a host name, an address, or a path that begins with `/`";

    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self(text.to_owned()));
        }
        if text.contains("://") || text.contains(['/', '@', '?']) {
            return Err("a URL goes to DATABASE_URL".to_owned());
        }
        let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = address.unwrap_or(text);
        if address.contains(':') && address.parse::<Ipv6Addr>().is_err() {
            return Err("the port goes to DB_PORT".to_owned());
        }
        if address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("it has white space".to_owned());
        }
        Ok(Self(address.to_owned()))
    }
}

fn sqlite_path(rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.contains('?') {
        return Err("parameters after `?` are not supported for SQLite".to_owned());
    }
    if path.is_empty() || path.starts_with(":memory:") {
        return Err("SQLite needs the path of a file".to_owned());
    }
    Ok(PathBuf::from(path))
}
