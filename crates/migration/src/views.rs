//! Views with readable ids, for people with a SQL tool.
//!
//! They hold nothing, so unlike tables they may be made again at any time. On a database server
//! they act with the rights of the account that reads: a view that acts for its maker
//! (`SQL SECURITY DEFINER`) breaks when a dump is restored under another account.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

use crate::dialect::Dialect;

/// Their names.
pub const NAMES: [&str; 3] = ["users_view", "conversations_view", "messages_view"];

/// Those that are missing or are not as [`create`] makes them. A dump that could not be restored
/// whole leaves views of the right columns that show no row.
pub async fn faulty(db: &impl ConnectionTrait) -> Result<Vec<&'static str>, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'view'",
        // What the account may not see is empty, and nothing can be said about it.
        Dialect::MySql => {
            "SELECT CAST(TABLE_NAME AS CHAR) FROM information_schema.VIEWS \
             WHERE TABLE_SCHEMA = DATABASE() AND SECURITY_TYPE = 'INVOKER' \
             AND (VIEW_DEFINITION = '' OR LOWER(VIEW_DEFINITION) LIKE '%hex(%')"
        }
    };
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let mut sound = Vec::new();
    for row in db.query_all_raw(statement).await? {
        sound.push(row.try_get_by_index::<String>(0)?);
    }
    Ok(NAMES.into_iter().filter(|name| !sound.iter().any(|found| found == name)).collect())
}

/// Makes those again that are [`faulty`], and says which they were.
pub async fn repair(db: &impl ConnectionTrait) -> Result<Vec<&'static str>, DbErr> {
    let faulty = faulty(db).await?;
    for name in &faulty {
        create(db, name).await?;
    }
    Ok(faulty)
}

/// Makes all of them, in the place of those that are there. They show the newest schema, so only
/// the last step that concerns them calls this.
pub(crate) async fn create_all(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    for name in NAMES {
        create(db, name).await?;
    }
    Ok(())
}

async fn create(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    let dialect = Dialect::of(db);
    let query = query(name, dialect);
    let statements = match dialect {
        Dialect::Sqlite => vec![
            format!("DROP VIEW IF EXISTS {name}"),
            format!("CREATE VIEW IF NOT EXISTS {name} AS {query}"),
        ],
        Dialect::MySql => {
            vec![format!("CREATE OR REPLACE SQL SECURITY INVOKER VIEW {name} AS {query}")]
        }
    };
    for sql in statements {
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

fn query(name: &str, dialect: Dialect) -> String {
    let id = |column: &str, prefix: &str| match dialect {
        Dialect::Sqlite => format!("'{prefix}_' || lower(hex({column}))"),
        Dialect::MySql => format!("CONCAT('{prefix}_', LOWER(HEX({column})))"),
    };
    // `hex(NULL)` is the empty text on SQLite.
    let optional_id = |column: &str, prefix: &str| {
        format!("CASE WHEN {column} IS NULL THEN NULL ELSE {} END", id(column, prefix))
    };
    match name {
        "users_view" => format!(
            "SELECT {} AS id, email, name, role, disabled_at, created_at, updated_at FROM users \
             WHERE deleted_at IS NULL",
            id("id", "user")
        ),
        "conversations_view" => format!(
            "SELECT {} AS id, {} AS user_id, title, model, instructions, pinned, archived_at, \
             created_at, updated_at FROM conversations WHERE deleted_at IS NULL AND kind = 'chat'",
            id("id", "conv"),
            id("user_id", "user")
        ),
        // What is in the trash is not shown.
        _ => format!(
            "SELECT {} AS id, {} AS conversation_id, m.seq, {} AS parent_id, m.type, m.role, \
             m.is_user, m.status, m.content, m.model, m.created_at, m.updated_at \
             FROM messages m JOIN conversations c ON c.id = m.conversation_id \
             WHERE c.deleted_at IS NULL AND c.kind = 'chat'",
            id("m.id", "msg"),
            id("m.conversation_id", "conv"),
            optional_id("m.parent_id", "msg")
        ),
    }
}
