//! Commands that take conversations out and in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use crud::predecessor::Table;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A line of JSON for each conversation, every branch
    Jsonl,
    /// The selected branch of each conversation, for people
    Markdown,
}

/// Options of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The account: its e-mail address or its id
    pub account: String,
    /// The new file; without it, standard output
    pub file: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value = "jsonl")]
    pub format: FileFormat,
    /// Replace a file that is there
    #[arg(long, requires = "file")]
    pub force: bool,
}

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The account: its e-mail address or its id
    #[arg(required_unless_present = "from_database", conflicts_with = "from_database")]
    pub account: Option<String>,
    /// The file; - is standard input
    #[arg(required_unless_present = "from_database")]
    pub file: Option<PathBuf>,
    /// Read everything and say what would happen, but store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print a line of JSON for each conversation, and one for all
    #[arg(long)]
    pub json: bool,
    /// Options of moving in.
    #[command(flatten)]
    pub moving: MoveArgs,
}

/// Options of `import --from-database`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Moving in from the FastAPI service")]
pub struct MoveArgs {
    /// Move users, conversations and messages from this database: sqlite:PATH, mysql://… or
    /// mariadb://…
    ///
    /// SQLAlchemy's URLs are understood, too. env:NAME takes the URL from a variable of the
    /// environment, so that its password is in no list of processes. The database is only read.
    /// Old passwords go on working where they are hashed with bcrypt or Argon2. Run again, it adds
    /// what is new there.
    #[arg(long, value_name = "URL")]
    pub from_database: Option<String>,
    /// What a table is called there: users=accounts (users, conversations or messages)
    #[arg(long = "table", value_name = "TABLE=NAME", requires = "from_database",
        conflicts_with = "account", value_parser = named_table)]
    pub tables: Vec<(Table, String)>,
    /// What a column is called there: users.email=mail
    #[arg(long = "column", value_name = "TABLE.COLUMN=NAME", requires = "from_database",
        conflicts_with = "account", value_parser = named_column)]
    pub columns: Vec<(String, String)>,
    /// Make addresses of user names, for users who have no address: ada becomes ada@DOMAIN
    #[arg(long, value_name = "DOMAIN", requires = "from_database", conflicts_with = "account")]
    pub email_domain: Option<String>,
    /// By which clock times were written that name no zone
    #[arg(long, value_name = "OFFSET", requires = "from_database", conflicts_with = "account",
        default_value = "+00:00", allow_hyphen_values = true, value_parser = offset_minutes)]
    pub utc_offset: i32,
}

fn named_table(text: &str) -> Result<(Table, String), String> {
    const EXPECTS: &str = "expected users=NAME, conversations=NAME or messages=NAME";
    let (table, name) = text.split_once('=').ok_or(EXPECTS)?;
    let table = Table::named(table.trim()).ok_or(EXPECTS)?;
    Ok((table, name.trim().to_owned()))
}

fn named_column(text: &str) -> Result<(String, String), String> {
    let (column, name) = text.split_once('=').ok_or("expected users.email=NAME or the like")?;
    Ok((column.trim().to_owned(), name.trim().to_owned()))
}

/// An offset such as `+02:00`, in minutes.
fn offset_minutes(text: &str) -> Result<i32, String> {
    let parsed = || {
        let (sign, rest) = match text.trim().split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
        let is_offset = hours <= 14 && minutes < 60;
        is_offset.then(|| sign * (i32::from(hours) * 60 + i32::from(minutes)))
    };
    parsed().ok_or_else(|| "expected an offset such as +02:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_minutes() {
        for (text, minutes) in [("+02:00", 120), ("-05:30", -330), ("+0:00", 0), ("+9", 540)] {
            assert_eq!(offset_minutes(text), Ok(minutes), "{text}");
        }
        for text in ["", "2", "02:00", "+15:00", "+01:60", "+x", "Europe/Berlin", "+", "é1"] {
            assert!(offset_minutes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_stand_behind_an_equals_sign() {
        assert_eq!(named_table("users=people"), Ok((Table::Users, "people".to_owned())));
        assert!(named_table("people=users").is_err() && named_table("users").is_err());
        let pair = ("users.email".to_owned(), "a=b".to_owned());
        assert_eq!(named_column("users.email=a=b"), Ok(pair));
        assert!(named_column("users.email").is_err());
    }
}
