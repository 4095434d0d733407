//! The matrix itself: every route and every place where it takes an id.

use serde_json::{Value, json};
use testkit::client::PASSWORD;

use crate::unknown_id;

/// What the `{id}` of a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResourceKind {
    Conversation,
    Message,
    Item,
    Response,
    Session,
    Key,
    User,
    Invitation,
}

impl ResourceKind {
    /// An id of this kind that nobody has.
    pub(super) fn unknown(self) -> String {
        if self == Self::Item {
            return format!("{}/{}", unknown_id("conv"), unknown_id("msg"));
        }
        unknown_id(match self {
            Self::Conversation => "conv",
            Self::Message | Self::Item => "msg",
            Self::Response => "resp",
            Self::Session => "sess",
            Self::Key => "key",
            Self::User => "user",
            Self::Invitation => "inv",
        })
    }
}

/// Whose data a route shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nobody's: anonymous requests get this status.
    Public(u16),
    /// The caller's own, without naming it. The answer to the owner contains all their ids of
    /// these kinds.
    Own(&'static [ResourceKind]),
    /// One thing of the caller, by the id in the path.
    ById(ResourceKind),
    /// What everybody may see, by its name in the path.
    Shared(&'static str),
    /// The server's: administrators get it, whoever made what the id in the path names.
    OfServer(Option<ResourceKind>),
}

/// One row of the matrix: a route by its operation id.
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) scope: Scope,
    /// What its owner gets.
    pub(super) owner: u16,
    /// The query a request needs.
    pub(super) query: &'static str,
    /// The body a request needs.
    pub(super) body: fn() -> Value,
}

fn no_body() -> Value {
    Value::Null
}

const fn row(operation: &'static str, scope: Scope, owner: u16) -> Row {
    Row { operation, scope, owner, query: "", body: no_body }
}

