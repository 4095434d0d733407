//! Rows to begin with, for tests below the use cases that make them.

use models::conversation::{self, ConversationKind, TitleSource};
use models::user::{self, UserRole};
use models::{ConversationId, Time, UserId};

/// An account that nobody can log in to.
pub fn user(id: UserId, email: &str, now: Time) -> user::Model {
    user::Model {
        id,
        email: email.to_owned(),
        password_hash: "hash".to_owned(),
        name: String::new(),
        role: UserRole::User,
        disabled_at: None,
        deleted_at: None,
        token_version: 0,
        created_at: now,
        updated_at: now,
    }
}

/// An empty conversation without a title.
pub fn conversation(id: ConversationId, owner: UserId, now: Time) -> conversation::Model {
    conversation::Model {
        id,
        user_id: owner,
        kind: ConversationKind::Chat,
        title: String::new(),
        title_source: TitleSource::None,
        model: None,
        instructions: None,
        pinned: false,
        archived_at: None,
        deleted_at: None,
        removed_at: None,
        metadata: None,
        next_seq: 0,
        active_response_id: None,
        head_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
