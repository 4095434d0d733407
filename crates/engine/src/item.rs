//! The items of a branch as the model is given them: what of a conversation is sent, and as what.

use std::collections::HashSet;

use models::message::{MessageStatus, MessageType, Model, ResultData, Role};
use models::{Content, MessageId, Part};
use provider::{CalledTool, ChatMessage, ChatRole};
use schemas::event::ToolCall;
use schemas::validate;

use crate::branch::Branch;
use crate::error::Result;
use crate::render;
use crate::tokens::Counted;

/// An item that the model is given.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
    /// How many items stand above it on its branch.
    pub(crate) depth: i32,
    /// Who speaks; none of a tool's result, and of calls and reasoning that a client told.
    pub(crate) role: Option<Role>,
    /// What is said; of a result what the tool returned.
    pub(crate) content: Content,
    /// What the model reasoned before its calls. What it reasoned without one is not sent: services
    /// refuse it or bill for nothing.
    pub(crate) reasoning: String,
    /// The tools that the model called.
    pub(crate) calls: Vec<CalledTool>,
    /// Of a tool's result: the call that it belongs to.
    pub(crate) call_id: Option<String>,
}

impl Item {
    /// Whether a person, or the application for it, speaks.
    pub(crate) fn is_of_people(&self) -> bool {
        matches!(self.role, Some(Role::User | Role::System))
    }

    /// Whether it is a call or reasoning that a client told, which belongs to what stands before it.
    pub(crate) fn is_told(&self) -> bool {
        self.role.is_none() && self.call_id.is_none()
    }

    /// What of it costs tokens.
    pub(crate) fn counted(&self) -> Counted<'_> {
        let calls = self.calls.iter().flat_map(|call| [&call.id, &call.name, &call.arguments]);
        let texts = calls.chain(&self.call_id).chain([&self.reasoning]);
        let beside = texts.map(String::as_str).filter(|text| !text.is_empty()).collect();
        Counted { content: &self.content, beside }
    }
}

/// The items of a branch, from its newest one on.
pub(crate) struct Items<'db> {
    branch: Branch<'db>,
    /// The calls whose results have come.
    returned: HashSet<String>,
    /// Whether calls without a result are sent, too. They are where tools are offered: then the
    /// model may have called one of them. Elsewhere a call was one of a tool that the provider ran.
    has_tools: bool,
}

/// A row of a branch.
pub(crate) struct Step {
    pub(crate) seq: i64,
    /// The bytes of its texts, and of what its response brought beside it.
    pub(crate) bytes: usize,
    /// What is sent of it; none if nothing is.
    pub(crate) item: Option<Item>,
}

impl<'db> Items<'db> {
    /// The items that this walk comes to. `has_tools` says whether the request offers tools.
    pub(crate) fn new(branch: Branch<'db>, has_tools: bool) -> Self {
        Self { branch, returned: HashSet::new(), has_tools }
    }

    /// The next row towards the root.
    pub(crate) async fn next(&mut self) -> Result<Option<Step>> {
        let Some(row) = self.branch.next().await? else { return Ok(None) };
        let (seq, bytes) = (row.seq, self.branch.bytes());
        let beside = self.branch.take_beside();
        Ok(Some(Step { seq, bytes, item: self.item(row, &beside) }))
    }

    /// What is sent of a row and of what its response brought beside it; none if nothing is.
    fn item(&mut self, row: Model, beside: &[Model]) -> Option<Item> {
        let mut item = Item {
            id: row.id,
            seq: row.seq,
            depth: row.depth,
            role: row.role.filter(|_| row.kind == MessageType::Message),
            content: Content::default(),
            reasoning: String::new(),
            calls: Vec::new(),
            call_id: None,
        };
        match row.kind {
            MessageType::Message => {
                item.role?;
                item.calls = beside.iter().filter_map(|row| self.call(row)).collect();
                if !item.calls.is_empty() {
                    let reasoned = beside.iter().filter(|row| row.kind == MessageType::Reasoning);
                    item.reasoning = reasoned.map(|row| row.content.as_str()).collect();
                }
                item.content = Content::read(row.content, row.data.as_deref());
                // An answer that failed before its first word is one of those.
                let says_something = !says_nothing(&item.content) || !item.calls.is_empty();
                says_something.then_some(item)
            }
            MessageType::FunctionCall => {
                item.calls = vec![self.call(&row)?];
                Some(item)
            }
            MessageType::Reasoning => {
                item.reasoning = row.content;
                (!validate::says_nothing(&item.reasoning)).then_some(item)
            }
            MessageType::FunctionCallOutput => {
                // A result of which nobody knows the call answers nothing.
                let ResultData { call_id } = ResultData::read(row.data.as_deref())?;
                self.returned.insert(call_id.clone());
                item.call_id = Some(call_id);
                item.content = Content::read(row.content, row.data.as_deref());
                Some(item)
            }
        }
    }

    /// The call that a row holds, if it is whole and sent.
    fn call(&self, row: &Model) -> Option<CalledTool> {
        if row.kind != MessageType::FunctionCall || row.status != MessageStatus::Completed {
            return None;
        }
        let ToolCall { call_id: id, name, offset: _, extra } = render::call(row);
        let is_sent = self.has_tools || self.returned.contains(&id);
        is_sent.then(|| CalledTool { id, name, arguments: row.content.clone(), extra })
    }
}

/// Items in the order of the conversation as messages of a request.
pub(crate) fn messages(items: impl Iterator<Item = Item>) -> Vec<ChatMessage> {
    // What a client told of the model's reasoning, until the calls that it led to.
    let mut reasoned = String::new();
    let mut messages = Vec::new();
    for item in items {
        let Item { role, content, reasoning, calls, call_id, .. } = item;
        if let Some(call_id) = call_id {
            reasoned.clear();
            messages.push(ChatMessage::Returned { call_id, output: parts(content) });
        } else if !calls.is_empty() {
            let reasoning = std::mem::take(&mut reasoned) + &reasoning;
            messages.push(ChatMessage::Called { text: content.into_text(), reasoning, calls });
        } else if let Some(role) = role {
            if role != Role::Assistant {
                reasoned.clear();
            }
            messages.push(said(role, content));
        } else {
            reasoned.push_str(&reasoning);
        }
    }
    messages
}

/// What somebody says, as a message of a request.
pub(crate) fn said(role: Role, content: Content) -> ChatMessage {
    let role = match role {
        Role::User => ChatRole::User,
        Role::Assistant => ChatRole::Assistant,
        Role::System => ChatRole::System,
    };
    ChatMessage::Said { role, parts: parts(content) }
}

fn parts(content: Content) -> Vec<provider::Part> {
    let part = |part| match part {
        Part::Text(text) => provider::Part::Text(text),
        Part::Image { url, detail } => provider::Part::Image { url, detail },
        Part::File { filename, data, url } => provider::Part::File { filename, data, url },
    };
    content.into_parts().into_iter().map(part).collect()
}

/// Whether a content says nothing to anybody.
pub(crate) fn says_nothing(content: &Content) -> bool {
    content.parts().iter().all(|part| match part {
        Part::Text(text) => validate::says_nothing(text),
        Part::Image { .. } | Part::File { .. } => false,
    })
}
