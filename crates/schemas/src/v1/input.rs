//! Input: what a request adds to a conversation.
//!
//! An item says what it is in `type`; many clients leave it out on messages. So an item is read as
//! one object with every field that any item has, and then told apart: an error of a field keeps
//! its path.

use std::fmt;

use models::message::Role;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::validate::{self, Invalid, Rule};

/// The most items of one request.
pub(super) const MAX_ITEMS: usize = 1024;
/// The longest id of a call, in characters.
const MAX_CALL_ID_CHARS: usize = 64;
/// The longest name of a tool, in characters.
pub(super) const MAX_NAME_CHARS: usize = 255;
/// The longest name of a file, and the longest word such as `auto`, in characters.
const MAX_WORD_CHARS: usize = 255;
/// The longest address that is not a data URL, in bytes.
const MAX_ADDRESS_BYTES: usize = 8 * 1024;
/// The longest address of an image, which may be the image itself as a data URL, in bytes.
pub(super) const MAX_IMAGE_BYTES: usize = 20 * 1024 * 1024;
/// The longest file as a data URL, in bytes.
pub(super) const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// What a request brings, as it is written: a text is a message of the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// One text.
    Text(String),
    /// Items, in their order.
    Items(Vec<RawItem>),
}

/// An item that was told apart and checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum InputItem {
    /// A message.
    Message {
        /// Its id, if the client gives it one.
        id: Option<String>,
        /// Who speaks.
        spoken: Spoken,
        /// What is said.
        content: Vec<InputPart>,
    },
    /// A call that the model made before.
    FunctionCall {
        /// Its id, if the client gives it one.
        id: Option<String>,
        /// The id by which its result names it.
        call_id: String,
        /// The tool.
        name: String,
        /// Its arguments, which should be JSON.
        arguments: String,
    },
    /// What a called tool returned.
    FunctionCallOutput {
        /// Its id, if the client gives it one.
        id: Option<String>,
        /// The call.
        call_id: String,
        /// What it returned.
        output: Vec<InputPart>,
    },
    /// What the model reasoned before.
    Reasoning {
        /// Its id, if the client gives it one.
        id: Option<String>,
        /// Its text.
        summary: String,
    },
    /// An item that is stored here.
    Reference {
        /// Its id.
        id: String,
    },
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Spoken {
    /// A person.
    User,
    /// The application; `developer` and `system` are one here.
    Developer,
    /// The model.
    Assistant,
}

impl Spoken {
    /// The same in a row.
    pub fn role(self) -> Role {
        match self {
            Self::User => Role::User,
            Self::Developer => Role::System,
            Self::Assistant => Role::Assistant,
        }
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum InputPart {
    /// A text.
    Text(String),
    /// An image.
    Image {
        /// Its address, or the image itself as a data URL.
        url: String,
        /// `low`, `high` or `auto`.
        detail: Option<String>,
    },
    /// A file.
    File {
        /// What it is called.
        filename: Option<String>,
        /// The file itself as a data URL.
        data: Option<String>,
        /// Its address.
        url: Option<String>,
    },
    /// Words with which the model declined.
    Refusal(String),
}

/// An item as it is written: the fields of every type of item.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RawItem {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    role: Option<String>,
    content: Option<TextOr<RawPart>>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output: Option<TextOr<RawPart>>,
    summary: Option<Vec<RawPart>>,
}

/// A part as it is written: the fields of every type of part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawPart {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<String>,
    detail: Option<String>,
    filename: Option<String>,
    file_data: Option<String>,
    file_url: Option<String>,
    file_id: Option<Value>,
}

