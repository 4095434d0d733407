use models::Parameters;
use models::response::ResponseStatus;

use crate::context::ContextReport;
use crate::event::{Ending, Wait};
use crate::stream::DoneItem;
use crate::{ConversationId, MessageId, ResponseId, Time};

/// What is known of a response when it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewResponse {
    /// Id.
    pub id: ResponseId,
    /// The conversation it answers in.
    pub conversation_id: ConversationId,
    /// The message it answers.
    pub user_message_id: MessageId,
    /// The message it writes.
    pub message_id: MessageId,
    /// The response it goes on with.
    pub previous_response_id: Option<ResponseId>,
    /// The model asked.
    pub model: String,
    /// The provider asked.
    pub provider: String,
    /// What was asked for beside the messages.
    pub parameters: Parameters,
    /// When it was made.
    pub created_at: Time,
}

/// A response as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// What was known of it when it was made.
    pub begun: NewResponse,
    /// Number of its newest stored event, -1 before the first.
    pub last_seq: i64,
    /// How far it is.
    pub state: State,
}

impl Response {
    /// A response that was just read to its end where it was made.
    pub fn ended(begun: NewResponse, last_seq: i64, ending: Ending, output: Vec<DoneItem>) -> Self {
        Self { begun, last_seq, state: State::Ended { ending, output } }
    }

    /// The same as its client first sees it that does not wait for it.
    #[must_use]
    pub fn queued(mut self) -> Self {
        if let State::Open { status, .. } = &mut self.state {
            *status = ResponseStatus::Queued;
        }
        self
    }

    /// How it stands.
    pub fn status(&self) -> ResponseStatus {
        match &self.state {
            State::Open { status, .. } => *status,
            State::Ended { ending, .. } => ending.status,
        }
    }
}

/// How far a response is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It has not ended.
    Open {
        /// In which way.
        status: ResponseStatus,
        /// What of the conversation was sent to the model, once that is known.
        context: Option<ContextReport>,
        /// Why nothing comes at the moment.
        waiting: Option<Wait>,
    },
    /// It has ended.
    Ended {
        /// How.
        ending: Ending,
        /// What it produced.
        output: Vec<DoneItem>,
    },
}
