//! The schema of every database: one step a file, forward only, restartable.
//!
//! This crate deliberately knows nothing of `models`: a step must keep meaning what it meant
//! on the day it was released. [`run`] applies what is missing under a [lease](lock), so that
//! any number of servers may start at once.

#![expect(elided_lifetimes_in_paths, reason = "the signature of `MigrationTrait::up` has it so")]

pub mod ddl;
pub mod dialect;
pub mod lock;
mod m20261122_000001_accounts;
mod m20261122_000002_conversations;
mod m20261122_000003_responses;
mod m20261122_000004_operation;
mod m20261122_000005_views;
mod m20261123_000006_continuations;
mod m20261123_000008_account_removal;
mod m20261123_000010_trash;
mod m20261123_000011_search;
mod m20261123_000014_context;
mod m20261123_000016_imports;
mod m20261129_000017_refusals;
mod m20261130_000018_finish_reason;
mod m20261130_000019_invitations;
mod m20261130_000020_login_failures;
mod m20261130_000021_views;
mod m20261130_000023_comments;
mod m20261130_000024_purpose;
pub mod record;
pub mod views;
mod wait;

use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseConnection;

/// Every table and view this crate makes; used to recognise those of others.
pub const TABLES: [&str; 16] = [
    "users",
    "sessions",
    "refresh_tokens",
    "api_keys",
    "conversations",
    "messages",
    "responses",
    "response_events",
    "servers",
    "idempotency_keys",
    "login_failures",
    "meta",
    "imports",
    "search_docs",
    "invitations",
    "password_resets",
];

/// The steps in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_accounts::Migration),
            Box::new(m20261122_000002_conversations::Migration),
            Box::new(m20261122_000003_responses::Migration),
            Box::new(m20261122_000004_operation::Migration),
            Box::new(m20261122_000005_views::Migration),
            Box::new(m20261123_000006_continuations::Migration),
            Box::new(m20261123_000008_account_removal::Migration),
            Box::new(m20261123_000010_trash::Migration),
            Box::new(m20261123_000011_search::Migration),
            Box::new(m20261123_000014_context::Migration),
            Box::new(m20261123_000016_imports::Migration),
            Box::new(m20261129_000017_refusals::Migration),
            Box::new(m20261130_000018_finish_reason::Migration),
            Box::new(m20261130_000019_invitations::Migration),
            Box::new(m20261130_000020_login_failures::Migration),
            Box::new(m20261130_000021_views::Migration),
            Box::new(m20261130_000023_comments::Migration),
            Box::new(m20261130_000024_purpose::Migration),
        ]
    }
}

/// What [`run`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Names of the steps applied now; empty when the schema was up to date.
    pub steps: Vec<String>,
}

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Tables of our names exist, but not our record of migrations.
    #[error(
        "the database already holds tables named {0}, made by another program. They were left \
         untouched. Use an empty database, or rename or drop these tables first"
    )]
    ForeignTables(String),
    /// The database was written by a newer release.
    #[error(
        "the database was migrated by a newer release ({0} is unknown here). Use that release, or \
         restore a backup made before the upgrade"
    )]
    Newer(String),
    /// Another session keeps a table from being changed.
    #[error(
        "a table cannot be changed because another session uses it{0}. End that session or its \
         transaction, and start again"
    )]
    Locked(String),
    /// The account may not change the schema.
    #[error(
        "the account may not change the schema. Run chatapp migrate with one that may (CREATE, \
         ALTER, DROP, INDEX, REFERENCES, CREATE VIEW), or grant it these rights"
    )]
    Rights(#[source] DbErr),
    /// A statement failed.
    #[error("a statement of the migration failed")]
    Database(#[from] DbErr),
}

/// The names of all steps, in order.
pub fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

/// The steps that are not applied yet. Only reads, so that an account without the right to
/// create tables can ask.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let steps = Migrator::get_pending_migrations_read_only(db).await?;
    Ok(steps.iter().map(|step| step.name().to_owned()).collect())
}

/// Whether [`run`] would work, and what it would do: the steps that are not applied yet.
pub async fn check(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    refuse_foreign_tables(db).await?;
    refuse_newer(db).await?;
    pending(db).await
}

/// Brings the schema up to date, one server at a time.
///
/// A step that waits for another session's lock is given up by the database server after some
/// seconds. Then it is said who may hold that lock, and the step is tried again, `patience` long.
pub async fn run(db: &DatabaseConnection, patience: Duration) -> Result<Applied, Error> {
    if check(db).await?.is_empty() {
        return Ok(Applied { steps: Vec::new() });
    }
    let lease = lock::acquire(db).await.map_err(wait::sorted)?;
    // Another server may have done the work while this one waited for the lease.
    let result = async {
        let steps = pending(db).await?;
        record::create(db).await.map_err(wait::sorted)?;
        wait::up(db, patience).await?;
        Ok(Applied { steps })
    }
    .await;
    lease.release().await?;
    result
}

async fn has_record(db: &DatabaseConnection) -> Result<bool, DbErr> {
    SchemaManager::new(db).has_table(record::TABLE).await
}

async fn refuse_foreign_tables(db: &DatabaseConnection) -> Result<(), Error> {
    if has_record(db).await? {
        return Ok(());
    }
    let schema = SchemaManager::new(db);
    // A first start that was killed before its record existed leaves only the lease behind.
    if schema.has_table(lock::TABLE).await? {
        return Ok(());
    }
    let mut found = Vec::new();
    for table in TABLES {
        if schema.has_table(table).await? {
            found.push(table);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Error::ForeignTables(found.join(", "))) }
}

async fn refuse_newer(db: &DatabaseConnection) -> Result<(), Error> {
    if !has_record(db).await? {
        return Ok(());
    }
    let known = steps();
    let applied = record::applied(db).await?;
    match applied.into_iter().find(|version| !known.contains(version)) {
        Some(unknown) => Err(Error::Newer(unknown)),
        None => Ok(()),
    }
}