pub(super) const ROWS: &[Row] = &[
    row("get_signup", Scope::Public(200), 200),
    Row {
        body: || json!({"email": "new@example.org", "password": PASSWORD}),
        ..row("signup", Scope::Public(201), 201)
    },
    Row {
        body: || json!({"email": "nobody@example.org", "password": PASSWORD}),
        ..row("login", Scope::Public(401), 401)
    },
    Row {
        body: || json!({"refresh_token": "rt_unknown"}),
        ..row("refresh", Scope::Public(401), 401)
    },
    Row {
        body: || json!({"token": "reset_unknown", "new_password": PASSWORD}),
        ..row("reset_password", Scope::Public(403), 403)
    },
    row("health_live", Scope::Public(200), 200),
    row("health_ready", Scope::Public(200), 200),
    row("health_stream", Scope::Public(200), 200),
    // For whoever has a token of its own.
    row("get_metrics", Scope::Public(404), 404),
    row("get_version", Scope::Public(200), 200),
    row("get_openapi", Scope::Public(200), 200),
    row("get_docs", Scope::Public(200), 200),
    row("get_style", Scope::Public(200), 200),
    row("logout", Scope::Own(&[]), 204),
    row("get_me", Scope::Own(&[]), 200),
    Row { body: || json!({"name": "another"}), ..row("update_me", Scope::Own(&[]), 200) },
    Row {
        body: || json!({"current_password": PASSWORD, "new_password": PASSWORD}),
        ..row("change_password", Scope::Own(&[]), 204)
    },
    // An archive: its test opens it.
    // For keys that may read, too.
    row("export_me", Scope::Own(&[]), 403),
    Row {
        body: || json!({"current_password": PASSWORD}),
        ..row("export_me_confirmed", Scope::Own(&[]), 200)
    },
    row("list_sessions", Scope::Own(&[ResourceKind::Session]), 200),
    row("list_keys", Scope::Own(&[ResourceKind::Key]), 200),
    Row {
        body: || json!({"name": "another", "current_password": PASSWORD}),
        ..row("create_key", Scope::Own(&[]), 201)
    },
    Row {
        body: || json!({"name": "another"}),
        ..row("update_key", Scope::ById(ResourceKind::Key), 200)
    },
    row("revoke_key", Scope::ById(ResourceKind::Key), 204),
    row("list_invitations", Scope::OfServer(None), 200),
    Row { body: || json!({}), ..row("create_invitation", Scope::OfServer(None), 201) },
    row("revoke_invitation", Scope::OfServer(Some(ResourceKind::Invitation)), 204),
    Row {
        body: || json!({"current_password": PASSWORD}),
        ..row("create_reset_link", Scope::OfServer(Some(ResourceKind::User)), 201)
    },
    Row {
        body: || json!({"email": "bob@example.org", "current_password": PASSWORD}),
        ..row("create_reset_link_by_email", Scope::OfServer(None), 201)
    },
    row("list_models", Scope::Own(&[]), 200),
    Row {
        body: || json!({"model": "mock:ticks=1", "messages": [{"role": "user", "content": "x"}]}),
        ..row("v1_create_chat_completion", Scope::Own(&[]), 200)
    },
    row("v1_list_models", Scope::Own(&[]), 200),
    row("v1_get_model", Scope::Shared("test-model"), 200),
    Row {
        body: || json!({"model": "mock:ticks=1", "input": "hello"}),
        ..row("v1_create_response", Scope::Own(&[]), 200)
    },
    Row {
        body: || json!({"input": "hello"}),
        ..row("v1_count_input_tokens", Scope::Own(&[]), 200)
    },
    row("v1_get_response", Scope::ById(ResourceKind::Response), 200),
    row("v1_cancel_response", Scope::ById(ResourceKind::Response), 200),
    row("v1_list_input_items", Scope::ById(ResourceKind::Response), 200),
    row("v1_delete_response", Scope::ById(ResourceKind::Response), 200),
    row("list_conversations", Scope::Own(&[ResourceKind::Conversation]), 200),
    Row { body: || json!({}), ..row("create_conversation", Scope::Own(&[]), 201) },
    row("revoke_session", Scope::ById(ResourceKind::Session), 204),
    row("get_conversation", Scope::ById(ResourceKind::Conversation), 200),
    Row {
        body: || json!({"title": "another"}),
        ..row("update_conversation", Scope::ById(ResourceKind::Conversation), 200)
    },
    row("delete_conversation", Scope::ById(ResourceKind::Conversation), 200),
    row("restore_conversation", Scope::ById(ResourceKind::Conversation), 200),
    Row {
        body: || json!({"ids": [unknown_id("conv")]}),
        ..row("delete_conversations", Scope::Own(&[]), 200)
    },
    Row {
        body: || json!({"ids": [unknown_id("conv")]}),
        ..row("archive_conversations", Scope::Own(&[]), 200)
    },
    row("list_messages", Scope::ById(ResourceKind::Conversation), 200),
    Row {
        body: || json!({"content": "more"}),
        ..row("create_message", Scope::ById(ResourceKind::Conversation), 201)
    },
    Row {
        query: "?limit=100&q=secret",
        ..row("search", Scope::Own(&[ResourceKind::Conversation, ResourceKind::Message]), 200)
    },
    row("export_conversation", Scope::ById(ResourceKind::Conversation), 200),
    row(
        "export_all",
        Scope::Own(&[ResourceKind::Conversation, ResourceKind::Message, ResourceKind::Response]),
        200,
    ),
    // Without a file it refuses; what it takes is in the tests of imports.
    row("import_conversations", Scope::Own(&[]), 415),
    Row {
        body: || json!({"content": "first"}),
        ..row("create_first_message", Scope::Own(&[]), 201)
    },
    row("get_message", Scope::ById(ResourceKind::Message), 200),
    row("regenerate_message", Scope::ById(ResourceKind::Message), 201),
    row("delete_message", Scope::ById(ResourceKind::Message), 200),
    row("get_response", Scope::ById(ResourceKind::Response), 200),
    row("get_response_context", Scope::ById(ResourceKind::Response), 200),
    row("stream_response_events", Scope::ById(ResourceKind::Response), 200),
    row("cancel_response", Scope::ById(ResourceKind::Response), 200),
    // The owner's is whole.
    row("continue_response", Scope::ById(ResourceKind::Response), 409),
    row("v1_list_conversations", Scope::Own(&[ResourceKind::Conversation]), 200),
    Row {
        body: || json!({"items": [{"role": "user", "content": "more"}]}),
        ..row("v1_create_conversation", Scope::Own(&[]), 200)
    },
    row("v1_get_conversation", Scope::ById(ResourceKind::Conversation), 200),
    Row {
        body: || json!({"metadata": {}}),
        ..row("v1_update_conversation", Scope::ById(ResourceKind::Conversation), 200)
    },
    row("v1_delete_conversation", Scope::ById(ResourceKind::Conversation), 200),
    row("v1_list_items", Scope::ById(ResourceKind::Conversation), 200),
    Row {
        body: || json!({"items": [{"role": "user", "content": "more"}]}),
        ..row("v1_create_items", Scope::ById(ResourceKind::Conversation), 200)
    },
    row("v1_get_item", Scope::ById(ResourceKind::Item), 200),
    row("v1_delete_item", Scope::ById(ResourceKind::Item), 200),
    Row {
        body: || {
            json!({"id": "a chat of my own", "messages": [
            {"id": "m", "role": "user", "parts": [{"type": "text", "text": "first"}]}]})
        },
        ..row("send_chat", Scope::Own(&[]), 200)
    },
    row("get_chat", Scope::ById(ResourceKind::Conversation), 200),
    // Nothing is being answered.
    row("resume_chat", Scope::ById(ResourceKind::Conversation), 204),
    row("stop_chat", Scope::ById(ResourceKind::Conversation), 200),
    // The last, since nothing of the account is left.
    Row {
        body: || json!({"current_password": PASSWORD}),
        ..row("delete_me", Scope::Own(&[]), 204)
    },
];

