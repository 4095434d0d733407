//! Ids made of names that clients give.
//!
//! An id is a digest (`UUIDv8`, RFC 9562) of the name and of what it belongs to: a chat's of its
//! user, a message's of its conversation. So a name is durable without being stored, finds its row
//! by the primary key, and two requests that bring it at once meet at the same row. Ids of another
//! kind (`UUIDv7`) never look like these.

use models::content::Part;
use models::{Content, ConversationId, MessageId, UserId};
use schemas::chat::{ChatInput, ChatName, Returned};
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

/// The conversation that a chat is.
pub(super) fn conversation(owner: UserId, name: &ChatName) -> ConversationId {
    let ours = name.conversation();
    ours.unwrap_or_else(|| named(&json!(["chat", owner, name.as_str()])).into())
}

/// A message by the client's own id of it.
pub(super) fn message(conversation: ConversationId, name: &str) -> MessageId {
    named(&json!(["message", conversation, name])).into()
}

/// What a message became when its client changed it under the same id.
pub(super) fn edited(conversation: ConversationId, name: &str, content: &Content) -> MessageId {
    let parts: Vec<Value> = content.parts().iter().map(part).collect();
    named(&json!(["edited", conversation, name, parts])).into()
}

/// What a tool returned to a call.
pub(super) fn result(conversation: ConversationId, returned: &Returned, call: &str) -> MessageId {
    let Returned { message, step, .. } = returned;
    named(&json!(["result", conversation, message, step, call])).into()
}

/// What a request tells, for its digest.
pub(super) fn told(input: &ChatInput) -> Value {
    match input {
        ChatInput::Said { id, content } => {
            json!([id, content.parts().iter().map(part).collect::<Vec<_>>()])
        }
        ChatInput::Returned(Returned { message, step, outputs }) => {
            json!([message, step, outputs])
        }
        ChatInput::Again(id) => json!(id),
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!(["text", text]),
        Part::Image { url, detail } => json!(["image", url, detail]),
        Part::File { filename, data, url } => json!(["file", filename, data, url]),
    }
}

fn named(what: &Value) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(auth::token_hash(&what.to_string())).for_each(|(to, from)| *to = from);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_its_owner() {
        let owner = |n: u128| UserId(Uuid::from_u128(n));
        let name = |text: &str| text.parse::<ChatName>().unwrap();
        let one = conversation(owner(1), &name("a"));
        assert_eq!(one, conversation(owner(1), &name("a")), "always the same");
        assert_eq!(one.0.get_version_num(), 8);
        let others = [
            conversation(owner(2), &name("a")),
            conversation(owner(1), &name("A")),
            conversation(owner(1), &name("a ")),
        ];
        assert!(!others.contains(&one));
        let ours = ConversationId(Uuid::from_u128(7));
        assert_eq!(conversation(owner(1), &name(&ours.to_string())), ours);

        let texts = ["a", "b"].map(|text| Content::from(text.to_owned()));
        assert_ne!(message(ours, "m"), edited(ours, "m", &texts[0]));
        assert_ne!(edited(ours, "m", &texts[0]), edited(ours, "m", &texts[1]));
        assert_ne!(message(ours, "m"), message(one, "m"));
    }
}
