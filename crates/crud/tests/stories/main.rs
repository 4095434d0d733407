//! What the database layer promises, on every engine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

mod accounts;
mod group;
mod imports;
mod login_failures;
mod open;
mod places;
mod rights;
mod schema;
mod servers;
mod steps;
mod turns;

use std::process::ExitCode;

use crud::{Db, Owned};
use models::{ConversationId, UserId};
use testkit::World;

fn main() -> ExitCode {
    testkit::main()
}

async fn open(world: &World) -> Db {
    crud::connect(&world.options()).await.unwrap().db
}

/// Some moment.
const AT: &str = "'2026-01-02 03:04:05.678901'";

/// Stores a user with a conversation; both have this id, written as SQL does.
async fn store_conversation(world: &World, id: &str) {
    let mut sql = world.sql().await;
    for insert in [
        format!(
            "INSERT INTO users (id, email, password_hash, name, role, token_version, created_at, \
             updated_at) VALUES ({id}, 'a@b.c', 'hash', '', 'user', 0, {AT}, {AT})"
        ),
        format!(
            "INSERT INTO conversations (id, user_id, kind, title, title_source, pinned, next_seq, \
             version, created_at, updated_at) \
             VALUES ({id}, {id}, 'chat', '', 'none', 0, 0, 1, {AT}, {AT})"
        ),
    ] {
        sql.execute(&insert).await;
    }
}

/// The conversation, found through its owner.
async fn owned(db: &Db, owner: UserId, id: ConversationId) -> Owned<ConversationId> {
    crud::conversations::find(db, owner, id).await.unwrap().unwrap().owned_id()
}
