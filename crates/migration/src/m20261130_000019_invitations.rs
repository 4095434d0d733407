//! Links that administrators give away: invitations, and ways to a new password.

use sea_orm_migration::prelude::*;

use crate::ddl::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Made at the command line, an invitation has no author.
        Table::new(
            "invitations",
            r"
  id {id} NOT NULL PRIMARY KEY,
  hash {hash} NOT NULL,
  email {string:254} NULL,
  role {string:16} NOT NULL,
  uses {int} NOT NULL,
  max_uses {int} NOT NULL,
  created_by {id} NULL,
  expires_at {time} NOT NULL,
  created_at {time} NOT NULL,
  CONSTRAINT invitations_hash UNIQUE (hash),
  CONSTRAINT invitations_role CHECK (role IN ('user', 'admin')),
  CONSTRAINT invitations_author FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE CASCADE",
        )
        .index("invitations_by_author", "created_by")
        .create(schema)
        .await?;
        // One link an account: the next one replaces it.
        Table::new(
            "password_resets",
            r"
  user_id {id} NOT NULL PRIMARY KEY,
  hash {hash} NOT NULL,
  expires_at {time} NOT NULL,
  created_at {time} NOT NULL,
  CONSTRAINT password_resets_hash UNIQUE (hash),
  CONSTRAINT password_resets_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        )
        .create(schema)
        .await
    }
}
