//! Pages of a list: keyset pagination.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::account::SessionOut;
use crate::admin::InvitationOut;
use crate::conversation::{ConversationOut, PageCursor};
use crate::key::KeyOut;
use crate::message::MessageOut;
use crate::view::{self, Page};

/// The size of a page when the client asks for none.
pub const DEFAULT_LIMIT: u32 = 20;
/// The largest page.
pub const MAX_LIMIT: u32 = 100;

/// One page.
#[derive(Debug, Clone, Serialize)]
pub struct List<T: ToSchema> {
    /// Always `list`.
    pub object: &'static str,
    /// The items of this page.
    pub data: Vec<T>,
    /// Id of the first item of this page.
    pub first_id: Option<String>,
    /// Id of the last item of this page.
    pub last_id: Option<String>,
    /// Whether another page follows in the direction asked.
    pub has_more: bool,
    /// Where the next page begins, for `after`. Lists whose items may move between two pages have
    /// it; in others the id of the last item does the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A page of API keys.
pub type KeyList = List<KeyOut>;
/// A page of conversations.
pub type ConversationList = List<ConversationOut>;
/// A page of invitations.
pub type InvitationList = List<InvitationOut>;
/// A page of messages.
pub type MessageList = List<MessageOut>;
/// A page of sessions.
pub type SessionList = List<SessionOut>;

impl<T: ToSchema> List<T> {
    /// A page of `data`, whose ids `id` tells.
    pub fn new(data: Vec<T>, has_more: bool, id: impl Fn(&T) -> String) -> Self {
        let first_id = data.first().map(&id);
        let last_id = data.last().map(&id);
        Self { object: "list", data, first_id, last_id, has_more, next_cursor: None }
    }

    /// The same page with the place of its last item, which counts only if another page follows.
    #[must_use]
    pub fn continued_at(mut self, place: Option<impl ToString>) -> Self {
        self.next_cursor = place.filter(|_| self.has_more).map(|place| place.to_string());
        self
    }
}

impl From<Page<view::Conversation>> for ConversationList {
    fn from(Page { items, has_more }: Page<view::Conversation>) -> Self {
        let last = items.last().map(|last| PageCursor { time: last.listed_at(), id: last.id });
        let data = items.into_iter().map(ConversationOut::from).collect();
        let page = Self::new(data, has_more, |conversation| conversation.id.to_string());
        page.continued_at(last)
    }
}

impl From<Page<view::Message>> for MessageList {
    fn from(Page { items, has_more }: Page<view::Message>) -> Self {
        let data = items.into_iter().map(MessageOut::from).collect();
        Self::new(data, has_more, |message| message.id.to_string())
    }
}

/// Written by hand: a derived one would describe the items again in every list.
impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let text =
            |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let or_null = |about: &str| {
            text(about).schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
        };
        let items = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The items of this page."));
        let has_more = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Whether another page follows in the direction asked."));
        let next_cursor = "Where the next page begins, for `after`. Lists whose items may move \
                           between two pages have it; in others the id of the last item does the \
                           same.";
        ObjectBuilder::new()
            .description(Some("One page."))
            .property("object", text("Always `list`.").examples(["list"]))
            .required("object")
            .property("data", items)
            .required("data")
            .property("first_id", or_null("Id of the first item of this page."))
            .property("last_id", or_null("Id of the last item of this page."))
            .property("has_more", has_more)
            .required("has_more")
            .property("next_cursor", text(next_cursor))
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    /// `KeyList` for a list of `KeyOut`.
    fn name() -> Cow<'static, str> {
        let item = T::name();
        Cow::Owned(format!("{}List", item.strip_suffix("Out").unwrap_or(&item)))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
