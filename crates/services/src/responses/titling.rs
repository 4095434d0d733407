//! The title that a model gives a conversation after its first whole answer, if nobody has named it.
//!
//! It is asked once, beside everything else: whatever goes wrong leaves the first line of the
//! question, which the conversation was called by until then.

use std::sync::Arc;
use std::time::Duration;

use engine::{Chosen, Generation, failures, tokens};
use futures_util::StreamExt;
use models::Parameters;
use models::Time;
use models::conversation::{self, ConversationKind, TitleSource};
use models::response::{self, Purpose, ResponseStatus};
use provider::{ChatMessage, ChatRequest, ChatRole, Delta, Finish, ProviderError, TokenUsage};

use crate::core::Core;
use crate::error::Result;
use crate::settings::Titles;
use crate::titles;

const INSTRUCTIONS: &str = "You name conversations. Answer with a title of two to six words for \
    the conversation below, in its language, without quotation marks and without a full stop, and \
    with nothing else.";
/// How much of the question and of the answer is shown, in characters of each.
const SHOWN_CHARS: usize = 2000;
/// How long an answer may get: what models reason counts, too.
const MAX_OUTPUT_TOKENS: u32 = 2048;
/// How much of an answer is read, in bytes.
const MAX_BYTES: usize = 4096;
/// How long it may take.
const LIMIT: Duration = Duration::from_mins(1);

/// How far into a conversation its first whole answer is looked for, in messages.
const LATEST_SEQ: i64 = 20;

/// Sees to a title in the background, if `generation` has made the first whole answer of a
/// conversation.
pub(crate) fn begin(core: &Arc<Core>, generation: &Arc<Generation>) {
    let may_be_first = generation.row().input_to_seq < LATEST_SEQ;
    if !may_be_first || core.settings.titles == Titles::Off || core.draining.is_cancelled() {
        return;
    }
    let (core, generation) = (core.clone(), generation.clone());
    core.clone().tasks.spawn(async move {
        let row = generation.row();
        let made = make(&core, row, generation.answer());
        if let Some(Err(error)) = core.draining.run_until_cancelled(made).await {
            let error = crate::chain(&error);
            tracing::warn!(conversation = %row.conversation_id, error, "no title was made");
        }
    });
}

async fn make(core: &Core, row: &response::Model, answer: String) -> Result<()> {
    let (db, owner) = (&core.db, row.user_id);
    let conversation = crud::conversations::find(db, owner, row.conversation_id).await?;
    let has_title = |found: &conversation::Model| {
        // A chain is in no list.
        found.kind == ConversationKind::Chain || found.title_source != TitleSource::FirstLine
    };
    if conversation.is_none_or(|found| has_title(&found)) {
        return Ok(());
    }
    // Earlier answers may have failed or been stopped; behind a whole one a title was asked for.
    if row.input_to_seq > 0 && crud::responses::has_other_completed(db, row).await? {
        return Ok(());
    }
    let name = match &core.settings.titles {
        Titles::Model(name) => name,
        Titles::Same | Titles::Off => &row.model,
    };
    let model = core.catalog.choose(Some(name)).await?;
    // The demo model understands nothing: the first line is the better title.
    if model.provider.is_demo() {
        return Ok(());
    }
    let Some(question) = crud::messages::find(db, owner, row.user_message_id).await? else {
        return Ok(());
    };
    let shown = |text: &str| text.chars().take(SHOWN_CHARS).collect::<String>();
    let text = format!("Question:\n{}\n\nAnswer:\n{}", shown(&question.content), shown(&answer));
    let began = core.context.now();
    let asked = ask(&model, text).await;
    let title = asked.result.as_ref().ok().and_then(|text| titles::from_model(text));
    let response = asked.row(core, row, &model, began);
    crud::conversations::set_model_title(db, owner, row.conversation_id, title, response).await?;
    Ok(())
}

