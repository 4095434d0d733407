//! A conversation, whatever product it comes from.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Which product exported something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// This one.
    Chatapp,
    /// ChatGPT's data export, of one file or of many.
    Chatgpt,
    /// Claude's data export.
    Claude,
    /// Open WebUI's "export chats".
    OpenWebui,
    /// LibreChat's export of a conversation, recursive or sequential.
    Librechat,
    /// The database of the FastAPI service that this product replaces.
    Fastapi,
}

impl Source {
    /// The name used in reports and stored with what was imported.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chatapp => "chatapp",
            Self::Chatgpt => "chatgpt",
            Self::Claude => "claude",
            Self::OpenWebui => "open-webui",
            Self::Librechat => "librechat",
            Self::Fastapi => "fastapi",
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    User,
    /// The model.
    Assistant,
    /// The operator or the application.
    System,
    /// A tool, which says what it returned. Only our own exports have it.
    Tool,
    /// Nobody: it is a call of a tool that a client has told, an item of its own. Only our own
    /// exports have it.
    Call,
    /// Nobody: it is reasoning that a client has told. Only our own exports have it.
    Reasoning,
}

/// A part of a message. Only our own exports have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    Image {
        /// Its address, or the image itself as a data URL.
        url: String,
        /// How closely it is looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A file.
    File {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
        /// The file itself as a data URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
}

impl Part {
    /// Its texts.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        let texts = match self {
            Self::Text { text } => [Some(text), None, None],
            Self::Image { url, detail } => [Some(url), detail.as_ref(), None],
            Self::File { filename, data, url } => [filename.as_ref(), data.as_ref(), url.as_ref()],
        };
        texts.into_iter().flatten()
    }

    /// The same to be changed.
    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let texts = match self {
            Self::Text { text } => [Some(text), None, None],
            Self::Image { url, detail } => [Some(url), detail.as_mut(), None],
            Self::File { filename, data, url } => [filename.as_mut(), data.as_mut(), url.as_mut()],
        };
        texts.into_iter().flatten()
    }
}

/// A file that belonged to a message: where it is, not what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its media type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Where the exporting product kept it: a path in the archive, a URL, an id. `inline` when
    /// the bytes stood in the message itself.
    pub place: String,
}

/// A source that an answer names. Only our own exports have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its address.
    pub url: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Where the part of the text begins that it supports, in characters.
    #[serde(default)]
    pub start_index: u32,
    /// Where that part ends.
    #[serde(default)]
    pub end_index: u32,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of it.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub arguments: String,
    /// `completed` or `incomplete`.
    pub status: String,
    /// How many UTF-16 code units of the message came before it.
    pub offset: u32,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id in the exporting product.
    pub source_id: Option<String>,
    /// The place of its parent in [`Conversation::messages`]; always before its own.
    pub parent: Option<usize>,
    /// Who speaks.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// What the model reasoned before.
    pub reasoning: Option<String>,
    /// The calls of tools that the model made. Only our own exports have them.
    pub calls: Vec<ToolCall>,
    /// Of what a tool returned: the provider's id of the call.
    pub call_id: Option<String>,
    /// All its parts in their order, where images or files are among them. Their texts are `text`.
    pub parts: Vec<Part>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Whether the text is whole; `false` of a stopped or interrupted answer.
    pub is_complete: bool,
    /// The sources that it names.
    pub annotations: Vec<Annotation>,
    /// Files that belonged to it.
    pub attachments: Vec<Attachment>,
    /// The place of the response that wrote it in [`Conversation::responses`].
    pub response: Option<usize>,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Tokens of a response; `None` where nobody counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<i64>,
    /// Tokens written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<i64>,
    /// Of the tokens read, those served from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<i64>,
    /// Of the tokens written, those spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<i64>,
    /// Whether the counts are an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// How an answer was made. Only our own exports say this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Id.
    pub id: String,
    /// `completed`, `incomplete`, `failed` or `cancelled`.
    pub status: String,
    /// Why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete_reason: Option<String>,
    /// The provider's own word for the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The model asked.
    pub model: String,
    /// The provider asked.
    pub provider: String,
    /// Tokens.
    #[serde(default)]
    pub usage: Usage,
    /// Code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What happened, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// Something that was left out or changed on the way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// A message that the exporting product hid from its user.
    HiddenSkipped,
    /// A tool's call or output, which is not imported.
    ToolSkipped,
    /// A system message inside the conversation, which is not imported.
    SystemSkipped,
    /// A message without any text.
    EmptySkipped,
    /// A part of a message of a kind that is not known here.
    UnknownPartSkipped,
    /// A file: its place is kept, its bytes are not.
    AttachmentNotStored,
    /// A message named a parent that is not in the export; it was put at the top.
    ParentMissing,
    /// Messages were each other's parents; the ring was opened at its oldest message.
    RingOpened,
    /// A message of which nothing says who wrote it.
    SenderSkipped,
    /// A time that could not be read: the message has that of the one before.
    TimeUnknown,
    /// Two messages had the same id; the later one was left out.
    DuplicateSkipped,
    /// A NUL character, which databases cannot store, was replaced by U+FFFD.
    NulReplaced,
    /// The title was longer than titles may be and was cut.
    TitleCut,
}

