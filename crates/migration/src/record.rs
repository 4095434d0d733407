//! The table in which applied steps are recorded. The migration library would make it too, but
//! with whatever the database server takes by default.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

use crate::ddl;

/// Its name.
pub const TABLE: &str = "seaql_migrations";

/// Makes the table where it is missing, with the columns that the library expects.
pub(crate) async fn create(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let options = ddl::options(db);
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (version VARCHAR(255) NOT NULL PRIMARY KEY, \
         applied_at BIGINT NOT NULL) {options}"
    );
    db.execute_unprepared(&sql).await?;
    Ok(())
}

/// The names of the applied steps. The table must exist.
pub(crate) async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let sql = format!("SELECT version FROM {TABLE} ORDER BY version");
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await?;
    rows.into_iter().map(|row| row.try_get_by_index(0)).collect()
}