impl Input {
    /// The items, checked, with `field` for what the client calls it.
    pub fn items(self, field: &str) -> Result<Vec<InputItem>, Invalid> {
        let raw = match self {
            Self::Text(text) => {
                validate::not_blank(field, &text)?;
                text_at_most(field, &text)?;
                let content = vec![InputPart::Text(text)];
                return Ok(vec![InputItem::Message { id: None, spoken: Spoken::User, content }]);
            }
            Self::Items(raw) => raw,
        };
        if raw.is_empty() {
            return Err(Invalid::new(field, format!("{field} must have at least one item")));
        }
        if raw.len() > MAX_ITEMS {
            let message = format!("{field} must have at most {MAX_ITEMS} items");
            return Err(Invalid::new(field, message));
        }
        let items = raw.into_iter().enumerate();
        items.map(|(at, item)| item.told_apart(&format!("{field}.{at}"))).collect()
    }
}

impl RawItem {
    fn told_apart(self, path: &str) -> Result<InputItem, Invalid> {
        let Self { kind, id, role, content, call_id, name, arguments, output, summary } = self;
        // A reference may have nothing but its id.
        let is_reference = id.is_some() && role.is_none() && content.is_none();
        match kind.as_deref() {
            None if is_reference && call_id.is_none() => reference(path, id),
            None | Some("message") => message(path, id, role, content),
            Some("function_call") => {
                let call_id = known_call(path, call_id)?;
                let name = needed(path, "name", name)?;
                validate::not_blank(&format!("{path}.name"), &name)?;
                validate::chars_at_most(&format!("{path}.name"), &name, MAX_NAME_CHARS)?;
                let arguments = needed(path, "arguments", arguments)?;
                text_at_most(&format!("{path}.arguments"), &arguments)?;
                Ok(InputItem::FunctionCall { id, call_id, name, arguments })
            }
            Some("function_call_output") => {
                let call_id = known_call(path, call_id)?;
                let output = needed(path, "output", output)?;
                let output = parts(&format!("{path}.output"), output, "input_text")?;
                Ok(InputItem::FunctionCallOutput { id, call_id, output })
            }
            Some("reasoning") => {
                let texts = summary.unwrap_or_default().into_iter().filter_map(|part| part.text);
                let summary = texts.collect::<Vec<_>>().join("\n\n");
                text_at_most(&format!("{path}.summary"), &summary)?;
                Ok(InputItem::Reasoning { id, summary })
            }
            Some("item_reference") => reference(path, id),
            Some(_) => Err(unsupported(
                path,
                "message, function_call, function_call_output, reasoning and item_reference",
            )),
        }
    }
}

fn reference(path: &str, id: Option<String>) -> Result<InputItem, Invalid> {
    needed(path, "id", id).map(|id| InputItem::Reference { id })
}

fn message(
    path: &str,
    id: Option<String>,
    role: Option<String>,
    content: Option<TextOr<RawPart>>,
) -> Result<InputItem, Invalid> {
    let spoken = match needed(path, "role", role)?.as_str() {
        "user" => Spoken::User,
        "assistant" => Spoken::Assistant,
        "system" | "developer" => Spoken::Developer,
        _ => {
            let message = "expected one of user, assistant, system, developer";
            return Err(Invalid::new(format!("{path}.role"), message));
        }
    };
    let content = needed(path, "content", content)?;
    let text = if spoken == Spoken::Assistant { "output_text" } else { "input_text" };
    let content = parts(&format!("{path}.content"), content, text)?;
    Ok(InputItem::Message { id, spoken, content })
}

/// The parts of a content whose texts are called `text`. A text without a type is one, too.
fn parts(path: &str, content: TextOr<RawPart>, text: &str) -> Result<Vec<InputPart>, Invalid> {
    let raw = match content {
        TextOr::Text(text) => {
            text_at_most(path, &text)?;
            return Ok(vec![InputPart::Text(text)]);
        }
        TextOr::List(raw) => raw,
    };
    let raw = raw.into_iter().enumerate();
    raw.map(|(at, part)| part.told_apart(&format!("{path}.{at}"), text)).collect()
}

