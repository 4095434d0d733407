//! Moving in from the database of another service.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use crud::predecessor::{Names, Predecessor, PredecessorLocation};
use secrecy::SecretString;
use services::{MoveOptions, Moving};

use super::Operator;
use crate::app;

impl Operator {
    /// Begins to move everything in from the database at `url`; what comes is the report.
    pub async fn move_in(&self, url: &str, names: &Names, options: MoveOptions) -> Result<Moving> {
        let place = place(url)?;
        let source = Predecessor::open(&place, names)
            .await
            .with_context(|| format!("{} cannot be moved in", shown(&place)))?;
        tracing::info!(from = shown(&place), tables = source.describe(), "reading");
        let passwords = app::passwords(&self.config)?;
        Ok(self.transfers().imports.move_in(source, passwords, options))
    }
}

/// What may be said of a place: a URL has a password in it.
fn shown(place: &PredecessorLocation) -> String {
    match place {
        PredecessorLocation::Sqlite(path) => path.display().to_string(),
        PredecessorLocation::MySql(_) => "the database".to_owned(),
    }
}

/// Where a URL points to; those of SQLAlchemy name a driver behind a plus sign.
fn place(text: &str) -> Result<PredecessorLocation> {
    if let Some(name) = text.strip_prefix("env:") {
        let url = std::env::var(name)
            .map_err(|_| anyhow!("--from-database: there is no variable {name}"))?;
        return place_of(url.trim());
    }
    place_of(text.trim())
}

fn place_of(url: &str) -> Result<PredecessorLocation> {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    let engine = scheme.split('+').next().unwrap_or_default();
    match engine {
        "sqlite" => sqlite(rest).map(PredecessorLocation::Sqlite),
        "mysql" | "mariadb" if rest.starts_with("//") => {
            Ok(PredecessorLocation::MySql(SecretString::from(format!("mysql:{rest}"))))
        }
        "postgres" | "postgresql" => bail!(
            "--from-database: PostgreSQL cannot be read; copy its three tables into an SQLite file \
             first"
        ),
        _ => bail!(
            "--from-database expects a URL beginning with sqlite:, mysql:// or mariadb://, or \
             env:NAME"
        ),
    }
}

/// The file of `sqlite:PATH`, or of SQLAlchemy's `sqlite:///PATH`, whose path begins behind the
/// third slash.
fn sqlite(rest: &str) -> Result<PathBuf> {
    let rest = rest.split('?').next().unwrap_or_default();
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path == "/" || path.contains(":memory:") {
        bail!("--from-database: SQLite needs the path of a file, such as sqlite:app.db");
    }
    let named = PathBuf::from(path);
    if rest.starts_with("///") && !named.exists() {
        // `sqlite:///app.db` there is a file of the working directory.
        let relative = PathBuf::from(path.trim_start_matches('/'));
        if relative.exists() || !rest.starts_with("////") {
            return Ok(relative);
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn urls_of_both_worlds_name_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("app.db");
        std::fs::write(&there, "").unwrap();
        let there = there.to_str().unwrap();
        for (url, path) in [
            ("sqlite:app.db", "app.db"),
            ("sqlite:./app.db", "./app.db"),
            ("sqlite:///app.db", "app.db"),
            ("sqlite:///./app.db", "./app.db"),
            ("sqlite+aiosqlite:///app.db?timeout=5", "app.db"),
            (&format!("sqlite:{there}"), there),
            (&format!("sqlite://{there}"), there),
            (&format!("SQLite:///{there}"), &format!("/{there}")),
        ] {
            let Ok(PredecessorLocation::Sqlite(found)) = place(url) else { panic!("{url}") };
            assert_eq!(found, PathBuf::from(path), "{url}");
        }
        for url in [
            "mysql://u:p@h:3306/d",
            "mariadb://u:p@h:3306/d",
            "mysql+pymysql://u:p@h:3306/d",
            "mariadb+asyncmy://u:p@h:3306/d",
        ] {
            let Ok(PredecessorLocation::MySql(found)) = place(url) else { panic!("{url}") };
            assert_eq!(found.expose_secret(), "mysql://u:p@h:3306/d", "{url}");
        }
        for url in [
            "",
            "app.db",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "mysql:host",
            "postgresql://u:secret@h/d",
            "env:CHATAPP_NO_SUCH_VARIABLE",
        ] {
            let error = place(url).unwrap_err().to_string();
            assert!(error.starts_with("--from-database") && !error.contains("secret"), "{error}");
        }
    }
}
