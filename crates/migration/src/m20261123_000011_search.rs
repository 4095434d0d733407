//! Search: what can be found of messages and titles.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::ddl::Table;
use crate::dialect::Dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Rows of an owner lie together: they are read one after the other.
const ON_MYSQL: &str = r"
  doc {serial} NOT NULL,
  user_id {id} NOT NULL,
  conversation_id {id} NOT NULL,
  seq {bigint} NULL,
  is_title {bool} NOT NULL,
  terms LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (user_id, is_title, doc),
  CONSTRAINT search_docs_doc UNIQUE (doc),
  CONSTRAINT search_docs_place UNIQUE (conversation_id, seq),
  CONSTRAINT search_docs_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
  CONSTRAINT search_docs_message FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE";

const ON_SQLITE: &str = r"
  doc {serial} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL,
  conversation_id {id} NOT NULL,
  seq {bigint} NULL,
  is_title {bool} NOT NULL,
  terms {text} NOT NULL,
  CONSTRAINT search_docs_place UNIQUE (conversation_id, seq),
  CONSTRAINT search_docs_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
  CONSTRAINT search_docs_message FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE";

/// The terms as the index has them: each with `m` or, in titles, `t`, and half of the owner's id
/// (the random half) before it, so that everybody's terms lie apart from everybody else's.
fn owned(row: &str) -> String {
    format!(
        "replace(rtrim({row}.terms), ' ', ' ' || CASE WHEN {row}.is_title THEN 't' ELSE 'm' END \
         || lower(hex(substr({row}.user_id, 9))))"
    )
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let dialect = Dialect::of(schema.get_connection());
        let columns = match dialect {
            Dialect::Sqlite => ON_SQLITE,
            Dialect::MySql => ON_MYSQL,
        };
        // The row goes with the message, or the conversation, however it is deleted. A title's
        // `seq` is NULL, so that nothing is asked of the table `messages`.
        Table::new("search_docs", columns).create(schema).await?;
        match dialect {
            Dialect::Sqlite => {}
            Dialect::MySql => return Ok(()),
        }
        // Triggers keep the index, so that it follows deletes by foreign keys and by hand. The
        // beginnings of words of three and of four letters have lists of their own (17 characters say
        // whose they are): frequent ones would take long to put together.
        let (new, old) = (owned("new"), owned("old"));
        for sql in [
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5(terms, content = '', \
             columnsize = 0, detail = none, tokenize = 'ascii', prefix = '20 21')"
                .to_owned(),
            format!(
                "CREATE TRIGGER IF NOT EXISTS search_docs_insert AFTER INSERT ON search_docs \
                 BEGIN INSERT INTO search_index (rowid, terms) VALUES (new.doc, {new}); END"
            ),
            format!(
                "CREATE TRIGGER IF NOT EXISTS search_docs_delete AFTER DELETE ON search_docs \
                 BEGIN INSERT INTO search_index (search_index, rowid, terms) \
                 VALUES ('delete', old.doc, {old}); END"
            ),
        ] {
            schema.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