impl RawPart {
    fn told_apart(self, path: &str, text_type: &str) -> Result<InputPart, Invalid> {
        match self.kind.as_deref().unwrap_or(text_type) {
            // Clients send either word in either place.
            "input_text" | "output_text" | "text" => {
                let text = needed(path, "text", self.text)?;
                text_at_most(&format!("{path}.text"), &text)?;
                Ok(InputPart::Text(text))
            }
            "refusal" => {
                let words = needed(path, "refusal", self.refusal)?;
                text_at_most(&format!("{path}.refusal"), &words)?;
                Ok(InputPart::Refusal(words))
            }
            "input_image" if self.file_id.as_ref().is_some_and(|id| !id.is_null()) => {
                Err(unsupported(&format!("{path}.file_id"), "image_url"))
            }
            "input_image" => {
                let url = needed(path, "image_url", self.image_url)?;
                let field = format!("{path}.image_url");
                validate::bytes_at_most(&field, &url, MAX_IMAGE_BYTES)?;
                is_address(&field, &url)?;
                word_at_most(&format!("{path}.detail"), self.detail.as_deref())?;
                Ok(InputPart::Image { url, detail: self.detail })
            }
            "input_file" => {
                let Self { filename, file_data: mut data, file_url: mut url, .. } = self;
                word_at_most(&format!("{path}.filename"), filename.as_deref())?;
                // The file itself, in the place of its address.
                if data.is_none() && url.as_deref().is_some_and(is_data) {
                    data = url.take();
                }
                if data.is_none() && url.is_none() {
                    return Err(missing(&format!("{path}.file_data")));
                }
                if let Some(data) = &data {
                    validate::bytes_at_most(&format!("{path}.file_data"), data, MAX_FILE_BYTES)?;
                }
                if let Some(url) = &url {
                    let field = format!("{path}.file_url");
                    is_address(&field, url)?;
                    validate::bytes_at_most(&field, url, MAX_ADDRESS_BYTES)?;
                }
                Ok(InputPart::File { filename, data, url })
            }
            _ => Err(unsupported(
                path,
                "input_text, output_text, refusal, input_image and input_file",
            )),
        }
    }
}

/// Whether an address is a data URL: the thing itself.
fn is_data(url: &str) -> bool {
    url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

fn word_at_most(field: &str, word: Option<&str>) -> Result<(), Invalid> {
    word.map_or(Ok(()), |word| validate::chars_at_most(field, word, MAX_WORD_CHARS))
}

/// An address that a provider can fetch, or a thing itself.
pub(super) fn is_address(field: &str, url: &str) -> Result<(), Invalid> {
    let known = ["data:", "https://", "http://"];
    if known
        .iter()
        .any(|start| url.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start)))
    {
        return Ok(());
    }
    Err(Invalid::new(field, format!("{field} must be an http(s) address or a data URL")))
}

pub(super) fn text_at_most(field: &str, text: &str) -> Result<(), Invalid> {
    validate::bytes_at_most(field, text, validate::MAX_CONTENT_BYTES)
}

fn known_call(path: &str, call_id: Option<String>) -> Result<String, Invalid> {
    let call_id = needed(path, "call_id", call_id)?;
    let field = format!("{path}.call_id");
    validate::not_blank(&field, &call_id)?;
    validate::chars_at_most(&field, &call_id, MAX_CALL_ID_CHARS)?;
    Ok(call_id)
}

pub(super) fn needed<T>(path: &str, name: &str, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or_else(|| missing(&format!("{path}.{name}")))
}

pub(super) fn missing(field: &str) -> Invalid {
    Invalid::new(field, format!("{field} is needed")).of(Rule::Required)
}

fn unsupported(field: &str, known: &str) -> Invalid {
    let message = format!("{field} is not supported here; known are {known}");
    Invalid::new(field, message).of(Rule::Unsupported)
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextOr::deserialize(deserializer).map(|read| match read {
            TextOr::Text(text) => Self::Text(text),
            TextOr::List(items) => Self::Items(items),
        })
    }
}

/// A text or a list. `serde`'s untagged enums would lose the path of an error.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextOr<T> {
    /// One text.
    Text(String),
    /// A list.
    List(Vec<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(TextOr::List(list))
            }
        }

        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests;