/// What asking came to.
struct Asked {
    result: Result<String, ProviderError>,
    usage: Option<TokenUsage>,
    /// Our estimate of what was read and written; so little is not worth loading a tokenizer.
    estimate: TokenUsage,
}

async fn ask(model: &Chosen, text: String) -> Asked {
    let input = tokens::estimate(INSTRUCTIONS).saturating_add(tokens::estimate(&text));
    let mut deltas = model.provider.stream(ChatRequest {
        model: model.id.clone(),
        messages: vec![
            ChatMessage::text(ChatRole::System, INSTRUCTIONS),
            ChatMessage::text(ChatRole::User, text),
        ],
        max_output_tokens: Some(MAX_OUTPUT_TOKENS),
        ..ChatRequest::default()
    });
    let (mut title, mut reasoning, mut usage) = (String::new(), 0, None);
    let reading = async {
        loop {
            match deltas.next().await {
                Some(Ok(Delta::Text(text))) => title.push_str(&text),
                Some(Ok(Delta::Reasoning(text))) => reasoning += tokens::estimate(&text),
                // A title needs no tools, and what one costs is known to the provider.
                Some(Ok(
                    Delta::Call { .. }
                    | Delta::Arguments(_)
                    | Delta::Citation(_)
                    | Delta::Waiting(_)
                    | Delta::FinishReason(_),
                )) => {}
                Some(Ok(Delta::Usage(counted))) => usage = Some(counted),
                Some(Ok(Delta::Finish(Finish::Stop | Finish::Length))) => return Ok(()),
                Some(Ok(Delta::Finish(Finish::ContentFilter))) => {
                    title.clear();
                    return Ok(());
                }
                Some(Err(error)) => return Err(error),
                None => return Err(ProviderError::Truncated),
            }
            if title.len() > MAX_BYTES {
                return Ok(());
            }
        }
    };
    let read = tokio::time::timeout(LIMIT, reading).await;
    let read = read.unwrap_or(Err(ProviderError::Truncated));
    let estimate = TokenUsage {
        input: u64::from(input),
        output: u64::from(tokens::estimate(&title).saturating_add(reasoning)),
        cached: 0,
        reasoning: u64::from(reasoning),
    };
    Asked { result: read.map(|()| title), usage, estimate }
}

impl Asked {
    /// How it is recorded: a response that has ended, beside the one whose answer was named.
    fn row(
        &self,
        core: &Core,
        named: &response::Model,
        model: &Chosen,
        began: Time,
    ) -> response::Model {
        let now = core.context.now();
        let count = |value: u64| Some(i64::try_from(value).unwrap_or(i64::MAX));
        let usage = self.usage.unwrap_or(self.estimate);
        let error = self.result.as_ref().err();
        let accepted = response::Model::accepted(response::Accepted {
            id: core.context.new_id(),
            user_id: named.user_id,
            conversation_id: named.conversation_id,
            user_message_id: named.user_message_id,
            message_id: core.context.new_id(),
            purpose: Purpose::Title,
            model: model.name.clone(),
            provider: model.provider.name().to_owned(),
            parameters: Parameters::default(),
            server_id: named.server_id,
            epoch: named.epoch,
            at: began,
        });
        response::Model {
            status: match error {
                None => ResponseStatus::Completed,
                Some(_) => ResponseStatus::Failed,
            },
            input_from_seq: named.input_from_seq,
            input_to_seq: named.input_to_seq,
            context_messages: Some(2),
            context_omitted: Some(0),
            input_tokens: count(usage.input),
            output_tokens: count(usage.output),
            cached_tokens: count(usage.cached),
            reasoning_tokens: count(usage.reasoning),
            usage_estimated: self.usage.is_none(),
            error_code: error.map(|error| failures::code_of(error).into()),
            error_message: error.map(ProviderError::public_message),
            completed_at: Some(now),
            updated_at: now,
            ..accepted
        }
    }
}