/// What ends sessions of the caller, and so is done by nobody who goes on.
pub(super) const ENDING: &[&str] = &["logout", "change_password", "delete_me"];

/// An id that is not in the path: operation, where it stands, and what it names.
pub(super) struct Position {
    pub(super) operation: &'static str,
    pub(super) field: &'static str,
    pub(super) kind: ResourceKind,
}

/// A field that is no id but a name that its user gives, `conv_…` apart, which tests of chats look
/// at; and the route where such a name may be one of nothing yet.
pub(super) const NAME: (&str, &str) = ("send_chat", "id");
pub(super) const NAMED: &str = "resume_chat";

pub(super) const POSITIONS: &[Position] = &[
    Position { operation: "list_conversations", field: "after", kind: ResourceKind::Conversation },
    Position { operation: "list_messages", field: "before", kind: ResourceKind::Message },
    Position { operation: "list_messages", field: "after", kind: ResourceKind::Message },
    Position { operation: "create_message", field: "parent_id", kind: ResourceKind::Message },
    Position { operation: "update_conversation", field: "head_id", kind: ResourceKind::Message },
    Position {
        operation: "v1_list_conversations",
        field: "after",
        kind: ResourceKind::Conversation,
    },
    Position { operation: "v1_update_conversation", field: "head_id", kind: ResourceKind::Message },
    Position { operation: "v1_list_items", field: "after", kind: ResourceKind::Message },
    Position {
        operation: "v1_create_response",
        field: "previous_response_id",
        kind: ResourceKind::Response,
    },
    Position {
        operation: "v1_count_input_tokens",
        field: "previous_response_id",
        kind: ResourceKind::Response,
    },
    Position { operation: "v1_list_input_items", field: "after", kind: ResourceKind::Message },
];

/// Parameters that are no ids, and so need no position. What a user's `idempotency-key` means to
/// others has a test of its own.
pub(super) const PLAIN: &[&str] = &[
    "q",
    "cursor",
    "format",
    "dry_run",
    "limit",
    "order",
    "stream",
    "all",
    "order",
    "archived",
    "pinned",
    "deleted",
    "permanent",
    "prefer",
    "last-event-id",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-chatapp-session",
];
