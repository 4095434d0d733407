//! Items: what stands in a conversation, as the lists of `/v1` show it.

use models::message::{MessageStatus, Role};
use models::{Content, Part};
use serde::Serialize;
use utoipa::ToSchema;

use crate::MessageId;
use crate::event::Annotation;
use crate::list::List;
use crate::output::{OutputFunctionCall, OutputReasoning, OutputText, SummaryText};
use crate::tagged::{tagged, union};
use crate::view::{self, ItemBody};

tagged! {
    mod words;

    /// A message.
    ItemMessage = "message" {
        /// Id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        id: MessageId,
        /// `completed`, or `incomplete`: cut off.
        #[schema(value_type = String, example = "completed")]
        status: MessageStatus,
        /// `user`, `assistant` or `system`. What a client calls `developer` is `system` here.
        #[schema(value_type = String, example = "user")]
        role: Role,
        /// What is said: `output_text` of the assistant, input parts of the others.
        content: Vec<ItemPart>,
    }

    /// What a called tool returned.
    ItemFunctionCallOutput = "function_call_output" {
        /// Id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        id: MessageId,
        /// The call that it belongs to.
        #[schema(example = "call_1")]
        call_id: String,
        /// What it returned.
        output: ItemOutput,
        /// Always `completed`.
        #[schema(value_type = String, example = "completed")]
        status: MessageStatus,
    }

    /// A text that the model was given.
    ItemText = "input_text" {
        /// The text.
        text: String,
    }

    /// An image that the model was given.
    ItemImage = "input_image" {
        /// Its address, or the image itself as a data URL.
        image_url: String,
        /// `low`, `high` or `auto`.
        #[schema(example = "auto")]
        detail: String,
    }

    /// A file that the model was given.
    ItemFile = "input_file" {
        /// What it is called.
        filename: Option<String>,
        /// The file itself as a data URL.
        file_data: Option<String>,
        /// Its address.
        file_url: Option<String>,
    }
}

union! {
    /// An item of a conversation.
    Item, "An item of a conversation." {
        ItemMessage,
        OutputFunctionCall,
        ItemFunctionCallOutput,
        OutputReasoning,
    }
}

union! {
    /// A part of a message.
    ItemPart, "A part of a message." {
        ItemText,
        OutputText,
        ItemImage,
        ItemFile,
    }
}

/// What a tool returned: a text, or parts where there is more than that.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ItemOutput {
    /// A text.
    Text(String),
    /// Parts.
    Parts(Vec<ItemPart>),
}

/// A page of items.
pub type ItemList = List<Item>;

impl Item {
    /// Its id.
    pub fn id(&self) -> MessageId {
        match self {
            Self::ItemMessage(item) => item.id,
            Self::OutputFunctionCall(item) => item.id,
            Self::ItemFunctionCallOutput(item) => item.id,
            Self::OutputReasoning(item) => item.id,
        }
    }
}

impl From<view::Item> for Item {
    fn from(view::Item { id, status, body }: view::Item) -> Self {
        match body {
            ItemBody::Message { role, content, annotations } => {
                let content = match role {
                    Role::Assistant => said(content, annotations),
                    Role::User | Role::System => given(content),
                };
                ItemMessage::new(id, status, role, content).into()
            }
            ItemBody::FunctionCall { call_id, name, arguments } => {
                OutputFunctionCall::new(id, call_id, name, arguments, status).into()
            }
            ItemBody::FunctionCallOutput { call_id, output } => {
                let is_text = output.parts().iter().all(|part| matches!(part, Part::Text(_)));
                let output = if is_text {
                    ItemOutput::Text(output.into_text())
                } else {
                    ItemOutput::Parts(given(output))
                };
                ItemFunctionCallOutput::new(id, call_id, output, status).into()
            }
            ItemBody::Reasoning { text } => {
                let summary = (!text.is_empty()).then(|| SummaryText::new(text));
                OutputReasoning::new(id, status, summary.into_iter().collect()).into()
            }
        }
    }
}

impl From<view::Page<view::Item>> for ItemList {
    fn from(view::Page { items, has_more }: view::Page<view::Item>) -> Self {
        let data = items.into_iter().map(Item::from).collect();
        Self::new(data, has_more, |item: &Item| item.id().to_string())
    }
}

/// The parts of what the model said; its sources belong to its text.
fn said(content: Content, annotations: Vec<Annotation>) -> Vec<ItemPart> {
    let mut annotations = Some(annotations);
    let parts = content.into_parts().into_iter().map(|part| match part {
        Part::Text(text) => {
            OutputText::with_sources(text, annotations.take().unwrap_or_default()).into()
        }
        other => given_part(other),
    });
    parts.collect()
}

/// The parts of what the model was given.
fn given(content: Content) -> Vec<ItemPart> {
    content.into_parts().into_iter().map(given_part).collect()
}

fn given_part(part: Part) -> ItemPart {
    match part {
        Part::Text(text) => ItemText::new(text).into(),
        Part::Image { url, detail } => {
            ItemImage::new(url, detail.unwrap_or_else(|| "auto".to_owned())).into()
        }
        Part::File { filename, data, url } => ItemFile::new(filename, data, url).into(),
    }
}

#[cfg(test)]
mod tests;