impl Note {
    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::HiddenSkipped => "hidden_skipped",
            Self::ToolSkipped => "tool_skipped",
            Self::SystemSkipped => "system_skipped",
            Self::EmptySkipped => "empty_skipped",
            Self::UnknownPartSkipped => "unknown_part_skipped",
            Self::AttachmentNotStored => "attachment_not_stored",
            Self::ParentMissing => "parent_missing",
            Self::RingOpened => "ring_opened",
            Self::SenderSkipped => "sender_skipped",
            Self::TimeUnknown => "time_unknown",
            Self::DuplicateSkipped => "duplicate_skipped",
            Self::NulReplaced => "nul_replaced",
            Self::TitleCut => "title_cut",
        }
    }

    /// What happened, for a person.
    pub fn text(self) -> &'static str {
        match self {
            Self::HiddenSkipped => "messages hidden by the exporting product were left out",
            Self::ToolSkipped => "calls and outputs of tools were left out",
            Self::SystemSkipped => "system messages inside the conversation were left out",
            Self::EmptySkipped => "messages without text were left out",
            Self::UnknownPartSkipped => "parts of an unknown kind were left out",
            Self::AttachmentNotStored => {
                "files are noted with their place, their bytes are not kept"
            }
            Self::ParentMissing => "messages whose parent is missing were put at the top",
            Self::RingOpened => "messages that were each other's parents were put in order",
            Self::SenderSkipped => "messages were left out of which nothing says who wrote them",
            Self::TimeUnknown => "messages without a readable time have that of the one before",
            Self::DuplicateSkipped => "messages with an id that occurred before were left out",
            Self::NulReplaced => "NUL characters were replaced",
            Self::TitleCut => "the title was too long and was cut",
        }
    }
}

/// How often each [`Note`] applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(BTreeMap<Note, u32>);

impl Notes {
    /// Counts one more.
    pub fn add(&mut self, note: Note) {
        self.add_many(note, 1);
    }

    /// Counts `more` of them.
    pub fn add_many(&mut self, note: Note, more: usize) {
        if more > 0 {
            let count = self.0.entry(note).or_default();
            *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        }
    }

    /// What applies, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Note, u32)> + '_ {
        self.0.iter().map(|(note, count)| (*note, *count))
    }

    /// How often `note` applies.
    pub fn count(&self, note: Note) -> u32 {
        self.0.get(&note).copied().unwrap_or_default()
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Which product exported it.
    pub source: Source,
    /// Its id there.
    pub source_id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Who wrote the title (`none`, `first_line`, `model`, `user`); only our own exports say.
    pub title_source: Option<String>,
    /// The model used when a message names none.
    pub model: Option<String>,
    /// The system message before its messages.
    pub instructions: Option<String>,
    /// Whether it is kept on top of lists.
    pub is_pinned: bool,
    /// Whether no list shows it; only our own exports say.
    pub is_chain: bool,
    /// Whether it is archived, and since when if that is known.
    pub archived: Option<Option<DateTime<Utc>>>,
    /// Pairs of strings.
    pub metadata: BTreeMap<String, String>,
    /// Parents before their children, siblings in the order of time.
    pub messages: Vec<Message>,
    /// How its answers were made.
    pub responses: Vec<Response>,
    /// The place of the newest message of the selected branch.
    pub head: Option<usize>,
    /// What was left out or changed.
    pub notes: Notes,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Its newest activity.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Conversation {
    /// An empty one.
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            source_id: None,
            title: None,
            title_source: None,
            model: None,
            instructions: None,
            is_pinned: false,
            is_chain: false,
            archived: None,
            metadata: BTreeMap::new(),
            messages: Vec::new(),
            responses: Vec::new(),
            head: None,
            notes: Notes::default(),
            created_at: None,
            updated_at: None,
        }
    }
}
